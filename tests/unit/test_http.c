/* http.c against a listener thread that answers from a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"
#include "json.h"
#include "loopback.h"
#include "mem.h"
#include "sys.h"
#include "write.h"

#define SERVER_MS	10000	/* no test takes longer */
#define ROUNDS_MAX	4

/* What the server does with one request. */
struct round {
	const char	*answer;	/* NULL: close without one */
	bool		 keep;		/* leave the connection open */
	bool		 silent;	/* wait for the client to leave */
};

static struct {
	int		 listener;
	int		 port;
	pthread_t	 thread;
	struct round	 rounds[ROUNDS_MAX];
	size_t		 nrounds;
	unsigned	 connections;
	struct buf	 requests;	/* all heads, one after the other */
	size_t		 body_len;	/* of the last request */
	unsigned char	 body_sum;
} server;

/* Lengths of answers that hold NULs, by round; 0: strlen. */
static size_t answer_len[ROUNDS_MAX];
static struct http_client *client;
static char base[64];

/* Read one request: head to requests, body counted. */
static bool
read_request(int fd)
{
	size_t begin = server.requests.len, want = 0;
	const char *length;
	char c;

	server.body_len = 0;
	server.body_sum = 0;
	while (server.requests.len < begin + 4 ||
	    memcmp(server.requests.data + server.requests.len - 4,
	    "\r\n\r\n", 4) != 0)
		if (read(fd, &c, 1) != 1 ||
		    buf_add(&server.requests, &c, 1) == -1)
			return false;
	length = strcasestr(server.requests.data + begin, "content-length:");
	if (length != NULL)
		want = (size_t)strtoull(length + 15, NULL, 10);
	if (strcasestr(server.requests.data + begin, "expect:") != NULL)
		(void)write_all(fd,
		    "HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n", 33);
	while (server.body_len < want) {
		static char block[65536];
		size_t n = want - server.body_len;
		ssize_t got = read(fd, block, n < sizeof(block) ? n :
		    sizeof(block));

		if (got <= 0)
			return false;
		for (ssize_t i = 0; i < got; i++)
			server.body_sum += (unsigned char)block[i];
		server.body_len += (size_t)got;
	}
	return true;
}

static void *
serve(void *arg)
{
	int fd = -1;
	char c;

	(void)arg;
	for (size_t i = 0; i < server.nrounds; i++) {
		const struct round *r = &server.rounds[i];
		struct pollfd p[2] = { { server.listener, POLLIN, 0 },
			{ fd, POLLIN, 0 } };

		if (poll(p, 2, SERVER_MS) < 1)
			return NULL;
		if (p[0].revents != 0) {
			if (fd != -1)
				(void)close(fd);
			fd = accept(server.listener, NULL, NULL);
			server.connections++;
		}
		if (!read_request(fd)) {
			(void)close(fd);
			fd = -1;
			i--;	/* a pooled connection was dropped */
			continue;
		}
		if (r->silent)
			(void)!read(fd, &c, 1);
		if (r->answer != NULL)
			(void)write_all(fd, r->answer, answer_len[i] != 0 ?
			    answer_len[i] : strlen(r->answer));
		if (!r->keep) {
			(void)close(fd);
			fd = -1;
		}
	}
	if (fd != -1)
		(void)close(fd);
	return NULL;
}

