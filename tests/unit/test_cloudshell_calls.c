#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cloudshell_rig.h"
#include "json.h"
#include "mem.h"

static void
stop_falls_back_and_is_idempotent(void **state)
{
	const struct step steps[] = { LOGIN,
	    SAY(400, "{\"message\":\"Invalid Api call\"}"), OK(""),
	    SAY(404, "{}"), SAY(404, "{}"), SAY(404, "{}"),	/* gone */
	    SAY(400, "no"), SAY(400, "no"), OK("{\"id\":\"box-1\","
		"\"state\":\"Ended\"}"),
	    SAY(400, "no"), SAY(400, "also no"), OK(BOX) };
	struct rig g;
	enum cs_stop answer;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
	    &g.fail), 0);
	assert_int_equal(answer, CS_STOP_AGREED);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
		    &g.fail), 0);
		assert_int_equal(answer, i == 0 ? CS_STOP_UNKNOWN :
		    CS_STOP_ENDED);
	}
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
	    &g.fail), -1);
	assert_int_equal(g.fail.kind, FAIL_JOB);
	rig_done(&g);
	assert_int_equal(g.server.n, 12);
	assert_int_equal(strncmp(g.server.requests[2],
	    "POST /api/v1/sandboxes/box-1/stop ", 34), 0);
	rig_free(&g);
}

/* Three tries, whatever is wrong; then it reads the state, and asks again if
 * the sandbox lives. */
static void
stop_that_fails_looks_at_the_state(void **state)
{
	static const struct step faults[] = { SAY(502, "x"),
	    { 200, "{}", NULL, ACT_CUT, 0 }, SAY(429, "") };
	struct rig g;
	enum cs_stop answer;

	(void)state;
	for (size_t e = 0; e < COUNT(faults); e++) {
		const struct step steps[] = { LOGIN, faults[e], faults[e],
		    faults[e], OK("{\"id\":\"box-1\",\"state\":\"Ended\"}"),
		    faults[e], faults[e], faults[e], OK(BOX), faults[e],
		    faults[e], faults[e], faults[e], OK("") };

		START(&g, steps);
		assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
		    &g.fail), 0);
		assert_int_equal(answer, CS_STOP_ENDED);
		assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
		    &g.fail), 0);
		assert_int_equal(answer, CS_STOP_AGREED);
		rig_done(&g);
		assert_int_equal(g.server.n, COUNT(steps));
		rig_free(&g);
	}
}

static void
blueprints_are_found_and_named(void **state)
{
	static const char list[] = "[{\"name\":\"Other\",\"id\":\"1\"},"
	    "{\"name\":\"my ENV\",\"id\":\"2\","
	    "\"estimated_setup_duration\":\"PT2M\"}]";
	const struct step steps[] = { LOGIN,
	    OK("{\"name\":\"My Env\",\"id\":\"2\"}"),
	    SAY(404, "{\"message\":\"Entity could not be found\"}"), OK(list),
	    SAY(404, "<html></html>"), OK(list),
	    SAY(404, "<html></html>"), OK("[]") };
	struct cs_blueprint b;
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_blueprint_find(g.client, "My Env", &b, &g.fail),
	    0);
	assert_string_equal(b.id, "2");
	cs_blueprint_free(&b);
	assert_int_equal(cs_blueprint_find(g.client, "My Env", &b, &g.fail),
	    0);
	assert_string_equal(b.name, "my ENV");
	cs_blueprint_free(&b);
	assert_int_equal(cs_blueprint_find(g.client, "X", &b, &g.fail), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);
	assert_string_equal(g.fail.text, "blueprint \"X\" not found in domain "
	    "\"Global\" (is it public?); the visible ones are: Other, my ENV");
	assert_int_equal(cs_blueprint_find(g.client, "X", &b, &g.fail), -1);
	assert_non_null(strstr(g.fail.text, "sees no blueprint there"));
	rig_done(&g);
	assert_int_equal(strncmp(g.server.requests[1],
	    "GET /api/v2/blueprints/My%20Env ", 32), 0);
	rig_free(&g);
}

