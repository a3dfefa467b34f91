#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/cloudshell/client.h"
#include "cloudshell_listener.h"
#include "json.h"
#include "sys.h"

#define TOKEN	"Zm9v+mFy/mF6cXV4MTIzNA=="
#define LOGIN	{ 200, "\"" TOKEN "\"", NULL, ACT_ANSWER, 0 }
#define OK(b)	{ 200, b, NULL, ACT_ANSWER, 0 }
#define SAY(s, b) { s, b, NULL, ACT_ANSWER, 0 }
#define CLOSE	{ 0, NULL, NULL, ACT_CLOSE, 0 }
#define BOX	"{\"id\":\"box-1\",\"name\":\"n\",\"state\":\"Ready\"}"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One client, its server, and what it told. */
struct rig {
	struct listener		 server;
	struct cs_settings	 set;
	struct secret		*password;
	struct http_client	*http;
	struct cs_client	*client;
	struct fail		 fail;
	char			 url[64];
	int64_t			 left;		/* virtual time */
	int64_t			 paused, longest;
	int			 pauses, calls;
	int			 stop_at;	/* this pause says stop, 0: none */
	struct buf		 told;
};

static int
rig_pause(int64_t ms, void *arg, struct fail *f)
{
	struct rig *g = arg;

	assert_true(ms > 0 && ms < g->left);
	g->left -= ms;
	g->paused += ms;
	if (ms > g->longest)
		g->longest = ms;
	if (++g->pauses == g->stop_at)
		return fail_set(f, FAIL_STOPPED, "stopped by the test");
	return 0;
}

static void
rig_called(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	struct rig *g = arg;

	assert_true(ms >= 0);
	g->calls++;
	assert_int_equal(buf_addf(&g->told, "%s %s %ld %d %s\n", method, where,
	    status, attempt, error != NULL ? error : "-"), 0);
}

static int64_t
rig_remaining(void *arg)
{
	return ((struct rig *)arg)->left;
}

static void
rig_start(struct rig *g, const struct step *steps, size_t n)
{
	memset(g, 0, sizeof(*g));
	listener_start(&g->server, steps, n);
	(void)snprintf(g->url, sizeof(g->url), "http://127.0.0.1:%d/",
	    g->server.port);
	g->password = secret_text("pass word&1");
	g->left = 15 * 60000;
	buf_init(&g->told, 1024 * 1024);
	g->set = (struct cs_settings){ .url = g->url, .user = "ci",
	    .domain = "Global", .password = g->password,
	    .tls = { NULL, true }, .timeout_ms = 20000, .pause = rig_pause,
	    .called = rig_called, .remaining = rig_remaining, .arg = g };
	g->http = http_client_new(NULL);
	g->client = cs_client_new(&g->set, g->http);
}

/* End the server and check what holds for every run: no secret in a text. */
static void
rig_done(struct rig *g)
{
	const char *const texts[] = { g->fail.text, buf_text(&g->told) };

	listener_stop(&g->server);
	for (size_t i = 0; i < 2; i++) {
		assert_null(strstr(texts[i], TOKEN));
		assert_null(strstr(texts[i], "Zm9v%2B"));
		assert_null(strstr(texts[i], "pass word"));
		assert_null(strstr(texts[i], "word&"));
	}
	assert_int_equal(g->calls, g->server.n);
}

static void
rig_free(struct rig *g)
{
	cs_client_free(g->client);
	http_client_free(g->http);
	secret_free(g->password);
	buf_free(&g->told);
	listener_free(&g->server);
}

#define START(g, steps) rig_start(g, steps, COUNT(steps))

static int
get(struct rig *g)
{
	struct cs_sandbox s;
	int rc = cs_sandbox_get(g->client, "box-1", &s, &g->fail);

	cs_sandbox_free(&s);
	return rc;
}

static int
start(struct rig *g)
{
	struct cs_sandbox s;
	int rc = cs_sandbox_start(g->client, "bp", "n", 5, NULL, &s, &g->fail);

	cs_sandbox_free(&s);
	return rc;
}

static int
command(struct rig *g)
{
	struct cs_target t = { "box-1", "comp" };
	char id[SANDBOX_ID_SIZE];

	return cs_command_start(g->client, &t, "do it", NULL, id, &g->fail);
}

