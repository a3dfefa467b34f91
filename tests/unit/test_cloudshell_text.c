#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "src/cloudshell/answer.h"
#include "src/cloudshell/client.h"
#include "src/cloudshell/mask.h"
#include "src/cloudshell/text.h"
#include "src/cloudshell/words.h"

static void
state_words(void **state)
{
	(void)state;
	assert_int_equal(sandbox_phase("Pending Setup"), CS_WAITING);
	assert_int_equal(sandbox_phase("BeforeSetup"), CS_WAITING);
	assert_int_equal(sandbox_phase("ready"), CS_READY);
	assert_int_equal(sandbox_phase("ERROR"), CS_ERROR);
	assert_int_equal(sandbox_phase("Tear down"), CS_ENDING);
	assert_int_equal(sandbox_phase("Ended"), CS_ENDED);
	assert_int_equal(sandbox_phase("Defragmenting"), CS_WAITING);
	assert_int_equal(sandbox_phase(NULL), CS_WAITING);
}

static void
execution_words(void **state)
{
	static const struct {
		const char *status, *ended;
		enum cs_progress progress;
	} cases[] = {
		{ "Pending", NULL, CS_GOING },
		{ "running", "2026-01-01T00:00:00Z", CS_GOING },
		{ "Stopping", "", CS_GOING },
		{ "Completed", NULL, CS_SUCCEEDED },
		{ "Succeeded", "", CS_SUCCEEDED },
		{ "Passed", NULL, CS_SUCCEEDED },
		{ "Failed", NULL, CS_FAILED },
		{ "Error", NULL, CS_FAILED },
		{ "canceled", NULL, CS_CANCELLED },
		{ "Cancelled", NULL, CS_CANCELLED },
		{ "Stopped", NULL, CS_CANCELLED },
		{ "Complete", NULL, CS_GOING },
		{ "Complete", "2026-01-01T00:00:00Z", CS_UNKNOWN_END },
		{ "CompletedWithErrors", "x", CS_UNKNOWN_END },
		{ NULL, NULL, CS_GOING },
		{ NULL, "x", CS_UNKNOWN_END },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(execution_progress(cases[i].status,
		    cases[i].ended), cases[i].progress);
}

static void
verdicts(void **state)
{
	static const struct {
		long status;
		const char *message;
		enum verdict verdict;
	} cases[] = {
		{ 401, "", VERDICT_AUTH },
		{ 400, "The request didn't contain authentication.",
		    VERDICT_AUTH },
		{ 500, "LOGIN FAILED for token: x", VERDICT_AUTH },
		{ 403, "Token has expired", VERDICT_AUTH },
		{ 400, "Parameter Token is not a number", VERDICT_REFUSED },
		{ 403, "User is not allowed to view this entity",
		    VERDICT_FORBIDDEN },
		{ 404, "<html>Not Found</html>", VERDICT_MISSING },
		{ 400, "Entity could not be found", VERDICT_MISSING },
		{ 400, "Blueprint has conflicting resources",
		    VERDICT_CONFLICT },
		{ 500, "Blueprint has conflicting resources: web",
		    VERDICT_CONFLICT },
		{ 409, "", VERDICT_CONFLICT },
		{ 400, "Request rate quota has been exceeded",
		    VERDICT_QUOTA },
		{ 429, "", VERDICT_QUOTA },
		{ 503, "", VERDICT_BROKEN },
		{ 404, "Invalid Api call", VERDICT_NO_API },
		{ 400, "Blueprint has invalid inputs: token",
		    VERDICT_REFUSED },
		{ 502, "Bad Gateway", VERDICT_BROKEN },
		{ 302, "token invalid", VERDICT_REDIRECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(answer_verdict(cases[i].status,
		    cases[i].message), cases[i].verdict);
}

static void
paths(void **state)
{
	struct fail fail = { 0 };
	struct buf b;
	char *name;

	(void)state;
	assert_int_equal(cs_path(&b, &fail, "blueprints",
	    "My [Env] | caf\xc3\xa9/+~", "start", NULL), 0);
	assert_string_equal(buf_text(&b), "/api/v2/blueprints/"
	    "My%20%5BEnv%5D%20%7C%20caf%C3%A9%2F%2B~/start");
	buf_free(&b);
	assert_int_equal(cs_path(&b, &fail, "sandboxes", "..", "stop", NULL),
	    -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	buf_free(&b);
	assert_int_equal(cs_path(&b, &fail, "sandboxes", "", NULL), -1);
	buf_free(&b);
	name = xcalloc(1, CS_PATH_MAX + 1);
	memset(name, 'a', CS_PATH_MAX);
	assert_int_equal(cs_path(&b, &fail, "sandboxes", name, NULL), -1);
	buf_free(&b);
	free(name);
}

static void
cleaning(void **state)
{
	static const char *const cases[][2] = {
		{ "<font color=\"red\">Setup <b>failed</b>old</font>",
		    "Setup failedold" },
		{ "one<br/>two<p>three</p>", "one two three" },
		{ "<!-- x --><style>p { }</style><script>a<b</script>left",
		    "left" },
		{ "1 < 2 and 3 > 2, a <- b", "1 < 2 and 3 > 2, a <- b" },
		{ "a &lt;b&gt; &amp;amp; &quot;c&quot;", "a <b> &amp; \"c\"" },
		{ " \x1b[31m red\n\n\tline \x01", "[31m red line" },
		{ "<unclosed", "<unclosed" },
		{ "<!-- unclosed", "<!-- unclosed" },
		{ "", "" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)strlcpy(text, cases[i][0], sizeof(text));
		text_line(text, sizeof(text));
		assert_string_equal(text, cases[i][1]);
	}
	(void)strlcpy(text, "lines\nstay\xff", sizeof(text));
	cs_clean_text(text);
	assert_string_equal(text, "lines\nstay?");
	(void)strlcpy(text, "caf\xc3\xa9", sizeof(text));
	text_line(text, 4);
	assert_string_equal(text, "caf");
}

/* Nothing but openings: searching to the end for each would take forever
 * here. */
static void
cleaning_is_linear(void **state)
{
	static const char *const parts[] = { "<!--", "<script ", "<style>",
		"<a ", "&lt", "<", "</" };
	size_t i, n, size = 4 * 1024 * 1024;
	char *text = xcalloc(1, size + 16);

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (n = 0; n < size; n += strlen(parts[i]))
			memcpy(text + n, parts[i], strlen(parts[i]));
		text[n] = '\0';
		text_line(text, size);
	}
	free(text);
}

static void
masking(void **state)
{
	char text[64] = "tok tok-tok!";

	(void)state;
	assert_int_equal(text_mask(text, 12, "tok", 3), 12);
	assert_string_equal(text, "*** ***-***!");
	(void)strlcpy(text, "a-longer-secret;a-longer-secret", sizeof(text));
	assert_int_equal(text_mask(text, 31, "a-longer-secret", 15), 7);
	assert_string_equal(text, "***;***");
	(void)strlcpy(text, "xx", sizeof(text));
	assert_int_equal(text_mask(text, 2, "x", 1), 2);
	assert_string_equal(text, "**");
	assert_int_equal(text_mask(text, 2, "", 0), 2);
}

/* A secret that appears when tags go and entities are decoded. */
static void
masking_of_outputs(void **state)
{
	static const char *const cases[][3] = {
		/* output, as it is kept, as it is shown */
		{ "a pass<word> b", "a *** b", "a *** b" },
		{ "a pass&lt;word&gt; b", "a *** b", "a *** b" },
		{ "a p<i>ass&#x3c;</i>word&#62; <br> b", "a ***   b",
		    "a ***   b" },
		{ "a cGFzczx3b3JkPg== b", "a ***g== b", "a ***g== b" },
		{ "<x>&lt;&#65;&#233;</x>", "<x>&lt;&#65;&#233;</x>",
		    "<A&#233;" },
		{ "pass word", "pass word", "pass word" },
	};
	struct secret *password = secret_text("pass<word>");
	struct cs_settings set = { .password = password };
	struct cs_client client = { .set = &set };
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = text_masked(&client, xstrdup(cases[i][0]));
		assert_string_equal(text, cases[i][1]);
		free(text);
		text = xstrdup(cases[i][0]);
		cs_clean_output(&client, text);
		assert_string_equal(text, cases[i][2]);
		free(text);
	}
	secret_free(password);
}

static void
parameters(void **state)
{
	struct fail fail = { 0 };
	json_t *in, *out;
	char *line;

	(void)state;
	in = json_loads("{\"a\":5,\"b\":true,\"c\":\"\",\"d\":null,"
	    "\"e\":1.5,\"f\":\"Null\"}", 0, NULL);
	assert_non_null(in);
	out = text_params(in, "InputsJSON", &fail);
	line = json_line(out);
	assert_string_equal(line, "[{\"name\":\"a\",\"value\":\"5\"},"
	    "{\"name\":\"b\",\"value\":\"true\"},"
	    "{\"name\":\"c\",\"value\":\"\"},"
	    "{\"name\":\"e\",\"value\":\"1.5\"},"
	    "{\"name\":\"f\",\"value\":\"Null\"}]");
	xfree_secret(line);
	json_decref(out);
	json_object_set_new(in, "g", json_array());
	assert_null(text_params(in, "InputsJSON", &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "\"g\" in InputsJSON"));
	json_decref(in);
	out = text_params(NULL, "InputsJSON", &fail);
	assert_int_equal(json_array_size(out), 0);
	json_decref(out);
}

static void
ids_and_names(void **state)
{
	struct secret *password = secret_text("pass<word>");
	struct cs_settings set = { .password = password };
	struct cs_client client = { .set = &set };
	char id[8] = "", name[16];
	struct buf b;
	json_t *list = json_array(), *o;
	int i;

	(void)state;
	o = json_pack("{s:s, s:i, s:s, s:s, s:n}", "good", "ab-1", "number",
	    42, "blank", "a b", "long", "12345678", "none");
	assert_true(text_id(o, "good", id, sizeof(id)));
	assert_true(text_id(o, "NUMBER", id, sizeof(id)));
	assert_string_equal(id, "42");
	assert_false(text_id(o, "blank", id, sizeof(id)));
	assert_false(text_id(o, "long", id, sizeof(id)));
	assert_false(text_id(o, "none", id, sizeof(id)));
	json_decref(o);

	for (i = 0; i < 13; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		json_array_append_new(list, json_pack("{s:s}", "Name", name));
	}
	json_array_append_new(list, json_integer(3));
	buf_init(&b, 1000);
	assert_int_equal(text_names(&client, list, &b), 13);
	assert_string_equal(buf_text(&b),
	    "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 3 more");
	buf_clear(&b);
	json_array_clear(list);
	json_array_append_new(list, json_pack("{s:s}", "name",
	    "a pa<b>ss</b>&lt;word&#62;"));
	assert_int_equal(text_names(&client, list, &b), 1);
	assert_string_equal(buf_text(&b), "a ***");
	buf_free(&b);
	json_decref(list);
	secret_free(password);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_words),
		cmocka_unit_test(execution_words),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(paths),
		cmocka_unit_test(cleaning),
		cmocka_unit_test(cleaning_is_linear),
		cmocka_unit_test(masking),
		cmocka_unit_test(masking_of_outputs),
		cmocka_unit_test(parameters),
		cmocka_unit_test(ids_and_names),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
