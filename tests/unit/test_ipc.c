/* ipc.c and ipc_order.c: messages read back, faults named, turns kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "ipc_order.h"
#include "json.h"
#include "mem.h"

/* Encode, decode, and give the line back for a look at it. */
static char *
pass(const struct ipc_report *r, struct ipc_report *back)
{
	struct fail fail = { FAIL_NONE, "" };
	struct buf b;
	char *line;

	buf_init(&b, IPC_REPORT_MAX);
	assert_int_equal(ipc_report_encode(&b, r), 0);
	assert_int_equal(b.data[b.len - 1], '\n');
	assert_ptr_equal(strchr(b.data, '\n'), b.data + b.len - 1);
	if (ipc_report_decode(b.data, b.len - 1, back, &fail) == -1)
		fail_msg("%s", fail.text);
	line = xstrndup(b.data, b.len - 1);
	buf_free(&b);
	return line;
}

static void
hello_and_need(void **state)
{
	struct ipc_report r = { .type = IPC_HELLO }, back;
	char *line;

	(void)state;
	r.u.hello.version = IPC_VERSION;
	r.u.hello.pid = 4711;
	line = pass(&r, &back);
	assert_string_equal(line, "{\"pid\":4711,\"type\":\"hello\","
	    "\"version\":1}");
	free(line);
	assert_int_equal(back.type, IPC_HELLO);
	assert_int_equal(back.u.hello.pid, 4711);
	assert_int_equal(back.u.hello.version, IPC_VERSION);
	ipc_report_free(&back);
	memset(&r, 0, sizeof(r));
	r.type = IPC_NEED_CREDENTIALS;
	line = pass(&r, &back);
	assert_string_equal(line, "{\"type\":\"need-credentials\"}");
	assert_int_equal(back.type, IPC_NEED_CREDENTIALS);
	free(line);
}

static void
facts_are_whole(void **state)
{
	struct ipc_report r = { .type = IPC_INTENT }, back;

	(void)state;
	r.u.facts.intent = INTENT_COMMAND;
	r.u.facts.sandbox_ours = true;
	r.u.facts.stop_accepted = true;
	r.u.facts.execution_ended = true;
	r.u.facts.sandbox_name = xstrdup("a \"b\"\n[0011aabb]");
	r.u.facts.blueprint = xstrdup("bp");
	r.u.facts.start_wall = 1764100000;
	r.u.facts.starts_lost = 1;
	r.u.facts.giving_up = xstrdup("setup failed");
	(void)strlcpy(r.u.facts.sandbox_id, "sb-1",
	    sizeof(r.u.facts.sandbox_id));
	(void)strlcpy(r.u.facts.execution_id, "ex-1",
	    sizeof(r.u.facts.execution_id));
	free(pass(&r, &back));
	assert_int_equal(back.type, IPC_INTENT);
	assert_int_equal(back.u.facts.intent, INTENT_COMMAND);
	assert_true(back.u.facts.sandbox_ours);
	assert_true(back.u.facts.stop_accepted);
	assert_true(back.u.facts.execution_ended);
	assert_string_equal(back.u.facts.sandbox_name,
	    r.u.facts.sandbox_name);
	assert_string_equal(back.u.facts.blueprint, "bp");
	assert_int_equal(back.u.facts.start_wall, 1764100000);
	assert_int_equal(back.u.facts.starts_lost, 1);
	assert_string_equal(back.u.facts.giving_up, "setup failed");
	assert_string_equal(back.u.facts.sandbox_id, "sb-1");
	assert_string_equal(back.u.facts.execution_id, "ex-1");
	ipc_report_free(&back);
	ipc_report_free(&r);

	r.type = IPC_FACT;
	free(pass(&r, &back));
	assert_int_equal(back.u.facts.intent, INTENT_NONE);
	assert_null(back.u.facts.sandbox_name);
	assert_string_equal(back.u.facts.sandbox_id, "");
	ipc_report_free(&back);
}