static void
headers_are_exact(void **state)
{
	const struct step steps[] = { { 200, "\"Zm9v+mFy\\/mF6cXV4MTIzNA==\"",
	    NULL, ACT_ANSWER, 0 }, OK(BOX), OK("{\"result\":\"success\"}") };
	struct rig g;
	bool already;
	char *r;

	(void)state;
	START(&g, steps);
	assert_int_equal(get(&g), 0);
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &already,
	    &g.fail), 0);
	assert_false(already);
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
	assert_int_equal(get(&g), 0);
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
		assert_int_equal(get(&g), -1);
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
		SAY(500, "{\"message\":\"the token is not correct\"}"),
		SAY(403, "no"),
	};
	static int (*const calls[])(struct rig *) = { get, start, command };
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
	assert_int_equal(get(&g), -1);
	assert_int_equal(start(&g), -1);
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
	    { 503, "<html>busy</html>", "Retry-After: 1\r\n", ACT_ANSWER, 0 },
	    OK(BOX) };
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(start(&g), 0);
	rig_done(&g);
	assert_int_equal(g.server.n, 5);
	assert_int_equal(g.pauses, 3);
	assert_int_equal(g.longest, 30000);
	rig_free(&g);
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
	assert_int_equal(get(&g), 0);
	rig_done(&g);
	assert_int_equal(g.pauses, 6);
	assert_true(g.longest <= CS_PAUSE_MAX_MS);
	rig_free(&g);
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
	assert_int_equal(get(&g), -1);
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
	    SAY(502, "<html></html>"), SAY(503, ""), OK("<html>"), OK("7"),
	    OK("{}"), { 200, NULL, NULL, ACT_FILL, CS_ANSWER_MAX + 1 },
	    { 200, NULL, NULL, ACT_NEST, 1000000 } };
	static int (*const calls[])(struct rig *) = { start, command };
	struct rig g;

	(void)state;
	for (size_t e = 0; e < COUNT(faults); e++)
		for (size_t i = 0; i < COUNT(calls); i++) {
			/* the second answer closes an idle connection */
			const struct step steps[] = { LOGIN, { 200, BOX, NULL,
			    ACT_LAST, 0 }, OK(BOX), faults[e], OK(BOX) };

			START(&g, steps);
			assert_int_equal(get(&g), 0);
			assert_int_equal(get(&g), 0);
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
	assert_int_equal(start(&g), -1);
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
		assert_non_null(strstr(g.fail.text, "/x; redirections"));
		assert_int_equal(get(&g), -1);
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
	assert_int_equal(get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_int_equal(g.pauses, 0);
	assert_int_equal(get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_true(strlen(g.fail.text) < 1000);
	rig_done(&g);
	assert_int_equal(g.server.n, 5);
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
	assert_int_equal(get(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_SYSTEM);
	assert_non_null(strstr(g.fail.text, g.url));
	assert_in_range(g.paused, 100000, CS_PATIENCE_MS);
	g.left = 20000;
	g.paused = 0;
	assert_int_equal(get(&g), -1);
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
	assert_int_equal(get(&g), -1);
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
	assert_int_equal(get(&g), -1);
	assert_non_null(strstr(g.fail.text, "bad *** and ***."));
	assert_int_equal(get(&g), -1);
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
	bool already;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &already,
	    &g.fail), 0);
	assert_false(already);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cs_sandbox_stop(g.client, "box-1", &already,
		    &g.fail), 0);
		assert_true(already);
	}
	assert_int_equal(cs_sandbox_stop(g.client, "box-1", &already,
	    &g.fail), -1);
	assert_int_equal(g.fail.kind, FAIL_JOB);
	rig_done(&g);
	assert_int_equal(g.server.n, 12);
	assert_int_equal(strncmp(g.server.requests[2],
	    "POST /api/v1/sandboxes/box-1/stop ", 34), 0);
	rig_free(&g);
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
	assert_int_equal(b.setup_ms, 120000);
	cs_blueprint_free(&b);
	assert_int_equal(cs_blueprint_find(g.client, "X", &b, &g.fail), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);
	assert_string_equal(g.fail.text, "blueprint \"X\" not found in domain "
	    "\"Global\" (is it public?); visible are: Other, my ENV");
	assert_int_equal(cs_blueprint_find(g.client, "X", &b, &g.fail), -1);
	assert_non_null(strstr(g.fail.text, "no blueprint is visible"));
	rig_done(&g);
	assert_int_equal(strncmp(g.server.requests[1],
	    "GET /api/v2/blueprints/My%20Env ", 32), 0);
	rig_free(&g);
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
	assert_string_equal(s.blueprint_id, "7");
	assert_null(s.end_time);
	cs_sandbox_free(&s);
	assert_int_equal(start(&g), -1);
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
	char id[SANDBOX_ID_SIZE];
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(cs_sandbox_find(g.client, "n", "bp", NULL, id,
	    &g.fail), 0);
	assert_string_equal(id, "3");
	assert_int_equal(cs_sandbox_find(g.client, "n", "x", "id", id,
	    &g.fail), 0);
	assert_string_equal(id, "3");
	assert_int_equal(cs_sandbox_find(g.client, "m", NULL, NULL, id,
	    &g.fail), 0);
	assert_string_equal(id, "");
	assert_int_equal(cs_sandbox_find(g.client, "n", NULL, NULL, id,
	    &g.fail), -1);
	assert_int_equal(g.fail.kind, FAIL_JOB);
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
		"{\"id\":12,\"event_type\":\"success\",\"event_text\":\"fine\"},"
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

/* A server that always has a next page is left at the limit. */
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
	assert_int_equal(command(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(g.fail.text, "\"do it\" not found; the "
	    "component has: a, b c"));
	assert_int_equal(command(&g), -1);
	assert_int_equal(g.fail.kind, FAIL_REVISION);
	assert_int_equal(cs_execution_cancel(g.client, "E-1", &g.fail), 0);
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
		cmocka_unit_test(headers_are_exact),
		cmocka_unit_test(long_token_is_sent_whole),
		cmocka_unit_test(bad_tokens_are_refused),
		cmocka_unit_test(expired_token_leads_to_one_login),
		cmocka_unit_test(refused_login_is_final),
		cmocka_unit_test(quota_is_waited_for),
		cmocka_unit_test(passing_faults_of_a_get),
		cmocka_unit_test(faults_end_with_the_time),
		cmocka_unit_test(unsure_starts_are_not_repeated),
		cmocka_unit_test(conflict_is_for_the_caller),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(not_a_cloudshell_server),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(unreachable_server_has_bounded_patience),
		cmocka_unit_test(stop_ends_a_pause),
		cmocka_unit_test(secrets_are_masked),
		cmocka_unit_test(stop_falls_back_and_is_idempotent),
		cmocka_unit_test(blueprints_are_found_and_named),
		cmocka_unit_test(start_sends_texts),
		cmocka_unit_test(sandboxes_are_found_by_name),
		cmocka_unit_test(activity_is_paged),
		cmocka_unit_test(endless_activity_ends),
		cmocka_unit_test(commands_are_named),
	};

	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
