/* json.c: errors quote nothing, strict and loose getters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"

static json_t *
parse(const char *text)
{
	struct fail fail = { FAIL_NONE, "" };
	json_t *v = json_parse(text, strlen(text), &fail);

	if (v == NULL)
		fail_msg("%s", fail.text);
	return v;
}

static void
careless_peers(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"m\":\"caf\xe9\"}", "caf?" },
		{ "\xef\xbb\xbf{\"m\":\"a\"}", "a" },
		{ "{\"m\":\"a\\ud83d\"}", "a\xef\xbf\xbd" },
		{ "{\"m\":\"\\ud83db\"}", "\xef\xbf\xbd" "b" },
		{ "{\"m\":\"\\uD83D\\n\"}", "\xef\xbf\xbd\n" },
		{ "{\"m\":\"\\ude00x\"}", "\xef\xbf\xbdx" },
		{ "{\"m\":\"\\ude00\\ud83d\"}",
		    "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "{\"m\":\"\\ud83d\\ud83d\\ude00\"}",
		    "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ "{\"m\":\"\\ud83d\\ude00\\ud83d\"}",
		    "\xf0\x9f\x98\x80\xef\xbf\xbd" },
		/* an escaped backslash is no escape */
		{ "{\"m\":\"\\\\ud83d\\ud83d\"}", "\\ud83d\xef\xbf\xbd" },
		{ "{\"m\":\"a\",\"m\":\"b\"}", "b" },
	};
	json_t *v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		v = json_parse_careless(cases[i].text, strlen(cases[i].text));
		assert_non_null(v);
		assert_string_equal(json_text(v, "m"), cases[i].want);
		json_decref(v);
	}
	v = json_parse_careless("\"a\\u0000b\"", 10);
	assert_int_equal(json_string_length(v), 3);
	json_decref(v);
	assert_null(json_parse_careless("<html>", 6));
	assert_null(json_parse_careless("", 0));
	assert_null(json_parse_careless("\xef\xbb\xbf", 3));
	assert_null(json_parse_careless("{} x", 4));
	assert_null(json_parse_careless("\"\\ud8", 6));
	assert_null(json_parse_careless("\"\\ud83d", 7));
}

static void
errors_quote_nothing(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "{\"k\": hunter2}", "not valid JSON" },
		{ "{\"k\": \"hunter2\"", "ends too early" },
		{ "{\"k\": \"hunter2\"} hunter2", "something follows" },
		{ "{\"hunter2\": 1, \"hunter2\": 2}", "occurs twice" },
		{ "[\"hunter2\\uD800\"]", "not valid JSON" },
		{ "[\"hunter2\\u0000\"]", "NUL" },
		{ "[\"hunter2\xff\"]", "not UTF-8" },
		{ "[99999999999999999999999]", "too large" },
		{ "", "ends too early" },
		{ "hunter2", "not valid JSON" },
	};
	struct fail fail;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(json_parse(cases[i].text, strlen(cases[i].text),
		    &fail));
		assert_int_equal(fail.kind, FAIL_JOB);
		assert_non_null(strstr(fail.text, "line 1, column "));
		if (strstr(fail.text, cases[i].reason) == NULL)
			fail_msg("%s: %s", cases[i].text, fail.text);
		assert_null(strstr(fail.text, "hunter"));
		assert_null(strstr(fail.text, "999"));
	}
	assert_null(json_parse("[", 1, NULL));
}

static void
depth_is_bounded(void **state)
{
	char *deep = xcalloc(1, 100001);
	struct fail fail;

	(void)state;
	memset(deep, '[', 100000);
	assert_null(json_parse(deep, 100000, &fail));
	assert_non_null(strstr(fail.text, "nested too deep"));
	free(deep);
}

static void
strict_getters(void **state)
{
	json_t *o = parse("{\"t\":\"x\",\"n\":7,\"b\":true,\"o\":{},\"a\":[],"
	    "\"z\":null,\"r\":1.5}");

	(void)state;
	assert_string_equal(json_text(o, "t"), "x");
	assert_null(json_text(o, "n"));
	assert_null(json_text(o, "z"));
	assert_null(json_text(o, "T"));
	assert_null(json_text(NULL, "t"));
	assert_int_equal(json_int(o, "n", -1), 7);
	assert_int_equal(json_int(o, "t", -1), -1);
	assert_int_equal(json_int(o, "r", -1), -1);
	assert_true(json_flag(o, "b", false));
	assert_true(json_flag(o, "n", true));
	assert_non_null(json_object_of(o, "o"));
	assert_null(json_object_of(o, "a"));
	assert_non_null(json_array_of(o, "a"));
	assert_null(json_array_of(o, "o"));
	json_decref(o);
}

static void
loose_getters(void **state)
{
	json_t *o = parse("{\"Possible Values\":1,\"setup_stage\":\"None\","
	    "\"e\":\"\",\"n\":\"Null\",\"b\":\"True\",\"f\":false,\"r\":1.5,"
	    "\"o\":{},\"id\":\"exact\",\"ID\":\"other\"}");
	char *s;

	(void)state;
	assert_int_equal(json_integer_value(json_loose(o, "possibleValues")),
	    1);
	assert_int_equal(json_integer_value(json_loose(o, "possible_values")),
	    1);
	assert_string_equal(s = json_loose_text(o, "SetupStage"), "None");
	free(s);
	assert_string_equal(s = json_loose_text(o, "possibleValues"), "1");
	free(s);
	assert_string_equal(s = json_loose_text(o, "F"), "false");
	free(s);
	assert_string_equal(s = json_loose_text(o, "R"), "1.5");
	free(s);
	assert_string_equal(s = json_loose_text(o, "id"), "exact");
	free(s);
	assert_null(json_loose_text(o, "e"));
	assert_null(json_loose_text(o, "n"));
	assert_null(json_loose_text(o, "o"));
	assert_null(json_loose_text(o, "absent"));
	assert_null(json_loose_text(NULL, "x"));
	assert_true(json_loose_bool(o, "B", false));
	assert_false(json_loose_bool(o, "f", true));
	assert_true(json_loose_bool(o, "setup_stage", true));
	json_decref(o);
}

static void
words_without_case_and_blanks(void **state)
{
	(void)state;
	assert_true(word_equal("Setup_Stage ", "setupstage"));
	assert_true(word_equal("", " _"));
	assert_false(word_equal("setup", "setups"));
	assert_false(word_equal(NULL, NULL));
	assert_false(word_equal(NULL, ""));
}

static void
lines_are_sorted_and_clean(void **state)
{
	json_t *o = json_object();
	char *line;

	(void)state;
	json_put_text(o, "b", "a\nb");
	json_put_text(o, "a", "\xff!");
	json_put_text(o, "c", NULL);
	line = json_line(o);
	assert_string_equal(line, "{\"a\":\"?!\",\"b\":\"a\\nb\"}");
	xfree_secret(line);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(careless_peers),
		cmocka_unit_test(errors_quote_nothing),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(strict_getters),
		cmocka_unit_test(loose_getters),
		cmocka_unit_test(words_without_case_and_blanks),
		cmocka_unit_test(lines_are_sorted_and_clean),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