static void
progress_and_call(void **state)
{
	char where[3000], method[] = "GET", error[] = "";
	struct ipc_report r = { .type = IPC_PROGRESS }, back;

	(void)state;
	r.u.progress.step = STEP_SETUP;
	free(pass(&r, &back));
	assert_int_equal(back.u.progress.step, STEP_SETUP);
	assert_null(back.u.progress.text);
	ipc_report_free(&back);

	for (size_t i = 0; i < sizeof(where) - 1; i += 2)
		memcpy(where + i, "\xc3\xa4", 2);
	where[2998] = '\0';
	memset(&r, 0, sizeof(r));
	r.type = IPC_CALL;
	r.u.call.method = method;
	r.u.call.where = where;
	r.u.call.status = 503;
	r.u.call.ms = INT64_C(1) << 40;
	r.u.call.attempt = 2;
	r.u.call.error = error;
	free(pass(&r, &back));
	assert_string_equal(back.u.call.method, "GET");
	assert_int_equal(strlen(back.u.call.where), 1022);	/* cut */
	assert_int_equal(back.u.call.status, 503);
	assert_true(back.u.call.ms == INT64_C(1) << 40);
	assert_int_equal(back.u.call.attempt, 2);
	assert_string_equal(back.u.call.error, "");
	ipc_report_free(&back);
}

static void
results(void **state)
{
	struct ipc_report r = { .type = IPC_RESULT }, back;
	struct buf b;
	char *big;

	(void)state;
	r.u.result.outcome = OUTCOME_FAILURE;
	r.u.result.kind = FAIL_REVISION;
	r.u.result.text = xcalloc(1, 10001);
	memset(r.u.result.text, 'x', 10000);
	r.u.result.external_id = xstrdup("sb-1");
	r.u.result.sandbox_ended = true;
	r.u.result.variables = json_pack("{s:s}", "SandboxId", "sb-1");
	free(pass(&r, &back));
	assert_int_equal(back.u.result.outcome, OUTCOME_FAILURE);
	assert_int_equal(back.u.result.kind, FAIL_REVISION);
	assert_int_equal(strlen(back.u.result.text), JOB_MESSAGE_MAX);
	assert_string_equal(back.u.result.external_id, "sb-1");
	assert_true(back.u.result.sandbox_ended);
	assert_string_equal(json_text(back.u.result.variables, "SandboxId"),
	    "sb-1");
	ipc_report_free(&back);

	/* escaped it exceeds the limit of a line: nothing is added */
	big = xcalloc(1, JOB_VARIABLES_MAX);
	memset(big, 1, JOB_VARIABLES_MAX - 100);
	json_put_text(r.u.result.variables, "Output", big);
	buf_init(&b, 2 * IPC_REPORT_MAX);
	assert_int_equal(ipc_report_encode(&b, &r), -1);
	assert_int_equal(b.len, 0);
	/* unescaped it fits */
	memset(big, 'x', JOB_VARIABLES_MAX - 100);
	json_put_text(r.u.result.variables, "Output", big);
	free(pass(&r, &back));
	ipc_report_free(&back);
	free(big);
	ipc_report_free(&r);
}

#define TEN	"1234567890"

