/*
 * utf8.c: lengths, cuts, cleaning, code points.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utf8.h"

static void
utf8_texts(void **state)
{
	char s[32];

	(void)state;
	(void)strlcpy(s, "a\xe2\x82\xac", sizeof(s));
	assert_int_equal(utf8_cut(s, 10), 4);
	assert_int_equal(utf8_cut(s, 3), 1);
	assert_string_equal(s, "a");
	(void)strlcpy(s, "a\xe2\x82", sizeof(s));
	utf8_trim(s);
	assert_string_equal(s, "a");
	(void)strlcpy(s, "\xe2\x82\xac", sizeof(s));
	utf8_trim(s);
	assert_string_equal(s, "\xe2\x82\xac");
	(void)strlcpy(s, "a\tb\nc\x7f\xc2\x85.", sizeof(s));
	utf8_clean(s, true);
	assert_string_equal(s, "a b\nc   .");
	(void)strlcpy(s, "a\nb\xff\xc3\xa4\xed\xa0\x80", sizeof(s));
	utf8_clean(s, false);
	assert_string_equal(s, "a b?\xc3\xa4???");
	(void)strlcpy(s, "\u061c\u200e\u200f\u2028\u202e\u2069", sizeof(s));
	utf8_clean(s, true);
	assert_string_equal(s, "                 ");
	(void)strlcpy(s, "\u061b\u200d\u2010\u2027\u202f\u206a", sizeof(s));
	utf8_clean(s, false);
	assert_string_equal(s, "\u061b\u200d\u2010\u2027\u202f\u206a");
	assert_int_equal(utf8_len("\xc0\x80"), 0);
	assert_int_equal(utf8_len("\xf4\x90\x80\x80"), 0);
	assert_int_equal(utf8_len("\xf0\x9f\x98\x80"), 4);
	assert_int_equal(utf8_len("\xe2\x82"), 0);
	assert_int_equal(utf8_len(""), 0);
}

static void
counts_characters(void **state)
{
	(void)state;
	assert_int_equal(utf8_count(""), 0);
	assert_int_equal(utf8_count("abc"), 3);
	assert_int_equal(utf8_count("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void
writes_code_points(void **state)
{
	static const struct {
		long		 code;
		const char	*text;
	} cases[] = {
		{ 'a', "a" }, { 0xe9, "\xc3\xa9" }, { 0x20ac, "\xe2\x82\xac" },
		{ 0x1f600, "\xf0\x9f\x98\x80" }, { 0, "" }, { -1, "" },
		{ 0x110000, "" },
	};
	char to[4];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = utf8_put(to, cases[i].code);

		assert_int_equal(n, strlen(cases[i].text));
		assert_memory_equal(to, cases[i].text, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_texts),
		cmocka_unit_test(counts_characters),
		cmocka_unit_test(writes_code_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