/* A server's names fit the pipes and are one line. */
static void
names_are_bounded(void **state)
{
	static const char form[] = "{\"id\":\"7\",\"name\":\"a\\nb %s\"}";
	char *name = xcalloc(1, 50001), *body, *list;
	struct cs_component *components;
	struct cs_blueprint b;
	struct cs_sandbox s;
	struct rig g;
	size_t n;

	(void)state;
	memset(name, 'x', 50000);
	body = xasprintf(form, name);
	list = xasprintf("[%s]", body);
	{
		const struct step steps[] = { LOGIN, OK(body), OK(body),
		    OK(list) };

		START(&g, steps);
		assert_int_equal(cs_blueprint_find(g.client, "X", &b,
		    &g.fail), 0);
		assert_int_equal(cs_sandbox_get(g.client, "7", &s, &g.fail),
		    0);
		assert_int_equal(cs_components(g.client, "7", &components, &n,
		    &g.fail), 0);
		assert_int_equal(n, 1);
		rig_done(&g);
	}
	assert_int_equal(strlen(b.name), CS_NAME_MAX);
	assert_int_equal(strncmp(b.name, "a b x", 5), 0);
	assert_string_equal(s.name, b.name);
	assert_string_equal(components[0].name, b.name);
	cs_blueprint_free(&b);
	cs_sandbox_free(&s);
	cs_components_free(components, n);
	rig_free(&g);
	free(name);
	free(body);
	free(list);
}

static void
start_sends_texts(void **state)
{
	const struct step steps[] = { LOGIN, OK("{\"id\":\"b\",\"state\":"
	    "\"BeforeSetup\",\"blueprint id\":\"7\",\"end_time\":null}"),
	    SAY(400, "{\"message\":\"Blueprint has invalid inputs\"}") };
	struct cs_sandbox s;
	struct rig g;
	json_t *in = json_pack("{s:i}", "Build", 17);

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_sandbox_start(g.client, "id/1", "n\xc3\xa9", 30,
	    in, &s, &g.fail), 0);
	assert_int_equal(s.phase, CS_WAITING);
	assert_null(s.end_time);
	cs_sandbox_free(&s);
	assert_int_equal(rig_begin(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);
	rig_done(&g);
	assert_int_equal(strncmp(g.server.requests[1],
	    "POST /api/v2/blueprints/id%2F1/start ", 37), 0);
	assert_string_equal(strstr(g.server.requests[1], "\r\n\r\n") + 4,
	    "{\"duration\":\"PT30M\",\"name\":\"n\xc3\xa9\",\"params\":"
	    "[{\"name\":\"Build\",\"value\":\"17\"}]}");
	json_decref(in);
	rig_free(&g);
}

static void
sandboxes_are_found_by_name(void **state)
{
	static const char list[] = "[{\"name\":\"n\",\"id\":\"1\",\"state\":"
	    "\"Ended\"},{\"name\":\"n\",\"id\":\"2\",\"blueprint\":{\"name\":"
	    "\"Other\",\"id\":\"o\"}},{\"name\":\"n\",\"id\":\"3\","
	    "\"blueprint\":{\"name\":\"BP\",\"id\":\"ID\"}},7,"
	    "{\"name\":\"N\",\"id\":\"4\"}]";
	const struct step steps[] = { LOGIN, OK(list), OK(list), OK(list),
	    OK(list) };
	struct cs_found found;
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_sandbox_find(g.client, "n", "bp", &found, &g.fail),
	    0);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.id[0], "3");
	assert_int_equal(cs_sandbox_find(g.client, "n", "id", &found, &g.fail),
	    0);
	assert_int_equal(found.n, 0);
	assert_int_equal(cs_sandbox_find(g.client, "m", NULL, &found, &g.fail),
	    0);
	assert_int_equal(found.n, 0);
	assert_int_equal(cs_sandbox_find(g.client, "n", NULL, &found, &g.fail),
	    0);
	assert_int_equal(found.n, 2);
	assert_string_equal(found.id[1], "3");
	rig_done(&g);
	rig_free(&g);
}

