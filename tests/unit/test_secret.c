/* secret.c: unreadable while closed, with and without locked memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "secret.h"
#include "write.h"

/* Whether a byte can be read: the kernel knows, and write(2) gives EFAULT if
 * not. */
static bool
readable(const char *p)
{
	int fds[2];
	bool ok;

	assert_int_equal(pipe(fds), 0);
	ok = write(fds[1], p, 1) == 1;
	if (!ok)
		assert_int_equal(errno, EFAULT);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return ok;
}

static void
readable_only_while_open(void **state)
{
	struct secret *s = secret_text("hunter2");
	const char *p;

	(void)state;
	p = secret_open(s);
	assert_string_equal(p, "hunter2");
	assert_ptr_equal(secret_open(s), p);
	secret_close(s);
	assert_true(readable(p));
	secret_close(s);
	assert_false(readable(p));
	assert_int_equal(secret_len(s), 7);
	secret_free(s);
}

static void
compares_and_copies(void **state)
{
	struct secret *a = secret_new("a\0b", 3), *b = secret_dup(a);
	struct secret *c = secret_text("abc"), *d = secret_text("ab");

	(void)state;
	assert_true(secret_equal(a, b));
	assert_true(secret_equal(a, a));
	assert_false(secret_equal(a, c));
	assert_false(secret_equal(c, d));
	assert_false(secret_equal(a, NULL));
	assert_true(secret_equal(NULL, NULL));
	assert_null(secret_dup(NULL));
	assert_null(secret_text(NULL));
	secret_free(a);
	secret_free(b);
	secret_free(c);
	secret_free(d);
	secret_free(NULL);
}