static void
server_start(const struct round *rounds, size_t n)
{
	memset(&server, 0, sizeof(server));
	buf_init(&server.requests, 65536);
	memcpy(server.rounds, rounds, n * sizeof(*rounds));
	server.nrounds = n;
	server.listener = loopback_bind(&server.port);
	assert_int_equal(listen(server.listener, 4), 0);
	(void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", server.port);
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void
server_stop(void)
{
	(void)pthread_join(server.thread, NULL);
	(void)close(server.listener);
	buf_free(&server.requests);
}

static struct http_request
request(const char *method, const char *url)
{
	struct http_request rq = { .method = method, .url = url,
		.answer_max = 1000, .timeout_ms = 5000, .no_proxy = true };

	return rq;
}

static const struct round plain[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-A:  one \r\nX-a:two\r\n"
	  "\r\nhi", true, false },
};

static int
setup(void **state)
{
	(void)state;
	client = http_client_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_client_free(client);
	return 0;
}

static void
get_and_headers(void **state)
{
	const char *const headers[] = { "X-Token: abc", NULL };
	struct http_answer a;
	struct http_request rq;
	struct fail fail = { FAIL_NONE, "" };
	char url[128], value[8];

	(void)state;
	server_start(plain, 1);
	(void)snprintf(url, sizeof(url), "%s/a/../b?q=1", base);
	rq = request("GET", url);
	rq.headers = headers;
	rq.user_agent = "ua/1";
	assert_int_equal(http_perform(client, &rq, &a, &fail), 0);
	assert_int_equal(a.status, 200);
	assert_string_equal(buf_text(&a.body), "hi");
	assert_true(a.sent);
	assert_true(http_header(&a, "X-A", value, sizeof(value)));
	assert_string_equal(value, "two");
	assert_false(http_header(&a, "X", value, sizeof(value)));
	assert_true(http_header(&a, "content-length", value, 1));
	assert_string_equal(value, "");
	http_client_free(client);
	client = NULL;
	(void)pthread_join(server.thread, NULL);
	assert_non_null(strstr(buf_text(&server.requests),
	    "GET /a/../b?q=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(buf_text(&server.requests),
	    "\r\nX-Token: abc\r\n"));
	assert_non_null(strstr(buf_text(&server.requests),
	    "\r\nUser-Agent: ua/1\r\n"));
	assert_non_null(strstr(buf_text(&server.requests),
	    "\r\nAccept-Encoding: identity\r\n"));
	(void)close(server.listener);
	buf_free(&server.requests);
	http_answer_free(&a);
}

/* Send a body and see what the server got. */
static void
send_body(const char *method, const void *body, size_t len, bool expects)
{
	const struct round round = { "HTTP/1.1 201 Created\r\n"
	    "Content-Length: 0\r\nX-B: 2\r\n\r\n", false, false };
	struct http_answer a;
	struct http_request rq;
	struct fail fail = { FAIL_NONE, "" };
	unsigned char sum = 0;
	char line[64];

	for (size_t i = 0; i < len; i++)
		sum += ((const unsigned char *)body)[i];
	server_start(&round, 1);
	rq = request(method, base);
	rq.body = body;
	rq.body_len = len;
	if (http_perform(client, &rq, &a, &fail) == -1)
		fail_msg("%s", fail.text);
	assert_int_equal(a.status, 201);
	/* headers of the 100 are gone */
	assert_null(strcasestr(buf_text(&a.headers), "X-A"));
	assert_non_null(strcasestr(buf_text(&a.headers), "X-B"));
	(void)pthread_join(server.thread, NULL);
	assert_int_equal(server.body_len, len);
	assert_int_equal(server.body_sum, sum);
	assert_int_equal(strcasestr(buf_text(&server.requests), "expect:") !=
	    NULL, expects);
	assert_null(strcasestr(buf_text(&server.requests), "content-type"));
	(void)snprintf(line, sizeof(line), "%s / HTTP/1.1\r\n", method);
	assert_non_null(strstr(buf_text(&server.requests), line));
	(void)snprintf(line, sizeof(line), "Content-Length: %zu\r\n", len);
	assert_non_null(strstr(buf_text(&server.requests), line));
	(void)close(server.listener);
	buf_free(&server.requests);
	http_answer_free(&a);
}

static void
bodies(void **state)
{
	const size_t big = 5 * 1024 * 1024 + 7;
	unsigned char *data = xcalloc(1, big);

	(void)state;
	for (size_t i = 0; i < big; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	send_body("POST", "a\0b", 3, false);
	send_body("PUT", "{}", 2, false);
	send_body("POST", NULL, 0, false);
	send_body("PUT", data, big, true);
	free(data);
}

static void
head_and_delete(void **state)
{
	const struct round rounds[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", true,
		    false },
		{ "HTTP/1.1 204 No Content\r\n\r\n", false, false },
	};
	struct http_answer a;
	struct http_request rq;
	struct fail fail;

	(void)state;
	server_start(rounds, 2);
	rq = request("HEAD", base);
	assert_int_equal(http_perform(client, &rq, &a, &fail), 0);
	assert_int_equal(a.body.len, 0);
	http_answer_free(&a);
	rq = request("DELETE", base);
	assert_int_equal(http_perform(client, &rq, &a, &fail), 0);
	assert_int_equal(a.status, 204);
	http_answer_free(&a);
	(void)pthread_join(server.thread, NULL);
	assert_int_equal(server.connections, 1);	/* pooled */
	assert_non_null(strstr(buf_text(&server.requests), "DELETE / "));
	assert_null(strcasestr(buf_text(&server.requests), "content-length"));
	(void)close(server.listener);
	buf_free(&server.requests);
}

static bool too_big;	/* was the answer to the last one */

/* A request that fails: kind and a piece of the text. */
static void
assert_fails(const struct http_request *rq, enum fail_kind kind,
    const char *piece)
{
	struct http_answer a;
	struct fail fail = { FAIL_NONE, "" };

	assert_int_equal(http_perform(client, rq, &a, &fail), -1);
	if (fail.kind != kind || strstr(fail.text, piece) == NULL)
		fail_msg("%s: %s", fail_kind_name(fail.kind), fail.text);
	too_big = a.too_big;
	http_answer_free(&a);
}

static void
answers_over_the_limits(void **state)
{
	static char body[2000], headers[HTTP_HEADERS_MAX + 2000];
	struct round rounds[2] = { { body, false, false },
		{ headers, false, false } };
	struct http_request rq;

	(void)state;
	(void)snprintf(body, sizeof(body), "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 1001\r\n\r\n%01001d", 1);
	(void)strlcpy(headers, "HTTP/1.1 200 OK\r\n", sizeof(headers));
	while (strlen(headers) < HTTP_HEADERS_MAX)
		(void)strlcat(headers,
		    "X-Long: 123456789012345678901234567\r\n",
		    sizeof(headers));
	(void)strlcat(headers, "\r\n", sizeof(headers));
	server_start(rounds, 2);
	rq = request("GET", base);
	assert_fails(&rq, FAIL_SYSTEM, "answer larger than 1000 bytes");
	assert_true(too_big);
	assert_null(http_unanswered(client));
	assert_fails(&rq, FAIL_SYSTEM, "answer larger than 32768 bytes");
	assert_true(too_big);
	server_stop();
}

/* An answer may be compressed although nobody asked for that; the limit counts
 * what comes out. */
static void
compressed_answers(void **state)
{
#define GZIP(n)	"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"	\
	"Content-Length: " n "\r\n\r\n"
	static const char small[] = GZIP("28")
	    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\xc8\x54\x28"
	    "\xc9\x48\x2d\x4a\x05\x00\xec\x76\xa3\xe3\x08\x00\x00\x00";
	static const char bomb[] = GZIP("41")
	    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x31\x01"
	    "\x00\x00\x00\xc2\xa0\x4a\xeb\x9f\xce\x14\x7e\x40\x01\x00"
	    "\x00\x00\x00\x6f\x03\x04\x3d\xfc\xa8\x88\x13\x00\x00";
	static const char broken[] = GZIP("5") "hello";
	static const char odd[] = "HTTP/1.1 200 OK\r\nContent-Encoding: x\r\n"
	    "Content-Length: 2\r\n\r\nhi";
	const struct round rounds[] = {
		{ small, false, false }, { bomb, false, false },
		{ broken, false, false }, { odd, false, false } };
	struct http_answer a;
	struct http_request rq;
	struct fail fail = { FAIL_NONE, "" };

	(void)state;
	answer_len[0] = sizeof(small) - 1;
	answer_len[1] = sizeof(bomb) - 1;
	server_start(rounds, 4);
	rq = request("GET", base);
	assert_int_equal(http_perform(client, &rq, &a, &fail), 0);
	assert_string_equal(buf_text(&a.body), "hi there");
	http_answer_free(&a);
	assert_fails(&rq, FAIL_SYSTEM, "answer larger than 1000 bytes");
	assert_fails(&rq, FAIL_UNSURE, "content unencoding");
	assert_fails(&rq, FAIL_UNSURE, "Unrecognized content encoding");
	server_stop();
	memset(answer_len, 0, sizeof(answer_len));
}

static void
failure_kinds(void **state)
{
	const struct round rounds[] = {
		{ NULL, false, false },
		{ "SSH-2.0-x\r\n", false, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", false,
		    false },
		{ NULL, false, true },
	};
	const char *const injected[] = { "X: a\r\nY: b", NULL };
	struct http_request rq;
	char piece[64];

	(void)state;
	server_start(rounds, 4);
	(void)snprintf(piece, sizeof(piece), "no complete answer from "
	    "127.0.0.1:%d", server.port);
	rq = request("POST", base);
	rq.once = true;
	assert_fails(&rq, FAIL_UNSURE, piece);
	assert_false(too_big);
	assert_non_null(http_unanswered(client));
	assert_fails(&rq, FAIL_UNSURE, "not HTTP");
	assert_fails(&rq, FAIL_UNSURE, piece);
	rq.timeout_ms = 100;
	(void)strlcat(piece, " in time", sizeof(piece));
	assert_fails(&rq, FAIL_UNSURE, piece);
	server_stop();
	rq.timeout_ms = 5000;
	(void)snprintf(piece, sizeof(piece), "could not connect to "
	    "127.0.0.1:%d: ", server.port);
	assert_fails(&rq, FAIL_AGAIN, piece);
	assert_null(http_unanswered(client));
	rq.url = "http://no-such-host.invalid/";
	assert_fails(&rq, FAIL_AGAIN, "connect to no-such-host.invalid:80: ");
	rq.url = "ftp://127.0.0.1/";
	assert_fails(&rq, FAIL_CONFIG, "only http and https");
	rq.url = "http://a b/";
	assert_fails(&rq, FAIL_CONFIG, "malformed URL");
	rq.headers = injected;
	assert_fails(&rq, FAIL_SYSTEM, "line end");
}

/* If a reused connection closes, libcurl sends the request again; once forbids
 * that. */
static void
once_is_sent_once(void **state)
{
	const struct round rounds[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, false },
		{ NULL, false, false },
	};
	const char *seen;
	struct http_answer a;
	struct http_request rq;
	struct fail fail;
	unsigned posts = 0;

	(void)state;
	server_start(rounds, 2);
	rq = request("GET", base);
	assert_int_equal(http_perform(client, &rq, &a, &fail), 0);
	http_answer_free(&a);
	rq = request("POST", base);
	rq.once = true;
	assert_fails(&rq, FAIL_UNSURE, "no complete answer");
	(void)pthread_join(server.thread, NULL);
	seen = buf_text(&server.requests);
	while ((seen = strstr(seen, "POST ")) != NULL)
		posts++, seen++;
	assert_int_equal(posts, 1);
	assert_int_equal(server.connections, 2);
	(void)close(server.listener);
	buf_free(&server.requests);
}

