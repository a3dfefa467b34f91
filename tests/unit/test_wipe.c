/*
 * No secret stays in memory that is given back: this program's own free,
 * realloc, read and explicit_bzero look at what passes through them, even from
 * libraries.
 */
#include <sys/syscall.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws_request.h"
#include "json.h"
#include "mem.h"
#include "http_client.h"
#include "src/cloudshell/types.h"
#include "src/executor/orders.h"
#include "src/supervisor/transfer.h"
#include "sys.h"
#include "write.h"

/* What they look for; xored, so that it only stands where it is used. */
#define NEEDLE_LEN	24
#define MASK		0x55

static char hidden[NEEDLE_LEN];
static bool watching;
static unsigned leaks;		/* blocks given back with the needle in them */
static const char *dirty;	/* read into it, and not wiped since */

/* --- what looks --- */

static bool
holds(const char *p, size_t n)
{
	size_t i;

	for (; n >= NEEDLE_LEN; p++, n--) {
		for (i = 0; i < NEEDLE_LEN; i++)
			if ((p[i] ^ MASK) != hidden[i])
				break;
		if (i == NEEDLE_LEN)
			return true;
	}
	return false;
}

#ifndef SYS_SANITIZED
static size_t dirty_len;

void	 __libc_free(void *);
void	*__libc_realloc(void *, size_t);
void	 __explicit_bzero_chk(void *, size_t, size_t);

void
free(void *p)
{
	if (watching && p != NULL && holds(p, malloc_usable_size(p)))
		leaks++;
	__libc_free(p);
}

/* A block that grows in place leaves nothing behind. */
void *
realloc(void *p, size_t n)
{
	bool held = watching && p != NULL && holds(p, malloc_usable_size(p));
	uintptr_t before = (uintptr_t)p;
	void *q = __libc_realloc(p, n);

	if (held && (uintptr_t)q != before)
		leaks++;
	return q;
}

ssize_t
read(int fd, void *p, size_t n)
{
	ssize_t got = syscall(SYS_read, fd, p, n);

	if (watching && got > 0 && holds(p, (size_t)got)) {
		dirty = p;
		dirty_len = (size_t)got;
	}
	return got;
}

static void
wiped(const void *p, size_t n)
{
	const char *start = p;

	if (dirty != NULL && start <= dirty && start + n >= dirty + dirty_len)
		dirty = NULL;
}

void
explicit_bzero(void *p, size_t n)
{
	wiped(p, n);
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

void
__explicit_bzero_chk(void *p, size_t n, size_t size)
{
	(void)size;
	explicit_bzero(p, n);
}
#endif

/* --- the needle --- */

static const char *
needle(void)
{
	static char text[NEEDLE_LEN + 1];

	for (int i = 0; i < NEEDLE_LEN; i++)
		text[i] = hidden[i] ^ MASK;
	return text;
}

static int
setup(void **state)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

	(void)state;
	for (int i = 0; i < NEEDLE_LEN; i++)
		hidden[i] = digits[arc4random_uniform(32)] ^ MASK;
	leaks = 0;
	dirty = NULL;
	watching = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	watching = false;
	return 0;
}

/* The looks work. */
static void
leaks_are_seen(void **state)
{
	char *p = xstrdup(needle());

	(void)state;
	free(p);
	assert_int_equal(leaks, 1);
	xfree_secret(xstrdup(needle()));
	assert_int_equal(leaks, 1);
}

/* --- ours --- */

static void
buffers_that_grow(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(buf_adds(&b, needle()), 0);
	buf_free(&b);
	assert_int_equal(leaks, 0);
}

static void
blocks_that_grow(void **state)
{
	char *p = wipe_malloc(NEEDLE_LEN + 1), *between;
	uintptr_t before = (uintptr_t)p;

	(void)state;
	memcpy(p, needle(), NEEDLE_LEN + 1);
	between = xcalloc(1, 64);
	p = wipe_realloc(p, 1 << 20);
	assert_true((uintptr_t)p != before);
	assert_true(holds(p, NEEDLE_LEN));
	wipe_free(p);
	free(between);
	assert_int_equal(leaks, 0);
}

static void
json_texts(void **state)
{
	json_t *o = json_object(), *copy;
	char *line;

	(void)state;
	json_put_text(o, needle(), needle());
	line = json_line(o);
	assert_true(holds(line, strlen(line)));
	copy = json_parse(line, strlen(line), NULL);
	assert_non_null(copy);
	json_decref(copy);
	xfree_secret(line);
	json_decref(o);
	assert_int_equal(leaks, 0);
}

/* Formatting headers and URLs with a token, short and long. */
static void
formatted_texts(void **state)
{
	(void)state;
	xfree_secret(xasprintf("%s", needle()));
	xfree_secret(xasprintf("Authorization: %s", needle()));
	for (int width = 100; width < 5000; width *= 3)
		xfree_secret(xasprintf("%s%*s", needle(), width, "x"));
	assert_int_equal(leaks, 0);
}

