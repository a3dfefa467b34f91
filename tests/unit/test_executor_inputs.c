/*
 * Properties as pipelines write them, and sandbox names.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "job.h"
#include "json.h"
#include "src/executor/inputs.h"

static json_t *
one(const char *name, const char *value)
{
	json_t *o = json_object();

	json_put_text(o, name, value);
	return o;
}

static void
blank_is_none(void **state)
{
	json_t *o = one("A", " \n\t"), *values = o;
	struct fail f = { 0 };

	(void)state;
	assert_null(input_text(o, "A"));
	assert_null(input_text(o, "B"));
	assert_null(input_required(o, "A", "something", &f));
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_string_equal(f.text, "A is missing: set it in the action's "
	    "configuration to something");
	assert_int_equal(input_object(o, "A", &values, &f), 0);
	assert_null(values);
	json_decref(o);
}

static void
names_are_trimmed(void **state)
{
	static const struct {
		const char	*text, *name;
	} cases[] = {
		{ "db", "db" }, { " db\n", "db" }, { "\t my  db ", "my  db" },
		{ "a\nb\x7f" "c", "a b c" }, { "\xc2\x85" "d", "d" },
		{ " \x01\n", NULL }, { "\xc3\xa9 ", "\xc3\xa9" },
	};
	struct fail f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = one("N", cases[i].text);
		const char *got = input_name(o, "N");

		if (cases[i].name == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].name);
		got = input_required(o, "N", "a name", &f);
		if (cases[i].name != NULL)
			assert_string_equal(got, cases[i].name);
		else
			assert_null(got);
		json_decref(o);
	}
}

static void
minutes(void **state)
{
	static const struct {
		const char	*text;
		long		 minutes;	/* 0: refused */
	} cases[] = {
		{ "1", 1 }, { " 120\n", 120 }, { "525600", 525600 },
		{ "0", 0 }, { "525601", 0 }, { "-5", 0 }, { "+5", 0 },
		{ "1.5", 0 }, { "30m", 0 }, { "0x10", 0 }, { "", 0 },
		{ "99999999999999999999999999", 0 },
		{ "1 2", 0 },
		{ "000000000000000000000000000000000000000000000001", 0 },
	};
	struct fail f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = one("D", cases[i].text);
		long got = 0;
		int rv = input_minutes(o, "D", &got, &f);

		assert_int_equal(rv, cases[i].minutes == 0 ? -1 : 0);
		assert_int_equal(got, cases[i].minutes);
		if (rv == -1)
			assert_int_equal(f.kind, FAIL_CONFIG);
		json_decref(o);
	}
}

static void
flags(void **state)
{
	struct fail f;
	json_t *o;
	bool v;

	(void)state;
	o = one("W", "True ");
	assert_int_equal(input_flag(o, "W", false, &v, &f), 0);
	assert_true(v);
	assert_int_equal(input_flag(o, "absent", true, &v, &f), 0);
	assert_true(v);
	json_decref(o);
	o = one("W", "no");
	assert_int_equal(input_flag(o, "W", true, &v, &f), 0);
	assert_false(v);
	json_decref(o);
	o = one("W", "maybe");
	assert_int_equal(input_flag(o, "W", true, &v, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	json_decref(o);
}

static void
values_become_texts(void **state)
{
	json_t *o = one("J", "{\"s\":\"x\",\"i\":17,\"big\":"
	    "9007199254740993,\"r\":1.1,\"v\":1.0,\"e\":1e30,\"t\":true,"
	    "\"f\":false,\"n\":null,\"empty\":\"\",\"null\":\"Null\"}");
	static const char *const want[][2] = {
		{ "s", "x" }, { "i", "17" }, { "big", "9007199254740993" },
		{ "r", "1.1" }, { "v", "1.0" }, { "e", "1e+30" },
		{ "t", "true" }, { "f", "false" }, { "n", "" },
		{ "empty", "" }, { "null", "Null" },
	};
	json_t *values = NULL;
	struct fail f;
	size_t i;

	(void)state;
	assert_int_equal(input_object(o, "J", &values, &f), 0);
	assert_int_equal(json_object_size(values), 11);
	for (i = 0; i < 11; i++)
		assert_string_equal(json_string_value(json_object_get(values,
		    want[i][0])), want[i][1]);
	json_decref(values);
	json_decref(o);
}

static void
broken_objects(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"a\":", "InputsJSON is not valid JSON (line 1, column 5): "
		    "write an object such as {\"Version\": \"1.2\"}" },
		{ "[]", "InputsJSON is not a JSON object" },
		{ "\"secret\"", "InputsJSON is not a JSON object" },
		{ "{\"a\":1,\"a\":2}", "InputsJSON has a name twice" },
		{ "{\"a\":[1]}", "InputsJSON: the value of \"a\" is a list" },
		{ "{\"a\":{}}", "InputsJSON: the value of \"a\" is an object" },
		{ "{\"a\":99999999999999999999}", "InputsJSON has a number "
		    "that is too large" },
		{ "{\"a\":\"secret\"", "InputsJSON is not valid JSON" },
	};
	json_t *values;
	struct fail f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = one("InputsJSON", cases[i][0]);

		assert_int_equal(input_object(o, "InputsJSON", &values, &f),
		    -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		assert_memory_equal(f.text, cases[i][1], strlen(cases[i][1]));
		assert_null(strstr(f.text, "secret"));
		assert_null(values);
		json_decref(o);
	}
}

static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
names(void **state)
{
	static const char job[] = "89abcdef-0123-4567-89ab-cdef01234567";
	char *base, *name;
	int i;

	(void)state;
	name = sandbox_name("Lab - CodePipeline", job);
	assert_string_equal(name, "Lab - CodePipeline [89abcdef]");
	free(name);
	name = sandbox_name("Lab", NULL);
	assert_string_equal(name, "Lab");
	free(name);
	/* of two bytes each: 49 of them are left, none is cut in two */
	base = calloc(1, 201);
	for (i = 0; i < 200; i += 2)
		memcpy(base + i, "\xc3\xa9", 2);
	name = sandbox_name(base, job);
	assert_int_equal(characters(name), SANDBOX_NAME_MAX);
	assert_int_equal(strlen(name), 49 * 2 + 11);
	assert_string_equal(name + 49 * 2, " [89abcdef]");
	free(name);
	name = sandbox_name(base, NULL);
	assert_int_equal(strlen(name), 60 * 2);
	free(name);
	free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank_is_none),
		cmocka_unit_test(names_are_trimmed),
		cmocka_unit_test(minutes),
		cmocka_unit_test(flags),
		cmocka_unit_test(values_become_texts),
		cmocka_unit_test(broken_objects),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