/* Many secrets without any locked memory, as in a small container. */
static void
works_without_mlock(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if ((pid = fork()) == 0) {
		struct rlimit none = { 0, 0 };
		struct secret *list[50];

		if (setrlimit(RLIMIT_MEMLOCK, &none) == -1 ||
		    (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1))
			_exit(2);
		for (int i = 0; i < 50; i++)
			list[i] = secret_text("hunter2");
		for (int i = 0; i < 50; i++) {
			if (strcmp(secret_open(list[i]), "hunter2") != 0)
				_exit(3);
			secret_close(list[i]);
			secret_free(list[i]);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static struct secret *
read_bytes(const void *data, size_t len, struct fail *fail)
{
	char path[] = "/tmp/test_secret.XXXXXX";
	struct secret *s;
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write_all(fd, data, len), 0);
	(void)close(fd);
	s = secret_read(path, fail);
	(void)unlink(path);
	return s;
}

static void
assert_reads(const char *text, const char *want)
{
	struct fail fail = { FAIL_NONE, "" };
	struct secret *s = read_bytes(text, strlen(text), &fail);

	if (s == NULL)
		fail_msg("%s", fail.text);
	assert_string_equal(secret_open(s), want);
	assert_int_equal(secret_len(s), strlen(want));
	secret_close(s);
	secret_free(s);
}

static void
reads_files(void **state)
{
	struct fail fail;
	char *big = xcalloc(1, SECRET_MAX + 2);

	(void)state;
	assert_reads("pass word", "pass word");
	assert_reads("pass\n", "pass");
	assert_reads("\xef\xbb\xbfpass\n", "pass");
	assert_reads("pass\r\n", "pass");
	assert_reads("pass\n\n", "pass\n");
	assert_reads("pass\r", "pass\r");

	assert_null(read_bytes("", 0, &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "empty"));
	assert_null(read_bytes("\n", 1, &fail));
	assert_null(read_bytes("hun\0ter2", 8, &fail));
	assert_non_null(strstr(fail.text, "NUL"));
	assert_null(strstr(fail.text, "hun"));
	assert_reads("p\xc3\xa4ss\n", "p\xc3\xa4ss");
	assert_null(read_bytes("p\xe4ss\n", 5, &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "not UTF-8"));
	assert_null(strstr(fail.text, "ss"));
	memset(big, 'x', SECRET_MAX + 1);
	assert_null(read_bytes(big, SECRET_MAX + 1, &fail));
	assert_non_null(strstr(fail.text, "larger"));
	big[SECRET_MAX] = '\0';
	assert_reads(big, big);
	free(big);
	assert_null(secret_read("/nonexistent/x", &fail));
	assert_non_null(strstr(fail.text, "/nonexistent/x: No such file"));
	assert_null(secret_read("/tmp", &fail));
}

static void
assert_masks(const char *secret, const char *text, const char *want)
{
	struct secret *s = secret_text(secret);
	char *copy = xstrdup(text);

	secret_mask(copy, s);
	assert_string_equal(copy, want);
	free(copy);
	secret_free(s);
}

static void
masks_escapes(void **state)
{
	static const char secret[] = "p<a\"s&s'\\/\t\nw "
	    "\xc3\xa9\xf0\x9f\x94\x91!";

	(void)state;
	assert_masks(secret, secret, "***");
	assert_masks(secret, "{\"p<a\\\"s&s'\\\\/\\t\\nw \xc3\xa9"
	    "\xf0\x9f\x94\x91!\"}", "{\"***\"}");
	assert_masks(secret, "x p\\u003ca\\u0022s\\u0026s\\u0027\\u005C"
	    "\\/\\u0009\\u000aw\\u0020\\u00e9\\ud83d\\udd11! y", "x *** y");
	assert_masks(secret, "p&lt;a&quot;s&amp;s&#39;\\/\t\nw &#233;"
	    "&#x1F511;!", "***");
	assert_masks(secret, "p&#x3C;a&#34;s&#038;s&#x27;&#92;&#47;&#9;&#10;w"
	    "&nbsp;&#xE9;&#128273;&#33;", "***");
	assert_masks(secret, "p%3Ca%22s%26s%27%5C%2F%09%0aw+%C3%A9%f0%9f%94"
	    "%91%21", "***");
	/* broken ones, and those of other characters */
	assert_masks("pa<ss", "pa&ltss pa&#60ss pa&#xgg;ss pa&#;ss pa\\u003ss "
	    "pa%3ss pa&gt;ss", "pa&ltss pa&#60ss pa&#xgg;ss pa&#;ss "
	    "pa\\u003ss pa%3ss pa&gt;ss");
	assert_masks("pass", "&#99999999999999999999; &#x110000; \\ud83d \\",
	    "&#99999999999999999999; &#x110000; \\ud83d \\");
	assert_masks("abc", "abc", "abc");
}

/* base64 of "ci:secret..." and the like: all three places, both alphabets, in
 * lines, escaped, and cut. */
static void
masks_base64(void **state)
{
	static const char secret[] = "ab\xff\xfe?secret~~\xfb\xf0pass";
	static const int variants[] = { sodium_base64_VARIANT_ORIGINAL,
	    sodium_base64_VARIANT_URLSAFE };
	char plain[64], coded[128];
	size_t len = strlen(secret), n, pad, v;

	(void)state;
	for (v = 0; v < 2; v++)
		for (pad = 0; pad < 7; pad++) {
			memset(plain, ':', sizeof(plain));
			memcpy(plain + pad, secret, len);
			(void)sodium_bin2base64(coded, sizeof(coded),
			    (unsigned char *)plain, len + 2 * pad,
			    variants[v]);
			n = strlen(coded);
			assert_true(n > 4 * len / 3);
			{
				struct secret *s = secret_text(secret);

				secret_mask(coded, s);
				secret_free(s);
			}
			assert_non_null(strstr(coded, "***"));
			/* what is left belongs to the neighbours */
			assert_true(strlen(coded) <= 3 + (2 * pad + 2) * 4 /
			    3 + 4);
		}
	/* base64 of "ci:hunter2/+pass" */
	assert_masks("hunter2/+pass", "Basic Y2k6aHVudGVyMi8rcGFzcw==.",
	    "Basic Y2k6***w==.");
	assert_masks("hunter2/+pass", "Y2k6aHVudGVy\r\nMi8rcGFzcw==",
	    "Y2k6***w==");
	assert_masks("hunter2/+pass", "see Y2k6aHVudGVyMi8", "see Y2k6***");
	assert_masks("xk\xff\xff\xff\xff", "eGv\\/\\/\\/\\/\\/", "***");
	assert_masks("xk\xff\xff\xff\xff", "eGv%2F%2f%2F%2F%2F", "***");
}

/* A megabyte of nothing but beginnings of a secret: a search that restarted at
 * each would take forever here. */
static void
masks_in_time(void **state)
{
	static const char *const parts[] = { "a", "%61", "&#97;", "\\u0061",
	    "YWFh" };
	size_t i, n, size = 1024 * 1024;
	char *text = xcalloc(1, size + 16);
	struct secret *s = secret_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (n = 0; n < size; n += strlen(parts[i]))
			memcpy(text + n, parts[i], strlen(parts[i]));
		text[n] = '\0';
		secret_mask(text, s);
	}
	free(text);
	secret_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_only_while_open),
		cmocka_unit_test(compares_and_copies),
		cmocka_unit_test(works_without_mlock),
		cmocka_unit_test(reads_files),
		cmocka_unit_test(masks_escapes),
		cmocka_unit_test(masks_base64),
		cmocka_unit_test(masks_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