static int asked_count;

static bool
asked(void *arg)
{
	char c;

	asked_count++;
	(void)!read(*(int *)arg, &c, 1);
	return c == 's';
}

static void
interrupts(void **state)
{
	const struct round rounds[] = { { NULL, false, true } };
	struct http_interrupt in = { .fds = { -1, -1 }, .asked = asked };
	struct http_answer a;
	struct http_request rq;
	struct fail fail;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	in.fds[1] = fds[0];
	in.arg = &fds[0];
	http_client_free(client);
	client = http_client_new(&in);
	server_start(rounds, 1);
	asked_count = 0;
	/* the first byte is not a reason to stop, the second is */
	assert_int_equal(write_all(fds[1], "ns", 2), 0);
	rq = request("GET", base);
	assert_int_equal(http_perform(client, &rq, &a, &fail), -1);
	assert_int_equal(fail.kind, FAIL_STOPPED);
	assert_int_equal(asked_count, 2);
	assert_true(a.sent);
	assert_string_equal(http_unanswered(client), base + 7);
	http_answer_free(&a);
	/* asked before: nothing goes out */
	assert_int_equal(write_all(fds[1], "s", 1), 0);
	assert_int_equal(http_perform(client, &rq, &a, &fail), -1);
	assert_int_equal(fail.kind, FAIL_STOPPED);
	assert_false(a.sent);
	assert_null(http_unanswered(client));
	http_answer_free(&a);
	http_client_free(client);	/* ends the server's read */
	client = NULL;
	server_stop();
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#define SLOW_HOST	"slow.test"
#define SLOW_TURNS	6000	/* of 10 ms at most */

static atomic_int slow_lookups;		/* under way */
static atomic_bool slow_over;

/* Replaces libc's, also for libcurl: one name has a dead server. */
int
getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);

	if (host != NULL && strcmp(host, SLOW_HOST) == 0) {
		slow_lookups++;
		for (int i = 0; i < SLOW_TURNS && !slow_over; i++)
			(void)poll(NULL, 0, 10);
		slow_lookups--;
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(host, service, hints, found);
}

