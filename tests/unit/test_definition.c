/*
 * The model of action definitions, and what is sent of a file.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "definition.h"
#include "json.h"
#include "mem.h"
#include "src/aws/definition_model.h"

static const char good[] = "{\"category\": \"Build\", \"provider\": \"P\", "
    "\"version\": \"1\", \"settings\": {\"entityUrlTemplate\": "
    "\"https://x.example/{Config:Name}\"}, \"configurationProperties\": ["
    "{\"name\": \"Name\", \"required\": true, \"key\": true, \"secret\": "
    "false, \"queryable\": true, \"description\": \"d\", \"type\": "
    "\"Number\"}, {\"name\": \"Other\", \"required\": false, \"key\": false, "
    "\"secret\": true}], \"inputArtifactDetails\": {\"minimumCount\": 0, "
    "\"maximumCount\": 5}, \"outputArtifactDetails\": {\"minimumCount\": 1, "
    "\"maximumCount\": 1}, \"tags\": [{\"key\": \"k\", \"value\": \"\"}]}";

static json_t *
parse(const char *text)
{
	struct fail f;
	json_t *v = json_parse(text, strlen(text), &f);

	if (v == NULL)
		fail_msg("%s: %s", text, f.text);
	return v;
}

/* The value at a path of names and numbers; the last step is left to the
 * caller. */
static json_t *
walk(json_t *v, const char *path, char last[64])
{
	const char *dot;

	for (; (dot = strchr(path, '/')) != NULL; path = dot + 1) {
		(void)strlcpy(last, path, 64);
		last[dot - path] = '\0';
		v = json_is_array(v) ? json_array_get(v,
		    (size_t)strtol(last, NULL, 10)) : json_object_get(v, last);
		assert_non_null(v);
	}
	(void)strlcpy(last, path, 64);
	return v;
}

/* The good definition with one value changed; value NULL: without it. */
static json_t *
changed(const char *path, json_t *value)
{
	json_t *o = parse(good), *at;
	char last[64];

	at = walk(o, path, last);
	if (value == NULL)
		assert_int_equal(json_object_del(at, last), 0);
	else
		assert_int_equal(json_object_set_new(at, last, value), 0);
	return o;
}

static void
judge(json_t *o, const char *fault)
{
	struct fail f = { .kind = FAIL_NONE };
	int rc = model_check(o, &f);

	if (fault == NULL && rc != 0)
		fail_msg("refused: %s", f.text);
	if (fault != NULL && (rc == 0 || strcmp(f.text, fault) != 0))
		fail_msg("wanted \"%s\", got \"%s\"", fault, f.text);
	if (fault != NULL)
		assert_int_equal(f.kind, FAIL_CONFIG);
	json_decref(o);
}

static json_t *
characters(size_t n, const char *character)
{
	char text[8192] = "";
	size_t len = strlen(character);

	assert_true(n * len < sizeof(text));
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, character, len + 1);
	return json_string(text);
}

static void
a_good_one_passes(void **state)
{
	static const char *const optional[] = { "settings", "tags",
	    "configurationProperties/0/queryable",
	    "configurationProperties/0/type",
	    "configurationProperties/0/description" };

	(void)state;
	judge(parse(good), NULL);
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		judge(changed(optional[i], NULL), NULL);
}