static void
faults_are_named(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "{", "report: line 1, column 1: ends too early" },
		{ "[]", "report: not an object" },
		{ "{}", "report: no type" },
		{ "{\"type\":7}", "report: no type" },
		{ "{\"type\":\"hunter2\"}", "report: unknown type" },
		{ "{\"type\":\"order\"}", "report: unknown type" },
		{ "{\"type\":\"hello\"}",
		  "report hello: member version: missing" },
		{ "{\"type\":\"hello\",\"version\":\"1\"}",
		  "report hello: member version: not an integer" },
		{ "{\"type\":\"hello\",\"version\":1,\"pid\":0}",
		  "report hello: member pid: out of range" },
		{ "{\"type\":\"hello\",\"version\":1,\"pid\":4294967297}",
		  "report hello: member pid: out of range" },
		{ "{\"type\":\"fact\",\"intent\":\"none\",\"sandbox_ours\":"
		  "true,\"sandbox_id\":\"" TEN TEN TEN TEN TEN TEN TEN TEN
		  TEN TEN "1\"}",
		  "report fact: member sandbox_id: too long" },
		{ "{\"type\":\"fact\"}",
		  "report fact: member intent: missing" },
		{ "{\"type\":\"intent\",\"intent\":\"none\","
		  "\"sandbox_ours\":true,\"stop_accepted\":false}",
		  "report intent: member intent: none" },
		{ "{\"type\":\"fact\",\"intent\":\"x\"}",
		  "report fact: member intent: unknown" },
		{ "{\"type\":\"fact\",\"intent\":\"none\",\"sandbox_ours\":1}",
		  "report fact: member sandbox_ours: not a boolean" },
		{ "{\"type\":\"fact\",\"intent\":\"none\",\"sandbox_ours\":"
		  "true,\"sandbox_name\":\"x\",\"blueprint\":5}",
		  "report fact: member blueprint: not a text" },
		{ "{\"type\":\"fact\",\"intent\":\"none\",\"sandbox_ours\":"
		  "true,\"stop_accepted\":false,\"starts_lost\":1}",
		  "report fact: member sandbox_name: missing" },
		{ "{\"type\":\"fact\",\"intent\":\"none\",\"sandbox_ours\":"
		  "true,\"stop_accepted\":false,\"sandbox_name\":\"x\","
		  "\"starts_lost\":3}",
		  "report fact: member starts_lost: out of range" },
		{ "{\"type\":\"progress\",\"step\":\"none\"}",
		  "report progress: member step: missing or unknown" },
		{ "{\"type\":\"result\",\"outcome\":\"none\"}",
		  "report result: member outcome: missing or unknown" },
		{ "{\"type\":\"result\",\"outcome\":\"failure\"}",
		  "report result: member kind: missing or unknown" },
		{ "{\"type\":\"result\",\"outcome\":\"success\","
		  "\"variables\":{\"a\":1}}",
		  "report result: member variables: not all texts" },
		{ "{\"type\":\"result\",\"outcome\":\"success\","
		  "\"sandbox_ended\":null}",
		  "report result: member sandbox_ended: missing" },
	};
	struct ipc_report r;
	struct fail fail;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ipc_report_decode(cases[i].line,
		    strlen(cases[i].line), &r, &fail), -1);
		assert_string_equal(fail.text, cases[i].text);
		assert_int_equal(fail.kind, FAIL_SYSTEM);
		assert_int_equal(r.type, 0);
	}
}

static void
unknown_members_are_ignored(void **state)
{
	const char *line = "{\"type\":\"progress\",\"step\":\"login\","
	    "\"later\":{\"a\":[1]},\"text\":null}";
	struct ipc_report r;
	struct fail fail;

	(void)state;
	assert_int_equal(ipc_report_decode(line, strlen(line), &r, &fail), 0);
	assert_int_equal(r.u.progress.step, STEP_LOGIN);
	ipc_report_free(&r);
}

static void
long_lines_are_refused(void **state)
{
	char *line = xcalloc(1, IPC_ORDER_MAX + 1);
	struct ipc_later_order l;
	struct ipc_report r;
	struct fail fail;

	(void)state;
	memset(line, ' ', IPC_ORDER_MAX);
	memcpy(line, "{\"type\":\"need-credentials\"}", 27);
	assert_int_equal(ipc_report_decode(line, IPC_REPORT_MAX - 1, &r, &fail),
	    0);
	assert_int_equal(ipc_report_decode(line, IPC_REPORT_MAX, &r, &fail),
	    -1);
	assert_non_null(strstr(fail.text, "longer than 262144 bytes"));
	memcpy(line, "{\"type\":\"park\"}            ", 27);
	assert_int_equal(ipc_later_decode(line, IPC_ORDER_MAX - 1, &l, &fail),
	    0);
	assert_int_equal(ipc_later_decode(line, IPC_ORDER_MAX, &l, &fail), -1);
	free(line);
}

/* Every type in every state, against the rules written out again. */
static void
turns(void **state)
{
	(void)state;
	for (int bits = 0; bits < 16; bits++)
		for (int type = 0; type < IPC_REPORT_TYPES; type++) {
			struct ipc_turn t = { .hello = bits & 1,
				.ordered = bits & 2, .waiting = bits & 4,
				.result = bits & 8 };
			bool want;

			if (type == IPC_HELLO)
				want = !t.hello && !t.result;
			else
				want = t.hello && t.ordered && !t.result &&
				    (!t.waiting || type == IPC_CALL ||
				    type == IPC_PROGRESS || type == IPC_FACT ||
				    type == IPC_RESULT);
			assert_int_equal(ipc_permitted(&t, (enum ipc_type)type),
			    want);
			t.lines = IPC_REPORTS_MAX;
			assert_false(ipc_permitted(&t, (enum ipc_type)type));
		}
}