#if LIBCURL_VERSION_NUM >= 0x075700
/* The end of a call does not wait for its name look-up. */
static void
slow_lookup(void **state)
{
	struct http_request rq = request("GET", "http://" SLOW_HOST "/");

	(void)state;
	rq.timeout_ms = 200;
	assert_fails(&rq, FAIL_AGAIN, "could not connect to " SLOW_HOST);
	assert_int_equal(slow_lookups, 1);
	http_client_free(client);
	client = NULL;
	assert_int_equal(slow_lookups, 1);
	slow_over = true;
	while (slow_lookups > 0)	/* its thread is gone when we end */
		(void)poll(NULL, 0, 10);
}
#endif

static void
urls_shown(void **state)
{
	char s[32];

	(void)state;
	assert_string_equal(http_url_show(s, sizeof(s),
	    "https://u:p@h:1/a/b?token=x#y"), "h:1/a/b");
	assert_string_equal(http_url_show(s, sizeof(s), "http://h?x=1"), "h");
	assert_string_equal(http_url_show(s, sizeof(s), "http://h/@/a"),
	    "h/@/a");
	assert_string_equal(http_url_show(s, 4, "http://host/"), "hos");
	assert_string_equal(http_url_show(s, sizeof(s), ""), "");
}

/* What executors are let read: absolute names, of a system that has any. */
static void
places_of_certificates(void **state)
{
	const char *places[HTTP_CA_PLACES];
	size_t n = http_ca_places(places);

	(void)state;
	assert_in_range(n, 1, HTTP_CA_PLACES);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(places[i][0], '/');
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(get_and_headers),
		TEST(bodies),
		TEST(head_and_delete),
		TEST(answers_over_the_limits),
		TEST(compressed_answers),
		TEST(failure_kinds),
		TEST(once_is_sent_once),
		TEST(interrupts),
#if LIBCURL_VERSION_NUM >= 0x075700
		TEST(slow_lookup),
#endif
		cmocka_unit_test(urls_shown),
		cmocka_unit_test(places_of_certificates),
	};

	sys_reset_signals();
	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