static void
required_members(void **state)
{
	static const char *const needed[][2] = {
		{ "category", "category: missing" },
		{ "provider", "provider: missing" },
		{ "version", "version: missing" },
		{ "inputArtifactDetails", "inputArtifactDetails: missing" },
		{ "outputArtifactDetails/minimumCount",
		    "outputArtifactDetails.minimumCount: missing" },
		{ "configurationProperties/1/name",
		    "configurationProperties[1].name: missing" },
		{ "configurationProperties/1/secret",
		    "configurationProperties[1].secret: missing" },
		{ "configurationProperties/1/key",
		    "configurationProperties[1].key: missing" },
		{ "configurationProperties/0/required",
		    "configurationProperties[0].required: missing" },
		{ "tags/0/value", "tags[0].value: missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		judge(changed(needed[i][0], NULL), needed[i][1]);
}

static void
unknown_members(void **state)
{
	(void)state;
	judge(changed("owner", json_string("Custom")),
	    "owner: CodePipeline has no such member");
	judge(changed("settings/entityURLTemplate", json_string("x")),
	    "settings.entityURLTemplate: CodePipeline has no such member");
	judge(changed("configurationProperties/0/Queryable", json_true()),
	    "configurationProperties[0].Queryable: CodePipeline has no such "
	    "member");
	judge(changed("a\033[1m", json_true()),
	    "a [1m: CodePipeline has no such member");
}

static void
wrong_types(void **state)
{
	(void)state;
	judge(json_array(), "must be an object");
	judge(changed("category", json_integer(1)),
	    "category: must be a text");
	judge(changed("category", json_string("build")), "category: must be "
	    "one of Source, Build, Deploy, Test, Invoke, Approval, Compute");
	judge(changed("provider", json_null()), "provider: must be a text");
	judge(changed("provider", json_string("a b")), "provider: only "
	    "letters, digits, '_' and '-' are allowed");
	judge(changed("settings", json_array()), "settings: must be an object");
	judge(changed("configurationProperties", json_object()),
	    "configurationProperties: must be a list");
	judge(changed("configurationProperties/0/required",
	    json_string("true")), "configurationProperties[0].required: must "
	    "be true or false");
	judge(changed("configurationProperties/0/type", json_string("Text")),
	    "configurationProperties[0].type: must be one of String, Number, "
	    "Boolean");
	judge(changed("inputArtifactDetails/maximumCount", json_real(1.0)),
	    "inputArtifactDetails.maximumCount: must be a number from 0 to 5");
}

/* Lengths count characters, not bytes. */
static void
limits(void **state)
{
	(void)state;
	judge(changed("provider", characters(35, "a")), NULL);
	judge(changed("provider", characters(36, "a")),
	    "provider: longer than 35 characters");
	judge(changed("version", characters(9, "1")), NULL);
	judge(changed("version", characters(10, "1")),
	    "version: longer than 9 characters");
	judge(changed("version", json_string("")),
	    "version: empty: leave it out or write a text");
	judge(changed("settings/executionUrlTemplate", characters(2048, "x")),
	    NULL);
	judge(changed("settings/executionUrlTemplate", characters(2049, "x")),
	    "settings.executionUrlTemplate: longer than 2048 characters");
	judge(changed("configurationProperties/1/name", characters(50,
	    "\303\244")), NULL);
	judge(changed("configurationProperties/1/name", characters(51,
	    "\303\244")), "configurationProperties[1].name: longer than 50 "
	    "characters");
	judge(changed("configurationProperties/1/description",
	    characters(160, "\342\202\254")), NULL);
	judge(changed("configurationProperties/1/description",
	    characters(161, "x")), "configurationProperties[1].description: "
	    "longer than 160 characters");
	judge(changed("configurationProperties/1/description",
	    json_string("a\342\200\256b")), "configurationProperties[1]."
	    "description: holds a control character");
	judge(changed("inputArtifactDetails/maximumCount", json_integer(6)),
	    "inputArtifactDetails.maximumCount: must be a number from 0 to 5");
	judge(changed("inputArtifactDetails/minimumCount", json_integer(-1)),
	    "inputArtifactDetails.minimumCount: must be a number from 0 to 5");
}

static json_t *
with_properties(size_t n)
{
	json_t *list = json_array(), *o = parse(good);
	char name[16];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "p%zu", i);
		(void)json_array_append_new(list, json_pack(
		    "{s:s, s:b, s:b, s:b}", "name", i == 0 ? "Name" : name,
		    "required", 1, "key", 1, "secret", 0));
	}
	(void)json_object_set_new(o, "configurationProperties", list);
	return o;
}

