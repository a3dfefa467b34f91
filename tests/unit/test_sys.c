/* sys.c and log.c: memory, descriptors, signals, texts, records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "sys.h"
#include "write.h"

static void
memory_helpers(void **state)
{
	char *s;

	(void)state;
	assert_null(xstrdup(NULL));
	assert_string_equal(s = xstrndup("abcdef", 3), "abc");
	s = wipe_realloc(s, 100);
	assert_string_equal(s, "abc");
	s = wipe_realloc(s, 2);
	assert_memory_equal(s, "ab", 2);
	wipe_free(s);
	wipe_free(NULL);
	s = xasprintf("%d-%s", 1, "x");
	assert_string_equal(s, "1-x");
	xfree_secret(s);
}

static void
backoff_grows_within_bounds(void **state)
{
	(void)state;
	for (unsigned attempt = 0; attempt < 100; attempt++) {
		int64_t most = attempt < 10 ? INT64_C(100) << attempt : 5000;

		if (most > 5000)
			most = 5000;
		for (int i = 0; i < 20; i++) {
			int64_t ms = sys_backoff_ms(attempt, 100, 5000);

			assert_true(ms >= most / 2 && ms <= most);
		}
	}
	assert_int_equal(sys_backoff_ms(3, 0, 1000), 0);
	assert_true(sys_backoff_ms(99, INT64_MAX / 2, INT64_MAX) > 0);
}

static void
clocks(void **state)
{
	int64_t a = sys_now_ms(), b;

	(void)state;
	(void)usleep(2000);
	b = sys_now_ms();
	assert_true(b > a && b < a + 10000);
	assert_true(sys_wall() > INT64_C(1700000000));
}

static void
closes_all_but_some(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		int keep[] = { 31, -1, 25, 31 };

		for (int fd = 20; fd < 40; fd++)
			if (dup2(0, fd) == -1)
				_exit(2);
		sys_close_all_but(21, keep, 4);
		for (int fd = 20; fd < 40; fd++) {
			bool open = fcntl(fd, F_GETFD) != -1;

			if (open != (fd == 20 || fd == 25 || fd == 31))
				_exit(fd);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
reads_files_within_bounds(void **state)
{
	char path[] = "/tmp/test_sys.XXXXXX", *text;
	int fd = mkstemp(path);
	char block[9000];
	size_t len;

	(void)state;
	memset(block, 'x', sizeof(block));
	assert_int_equal(write_all(fd, block, sizeof(block)), 0);
	(void)close(fd);
	text = sys_read_file(path, 9000, &len);
	assert_non_null(text);
	assert_int_equal(len, 9000);
	assert_int_equal(strlen(text), 9000);
	xfree_secret(text);
	assert_null(sys_read_file(path, 8999, &len));
	assert_int_equal(errno, EFBIG);
	assert_null(sys_read_file(path, 0, NULL));
	assert_int_equal(errno, EFBIG);
	(void)unlink(path);
	assert_null(sys_read_file(path, 10, &len));
	assert_int_equal(errno, ENOENT);
	text = sys_read_file("/dev/null", 0, &len);
	assert_string_equal(text, "");
	xfree_secret(text);
	assert_null(sys_read_file("/dev/zero", 10, &len));
	assert_int_equal(errno, EFBIG);
}

static void
says_why_a_file_was_not_read(void **state)
{
	(void)state;
	assert_string_equal(sys_read_error(EFBIG, 64 * 1024),
	    "larger than 64 KiB");
	assert_string_equal(sys_read_error(EFBIG, 2 << 20),
	    "larger than 2 MiB");
	assert_string_equal(sys_read_error(EINVAL, 10), "holds a NUL byte");
	assert_string_equal(sys_read_error(ENOENT, 10), strerror(ENOENT));
}

static void
signals_are_reset(void **state)
{
	struct sigaction sa;
	sigset_t set;

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	sys_reset_signals();
	(void)sigprocmask(SIG_SETMASK, NULL, &set);
	assert_false(sigismember(&set, SIGTERM));
	(void)sigaction(SIGCHLD, NULL, &sa);
	assert_true(sa.sa_handler == SIG_DFL);
	(void)sigaction(SIGPIPE, NULL, &sa);
	assert_true(sa.sa_handler == SIG_IGN);
}

static void
environment_is_cleaned(void **state)
{
	static const char *const keep[] = { "PATH", "KEPT", "ALL_*",
		"CMOCKA_MESSAGE_OUTPUT", NULL };
	char *secret;

	(void)state;
	(void)setenv("KEPT", "1", 1);
	(void)setenv("KEPT2", "hunter2", 1);
	(void)setenv("KEP", "x", 1);
	(void)setenv("ALL_OF", "2", 1);
	(void)setenv("ALLOF", "x", 1);
	secret = getenv("KEPT2");
	sys_clean_environment(keep);
	assert_string_equal(getenv("KEPT"), "1");
	assert_non_null(getenv("PATH"));
	assert_null(getenv("KEPT2"));
	assert_null(getenv("KEP"));
	assert_string_equal(getenv("ALL_OF"), "2");
	assert_null(getenv("ALLOF"));
	assert_string_equal(secret, "");
}

static void
children_by_pidfd(void **state)
{
	int fd, status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		for (int i = 0; i < 100; i++)
			(void)usleep(100000);
		_exit(0);
	}
	fd = sys_pidfd_open(pid);
	assert_true(fd >= 0);
	assert_int_equal(sys_pidfd_signal(fd, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(sys_pidfd_signal(fd, SIGKILL), -1);
	(void)close(fd);
}

/* --- log --- */

