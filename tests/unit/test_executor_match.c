/*
 * Which component a ComponentName means.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "src/executor/match.h"

static char *const lab[] = { (char *)"web_ab12-cd34", (char *)"web_ef56-ab78",
    (char *)"db", (char *)"db_2", (char *)"B\xc3\xbcro",
    (char *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" };

#define LAB	(sizeof(lab) / sizeof(lab[0]))

static int
match(const char *text, struct fail *f)
{
	struct cs_component c[LAB];
	size_t i;

	for (i = 0; i < LAB; i++)
		c[i] = (struct cs_component){ (char *)"id", lab[i] };
	memset(f, 0, sizeof(*f));
	return component_match(text, c, LAB, f);
}

static void
found(void **state)
{
	struct fail f;

	(void)state;
	assert_int_equal(match("db", &f), 2);	/* and not db_2 too */
	assert_int_equal(match("db_", &f), 3);
	assert_int_equal(match("web_ab", &f), 0);
	assert_int_equal(match("web_.*78$", &f), 1);
	assert_int_equal(match("B.ro$", &f), 4);	/* . is a character */
	assert_int_equal(match("(?i)DB$", &f), 2);
}

static void
not_found(void **state)
{
	struct fail f;

	(void)state;
	assert_int_equal(match("eb_ab", &f), -1);	/* at the start only */
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "the sandbox has: \"web_ab12-cd34\", "
	    "\"web_ef56-ab78\", \"db\""));
	assert_int_equal(match("DB", &f), -1);
	assert_int_equal(component_match("x", NULL, 0, &f), -1);
	assert_non_null(strstr(f.text, "the sandbox has none"));
}

static void
several(void **state)
{
	struct fail f;

	(void)state;
	assert_int_equal(match("web_", &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "matches 2 components: "
	    "\"web_ab12-cd34\", \"web_ef56-ab78\"; name one of them"));
	assert_null(strstr(f.text, "\"db\""));
}

static void
invalid(void **state)
{
	struct fail f;

	(void)state;
	assert_int_equal(match("web(", &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "at position 5: missing closing "
	    "parenthesis"));
	assert_int_equal(match("a\\C", &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
}

/* Processor time: it limits the work however loaded the machine is. */
static int64_t
used_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
exploding(void **state)
{
	int64_t before = used_ms();
	struct fail f;

	(void)state;
	assert_int_equal(match("(a+)+[bc]", &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "takes too long"));
	assert_int_equal(match("(?:a|aa|a{1,9})*[bc]", &f), -1);
	assert_non_null(strstr(f.text, "takes too long"));
	assert_true(used_ms() - before < 5000);
}

/* Effort that is bearable for one name is not for thousands: all share one
 * budget. */
static void
exploding_over_many(void **state)
{
	static struct cs_component c[10001];
	struct fail f;

	(void)state;
	for (size_t i = 0; i < 10001; i++)
		c[i] = (struct cs_component){ (char *)"id",
		    (char *)"aaaaaaaaaaaaaaaaa!" };
	assert_int_equal(component_match("(a+)+[bc]", c, 3000, &f), -1);
	assert_non_null(strstr(f.text, "takes too long to match"));
	assert_int_equal(component_match("a*x", c, 10000, &f), -1);
	assert_non_null(strstr(f.text, "no component matches"));
	assert_int_equal(component_match("a*!", c, 10001, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "too many (10001) to try it as a "
	    "regular expression: write the whole name"));
	c[10000].name = (char *)"last";
	assert_int_equal(component_match("last", c, 10001, &f), 10000);
}

static void
sandbox_in_small_letters(void **state)
{
	static const char hint[] = "; SANDBOX (in capitals) means the sandbox "
	    "itself";
	struct fail f;

	(void)state;
	assert_int_equal(match("Sandbox", &f), -1);
	assert_non_null(strstr(f.text, hint));
	assert_int_equal(component_match("sandbox", NULL, 0, &f), -1);
	assert_non_null(strstr(f.text, hint));
	assert_int_equal(match("Sand", &f), -1);
	assert_null(strstr(f.text, hint));
}

/* A list of many long names is cut, and says so. */
static void
bounded(void **state)
{
	struct cs_component c[500];
	char names[500][200];
	struct fail f;
	int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		memset(names[i], 'n', 199);
		(void)snprintf(names[i], 5, "%04d", i);
		names[i][4] = 'n';
		names[i][199] = '\0';
		c[i] = (struct cs_component){ (char *)"id", names[i] };
	}
	assert_int_equal(component_match("z", c, 500, &f), -1);
	assert_true(strlen(f.text) < 2000);
	assert_non_null(strstr(f.text, " more"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(not_found),
		cmocka_unit_test(several),
		cmocka_unit_test(invalid),
		cmocka_unit_test(exploding),
		cmocka_unit_test(exploding_over_many),
		cmocka_unit_test(sandbox_in_small_letters),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