static void
turns_are_noted(void **state)
{
	struct ipc_turn t = { 0 };

	(void)state;
	assert_false(ipc_permitted(&t, IPC_REPORT_TYPES));
	ipc_turn_took(&t, IPC_HELLO);
	assert_true(t.hello && !t.waiting && !t.result);
	t.ordered = true;
	ipc_turn_took(&t, IPC_INTENT);
	assert_true(t.waiting);
	t.waiting = false;
	ipc_turn_took(&t, IPC_FACT);
	assert_false(t.waiting);
	ipc_turn_took(&t, IPC_NEED_CREDENTIALS);
	assert_true(t.waiting);
	ipc_turn_took(&t, IPC_RESULT);
	assert_true(t.result);
	assert_int_equal(t.lines, 5);
}

static void
steps_have_names(void **state)
{
	(void)state;
	for (int s = STEP_NONE + 1; s < STEP_MAX; s++) {
		assert_int_equal(ipc_step_parse(
		    ipc_step_name((enum ipc_step)s)), s);
		assert_true(strlen(ipc_step_text((enum ipc_step)s)) > 5);
	}
	assert_int_equal(ipc_step_parse("x"), STEP_NONE);
	assert_int_equal(ipc_step_parse(NULL), STEP_NONE);
	assert_string_equal(ipc_step_text(STEP_TEARDOWN),
	    "waiting for the sandbox's teardown");
}

/* --- orders --- */

static void
fill_credentials(struct credentials *c, const char *key)
{
	c->access_key_id = xstrdup(key);
	c->secret_key = secret_text("hunter2");
	c->token = secret_text("tok\"en");
	c->expires = 1795435200;
}

static void
fill_order(struct ipc_order *o)
{
	memset(o, 0, sizeof(*o));
	o->kind = ORDER_CLEANUP;
	o->action = ACTION_RUN;
	o->remaining_ms = 900000;
	o->resumed = true;
	(void)strlcpy(o->data.id, "11111111-2222-3333-4444-555555555555",
	    sizeof(o->data.id));
	(void)strlcpy(o->data.nonce, "3", sizeof(o->data.nonce));
	(void)strlcpy(o->data.pipeline, "p\xc3\xa4", sizeof(o->data.pipeline));
	o->data.configuration = json_pack("{s:s}", "CommandName", "c");
	o->data.inputs[0].name = xstrdup("in");
	o->data.inputs[0].bucket = xstrdup("bucket");
	o->data.inputs[0].key = xstrdup("a/b");
	o->data.ninputs = 1;
	o->data.outputs[1].name = xstrdup("out1");
	o->data.outputs[0].name = xstrdup("out0");
	o->data.noutputs = 2;
	fill_credentials(&o->data.credentials, "AKID");
	o->data.encryption_key = xstrdup("arn:key");
	o->data.continuation = xstrdup("cont");
	o->facts.intent = INTENT_SANDBOX;
	o->facts.blueprint = xstrdup("bp");
	o->cloudshell.url = xstrdup("https://cs:82");
	o->cloudshell.user = xstrdup("admin");
	o->cloudshell.domain = xstrdup("Global");
	o->cloudshell.password = secret_text("p\xc3\xa4ss\\");
	o->cloudshell.verify = true;
	o->cloudshell.portal_url = xstrdup("https://portal");
	o->s3.region = xstrdup("eu-west-1");
	o->s3.ca = xstrdup("-----BEGIN\n# caf\xc3\xa9\n");
	o->s3.use_fips = true;
	o->s3.user_agent = xstrdup("a/1 ua/2.1");
	o->s3.max_attempts = 7;
	o->policy.wait_first_ms = 1;
	o->policy.wait_max_ms = 2;
	o->policy.wait_floor_ms = 3;
	o->policy.http_timeout_ms = 4;
	o->policy.tag_sandbox_names = true;
	o->policy.command_output = true;
	o->policy.wait_for_teardown = true;
}