static void
activity_is_paged(void **state)
{
	const struct step steps[] = { LOGIN,
	    OK("{\"more_pages\":\"true\",\"next_event_id\":\"12\",\"events\":["
		"{\"id\":\"11\",\"event_type\":\"Error\",\"event_text\":"
		"\"<b>second</b>\"},{\"id\":10,\"event_type\":\"error\","
		"\"event_text\":\"first\",\"output\":\"why\"},"
		"{\"id\":9,\"event_type\":\"error\",\"event_text\":\"old\"}]}"),
	    OK("{\"more_pages\":true,\"next_event_id\":12,\"events\":["
		"{\"id\":12,\"event_type\":\"success\",\"event_text\":"
		"\"fine\"},"
		"{\"id\":13,\"event_type\":\"success\",\"event_text\":"
		"\"'Teardown' Blueprint command 'x' failed\"}]}"),
	    SAY(404, "{\"message\":\"Invalid Api call\"}"),
	    OK("{\"events\":[{\"id\":5},{\"id\":\"77\"},{\"id\":\"guid\"}]}"),
	    SAY(400, "{\"message\":\"Invalid Api call\"}") };
	struct buf out;
	struct rig g;
	int64_t last;

	(void)state;
	START(&g, steps);
	buf_init(&out, 1000);
	assert_int_equal(cs_activity_errors(g.client, "b", 10, &out, &last,
	    &g.fail), 0);
	assert_string_equal(buf_text(&out), "first: why; second; "
	    "'Teardown' Blueprint command 'x' failed");
	assert_int_equal(last, 13);
	buf_clear(&out);
	assert_int_equal(cs_activity_errors(g.client, "b", 10, &out, &last,
	    &g.fail), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(last, 9);
	assert_int_equal(cs_activity_last(g.client, "b", &last, &g.fail), 0);
	assert_int_equal(last, 77);
	assert_int_equal(cs_activity_last(g.client, "b", &last, &g.fail), 0);
	assert_int_equal(last, 0);
	rig_done(&g);
	assert_int_equal(listener_count(&g.server,
	    "GET /api/v2/sandboxes/b/activity?from_event_id=12 "), 1);
	buf_free(&out);
	rig_free(&g);
}

/* The client leaves a server that always has a next page at the limit. */
static void
endless_activity_ends(void **state)
{
	struct step steps[CS_PAGES_MAX + 5] = { LOGIN };
	static char pages[CS_PAGES_MAX + 5][80];
	struct buf out;
	struct rig g;
	int64_t last;

	(void)state;
	for (size_t i = 1; i < COUNT(steps); i++) {
		(void)snprintf(pages[i], sizeof(pages[i]), "{\"more_pages\":"
		    "true,\"next_event_id\":%zu,\"events\":[]}", i);
		steps[i] = (struct step)OK(pages[i]);
	}
	START(&g, steps);
	buf_init(&out, 1000);
	assert_int_equal(cs_activity_errors(g.client, "b", 0, &out, &last,
	    &g.fail), 0);
	assert_int_equal(last, -1);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	rig_done(&g);
	assert_int_equal(g.server.n, 1 + CS_PAGES_MAX);
	assert_int_equal(listener_count(&g.server, "GET /api/v2/sandboxes/b/"
	    "activity?error_only=true&from_event_id=1 "), 1);
	rig_free(&g);
}

/* What the first page held stays when the second cannot be read. */
static void
activity_of_some_pages(void **state)
{
	const struct step steps[] = { LOGIN, OK("{\"events\":[{\"id\":5,"
	    "\"event_type\":\"error\",\"event_text\":\"no licence\"}],"
	    "\"more_pages\":true,\"next_event_id\":6}"),
	    SAY(503, "x"), SAY(503, "x"), SAY(503, "x"), SAY(503, "x") };
	struct buf out;
	struct rig g;
	int64_t last;

	(void)state;
	START(&g, steps);
	buf_init(&out, 1000);
	assert_int_equal(cs_activity_errors(g.client, "b", 0, &out, &last,
	    &g.fail), 0);
	assert_string_equal(buf_text(&out), "no licence");
	assert_int_equal(cs_activity_errors(g.client, "b", 0, &out, &last,
	    &g.fail), -1);
	assert_string_equal(buf_text(&out), "no licence");
	buf_free(&out);
	rig_done(&g);
	assert_int_equal(g.server.n, 6);
	rig_free(&g);
}

/* A login for an optional call also gives up within seconds. */
static void
optional_calls_log_in_for_seconds(void **state)
{
	struct step steps[20] = { LOGIN, SAY(401, "{\"message\":\"token "
	    "expired\"}") };
	static const struct step faults[] = { SAY(503, "x"), SAY(429, "x") };
	struct buf out;
	struct rig g;
	int64_t last;

	(void)state;
	for (size_t e = 0; e < COUNT(faults); e++) {
		for (size_t i = 2; i < COUNT(steps); i++)
			steps[i] = faults[e];
		START(&g, steps);
		buf_init(&out, 1000);
		assert_int_equal(cs_activity_errors(g.client, "b", 0, &out,
		    &last, &g.fail), -1);
		buf_free(&out);
		assert_true(g.paused <= 5000);
		rig_done(&g);
		rig_free(&g);
	}
}

/* A password that is also a word of the server does not change that word's
 * meaning. */
static void
words_count_before_they_are_masked(void **state)
{
	const struct step steps[] = { LOGIN, OK(BOX),
	    OK("{\"status\":\"Passed\",\"ended\":\"x\"}"),
	    SAY(400, "{\"message\":\"not Ready: invalid api call\"}") };
	struct cs_execution e;
	struct cs_sandbox s;
	struct rig g;

	(void)state;
	START(&g, steps);
	secret_free(g.password);
	g.set.password = g.password = secret_text("Ready");
	assert_int_equal(cs_sandbox_get(g.client, "box-1", &s, &g.fail), 0);
	assert_int_equal(s.phase, CS_READY);
	assert_string_equal(s.state, "***");
	cs_sandbox_free(&s);
	secret_free(g.password);
	g.set.password = g.password = secret_text("Passed");
	assert_int_equal(cs_execution_get(g.client, "E", &e, &g.fail), 0);
	assert_int_equal(e.progress, CS_SUCCEEDED);
	assert_string_equal(e.status, "***");
	cs_execution_free(&e);
	secret_free(g.password);
	g.set.password = g.password = secret_text("invalid");
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);	/* no such call */
	assert_null(strstr(g.fail.text, "invalid"));
	rig_done(&g);
	rig_free(&g);
}