static char last[LOG_LINE_MAX];
static int last_priority;
static size_t records;

static void
sink(int priority, const struct log_field *fields, size_t n,
    const char *message)
{
	(void)fields;
	(void)n;
	(void)strlcpy(last, message, sizeof(last));
	last_priority = priority;
	records++;
}

static void
log_levels_and_errno(void **state)
{
	(void)state;
	log_init("test", LOG_INFO);
	log_set_sink(sink);
	errno = ENOENT;
	log_warn("open %s", "x");
	assert_string_equal(last, "open x: No such file or directory");
	assert_int_equal(last_priority, LOG_WARNING);
	assert_int_equal(errno, ENOENT);
	log_warnx("a\nb");
	assert_string_equal(last, "a b");
	records = 0;
	log_debug("dropped");
	assert_int_equal(records, 0);
	log_err("e");
	assert_int_equal(last_priority, LOG_ERR);
	log_info("%5000d", 1);
	assert_int_equal(strlen(last), LOG_LINE_MAX - 1);
	log_set_sink(NULL);
}

static void
log_safe_escapes(void **state)
{
	char s[64];

	(void)state;
	assert_string_equal(log_safe(s, sizeof(s), "a\n\t\x1b[0m\\"),
	    "a\\n\\t\\x1b[0m\\\\");
	assert_string_equal(log_safe(s, sizeof(s), "\xc3\xa4\xff\xc2\x9b"),
	    "\xc3\xa4\\xff\\xc2\\x9b");
	assert_string_equal(log_safe(s, sizeof(s), "a\u202eb\u2066\u00e4"),
	    "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6\u00e4");
	assert_string_equal(log_safe(s, 5, "abc\n"), "abc");
	assert_string_equal(log_safe(s, 3, "a\xe2\x82\xac"), "a");
	assert_string_equal(log_safe(s, sizeof(s), NULL), "");
}

/* What a child with this JOURNAL_STREAM writes to stderr. */
static void
log_of_child(bool journal, char *out, size_t size)
{
	struct log_field fields[] = { { "MESSAGE_ID", "m" },
		{ "QUALI_JOB_ID", "j\n1" }, { "QUALI_STEP", NULL } };
	char stream[64];
	struct stat st;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		(void)fstat(STDERR_FILENO, &st);
		(void)snprintf(stream, sizeof(stream), "%ju:%ju",
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino +
		    (journal ? 0 : 1));
		(void)setenv("JOURNAL_STREAM", stream, 1);
		log_init("prog", LOG_INFO);
		log_fields(LOG_NOTICE, fields, 3, "claimed");
		_exit(0);
	}
	(void)close(fds[1]);
	n = read(fds[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
log_to_stderr(void **state)
{
	char out[512];

	(void)state;
	log_of_child(true, out, sizeof(out));
	assert_string_equal(out, "<5>claimed\n");
	log_of_child(false, out, sizeof(out));
	assert_non_null(strstr(out, " prog: notice: claimed\n"));
	assert_int_equal(out[4], '-');
}

#ifndef SYS_SANITIZED	/* which has a heap of its own */
/* Whether needle stands anywhere in the heap except at own. */
static bool
in_heap(const char *needle, size_t len, const char *own)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512];
	bool found = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[heap]") != NULL &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			for (const char *p = (const char *)from;
			    p + len <= (const char *)to && !found; p++)
				found = p != own && memcmp(p, needle, len) == 0;
	(void)fclose(maps);
	return found;
}

/* A text of any length is formatted in one place, and wiping that removes
 * it. */
static void
formatted_secret(void **state)
{
	char text[6000], needle[32], *s;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + arc4random_uniform(26));
	text[sizeof(text) - 1] = '\0';
	memcpy(needle, text + 40, sizeof(needle));
	s = xasprintf("%s: %s", "name", text);
	assert_int_equal(strlen(s), 6 + sizeof(text) - 1);
	assert_true(in_heap(needle, sizeof(needle), NULL));
	assert_false(in_heap(needle, sizeof(needle), s + 6 + 40));
	xfree_secret(s);
	assert_false(in_heap(needle, sizeof(needle), NULL));
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_helpers),
		cmocka_unit_test(backoff_grows_within_bounds),
		cmocka_unit_test(clocks),
		cmocka_unit_test(closes_all_but_some),
		cmocka_unit_test(reads_files_within_bounds),
		cmocka_unit_test(says_why_a_file_was_not_read),
		cmocka_unit_test(signals_are_reset),
		cmocka_unit_test(environment_is_cleaned),
		cmocka_unit_test(children_by_pidfd),
		cmocka_unit_test(log_levels_and_errno),
#ifndef SYS_SANITIZED
		cmocka_unit_test(formatted_secret),
#endif
		cmocka_unit_test(log_safe_escapes),
		cmocka_unit_test(log_to_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
