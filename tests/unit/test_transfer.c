/*
 * Transfers on the loop, against a listener in threads of this program. The
 * path of a request says what the server does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loopback.h"
#include "mem.h"
#include "src/supervisor/transfer.h"
#include "sys.h"
#include "write.h"

#define LIMIT_MS	60000	/* patience, of one test */
#define TOGETHER	6	/* requests that must be there at the same
				   time */

/* --- the server --- */

static int listener;
static int port;
static atomic_int accepted, present, most_present, stopping;

static void
pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* Read one request; its body's length, or -1 at the end. */
static int
read_request(int fd, char *rq, size_t size, char **body)
{
	size_t used = 0, len = 0;
	char *end, *p;

	for (int i = 0; i < 1000; i++) {
		ssize_t n = read(fd, rq + used, size - 1 - used);

		if (n <= 0)
			return -1;
		used += (size_t)n;
		rq[used] = '\0';
		if ((end = strstr(rq, "\r\n\r\n")) == NULL)
			continue;
		if ((p = strcasestr(rq, "\r\nContent-Length:")) != NULL)
			len = (size_t)strtoul(p + 17, NULL, 10);
		*body = end + 4;
		if (used >= (size_t)(*body - rq) + len)
			return (int)len;
	}
	return -1;
}

static void
respond(int fd, const char *body, size_t len)
{
	char head[128];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
	    "X-Test: yes\r\nContent-Length: %zu\r\n\r\n", len);

	if (write_all(fd, head, (size_t)n) == 0)
		(void)write_all(fd, body, len);
}

static void *
serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg, len, here;
	char rq[16384], big[8192], *body = NULL;

	while ((len = read_request(fd, rq, sizeof(rq), &body)) != -1) {
		here = atomic_fetch_add(&present, 1) + 1;
		if (here > atomic_load(&most_present))
			atomic_store(&most_present, here);
		if (strstr(rq, " /slow ") != NULL) {
			pause_ms(200);
			/* one after another there would never be so many */
			for (int i = 0; i < LIMIT_MS / 10 && !stopping &&
			    atomic_load(&most_present) < TOGETHER; i++)
				pause_ms(10);
		}
		if (strstr(rq, " /hang ") != NULL)
			for (int i = 0; i < 500 && !stopping; i++) {
				struct pollfd p = { fd, POLLIN, 0 };

				if (poll(&p, 1, 10) == 1)
					break;
			}
		atomic_fetch_sub(&present, 1);
		if (strstr(rq, " /close ") != NULL ||
		    strstr(rq, " /hang ") != NULL)
			break;
		memset(big, 'b', sizeof(big));
		if (strstr(rq, " /big ") != NULL)
			respond(fd, big, sizeof(big));
		else if (strstr(rq, " /echo ") != NULL)
			respond(fd, body, (size_t)len);
		else
			respond(fd, "fine", 4);
	}
	(void)close(fd);
	return NULL;
}

static void *
serve(void *arg)
{
	pthread_t t;
	int fd;

	(void)arg;
	while (!stopping && (fd = accept(listener, NULL, NULL)) != -1) {
		atomic_fetch_add(&accepted, 1);
		if (pthread_create(&t, NULL, serve_one,
		    (void *)(intptr_t)fd) == 0)
			(void)pthread_detach(t);
	}
	return NULL;
}

/* --- the client --- */

static sd_event *event;
static struct transfers *all;

/* One expected end. */
struct got {
	int		 calls, code;
	long		 status;
	enum fail_kind	 kind;
	char		 text[256], body[64], header[16];
	int64_t		 at_ms;
	struct transfer	*cancel[2];	/* in done */
	struct transfer	*self;
	int		 again;		/* how many more to start from done */
	const char	*path;
};

static void	done(int, const struct http_answer *, const struct fail *,
		    void *);

static struct transfer *
start_url(const char *url, const char *body, size_t max, int64_t timeout_ms,
    bool once, struct got *got)
{
	const char *headers[] = { "X-One: 1", NULL };
	struct http_request rq = { .method = body != NULL ? "POST" : "GET",
	    .url = url, .headers = headers, .body = body,
	    .body_len = body != NULL ? strlen(body) : 0, .answer_max = max,
	    .timeout_ms = timeout_ms, .once = once, .no_proxy = true };
	struct fail f = { 0 };
	int calls = got->calls;
	struct transfer *t = transfer_start(all, &rq, done, got, &f);

	if (t == NULL)
		fail_msg("%s", f.text);
	assert_int_equal(got->calls, calls);	/* never from within start */
	return t;
}

