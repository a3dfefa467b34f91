/*
 * The listeners: libmicrohttpd in, struct req through the service and the
 * faults, an answer out. Nothing here knows what the services do.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "state.h"

struct listener {
	struct MHD_Daemon *daemon;
	const struct service *service;
	bool tls;
	int port;
};

/* One TCP connection; lives in MHD's socket context. */
struct connection {
	uint64_t id, requests;
};

pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t connections;

const char *
req_header(const struct req *r, const char *name)
{
	int i;

	for (i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* The decoded value of one query parameter, to be freed; or NULL. */
char *
req_query(const struct req *r, const char *name)
{
	const char *p = r->query, *end, *eq;
	struct buf b = { NULL, 0, 0 };
	size_t n = strlen(name);

	for (; p != NULL && *p != '\0'; p = *end == '&' ? end + 1 : end) {
		end = p + strcspn(p, "&");
		eq = memchr(p, '=', (size_t)(end - p));
		if (eq == NULL || (size_t)(eq - p) != n ||
		    strncmp(p, name, n) != 0)
			continue;
		if (!percent_decode(&b, eq + 1, (size_t)(end - eq - 1))) {
			buf_free(&b);
			return xstrndup(eq + 1, (size_t)(end - eq - 1));
		}
		return b.data;
	}
	return NULL;
}

/* The first reason counts. */
void
req_why(struct req *r, const char *fmt, ...)
{
	va_list ap;

	if (r->why[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
}

static int
req_socket(struct req *r)
{
	return MHD_get_connection_info(r->connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/*
 * A disconnect by connect(AF_UNSPEC) sends RST at once; with SO_LINGER
 * alone MHD's shutdown would let a FIN out first.
 */
static void
req_reset(struct req *r)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	int fd = req_socket(r);

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	(void)connect(fd, &sa, sizeof(sa));
}

/* Called under the lock: decides what becomes of the request. */
static enum act
req_decide(struct req *r)
{
	enum act act;

	if (!r->service->logged) {
		r->service->handle(r);
		return ACT_SEND;
	}
	act = fault_before(r);
	if (act == ACT_HANDLE) {
		if (r->too_big)
			r->service->error(r, 413, "EntityTooLarge",
			    "Request body is too large.");
		else
			r->service->handle(r);
		act = fault_after(r);
	}
	note_add(r, act == ACT_SEND || act == ACT_SLOW || act == ACT_HUGE ?
	    r->answer.status : 0);
	return act;
}

static bool
req_delayed(struct req *r)
{
	if (r->phase == PHASE_DELAYED || r->fault == NULL)
		return false;
	return strcmp(r->fault->kind, "delay") == 0;
}

static enum MHD_Result
req_run(struct req *r)
{
	int64_t ms;
	enum act act;

	pthread_mutex_lock(&state_lock);
	if (r->phase == PHASE_READ && r->service->logged) {
		r->service->classify(r);
		fault_take(r);
	}
	if (req_delayed(r)) {
		r->phase = PHASE_DELAYED;
		ms = jint(r->fault->param, "ms", 1000);
		pthread_mutex_unlock(&state_lock);
		park_req(r, now_ms() + (double)ms, false);
		return MHD_YES;
	}
	act = req_decide(r);
	ms = r->fault == NULL ? 0 : jint(r->fault->param, "ms", 0);
	/* A job's results may share it, so release it under the lock. */
	json_decref(r->json);
	r->json = NULL;
	pthread_mutex_unlock(&state_lock);

	switch (act) {
	case ACT_RESET:
		req_reset(r);
		return MHD_NO;
	case ACT_CLOSE:
		return MHD_NO;
	case ACT_HANG:
		r->phase = PHASE_CLOSE;
		park_req(r, ms > 0 ? now_ms() + (double)ms : 0, true);
		return MHD_YES;
	default:
		return (enum MHD_Result)answer_send(r, act);
	}
}

static enum MHD_Result
header_seen(void *cls, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct req *r = cls;

	(void)kind;
	if (r->nheaders == HEADERS_MAX)
		return MHD_NO;
	r->headers[r->nheaders].name = xstrdup(name);
	r->headers[r->nheaders++].value = xstrdup(value == NULL ? "" : value);
	return MHD_YES;
}

static void
req_received(struct req *r)
{
	const union MHD_ConnectionInfo *info;
	struct connection *c;
	char *q;

	r->time_ms = now_ms();
	r->wall = now_wall();
	crypto_hash_sha256_final(&r->hash_state, r->hash);
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, header_seen,
	    r);
	info = MHD_get_connection_info(r->connection,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info != NULL && (c = info->socket_context) != NULL) {
		r->connection_id = c->id;
		r->connection_request = ++c->requests;
	}
	r->path = xstrdup(r->target);
	if ((q = strchr(r->path, '?')) != NULL) {
		*q = '\0';
		r->query = q + 1;
	}
	buf_add(&r->body, "", 0);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **context)
{
	struct listener *l = cls;
	struct req *r = *context;

	(void)url;
	(void)version;
	if (!r->begun) {
		r->begun = true;
		r->service = l->service;
		r->tls = l->tls;
		r->connection = connection;
		snprintf(r->method, sizeof(r->method), "%s", method);
		crypto_hash_sha256_init(&r->hash_state);
		return MHD_YES;
	}
	if (*len > 0) {
		crypto_hash_sha256_update(&r->hash_state,
		    (const unsigned char *)data, *len);
		if (r->body.len + *len > r->service->body_max)
			r->too_big = true;
		else if (!r->too_big)
			buf_add(&r->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (r->phase == PHASE_CLOSE)
		return MHD_NO;
	if (r->phase == PHASE_READ)
		req_received(r);
	return req_run(r);
}

/* Only here MHD shows the target as it was on the wire. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct req *r = xcalloc(1, sizeof(*r));

	(void)cls;
	(void)connection;
	r->target = xstrdup(target);
	return r;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct req *r = *context;
	int i;

	(void)cls;
	(void)connection;
	(void)code;
	if (r == NULL)
		return;
	*context = NULL;
	for (i = 0; i < r->nheaders; i++) {
		free(r->headers[i].name);
		free(r->headers[i].value);
	}
	answer_clear(r);
	buf_free(&r->body);
	json_decref(r->json);
	fault_free(r->fault);
	free(r->target);
	free(r->path);
	free(r);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct connection *c;

	(void)cls;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		free(*context);
		*context = NULL;
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->id = __atomic_add_fetch(&connections, 1, __ATOMIC_RELAXED);
	*context = c;
}

static int
listen_loopback(int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 1024) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	*port = ntohs(sin.sin_port);
	return fd;
}

struct listener *
listener_start(const struct service *service, char *certificate, char *key,
    unsigned threads)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, key },
		{ MHD_OPTION_END, 0, NULL }
	};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	int fd;

	l->service = service;
	l->tls = certificate != NULL;
	if (l->tls)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	fd = listen_loopback(&l->port);
	l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, l,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_THREAD_POOL_SIZE, threads,
	    MHD_OPTION_CONNECTION_LIMIT, 4096U,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(96 << 10),
	    MHD_OPTION_CONNECTION_TIMEOUT, 600U,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
	    MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (l->daemon == NULL)
		errx(1, "cannot start the %s listener", service->name);
	return l;
}

int
listener_port(const struct listener *l)
{
	return l->port;
}

bool
listener_tls(const struct listener *l)
{
	return l->tls;
}

void
listener_stop(struct listener *l)
{
	MHD_stop_daemon(l->daemon);
	free(l);
}