/* The end of the server's message is not doubled. */
static void
clauses_end_once(void **state)
{
	static const char inputs[] = "{\"message\":\"Invalid inputs.\"}",
	    arguments[] = "{\"message\":\"Mandatory inputs are missing.\"}";
	const struct step steps[] = { LOGIN, SAY(400, inputs),
	    SAY(400, arguments) };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_begin(&g), -1);
	assert_string_equal(g.fail.text, "CloudShell does not accept the "
	    "inputs (HTTP 400): Invalid inputs; compare InputsJSON with the "
	    "inputs of the blueprint");
	assert_int_equal(rig_command(&g), -1);
	assert_string_equal(g.fail.text, "CloudShell does not accept the "
	    "arguments of command \"do it\" (HTTP 400): Mandatory inputs are "
	    "missing; correct ArgumentsJSON");
	rig_done(&g);
	rig_free(&g);
}

static void
commands_are_named(void **state)
{
	const struct step steps[] = { LOGIN,
	    OK("[{\"id\":\"c1\",\"name\":\"web\"},{\"name\":\"no id\"},"
		"{\"ID\":2,\"Name\":\"db\"}]"),
	    OK("{\"execution_id\":\"E-1\"}"),
	    SAY(404, ""), OK("[{\"name\":\"a\"},{\"name\":\"b c\"}]"),
	    SAY(404, ""), SAY(404, ""), SAY(404, ""),
	    SAY(400, "no") };
	struct cs_component *list;
	struct cs_target t = { "box-1", NULL };
	char id[SANDBOX_ID_SIZE];
	struct rig g;
	size_t n;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_components(g.client, "box-1", &list, &n, &g.fail),
	    0);
	assert_int_equal(n, 2);
	assert_string_equal(list[1].id, "2");
	cs_components_free(list, n);
	assert_int_equal(cs_command_start(g.client, &t, "smoke test", NULL, id,
	    &g.fail), 0);
	assert_string_equal(id, "E-1");
	assert_int_equal(rig_command(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(g.fail.text, "\"do it\" not found; the "
	    "component has: a, b c"));
	assert_int_equal(rig_command(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_REVISION);
	assert_int_equal(cs_execution_cancel(g.client, "E-1", &g.fail), 1);
	assert_int_equal(cs_execution_cancel(g.client, "E-1", &g.fail), -1);
	rig_done(&g);
	assert_int_equal(strncmp(g.server.requests[2], "POST /api/v2/sandboxes"
	    "/box-1/commands/smoke%20test/start ", 56), 0);
	assert_int_equal(strncmp(g.server.requests[3], "POST /api/v2/sandboxes"
	    "/box-1/components/comp/commands/do%20it/start ", 67), 0);
	assert_string_equal(strstr(g.server.requests[2], "\r\n\r\n") + 4,
	    "{\"params\":[],\"printOutput\":true}");
	rig_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_falls_back_and_is_idempotent),
		cmocka_unit_test(stop_that_fails_looks_at_the_state),
		cmocka_unit_test(blueprints_are_found_and_named),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(start_sends_texts),
		cmocka_unit_test(sandboxes_are_found_by_name),
		cmocka_unit_test(activity_is_paged),
		cmocka_unit_test(endless_activity_ends),
		cmocka_unit_test(activity_of_some_pages),
		cmocka_unit_test(optional_calls_log_in_for_seconds),
		cmocka_unit_test(words_count_before_they_are_masked),
		cmocka_unit_test(clauses_end_once),
		cmocka_unit_test(commands_are_named),
	};

	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
