/*
 * What HTTP does for secrets: nobody can smuggle in a header, a URL is shown
 * without its password, and the connection of an answer with secrets is closed.
 */
#include <sys/socket.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"
#include "json.h"
#include "sys.h"
#include "write.h"

#define ANSWER	4000	/* bytes of each */

static int listener;
static char url[64];
static atomic_int connections;

/* --- a server of one connection at a time --- */

static void
serve(int fd)
{
	static char body[ANSWER];
	char rq[4096], head[128];
	size_t used = 0;
	ssize_t n;
	int len;

	memset(body, 'x', sizeof(body));
	len = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
	    "Content-Length: %d\r\n\r\n", ANSWER);
	while ((n = read(fd, rq + used, sizeof(rq) - 1 - used)) > 0) {
		used += (size_t)n;
		rq[used] = '\0';
		if (strstr(rq, "\r\n\r\n") == NULL)
			continue;
		used = 0;
		if (write_all(fd, head, (size_t)len) == -1 ||
		    write_all(fd, body, ANSWER) == -1)
			break;
	}
}

static void *
run(void *arg)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) != -1) {
		atomic_fetch_add(&connections, 1);
		serve(fd);
		(void)close(fd);
	}
	return arg;
}

static int
start(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	pthread_t t;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 || bind(listener, (struct sockaddr *)&a, len) ==
	    -1 || listen(listener, 8) == -1 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) == -1)
		return -1;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/x",
	    ntohs(a.sin_port));
	return pthread_create(&t, NULL, run, NULL) == 0 &&
	    pthread_detach(t) == 0 ? 0 : -1;
}

/* --- requests --- */

static int
ask(struct http_client *client, bool private, const char *const *headers,
    struct fail *fail)
{
	struct http_request rq = { .method = "GET", .url = url,
	    .headers = headers, .answer_max = 2 * ANSWER,
	    .timeout_ms = 60000, .no_proxy = true,
	    .private_answer = private };
	struct http_answer a = { 0 };
	int rc = http_perform(client, &rq, &a, fail);

	if (rc == 0)
		assert_int_equal(a.body.len, ANSWER);
	else
		assert_false(a.sent);
	http_answer_free(&a);
	return rc;
}

static int
connections_of_two(bool private)
{
	struct http_client *client = http_client_new(NULL);
	int before = atomic_load(&connections);
	struct fail fail;

	assert_int_equal(ask(client, private, NULL, &fail), 0);
	assert_int_equal(ask(client, private, NULL, &fail), 0);
	http_client_free(client);
	return atomic_load(&connections) - before;
}

static void
private_answers_close(void **state)
{
	(void)state;
	assert_int_equal(connections_of_two(false), 1);
	assert_int_equal(connections_of_two(true), 2);
}

static void
line_ends_in_headers(void **state)
{
	static const char *const bad[] = { "A: b\r\nC: d", "A: b\nC: d",
	    "A: b\rC: d", "A: b\n", "A: b\r\n" };
	struct http_client *client = http_client_new(NULL);
	const char *headers[] = { "X: y", NULL, NULL };
	int before = atomic_load(&connections);
	struct fail fail;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		headers[1] = bad[i];
		assert_int_equal(ask(client, false, headers, &fail), -1);
		assert_int_equal(fail.kind, FAIL_SYSTEM);
	}
	assert_int_equal(atomic_load(&connections), before);
	http_client_free(client);
}

/* However a password is written, no part of it shows. */
static void
passwords_in_urls(void **state)
{
	static const char *const urls[] = { "http://u:p@h:1/a",
	    "http://u:p@ss@h:1/a", "http://u@x:p@ss@h:1/a", "http://@h:1/a",
	    "http://u:p@ss@h:1/a?x=1", "http://u:p@ss@h:1/a#y" };
	char shown[64];

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_string_equal(http_url_show(shown, sizeof(shown),
		    urls[i]), "h:1/a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_answers_close),
		cmocka_unit_test(line_ends_in_headers),
		cmocka_unit_test(passwords_in_urls),
	};

	sys_reset_signals();
	json_init();
	http_init();
	return cmocka_run_group_tests(tests, start, NULL);
}
