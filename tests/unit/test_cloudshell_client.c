#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cloudshell_rig.h"
#include "json.h"
#include "mem.h"

#define API_500(m)	"{\"statusCode\":500,\"errorCategory\":\"WebApi\"," \
			"\"message\":\"" m "\"}"

static void
headers_are_exact(void **state)
{
	const struct step steps[] = { { 200, "\"Zm9v+mFy\\/mF6cXV4MTIzNA==\"",
	    NULL, ACT_ANSWER, 0 }, OK(BOX), OK("{\"result\":\"success\"}") };
	struct rig g;
	enum cs_stop answer;
	char *r;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), 0);
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &answer,
	    &g.fail), 0);
	assert_int_equal(answer, CS_STOP_AGREED);
	rig_done(&g);
	assert_int_equal(g.server.n, 3);
	r = g.server.requests[0];
	assert_int_equal(strncmp(r, "PUT /api/login HTTP/1.1\r\n", 25), 0);
	assert_null(strstr(r, "Authorization"));
	assert_non_null(strstr(r, "\r\nContent-Type: application/json\r\n"));
	assert_string_equal(strstr(r, "\r\n\r\n") + 4, "{\"domain\":"
	    "\"Global\",\"password\":\"pass word&1\",\"username\":\"ci\"}");
	for (int i = 1; i < 3; i++) {
		r = g.server.requests[i];
		assert_non_null(strstr(r, "\r\nAuthorization: Basic " TOKEN
		    "\r\n"));
		assert_non_null(strstr(r, "\r\nAccept: application/json\r\n"));
		assert_non_null(strstr(r,
		    "\r\nContent-Type: application/json\r\n"));
		assert_string_equal(strstr(r, "\r\n\r\n"), "\r\n\r\n");
	}
	assert_int_equal(strncmp(r, "POST /api/v2/sandboxes/box-1/stop ", 34),
	    0);
	rig_free(&g);
}

static void
long_token_is_sent_whole(void **state)
{
	struct step steps[] = { { 200, NULL, NULL, ACT_FILL, 12 * 1024 },
	    OK(BOX) };
	struct rig g;
	char *a;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), 0);
	rig_done(&g);
	a = strstr(g.server.requests[1], "Authorization: Basic xx");
	assert_non_null(a);
	assert_int_equal(strcspn(a + 21, "\r"), 12 * 1024 - 2);
	rig_free(&g);
}

/* A token that would add a header, and one that is too long. */
static void
bad_tokens_are_refused(void **state)
{
	const struct step steps[] = { OK("\"abc\\r\\nX: y\""), OK("\"\""),
	    { 200, NULL, NULL, ACT_FILL, CS_LOGIN_MAX + 10 } };
	struct rig g;

	(void)state;
	START(&g, steps);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_get(&g), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
	}
	rig_done(&g);
	assert_int_equal(g.server.n, 3);
	rig_free(&g);
}

/* Each of these means: log in once, repeat once. */
static void
expired_token_leads_to_one_login(void **state)
{
	static const struct step expired[] = {
		SAY(401, "{\"statusCode\":401,\"errorCategory\":\"WebApi\","
		    "\"message\":\"Login failed for token: " TOKEN ". Please "
		    "make sure the token is correct.\"}"),
		SAY(400, "{\"message\":\"The request didn't contain "
		    "authentication.\"}"),
		SAY(200, "{\"statusCode\":\"401\",\"errorCategory\":\"WebApi\""
		    ",\"message\":\"x\"}"),
		SAY(500, "{\"message\":\"Login failed for token\"}"),
		SAY(200, "{\"statusCode\":500,\"message\":\"Login failed for "
		    "token\"}"),
		SAY(400, "{\"message\":\"the token is not correct\"}"),
		SAY(403, "no"),
	};
	static int (*const calls[])(struct rig *) = { rig_get,
	    rig_begin, rig_command };
	struct rig g;

	(void)state;
	for (size_t e = 0; e < COUNT(expired); e++)
		for (size_t i = 0; i < COUNT(calls); i++) {
			const struct step steps[] = { LOGIN, expired[e], LOGIN,
			    OK("{\"id\":\"b\",\"executionId\":\"E\"}") };
			const struct step again[] = { LOGIN, expired[e], LOGIN,
			    expired[e] };

			START(&g, steps);
			assert_int_equal(calls[i](&g), 0);
			rig_done(&g);
			assert_int_equal(g.server.n, 4);
			assert_int_equal(g.pauses, 0);
			rig_free(&g);
			START(&g, again);
			assert_int_equal(calls[i](&g), -1);
			assert_int_equal(g.fail.kind, FAIL_PERMISSION);
			rig_done(&g);
			assert_int_equal(g.server.n, 4);
			rig_free(&g);
		}
}