static struct transfer *
start(const char *path, struct got *got)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return start_url(url, NULL, 4096, 5000, false, got);
}

static void
done(int code, const struct http_answer *a, const struct fail *f, void *arg)
{
	struct got *g = arg;

	g->calls++;
	g->code = code;
	g->status = a->status;
	g->at_ms = sys_now_ms();
	(void)strlcpy(g->body, buf_text(&a->body), sizeof(g->body));
	(void)http_header(a, "x-test", g->header, sizeof(g->header));
	assert_int_equal(f == NULL, code == 0);
	if (f != NULL) {
		g->kind = f->kind;
		(void)strlcpy(g->text, f->text, sizeof(g->text));
	}
	for (int i = 0; i < 2; i++)
		if (g->cancel[i] != NULL)
			transfer_cancel(g->cancel[i]);
	if (g->self != NULL)
		transfer_cancel(g->self);
	if (g->again > 0) {
		g->again--;
		(void)start(g->path, g);
	}
}

/* Run the loop until this many transfers ended, or for some time. */
static void
run_until(const int *calls, int wanted)
{
	int64_t until = sys_now_ms() + LIMIT_MS;

	while (*calls < wanted && sys_now_ms() < until)
		assert_true(sd_event_run(event, 100000) >= 0);
	assert_int_equal(*calls, wanted);
}

static void
run_for(int64_t ms)
{
	int64_t until = sys_now_ms() + ms;

	while (sys_now_ms() < until)
		assert_true(sd_event_run(event, 10000) >= 0);
}

static int
setup(void **state)
{
	(void)state;
	atomic_store(&accepted, 0);
	atomic_store(&most_present, 0);
	if (sd_event_new(&event) < 0)
		return -1;
	all = transfers_new(event);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	transfers_free(all);
	(void)sd_event_unref(event);
	return 0;
}

static void
one_answer(void **state)
{
	struct got g = { 0 };

	(void)state;
	(void)start("/", &g);
	run_until(&g.calls, 1);
	assert_int_equal(g.code, 0);
	assert_int_equal(g.status, 200);
	assert_string_equal(g.body, "fine");
	assert_string_equal(g.header, "yes");
	run_for(30);
	assert_int_equal(g.calls, 1);
}

static void
by_name(void **state)
{
	struct got g = { 0 };
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "http://localhost:%u/", port);
	(void)start_url(url, NULL, 4096, 5000, false, &g);
	run_until(&g.calls, 1);
	assert_int_equal(g.code, 0);
}

static void
caller_may_free_its_own(void **state)
{
	char *url = xasprintf("http://127.0.0.1:%d/echo", port);
	char *body = xstrdup("{\"a\":1}");
	struct got g = { 0 };

	(void)state;
	(void)start_url(url, body, 4096, 5000, true, &g);
	memset(url, 'x', strlen(url));
	memset(body, 'x', strlen(body));
	free(url);
	free(body);
	run_until(&g.calls, 1);
	assert_int_equal(g.code, 0);
	assert_string_equal(g.body, "{\"a\":1}");
}

static void
many_at_once(void **state)
{
	struct got g = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)start("/slow", &g);
	run_until(&g.calls, 20);
	assert_int_equal(g.code, 0);
	assert_true(atomic_load(&most_present) >= TOGETHER);
}

/* Also: a connection is used again, its descriptor number comes again. */
static void
started_from_done(void **state)
{
	struct got g = { .again = 30, .path = "/" };

	(void)state;
	(void)start("/", &g);
	run_until(&g.calls, 31);
	assert_int_equal(g.code, 0);
	assert_int_equal(atomic_load(&accepted), 1);
}

static void
once_takes_its_own_connection(void **state)
{
	struct got g = { 0 };
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	for (int i = 1; i <= 10; i++) {
		(void)start_url(url, "x", 4096, 5000, true, &g);
		run_until(&g.calls, i);
		assert_int_equal(g.code, 0);
	}
	assert_int_equal(atomic_load(&accepted), 10);
}

static void
cancel_before_it_began(void **state)
{
	struct got g = { 0 };

	(void)state;
	transfer_cancel(start("/", &g));
	transfer_cancel(start("/hang", &g));
	run_for(100);
	assert_int_equal(g.calls, 0);
}

