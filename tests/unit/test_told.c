/*
 * What is said again, and when.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "src/supervisor/told.h"

#define EVERY_MS	1000

static void
first_time_is_due(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_false(told_lately(&told, "a", EVERY_MS, 0));
	assert_true(told_due(&told, "a", EVERY_MS, 0));
	assert_true(told_lately(&told, "a", EVERY_MS, 0));
}

static void
same_waits_its_time(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_true(told_due(&told, "a", EVERY_MS, 5000));
	assert_false(told_due(&told, "a", EVERY_MS, 5001));
	assert_false(told_due(&told, "a", EVERY_MS, 5999));
	assert_true(told_due(&told, "a", EVERY_MS, 6000));
	/* from the last time it was said, not the first */
	assert_false(told_due(&told, "a", EVERY_MS, 6999));
	assert_true(told_due(&told, "a", EVERY_MS, 7000));
}

/* Asking in vain does not put it off. */
static void
asking_changes_nothing(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_true(told_due(&told, "a", EVERY_MS, 0));
	for (int64_t ms = 1; ms < EVERY_MS; ms++) {
		assert_false(told_due(&told, "a", EVERY_MS, ms));
		assert_true(told_lately(&told, "a", EVERY_MS, ms));
	}
	assert_false(told_lately(&told, "a", EVERY_MS, EVERY_MS));
	assert_true(told_due(&told, "a", EVERY_MS, EVERY_MS));
}

static void
another_is_said_at_once(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_true(told_due(&told, "a", EVERY_MS, 0));
	assert_false(told_lately(&told, "ab", EVERY_MS, 1));
	assert_true(told_due(&told, "ab", EVERY_MS, 1));
	/* only the last one is remembered */
	assert_true(told_due(&told, "a", EVERY_MS, 2));
}

static void
over_forgets(void **state)
{
	struct told told = { 0 };

	(void)state;
	assert_true(told_due(&told, "a", EVERY_MS, 0));
	told_over(&told);
	assert_false(told_lately(&told, "a", EVERY_MS, 1));
	assert_true(told_due(&told, "a", EVERY_MS, 1));
	assert_false(told_due(&told, "a", EVERY_MS, 2));
}

/* A text longer than what is kept of it is recognised all the same. */
static void
long_texts(void **state)
{
	struct told told = { 0 };
	char text[2 * sizeof(told.what)];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(told_due(&told, text, EVERY_MS, 0));
	assert_false(told_due(&told, text, EVERY_MS, 1));
	assert_true(told_lately(&told, text, EVERY_MS, 1));
	text[sizeof(told.what) - 2] = 'y';	/* the last byte kept */
	assert_true(told_due(&told, text, EVERY_MS, 2));
	/* a beginning is another text */
	text[8] = '\0';
	assert_true(told_due(&told, text, EVERY_MS, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_time_is_due),
		cmocka_unit_test(same_waits_its_time),
		cmocka_unit_test(asking_changes_nothing),
		cmocka_unit_test(another_is_said_at_once),
		cmocka_unit_test(over_forgets),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
