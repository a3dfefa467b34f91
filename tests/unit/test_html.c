/*
 * html.c: what a character reference stands for, and what is not one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "html.h"

static void
reads_references(void **state)
{
	static const struct {
		const char	*text, *means;
		size_t		 len;
	} cases[] = {
		{ "&lt;b", "<", 4 }, { "&AMP;", "&", 5 }, { "&nbsp;", " ", 6 },
		{ "&#60;1", "<", 5 }, { "&#x3c;", "<", 6 },
		{ "&#X3C;", "<", 6 },
		{ "&#8364;", "\xe2\x82\xac", 7 },
		{ "&#x10ffff;", "\xf4\x8f\xbf\xbf", 10 },
	};
	char c[4];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 0;

		assert_int_equal(html_entity(cases[i].text, c, &n),
		    cases[i].len);
		assert_int_equal(n, strlen(cases[i].means));
		assert_memory_equal(c, cases[i].means, n);
	}
}

static void
leaves_the_rest(void **state)
{
	static const char *const cases[] = { "", "a", "&", "&lt", "&other;",
		"&#", "&#;", "&#x;", "&#60", "&#6a;", "&#0;", "&# 60;", "&#-1;",
		"&#x110000;", "&#99999999999999999999;",
		"&#xfffffffffffffffff;",
	};
	char c[4];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(html_entity(cases[i], c, &n), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_references),
		cmocka_unit_test(leaves_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