static void
assert_secret(const struct secret *s, const char *want)
{
	assert_non_null(s);
	assert_string_equal(secret_open(s), want);
	secret_close(s);
}

static void
orders_read_back(void **state)
{
	struct ipc_order o, b;
	struct fail fail = { FAIL_NONE, "" };
	struct buf line, again;

	(void)state;
	fill_order(&o);
	buf_init(&line, IPC_ORDER_MAX);
	buf_init(&again, IPC_ORDER_MAX);
	assert_int_equal(ipc_order_encode(&line, &o), 0);
	if (ipc_order_decode(line.data, line.len - 1, &b, &fail) == -1)
		fail_msg("%s", fail.text);
	assert_int_equal(b.kind, ORDER_CLEANUP);
	assert_int_equal(b.action, ACTION_RUN);
	assert_int_equal(b.remaining_ms, 900000);
	assert_true(b.resumed);
	assert_string_equal(b.data.id, o.data.id);
	assert_string_equal(json_text(b.data.configuration, "CommandName"),
	    "c");
	assert_int_equal(b.data.ninputs, 1);
	assert_string_equal(b.data.inputs[0].key, "a/b");
	assert_string_equal(b.data.outputs[1].name, "out1");
	assert_secret(b.data.credentials.secret_key, "hunter2");
	assert_secret(b.data.credentials.token, "tok\"en");
	assert_string_equal(b.data.credentials.access_key_id, "AKID");
	assert_secret(b.cloudshell.password, "p\xc3\xa4ss\\");
	assert_null(b.cloudshell.ca);
	assert_string_equal(b.s3.ca, "-----BEGIN\n# caf\xc3\xa9\n");
	assert_null(b.s3.endpoint);
	assert_int_equal(b.policy.wait_floor_ms, 3);
	assert_true(b.policy.command_output);
	assert_true(b.policy.wait_for_teardown);
	assert_string_equal(b.cloudshell.portal_url, "https://portal");
	assert_string_equal(b.s3.region, "eu-west-1");
	assert_true(b.s3.use_fips);
	assert_string_equal(b.s3.user_agent, "a/1 ua/2.1");
	assert_int_equal(b.s3.max_attempts, 7);
	assert_false(b.s3.use_dualstack);
	assert_false(b.policy.keep_failed_setup);
	/* every member read is written unchanged */
	assert_int_equal(ipc_order_encode(&again, &b), 0);
	assert_string_equal(buf_text(&again), buf_text(&line));
	ipc_order_free(&o);
	ipc_order_free(&b);
	buf_free(&line);
	buf_free(&again);
}

/* A secret arrives unchanged or not at all. */
static void
secret_that_is_not_text(void **state)
{
	struct ipc_order o;
	struct buf line;

	(void)state;
	fill_order(&o);
	secret_free(o.cloudshell.password);
	o.cloudshell.password = secret_text("p\xe4ss");
	buf_init(&line, IPC_ORDER_MAX);
	assert_int_equal(ipc_order_encode(&line, &o), -1);
	assert_int_equal(line.len, 0);
	ipc_order_free(&o);
	buf_free(&line);
}