static void
refused_login_is_final(void **state)
{
	const struct step steps[] = { SAY(401, "{\"statusCode\":401,"
	    "\"errorCategory\":\"WebApi\",\"message\":\"Login failed for user "
	    "ci with pass word&amp;1\"}") };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(rig_begin(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_PERMISSION);
	assert_non_null(strstr(g.fail.text, "user \"ci\" to domain \"Global\""
	    " (HTTP 401): Login failed for user ci with ***;"));
	rig_done(&g);
	assert_int_equal(g.server.n, 1);
	rig_free(&g);
}

static void
quota_is_waited_for(void **state)
{
	const struct step steps[] = { LOGIN,
	    { 429, "slow down", "Retry-After: 30\r\n", ACT_ANSWER, 0 },
	    SAY(400, "{\"message\":\"Request rate quota has been exceeded\"}"),
	    OK(API_500("Request rate quota has been exceeded")),
	    OK(BOX) };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_begin(&g), 0);
	rig_done(&g);
	assert_int_equal(g.server.n, 5);
	assert_int_equal(g.pauses, 3);
	assert_int_equal(g.longest, 30000);
	rig_free(&g);
}

/* "Retry-After: 0" causes no long wait, whatever errno was before. */
static void
retry_after_is_obeyed(void **state)
{
	static const struct {
		const char *header;
		int64_t least, most;
	} cases[] = {
		{ "Retry-After: 7\r\n", 7000, 7000 },
		{ "Retry-After: 99999999999999999999\r\n", 60000, 60000 },
		{ "Retry-After: 0\r\n", 1, CS_PAUSE_MS },
		{ "Retry-After: -1\r\n", 1, CS_PAUSE_MS },
		{ "Retry-After: Fri, 01 Jan 2027 00:00:00 GMT\r\n", 1,
		    CS_PAUSE_MS },
	};
	struct rig g;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct step steps[] = { LOGIN, { 503, "busy",
		    cases[i].header, ACT_ANSWER, 0 }, OK(BOX) };

		START(&g, steps);
		errno = ERANGE;
		assert_int_equal(rig_get(&g), 0);
		rig_done(&g);
		assert_int_equal(g.pauses, 1);
		assert_in_range(g.longest, cases[i].least, cases[i].most);
		rig_free(&g);
	}
}

static void
passing_faults_of_a_get(void **state)
{
	/* on a reused connection libcurl itself would repeat a GET */
	const struct step steps[] = { LOGIN, { 502, "<html>Bad</html>",
	    "Connection: close\r\n", ACT_LAST, 0 }, CLOSE, SAY(503, ""),
	    { 200, BOX, NULL, ACT_CUT, 0 },
	    OK("<html>oops</html>"), OK("7"), OK(BOX) };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), 0);
	rig_done(&g);
	assert_int_equal(g.pauses, 6);
	assert_true(g.longest <= CS_PAUSE_MAX_MS);
	rig_free(&g);
}