static void
cancel_a_running_one_in_done(void **state)
{
	struct got first = { 0 }, other = { 0 };

	(void)state;
	first.cancel[0] = start("/hang", &other);
	first.cancel[1] = start("/slow", &other);
	first.self = start("/", &first);
	run_until(&first.calls, 1);
	run_for(300);
	assert_int_equal(first.calls, 1);
	assert_int_equal(other.calls, 0);
}

/* Two end in one call of libcurl: the second waits in the queue while the first
 * is delivered. */
static void
cancel_a_queued_one_in_done(void **state)
{
	struct got a = { 0 }, b = { 0 };

	(void)state;
	b.cancel[0] = start_url("http://a b/", NULL, 10, 5000, false, &a);
	a.cancel[0] = start_url("http://a b/", NULL, 10, 5000, false, &b);
	run_for(300);
	assert_int_equal(a.calls + b.calls, 1);
}

static void
refused_may_be_repeated(void **state)
{
	struct got g = { 0 };
	int refused;
	char url[64];
	int fd = loopback_bind(&refused);

	(void)state;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", refused);
	for (int i = 0; i < 5; i++)
		(void)start_url(url, "x", 10, 5000, true, &g);
	run_until(&g.calls, 5);
	assert_int_equal(g.code, -1);
	assert_int_equal(g.kind, FAIL_AGAIN);
	assert_int_equal(g.status, 0);
	assert_int_equal(close(fd), 0);
}

static void
silence_ends_in_time(void **state)
{
	struct got g = { 0 };
	int64_t before = sys_now_ms();
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/hang", port);
	(void)start_url(url, "x", 10, 300, true, &g);
	run_until(&g.calls, 1);
	assert_int_equal(g.kind, FAIL_UNSURE);
	assert_true(g.at_ms - before >= 290);
}

static void
closed_without_answer_is_unsure(void **state)
{
	struct got g = { 0 };
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/close", port);
	(void)start_url(url, "x", 10, 5000, true, &g);
	run_until(&g.calls, 1);
	assert_int_equal(g.kind, FAIL_UNSURE);
	assert_int_equal(atomic_load(&accepted), 1);
}

static void
large_answer_is_refused(void **state)
{
	struct got g = { 0 };

	(void)state;
	(void)start("/big", &g);
	run_until(&g.calls, 1);
	assert_int_equal(g.kind, FAIL_SYSTEM);
	assert_non_null(strstr(g.text, "larger than 4096"));
}

static void
bad_url_is_told_later(void **state)
{
	struct got g = { 0 };

	(void)state;
	(void)start_url("http://a b/", NULL, 10, 5000, false, &g);
	(void)start_url("ftp://127.0.0.1/", NULL, 10, 5000, false, &g);
	run_until(&g.calls, 2);
	assert_int_equal(g.kind, FAIL_CONFIG);
}

/* Under way, and ended but not yet delivered. */
static void
free_calls_nobody(void **state)
{
	struct got g = { 0 };

	(void)state;
	(void)start("/", &g);
	(void)start("/hang", &g);
	for (int i = 0; i < 5; i++)
		(void)start_url("http://a b/", NULL, 10, 5000, false, &g);
	for (int i = 0; i < 100 && g.calls == 0; i++)
		assert_true(sd_event_run(event, 10000) >= 0);
	assert_in_range(g.calls, 1, 5);
	transfers_free(all);
	g.calls = 0;
	all = transfers_new(event);
	run_for(50);
	assert_int_equal(g.calls, 0);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_answer),
		CASE(by_name),
		CASE(caller_may_free_its_own),
		CASE(many_at_once),
		CASE(started_from_done),
		CASE(once_takes_its_own_connection),
		CASE(cancel_before_it_began),
		CASE(cancel_a_running_one_in_done),
		CASE(cancel_a_queued_one_in_done),
		CASE(refused_may_be_repeated),
		CASE(silence_ends_in_time),
		CASE(closed_without_answer_is_unsure),
		CASE(large_answer_is_refused),
		CASE(bad_url_is_told_later),
		CASE(free_calls_nobody),
	};
	pthread_t server;
	int failed;

	sys_reset_signals();
	http_init();
	listener = loopback_bind(&port);
	if (listen(listener, 64) == -1 ||
	    pthread_create(&server, NULL, serve, NULL) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	atomic_store(&stopping, 1);
	(void)shutdown(listener, SHUT_RDWR);
	(void)pthread_join(server, NULL);
	(void)close(listener);
	return failed;
}