/* Leave out or spoil one member of a good order: decoding must notice each. */
static void
broken_orders(void **state)
{
	static const struct {
		const char *section, *member, *value, *text;
	} cases[] = {
		{ NULL, "type", "\"hello\"", "order: not an order" },
		{ NULL, "version", "2", "order: protocol version is not 1" },
		{ NULL, "kind", "\"x\"", "order: member kind: missing or "
		  "unknown" },
		{ NULL, "action", "null", "order: member action: missing or "
		  "unknown" },
		{ NULL, "remaining_ms", "-1", "order: member remaining_ms: out "
		  "of range" },
		{ NULL, "job", "[]", "order: member job: missing or not an "
		  "object" },
		{ NULL, "s3", NULL, "order: member s3: missing or not an "
		  "object" },
		{ "job", "id", NULL, "order job: member id: missing" },
		{ "job", "inputs", "[{},{},{},{},{},{}]",
		  "order job: member inputs: too many" },
		{ "job", "outputs", "[{\"name\":\"a\"},7]",
		  "order artifact: member name: missing" },
		{ "job", "credentials", NULL,
		  "order: member credentials: missing or not an object" },
		{ "job", "configuration", "{\"a\":[]}",
		  "order job: member configuration: not all texts" },
		{ "cloudshell", "url", NULL,
		  "order cloudshell: member url: missing" },
		{ "cloudshell", "password", "{}",
		  "order cloudshell: member password: not a text" },
		{ "policy", "wait_max_ms", "1.5",
		  "order policy: member wait_max_ms: not an integer" },
	};
	struct ipc_order o, b;
	struct buf line;
	struct fail fail;

	(void)state;
	fill_order(&o);
	buf_init(&line, IPC_ORDER_MAX);
	assert_int_equal(ipc_order_encode(&line, &o), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *v = json_parse(line.data, line.len, &fail);
		json_t *part = cases[i].section == NULL ? v :
		    json_object_get(v, cases[i].section);
		char *text;

		if (cases[i].value == NULL)
			assert_int_equal(json_object_del(part,
			    cases[i].member), 0);
		else
			assert_int_equal(json_object_set_new(part,
			    cases[i].member, json_loads(cases[i].value,
			    JSON_DECODE_ANY, NULL)), 0);
		text = json_line(v);
		assert_int_equal(ipc_order_decode(text, strlen(text), &b,
		    &fail), -1);
		assert_string_equal(fail.text, cases[i].text);
		assert_null(b.cloudshell.password);
		xfree_secret(text);
		json_decref(v);
	}
	ipc_order_free(&o);
	buf_free(&line);
}

static void
later_orders(void **state)
{
	struct ipc_later_order l = { .type = IPC_RECORDED }, back;
	struct fail fail;
	struct buf b;

	(void)state;
	buf_init(&b, IPC_ORDER_MAX);
	assert_int_equal(ipc_later_encode(&b, &l), 0);
	assert_string_equal(buf_text(&b), "{\"type\":\"recorded\"}\n");
	assert_int_equal(ipc_later_decode(b.data, b.len - 1, &back, &fail), 0);
	assert_int_equal(back.type, IPC_RECORDED);
	buf_clear(&b);

	l.type = IPC_CREDENTIALS;
	fill_credentials(&l.credentials, "AKID2");
	assert_int_equal(ipc_later_encode(&b, &l), 0);
	assert_int_equal(ipc_later_decode(b.data, b.len - 1, &back, &fail), 0);
	assert_string_equal(back.credentials.access_key_id, "AKID2");
	assert_secret(back.credentials.secret_key, "hunter2");
	assert_int_equal(back.credentials.expires, 1795435200);
	assert_null(back.error);
	ipc_later_free(&back);
	buf_clear(&b);

	/* with an error no credentials go out */
	l.error = xstrdup("gone");
	assert_int_equal(ipc_later_encode(&b, &l), 0);
	assert_string_equal(buf_text(&b),
	    "{\"error\":\"gone\",\"type\":\"credentials\"}\n");
	assert_int_equal(ipc_later_decode(b.data, b.len - 1, &back, &fail), 0);
	assert_string_equal(back.error, "gone");
	assert_null(back.credentials.secret_key);
	ipc_later_free(&back);
	ipc_later_free(&l);
	buf_free(&b);

	assert_int_equal(ipc_later_decode("{\"type\":\"credentials\"}", 22,
	    &back, &fail), -1);
	assert_int_equal(ipc_later_decode("{\"type\":\"stop\"}", 15, &back,
	    &fail), -1);
	assert_string_equal(fail.text, "order: unknown type");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_and_need),
		cmocka_unit_test(facts_are_whole),
		cmocka_unit_test(progress_and_call),
		cmocka_unit_test(results),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(unknown_members_are_ignored),
		cmocka_unit_test(long_lines_are_refused),
		cmocka_unit_test(turns),
		cmocka_unit_test(turns_are_noted),
		cmocka_unit_test(steps_have_names),
		cmocka_unit_test(orders_read_back),
		cmocka_unit_test(secret_that_is_not_text),
		cmocka_unit_test(broken_orders),
		cmocka_unit_test(later_orders),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