static void
rules_between_members(void **state)
{
	(void)state;
	judge(with_properties(10), NULL);
	judge(with_properties(11), "configurationProperties: 11 of them: at "
	    "most 10 are allowed");
	judge(changed("configurationProperties/1/name", json_string("Name")),
	    "configurationProperties[1].name: Name occurs twice");
	judge(changed("configurationProperties/1/queryable", json_true()),
	    "configurationProperties[1].queryable: only one property may be "
	    "queryable, and Name is");
	judge(changed("configurationProperties/0/required", json_false()),
	    "configurationProperties[0].queryable: a queryable property must "
	    "be required and not secret");
	judge(changed("configurationProperties/0/secret", json_true()),
	    "configurationProperties[0].queryable: a queryable property must "
	    "be required and not secret");
	judge(changed("outputArtifactDetails/maximumCount", json_integer(0)),
	    "outputArtifactDetails.minimumCount: larger than maximumCount");
	judge(changed("settings/revisionUrlTemplate",
	    json_string("https://x/{RevisionId}/{Config:Other}")),
	    "settings.revisionUrlTemplate: {Config:Other}: must name a "
	    "property that is required and not secret");
	judge(changed("settings/entityUrlTemplate",
	    json_string("{Config:name}")), "settings.entityUrlTemplate: "
	    "{Config:name}: must name a property that is required and not "
	    "secret");
}

/* --- what is sent --- */

static char *
sent(const char *settings, const char *portal_url)
{
	struct definition d = { .input = json_object() };
	json_t *out;
	char *line;

	(void)json_object_set_new(d.input, "version", json_string("1"));
	(void)json_object_set_new(d.input, "settings", parse(settings));
	out = definition_input(&d, portal_url);
	line = json_line(out);
	json_decref(out);
	json_decref(d.input);
	return line;
}

static void
portal_in_templates(void **state)
{
	static const struct {
		const char *settings, *portal, *sent;
	} cases[] = {
		{ "{\"a\": \"https://cloudshell.example/x\"}", "https://p",
		    "{\"settings\":{\"a\":\"https://p/x\"},"
		    "\"version\":\"1\"}" },
		{ "{\"a\": \"https://cloudshell.example/x\"}", NULL,
		    "{\"version\":\"1\"}" },
		{ "{\"a\": \"https://cloudshell.example/x\", \"b\": \"y\"}",
		    NULL, "{\"settings\":{\"b\":\"y\"},\"version\":\"1\"}" },
		{ "{\"a\": \"https://cloudshell.example.com/x\"}",
		    "https://p", "{\"settings\":{\"a\":"
		    "\"https://cloudshell.example.com/x\"},"
		    "\"version\":\"1\"}" },
		{ "{\"a\": \"https://cloudshell.example\"}", "https://p/q",
		    "{\"settings\":{\"a\":\"https://p/q\"},"
		    "\"version\":\"1\"}" },
		{ "{}", "https://p", "{\"version\":\"1\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = sent(cases[i].settings, cases[i].portal);

		assert_string_equal(line, cases[i].sent);
		xfree_secret(line);
	}
}

/* The order of members in the file does not matter. */
static void
bytes_do_not_vary(void **state)
{
	char *a = sent("{\"b\": \"1\", \"a\": \"2\"}", NULL);
	char *b = sent("{\"a\": \"2\", \"b\": \"1\"}", NULL);

	(void)state;
	assert_string_equal(a, b);
	xfree_secret(a);
	xfree_secret(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_passes),
		cmocka_unit_test(required_members),
		cmocka_unit_test(unknown_members),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(limits),
		cmocka_unit_test(rules_between_members),
		cmocka_unit_test(portal_in_templates),
		cmocka_unit_test(bytes_do_not_vary),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
