#include <sys/socket.h>

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloudshell_listener.h"
#include "loopback.h"

#define PEERS_MAX	16
#define INPUT_MAX	65536

struct peer {
	int	 fd, number;
	size_t	 len;
	char	 input[INPUT_MAX + 1];
};

static void
send_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0 && (n = send(fd, data, len, MSG_NOSIGNAL)) > 0) {
		data += n;
		len -= (size_t)n;
	}
}

/* Answer one request; whether the connection goes on. */
static int
answer(int fd, const struct step *s)
{
	const char *body = s->body != NULL ? s->body : "";
	char *filled = NULL, head[1024];
	size_t len = strlen(body);

	if (s->act == ACT_CLOSE)
		return 0;
	if (s->act == ACT_FILL || s->act == ACT_NEST) {
		filled = malloc(s->size);
		assert(filled != NULL && s->size > 2);
		memset(filled, s->act == ACT_FILL ? 'x' : '[', s->size);
		if (s->act == ACT_FILL)
			filled[0] = filled[s->size - 1] = '"';
		body = filled;
		len = s->size;
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Type: "
	    "application/json\r\n%sContent-Length: %zu\r\n\r\n", s->status,
	    s->headers != NULL ? s->headers : "", len);
	send_all(fd, head, strlen(head));
	if (s->act != ACT_CUT)
		send_all(fd, body, len);
	free(filled);
	return s->act != ACT_LAST && s->act != ACT_CUT;
}

/* Answer whole requests; 0 ends the connection. */
static int
serve(struct listener *l, struct peer *p)
{
	static const struct step over = { 418, "script is over", NULL,
		ACT_ANSWER, 0 };
	const char *length;
	char *end;
	size_t size;

	while ((end = strstr(p->input, "\r\n\r\n")) != NULL) {
		size = (size_t)(end + 4 - p->input);
		length = strcasestr(p->input, "\r\nContent-Length:");
		if (length != NULL && length < end)
			size += strtoul(length + 17, NULL, 10);
		if (p->len < size)
			return 1;
		assert(l->n < REQUESTS_MAX);
		l->requests[l->n] = strndup(p->input, size);
		l->connections[l->n] = p->number;
		memmove(p->input, p->input + size, p->len - size + 1);
		p->len -= size;
		l->n++;
		if (!answer(p->fd, l->n <= l->nsteps ? &l->steps[l->n - 1] :
		    &over))
			return 0;
	}
	return 1;
}

static void
hear(struct listener *l, struct peer *p)
{
	ssize_t n = read(p->fd, p->input + p->len, INPUT_MAX - p->len);

	if (n > 0) {
		p->len += (size_t)n;
		p->input[p->len] = '\0';
		if (serve(l, p))
			return;
	}
	close(p->fd);
	p->fd = -1;
}

static void *
run(void *arg)
{
	struct listener *l = arg;
	struct peer *peers = calloc(PEERS_MAX, sizeof(*peers));
	struct pollfd fds[PEERS_MAX + 2];
	int i, number = 0;

	assert(peers != NULL);
	for (i = 0; i < PEERS_MAX; i++)
		peers[i].fd = -1;
	for (;;) {
		for (i = 0; i < PEERS_MAX; i++)
			fds[i] = (struct pollfd){ peers[i].fd, POLLIN, 0 };
		fds[PEERS_MAX] = (struct pollfd){ l->fd, POLLIN, 0 };
		fds[PEERS_MAX + 1] = (struct pollfd){ l->wake[0], POLLIN, 0 };
		if (poll(fds, PEERS_MAX + 2, 30000) <= 0 ||
		    fds[PEERS_MAX + 1].revents)
			break;
		for (i = 0; i < PEERS_MAX; i++)
			if (fds[i].revents)
				hear(l, &peers[i]);
		for (i = 0; fds[PEERS_MAX].revents && i < PEERS_MAX; i++)
			if (peers[i].fd == -1) {
				peers[i].fd = accept(l->fd, NULL, NULL);
				setsockopt(peers[i].fd, IPPROTO_TCP,
				    TCP_NODELAY, &(int){ 1 }, sizeof(int));
				peers[i].number = ++number;
				peers[i].len = 0;
				peers[i].input[0] = '\0';
				break;
			}
	}
	for (i = 0; i < PEERS_MAX; i++)
		if (peers[i].fd != -1)
			close(peers[i].fd);
	free(peers);
	return NULL;
}

void
listener_start(struct listener *l, const struct step *steps, size_t n)
{
	int rc;

	memset(l, 0, sizeof(*l));
	l->steps = steps;
	l->nsteps = n;
	l->fd = loopback_bind(&l->port);
	rc = listen(l->fd, 16);
	assert(rc == 0);
	rc = pipe(l->wake);
	assert(rc == 0);
	rc = pthread_create((pthread_t *)&l->thread, NULL, run, l);
	assert(rc == 0);
}

void
listener_stop(struct listener *l)
{
	if (l->fd == -1)
		return;
	close(l->wake[1]);
	pthread_join((pthread_t)l->thread, NULL);
	close(l->wake[0]);
	close(l->fd);
	l->fd = -1;
}

void
listener_free(struct listener *l)
{
	size_t i;

	listener_stop(l);
	for (i = 0; i < l->n; i++)
		free(l->requests[i]);
	l->n = 0;
}

size_t
listener_count(const struct listener *l, const char *begin)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += strncmp(l->requests[i], begin, strlen(begin)) == 0;
	return n;
}
