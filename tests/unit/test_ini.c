/* ini.c: both styles, what the reader finds and what it refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "ini.h"

/* Record everything found, as "line section name/sub=value|". */
static int
note(const struct ini_line *l, void *arg, struct fail *fail)
{
	struct buf *seen = arg;

	if (l->name == NULL)
		return buf_addf(seen, "%u [%s]|", l->line, l->section);
	if (strcmp(l->name, "stop") == 0)
		return fail_set(fail, FAIL_CONFIG, "stopped in line %u",
		    l->line);
	return buf_addf(seen, "%u %s %s%s%s=%s|", l->line, l->section, l->name,
	    l->sub != NULL ? "/" : "", l->sub != NULL ? l->sub : "", l->value);
}

static void
assert_seen(enum ini_style style, const char *text, const char *want)
{
	struct fail fail = { FAIL_NONE, "" };
	struct buf seen;

	buf_init(&seen, 10000);
	if (ini_read(text, strlen(text), style, note, &seen, &fail) == -1)
		fail_msg("%s", fail.text);
	assert_string_equal(buf_text(&seen), want);
	buf_free(&seen);
}

static void
assert_fault(enum ini_style style, const char *text, const char *want)
{
	struct fail fail = { FAIL_NONE, "" };
	struct buf seen;

	buf_init(&seen, 10000);
	assert_int_equal(ini_read(text, strlen(text), style, note, &seen,
	    &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_string_equal(fail.text, want);
	buf_free(&seen);
}

static void
worker_style(void **state)
{
	(void)state;
	assert_seen(INI_WORKER, "", "");
	assert_seen(INI_WORKER, "\n# c\n; c\n  # c\n[ a b ] # c\n x = 1 \n",
	    "5 [a b]|6 a b x=1|");
	assert_seen(INI_WORKER, "\xef\xbb\xbf[a]\r\nx=1\r\n\r\ny = a=b\r\n",
	    "1 [a]|2 a x=1|4 a y=a=b|");
	assert_seen(INI_WORKER, "[a]\nx = a#b ;c\ny=#z\nz= # c\nq=",
	    "1 [a]|2 a x=a#b|3 a y=|4 a z=|5 a q=|");
	assert_seen(INI_WORKER, "x = 1", "1  x=1|");
	assert_seen(INI_WORKER, "[a]\nx = \"a # b \" # c\ny=\"\"\nz=a\"b\"",
	    "1 [a]|2 a x=a # b |3 a y=|4 a z=a\"b\"|");
}

static void
worker_faults(void **state)
{
	(void)state;
	assert_fault(INI_WORKER, "[a]\n\nhunter2\n",
	    "line 3: no '=' (write name = value)");
	assert_fault(INI_WORKER, "[a\n", "line 1: no ']' after the section's "
	    "name");
	assert_fault(INI_WORKER, "[a] b\n",
	    "line 1: something follows the section's ']'");
	assert_fault(INI_WORKER, "[a]\n = b\n", "line 2: no name before '='");
	assert_fault(INI_WORKER, "[a]\nx = \"b\n",
	    "line 2: no '\"' at the end of the value");
	assert_fault(INI_WORKER, "[a]\nx = \"b\" c\n",
	    "line 2: something follows the value's '\"'");
	assert_fault(INI_WORKER, "[a]\nx=1\nstop=1\ny=2\n",
	    "stopped in line 3");
}

static void
aws_style(void **state)
{
	(void)state;
	assert_seen(INI_AWS, "[profile a]\nkey = v#x ;c\n",
	    "1 [profile a]|2 profile a key=v#x|");
	assert_seen(INI_AWS, "[a]\nk = one\n  two # not a comment\n\n"
	    "\tthree\nl = 1",
	    "1 [a]|2 a k=one\ntwo # not a comment\nthree|6 a l=1|");
	assert_seen(INI_AWS, "[a]\ns3 =\n  x = 1 # c\n  # c\n  y=2\nr = 3\n",
	    "1 [a]|2 a s3=|3 a s3/x=1|5 a s3/y=2|6 a r=3|");
	assert_seen(INI_AWS, "[a]\ns3 =\n[b]\nk=1", "1 [a]|2 a s3=|3 [b]|"
	    "4 b k=1|");
	assert_seen(INI_AWS, "[a] junk\n= v\nk = \"q\"\n",
	    "1 [a]|3 a k=\"q\"|");
	assert_seen(INI_AWS, "# c\n   \n[a]\n   # c\n", "3 [a]|");
}

static void
aws_faults(void **state)
{
	(void)state;
	assert_fault(INI_AWS, "k = hunter2\n",
	    "line 1: a property before the first section");
	assert_fault(INI_AWS, "[a\nk=1\n",
	    "line 1: no ']' after the section's name");
	assert_fault(INI_AWS, "[a]\nhunter2\n",
	    "line 2: no '=' (write name = value)");
	assert_fault(INI_AWS, "[a]\n  k = hunter2\n",
	    "line 2: an indented line without a property before it");
	assert_fault(INI_AWS, "[a]\ns3 =\n  hunter2\n",
	    "line 3: no '=' (write name = value)");
}

static void
long_values_and_nul(void **state)
{
	static const char nul[] = "[a]\nx = 1\ny\0 = 2\n";
	size_t len = 60000;
	char *text = calloc(1, len + 10);
	struct fail fail = { FAIL_NONE, "" };
	struct buf seen;

	(void)state;
	memcpy(text, "[a]\nk=", 6);
	memset(text + 6, 'x', len);
	buf_init(&seen, 100000);
	assert_int_equal(ini_read(text, len + 6, INI_AWS, note, &seen, &fail),
	    0);
	assert_int_equal(seen.len, len + strlen("1 [a]|2 a k=|"));
	assert_int_equal(ini_read(nul, sizeof(nul) - 1, INI_AWS, note, &seen,
	    &fail), -1);
	assert_string_equal(fail.text, "line 3: a NUL byte");
	/* not one byte beyond the length given */
	buf_clear(&seen);
	assert_int_equal(ini_read("[a]\nk=123", 7, INI_AWS, note, &seen, &fail),
	    0);
	assert_string_equal(buf_text(&seen), "1 [a]|2 a k=1|");
	buf_free(&seen);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_style),
		cmocka_unit_test(worker_faults),
		cmocka_unit_test(aws_style),
		cmocka_unit_test(aws_faults),
		cmocka_unit_test(long_values_and_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