/* Optional calls: two tries, some seconds, whatever is wrong. */
static void
optional_reads_are_brief(void **state)
{
	static const struct step faults[] = { SAY(500, "x"), SAY(502, "x"),
	    { 200, "{}", NULL, ACT_CUT, 0 }, OK("<html>"), SAY(429, ""),
	    { 429, "", "Retry-After: 30\r\n", ACT_ANSWER, 0 } };
	struct cs_target t = { "box-1", "comp" };
	int64_t last;
	struct buf out;
	struct rig g;

	(void)state;
	for (size_t e = 0; e < COUNT(faults); e++) {
		struct step steps[20] = { LOGIN };

		for (size_t i = 1; i < COUNT(steps); i++)
			steps[i] = faults[e];
		START(&g, steps);
		buf_init(&out, 1000);
		assert_int_equal(cs_activity_last(g.client, "b", &last,
		    &g.fail), -1);
		assert_int_equal(cs_activity_errors(g.client, "b", 0, &out,
		    &last, &g.fail), -1);
		assert_int_equal(cs_command_missing(g.client, &t, "do it",
		    &g.fail), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
		assert_string_equal(g.fail.text,
		    "command \"do it\" not found");
		rig_done(&g);
		assert_in_range(g.server.n, 4, 7);
		assert_true(g.paused < 15000);
		buf_free(&out);
		rig_free(&g);
	}
}

static void
faults_end_with_the_time(void **state)
{
	struct step steps[REQUESTS_MAX] = { LOGIN };
	struct rig g;

	(void)state;
	for (size_t i = 1; i < COUNT(steps); i++)
		steps[i] = (struct step)SAY(502, "<title>Bad</title>gateway");
	START(&g, steps);
	g.left = 60000;
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_non_null(strstr(g.fail.text, "(HTTP 502"));
	assert_non_null(strstr(g.fail.text, "Bad gateway"));
	rig_done(&g);
	assert_in_range(g.paused, 40000, 60000);
	assert_true(g.pauses > 5);
	rig_free(&g);
}

/* A start that may have taken effect is sent exactly once. */
static void
unsure_starts_are_not_repeated(void **state)
{
	static const struct step faults[] = { CLOSE,
	    { 200, BOX, NULL, ACT_CUT, 0 }, SAY(500, "oops"),
	    OK("{\"statusCode\":500,\"message\":\"oops\"}"),
	    SAY(500, "{\"message\":\"parameter token is invalid\"}"),
	    OK(API_500("Command failed: token argument is invalid")),
	    SAY(500, API_500("Entity could not be found")),
	    OK(API_500("Entity could not be found")),
	    SAY(500, API_500("No values: invalid inputs")),
	    OK(API_500("No values: invalid inputs")),
	    SAY(502, "<html></html>"), SAY(503, ""),
	    { 503, "", "Retry-After: 1\r\n", ACT_ANSWER, 0 },
	    { 200, "{\"statusCode\":503,\"message\":\"busy\"}",
		"Retry-After: 1\r\n", ACT_ANSWER, 0 }, OK("<html>"), OK("7"),
	    OK("{}"), { 200, NULL, NULL, ACT_FILL, CS_ANSWER_MAX + 1 },
	    { 200, NULL, NULL, ACT_NEST, 1000000 } };
	static int (*const calls[])(struct rig *) = { rig_begin,
	    rig_command };
	struct rig g;

	(void)state;
	for (size_t e = 0; e < COUNT(faults); e++)
		for (size_t i = 0; i < COUNT(calls); i++) {
			/* the second answer closes an idle connection */
			const struct step steps[] = { LOGIN, { 200, BOX, NULL,
			    ACT_LAST, 0 }, OK(BOX), faults[e], OK(BOX) };

			START(&g, steps);
			assert_int_equal(rig_get(&g), 0);
			assert_int_equal(rig_get(&g), 0);
			assert_int_equal(calls[i](&g), -1);
			assert_int_equal(g.fail.kind, FAIL_UNSURE);
			rig_done(&g);
			assert_int_equal(g.server.n, 4);
			assert_int_equal(listener_count(&g.server, "POST"), 1);
			assert_true(g.server.connections[3] >
			    g.server.connections[2]);
			assert_int_equal(g.pauses, 0);
			rig_free(&g);
		}
}

static void
conflict_is_for_the_caller(void **state)
{
	const struct step steps[] = { LOGIN, SAY(400,
	    "{\"errorCategory\":\"WebApi\",\"message\":\"Blueprint has "
	    "conflicting resources\"}") };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_begin(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_AGAIN);
	rig_done(&g);
	assert_int_equal(g.server.n, 2);
	rig_free(&g);
}

static void
redirects_are_not_followed(void **state)
{
	const struct step none[] = { LOGIN };
	struct rig g;
	struct listener other;
	char location[128];

	(void)state;
	listener_start(&other, none, 1);
	(void)snprintf(location, sizeof(location),
	    "Location: http://127.0.0.1:%d/x?y=z\r\n", other.port);
	{
		const struct step steps[] = {
		    { 307, "", location, ACT_ANSWER, 0 }, LOGIN,
		    { 302, "", location, ACT_ANSWER, 0 } };

		START(&g, steps);
		assert_int_equal(cs_login(g.client, &g.fail), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
		assert_non_null(strstr(g.fail.text, "/x, which the "
		    "worker does not follow"));
		assert_int_equal(rig_get(&g), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
		rig_done(&g);
		assert_int_equal(g.server.n, 3);
		rig_free(&g);
	}
	listener_stop(&other);
	assert_int_equal(other.n, 0);
	listener_free(&other);
}

static void
not_a_cloudshell_server(void **state)
{
	static const struct step pages[] = { OK("<html>Portal</html>"),
	    SAY(404, "<html>Not Found</html>"), OK("{\"token\":\"x\"}"),
	    { 200, NULL, NULL, ACT_NEST, 1000 } };
	struct rig g;

	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		const struct step steps[] = { pages[i], pages[i], pages[i],
		    pages[i] };

		START(&g, steps);
		assert_int_equal(cs_login(g.client, &g.fail), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
		assert_non_null(strstr(g.fail.text,
		    "not a CloudShell Sandbox API"));
		rig_done(&g);
		assert_true(g.server.n <= CS_GARBLED_MAX);
		rig_free(&g);
	}
}

static void
too_much_is_refused(void **state)
{
	const struct step steps[] = { LOGIN,
	    { 200, NULL, NULL, ACT_FILL, CS_ANSWER_MAX + 1 },
	    { 200, NULL, NULL, ACT_NEST, 1000000 },
	    { 200, NULL, NULL, ACT_NEST, 1000000 },
	    { 200, NULL, NULL, ACT_NEST, 1000000 } };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_int_equal(g.pauses, 0);
	assert_non_null(strstr(g.fail.text, "the worker asked CloudShell to "
	    "read the sandbox but did not read the answer (larger than "
	    "8 MiB): is "
	    "http://127.0.0.1:"));
	assert_non_null(strstr(g.fail.text, " the Sandbox API? Tell the "
	    "worker's operator"));
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_true(strlen(g.fail.text) < 1000);
	assert_null(strchr(g.fail.text, '['));
	assert_non_null(strstr(g.fail.text, "does not understand the answer "
	    "(HTTP 200, 3 tries); tell the worker's operator"));
	rig_done(&g);
	assert_int_equal(g.server.n, 5);
	rig_free(&g);
}

/* Small as text, large as values: the client does not even parse it. The same
 * bytes within a text are one value. */
static void
too_many_values_are_refused(void **state)
{
	const size_t size = 1024 * 1024;
	char *many = xcalloc(1, size + 2), *text = xcalloc(1, size + 100);
	const struct step steps[] = { LOGIN, OK(many), OK(many), OK(text) };
	struct cs_execution e;
	struct rig g;

	(void)state;
	for (size_t i = 1; i + 3 <= size; i += 3)
		memcpy(many + i, "{},", 3);
	many[0] = '[';
	many[strlen(many) - 1] = ']';
	(void)snprintf(text, size + 100, "{\"status\":\"Failed\",\"output\":"
	    "\"\\\"%s\"}", many);
	START(&g, steps);
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_non_null(strstr(g.fail.text, "(more than 200000 values): "
	    "is "));
	assert_int_equal(rig_command(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_UNSURE);
	assert_string_equal(g.fail.text, "the worker asked CloudShell to "
	    "start the command but did not read the answer (more than "
	    "200000 values); the request may or may not have taken "
	    "effect");
	assert_int_equal(cs_execution_get(g.client, "E", &e, &g.fail), 0);
	assert_int_equal(strlen(e.output), strlen(many) + 1);
	cs_execution_free(&e);
	rig_done(&g);
	assert_int_equal(g.server.n, 4);
	rig_free(&g);
	free(many);
	free(text);
}

/* Each failure says what to do and who can. */
static void
texts_tell_who_acts(void **state)
{
	static const struct {
		struct step answer;
		int (*call)(struct rig *);
		enum fail_kind kind;
		const char *text;
	} cases[] = {
		{ SAY(401, "{\"message\":\"Token is invalid.\"}"), rig_get,
		    FAIL_PERMISSION, "CloudShell did not accept the worker's "
		    "login when asked to read the sandbox (HTTP 401, 2 tries)"
		    ": Token is invalid; tell the worker's operator" },
		{ SAY(403, ""), rig_get, FAIL_PERMISSION, "CloudShell user "
		    "\"ci\" has no permission to read the sandbox (HTTP 403, "
		    "2 tries); ask CloudShell's administrator for it" },
		{ SAY(502, "{\"message\":\"Oops. \"}"), rig_get, FAIL_SYSTEM,
		    "CloudShell failed to read the sandbox (HTTP 502, 2 tries)"
		    ": Oops; retry later, and if it happens again, ask "
		    "CloudShell's administrator to check its services" },
		{ SAY(429, ""), rig_get, FAIL_SYSTEM, "CloudShell's request "
		    "quota is used up, so it refused to read the sandbox "
		    "(HTTP 429, 2 tries); retry later, and if it happens "
		    "again, tell the worker's operator" },
		{ SAY(418, "teapot"), rig_get, FAIL_JOB, "CloudShell refused "
		    "to read the sandbox (HTTP 418): teapot" },
		{ SAY(409, "{\"message\":\"No.\"}"), rig_begin, FAIL_AGAIN,
		    "resources are in use elsewhere, so CloudShell did not "
		    "start the sandbox (HTTP 409): No; retry the stage when "
		    "they are free, or end the sandbox that holds them" },
		{ SAY(409, "busy"), rig_get, FAIL_JOB, "CloudShell refused "
		    "to read the sandbox (HTTP 409): busy" },
		{ SAY(409, "busy"), rig_command, FAIL_JOB, "CloudShell "
		    "refused to start the command (HTTP 409): busy" },
		{ SAY(400, "Sandbox is not active"), rig_command, FAIL_JOB,
		    "CloudShell refused to start the command (HTTP 400): "
		    "Sandbox is not active; the sandbox has ended: raise "
		    "DurationInMinutes, or run the command earlier" },
		{ SAY(500, "oops"), rig_command, FAIL_UNSURE, "CloudShell "
		    "failed to start the command (HTTP 500): oops; the request "
		    "may or may not have taken effect" },
	};
	struct rig g;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct step steps[] = { LOGIN, cases[i].answer,
		    cases[i].answer.status == 401 ||
		    cases[i].answer.status == 403 ? (struct step)LOGIN :
		    cases[i].answer, cases[i].answer };

		START(&g, steps);
		g.left = 1500;		/* for one pause */
		assert_int_equal(cases[i].call(&g), -1);
		assert_string_equal(g.fail.text, cases[i].text);
		assert_int_equal(g.fail.kind, cases[i].kind);
		rig_done(&g);
		rig_free(&g);
	}
}

static void
refused_login_has_its_own_text(void **state)
{
	const struct step steps[] = { SAY(409, "{\"errorCategory\":\"WebApi\","
	    "\"message\":\"no\"}") };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_login(g.client, &g.fail), -1);
	assert_string_equal(g.fail.text,
	    "CloudShell refused to log in (HTTP 409): no");
	rig_done(&g);
	rig_free(&g);
}

static void
unreachable_server_has_bounded_patience(void **state)
{
	struct listener gone;
	struct rig g;

	(void)state;
	listener_start(&gone, NULL, 0);
	listener_stop(&gone);
	rig_start(&g, NULL, 0);
	cs_client_free(g.client);
	(void)snprintf(g.url, sizeof(g.url), "http://127.0.0.1:%d", gone.port);
	g.client = cs_client_new(&g.set, g.http);
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_non_null(strstr(g.fail.text, g.url));
	assert_in_range(g.paused, 100000, CS_PATIENCE_MS);
	g.left = 20000;
	g.paused = 0;
	assert_int_equal(rig_get(&g), -1);
	assert_in_range(g.paused, 1000, 10000);
	g.calls = 0;
	rig_done(&g);
	rig_free(&g);
}

static void
stop_ends_a_pause(void **state)
{
	const struct step steps[] = { LOGIN, SAY(502, ""), SAY(502, "") };
	struct rig g;

	(void)state;
	START(&g, steps);
	g.stop_at = 2;
	assert_int_equal(rig_get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_STOPPED);
	rig_done(&g);
	assert_int_equal(g.server.n, 3);
	rig_free(&g);
}

static void
secrets_are_masked(void **state)
{
	const struct step steps[] = { LOGIN,
	    SAY(400, "{\"message\":\"bad " TOKEN " and pass word&1.\"}"),
	    SAY(400, "plain " TOKEN " in <b>pass word&amp;1</b>"),
	    OK("{\"status\":\"Failed\",\"output\":\"key " TOKEN
		"\\u0000pass word&1\",\"supports_Cancelation\":\"false\"}"),
	    OK("{\"events\":[{\"id\":3,\"event_type\":\"error\","
		"\"event_text\":\"see " TOKEN "\",\"output\":\"Null\"}]}"),
	    OK("ok") };
	struct cs_execution e;
	struct buf out;
	struct rig g;
	int64_t last;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), -1);
	assert_non_null(strstr(g.fail.text, "bad *** and ***."));
	assert_int_equal(rig_get(&g), -1);
	assert_non_null(strstr(g.fail.text, "plain *** in ***"));
	assert_int_equal(cs_execution_get(g.client, "E", &e, &g.fail), 0);
	assert_int_equal(e.progress, CS_FAILED);
	assert_string_equal(e.output, "key *** ***");
	assert_false(e.cancellable);
	cs_execution_free(&e);
	buf_init(&out, 1000);
	assert_int_equal(cs_activity_errors(g.client, "box-1", 0, &out, &last,
	    &g.fail), 0);
	assert_string_equal(buf_text(&out), "see ***");
	assert_int_equal(last, 3);
	buf_free(&out);
	cs_logout(g.client);
	cs_logout(g.client);
	rig_done(&g);
	assert_int_equal(listener_count(&g.server, "DELETE /api/token/"
	    "Zm9v%2BmFy%2FmF6cXV4MTIzNA%3D%3D "), 1);
	rig_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_exact),
		cmocka_unit_test(long_token_is_sent_whole),
		cmocka_unit_test(bad_tokens_are_refused),
		cmocka_unit_test(expired_token_leads_to_one_login),
		cmocka_unit_test(refused_login_is_final),
		cmocka_unit_test(quota_is_waited_for),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(passing_faults_of_a_get),
		cmocka_unit_test(optional_reads_are_brief),
		cmocka_unit_test(faults_end_with_the_time),
		cmocka_unit_test(unsure_starts_are_not_repeated),
		cmocka_unit_test(conflict_is_for_the_caller),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(not_a_cloudshell_server),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(too_many_values_are_refused),
		cmocka_unit_test(texts_tell_who_acts),
		cmocka_unit_test(refused_login_has_its_own_text),
		cmocka_unit_test(unreachable_server_has_bounded_patience),
		cmocka_unit_test(stop_ends_a_pause),
		cmocka_unit_test(secrets_are_masked),
	};

	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
