/* buf.c and fail.c: limits hold, nothing is added in part. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "fail.h"
#include "utf8.h"

static void
grows_to_its_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_add(&b, "x", 1), 0);
	assert_int_equal(b.len, 1000);
	assert_int_equal(buf_add(&b, "y", 1), -1);
	assert_int_equal(buf_adds(&b, ""), 0);
	assert_int_equal(strlen(buf_text(&b)), 1000);
	buf_free(&b);
	buf_free(&b);
	buf_free(NULL);
}

static void
adds_all_or_nothing(void **state)
{
	struct buf b, none = { 0 };

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_adds(&b, "abc"), 0);
	assert_int_equal(buf_addf(&b, "%d", 123), -1);
	assert_int_equal(buf_add_encoded(&b, "/", NULL), -1);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX), -1);
	assert_string_equal(buf_text(&b), "abc");
	assert_int_equal(buf_addf(&b, "%d", 12), 0);
	assert_string_equal(buf_text(&b), "abc12");
	assert_int_equal(buf_adds(&none, "x"), -1);
	buf_free(&b);
}

static void
consumes_and_wipes(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_adds(&b, "secret rest"), 0);
	buf_consume(&b, 7);
	assert_string_equal(buf_text(&b), "rest");
	for (size_t i = b.len; i < 11; i++)
		assert_int_equal(b.data[i], 0);
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	for (size_t i = 0; i < b.size; i++)
		assert_int_equal(b.data[i], 0);
	assert_int_equal(b.max, 100);
	buf_free(&b);
}

static void
encodes_for_urls(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_add_encoded(&b, "a b/\xc3\xa4~+%", NULL), 0);
	assert_string_equal(buf_text(&b), "a%20b%2F%C3%A4~%2B%25");
	buf_clear(&b);
	assert_int_equal(buf_add_encoded(&b, "a/b c", "/"), 0);
	assert_string_equal(buf_text(&b), "a/b%20c");
	buf_free(&b);
}

static void
fail_fills_and_prefixes(void **state)
{
	struct fail fail;

	(void)state;
	assert_int_equal(fail_set(NULL, FAIL_JOB, "x"), -1);
	assert_int_equal(fail_set(&fail, FAIL_AUTH, "HTTP %d", 401), -1);
	assert_int_equal(fail.kind, FAIL_AUTH);
	assert_int_equal(fail_prefix(&fail, "log in as %s", "u"), -1);
	assert_string_equal(fail.text, "log in as u: HTTP 401");
	(void)fail_prefix(&fail, "job 1: ");
	assert_string_equal(fail.text, "job 1: log in as u: HTTP 401");
	assert_int_equal(fail.kind, FAIL_AUTH);
	/* its own text as argument */
	(void)fail_set(&fail, FAIL_JOB, "[%s]", fail.text);
	assert_string_equal(fail.text, "[job 1: log in as u: HTTP 401]");
}

static void
sentences_have_one_full_stop(void **state)
{
	char text[2 * FAIL_TEXT_MAX];
	struct fail fail;
	struct buf b;

	(void)state;
	(void)fail_set(&fail, FAIL_AUTH, "it broke");
	assert_int_equal(fail_add(&fail, "Look at %s.", "it"), -1);
	assert_string_equal(fail.text, "it broke. Look at it.");
	(void)fail_add(&fail, "Now");
	assert_string_equal(fail.text, "it broke. Look at it. Now");
	assert_int_equal(fail.kind, FAIL_AUTH);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)fail_set(&fail, FAIL_JOB, "%s", text);
	(void)fail_add(&fail, "Retry.");
	assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 1);
	assert_string_equal(fail.text + FAIL_TEXT_MAX - 10, "x. Retry.");
	(void)fail_add(&fail, "%s", text);
	assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 1);
	fail.text[0] = '\0';
	(void)fail_add(&fail, "Alone");
	assert_string_equal(fail.text, "Alone");

	buf_init(&b, 20);
	assert_int_equal(buf_sentence(&b, "Is it?"), 0);
	assert_int_equal(buf_sentence(&b, "It is"), 0);
	assert_int_equal(buf_sentence(&b, "%s", "too long"), -1);
	assert_string_equal(buf_text(&b), "Is it? It is");
	assert_int_equal(buf_sentence(&b, "So."), 0);
	assert_string_equal(buf_text(&b), "Is it? It is. So.");
	buf_free(&b);
}

static void
fail_cuts_between_characters(void **state)
{
	char text[2 * FAIL_TEXT_MAX + 1];
	struct fail fail;

	(void)state;
	for (size_t i = 0; i < FAIL_TEXT_MAX; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	text[2 * FAIL_TEXT_MAX] = '\0';
	(void)fail_set(&fail, FAIL_JOB, "%s", text);
	assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 2);
	(void)fail_set(&fail, FAIL_JOB, "x%s", text);
	assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 1);
	(void)fail_prefix(&fail, "y ");
	assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 1);
	for (const char *p = fail.text; *p != '\0'; p += utf8_len(p))
		assert_int_not_equal(utf8_len(p), 0);
}

static void
fail_kinds_have_names(void **state)
{
	(void)state;
	for (int k = FAIL_NONE; k < FAIL_MAX; k++)
		assert_int_equal(fail_kind_parse(
		    fail_kind_name((enum fail_kind)k)), k);
	assert_int_equal(fail_kind_parse("?"), FAIL_NONE);
	assert_int_equal(fail_kind_parse(NULL), FAIL_NONE);
	assert_string_equal(fail_type(FAIL_CONFIG), "ConfigurationError");
	assert_string_equal(fail_type(FAIL_UNSURE), "SystemUnavailable");
	assert_string_equal(fail_type(FAIL_NONE), "SystemUnavailable");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_maximum),
		cmocka_unit_test(adds_all_or_nothing),
		cmocka_unit_test(consumes_and_wipes),
		cmocka_unit_test(encodes_for_urls),
		cmocka_unit_test(fail_fills_and_prefixes),
		cmocka_unit_test(sentences_have_one_full_stop),
		cmocka_unit_test(fail_cuts_between_characters),
		cmocka_unit_test(fail_kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