/* A signed request holds the session token in a header. */
static void
signed_requests(void **state)
{
	char *host = xstrdup("codepipeline.us-east-2.amazonaws.com");
	struct aws_request req;
	struct fail f;

	(void)state;
	aws_request_init(&req, "POST");
	assert_int_equal(aws_request_header(&req, "Host", host, &f), 0);
	assert_int_equal(aws_request_header(&req, "X-Amz-Security-Token",
	    needle(), &f), 0);
	(void)buf_adds(&req.body, needle());
	free(host);
	leaks = 0;		/* only what its end leaves */
	aws_request_free(&req);
	assert_int_equal(leaks, 0);
}

static void
done(int code, const struct http_answer *answer, const struct fail *f,
    void *arg)
{
	(void)code, (void)answer, (void)f, (void)arg;
}

/* The body that a transfer keeps, if it is given up and if it fails. */
static void
bodies_of_transfers(void **state)
{
	struct http_request rq = { .method = "POST", .once = true,
	    .url = "http://127.0.0.1:1/x", .answer_max = 1000,
	    .timeout_ms = 60000, .no_proxy = true, .private_answer = true };
	char *body = xstrdup(needle());
	struct transfers *all;
	struct fail f;
	sd_event *event;

	(void)state;
	rq.body = body;
	rq.body_len = strlen(body);
	assert_true(sd_event_new(&event) >= 0);
	all = transfers_new(event);
	transfer_cancel(transfer_start(all, &rq, done, NULL, &f));
	assert_non_null(transfer_start(all, &rq, done, NULL, &f));
	transfers_free(all);
	(void)sd_event_unref(event);
	xfree_secret(body);
	assert_int_equal(leaks, 0);
}

static int
no_pause(int64_t ms, void *arg, struct fail *f)
{
	(void)ms, (void)arg;
	return fail_set(f, FAIL_STOPPED, "no more");
}

static int64_t
much_time(void *arg)
{
	(void)arg;
	return 60000;
}

/* A login's body holds the password; nobody listens. */
static void
login_requests(void **state)
{
	struct cs_settings set = { .url = "http://127.0.0.1:1", .user = "ci",
	    .domain = "Global", .timeout_ms = 60000, .pause = no_pause,
	    .remaining = much_time };
	struct http_client *http = http_client_new(NULL);
	struct secret *password = secret_text(needle());
	struct cs_client *client;
	struct fail f;

	(void)state;
	set.password = password;
	client = cs_client_new(&set, http);
	assert_int_equal(cs_login(client, &f), -1);
	cs_client_free(client);
	secret_free(password);
	http_client_free(http);
	assert_int_equal(leaks, 0);
}

/* --- the order, from the pipe on --- */

static void
write_order(int fd)
{
	struct ipc_order order = { .kind = ORDER_RUN, .action = ACTION_RUN };
	struct buf line;

	order.remaining_ms = 1000;
	strlcpy(order.data.id, "01234567-89ab-cdef-0123-456789abcdef",
	    sizeof(order.data.id));
	order.data.configuration = json_object();
	json_put_text(order.data.configuration, "Secret", needle());
	order.cloudshell.url = xstrdup("http://127.0.0.1:1");
	order.cloudshell.user = xstrdup("ci");
	order.cloudshell.domain = xstrdup("Global");
	order.cloudshell.password = secret_text(needle());
	order.s3.region = xstrdup("us-east-2");
	buf_init(&line, IPC_ORDER_MAX);
	assert_int_equal(ipc_order_encode(&line, &order), 0);
	assert_int_equal(write_all(fd, line.data, line.len), 0);
	buf_free(&line);
	ipc_order_free(&order);
}

static void
orders_that_are_read(void **state)
{
	struct ipc_order order = { 0 };
	struct orders o;
	sigset_t term;
	int fds[2];

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &term, NULL), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	write_order(fds[1]);
	assert_int_equal(orders_open(&o, fds[0]), 0);
	assert_int_equal(orders_first(&o, &order), IPC_EXIT_OK);
	assert_true(dirty == NULL);
	assert_string_equal(json_text(order.data.configuration, "Secret"),
	    needle());
	ipc_order_free(&order);
	buf_free(&o.in);
	assert_int_equal(leaks, 0);
}

#define WATCHED(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WATCHED(leaks_are_seen),
		WATCHED(buffers_that_grow),
		WATCHED(blocks_that_grow),
		WATCHED(json_texts),
		WATCHED(formatted_texts),
		WATCHED(signed_requests),
		WATCHED(bodies_of_transfers),
		WATCHED(login_requests),
		WATCHED(orders_that_are_read),
	};

#ifdef SYS_SANITIZED
	puts("ok 1 - wipe # SKIP a sanitizer brings its own malloc");
	return tests[0].name == NULL;
#endif
	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
