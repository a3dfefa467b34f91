/*
 * Continuation tokens: what is written is read, and nothing else is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "mem.h"
#include "token.h"

#define EXECUTION	"6d9a63ed-1a88-45dc-91e9-91c836ff589e"
#define BOX		"{\"quali\":2,\"left_s\":9,\"sandbox_id\":\"sandbox-1\""

static const struct token_key key = { .known = true };
static const struct token_owner start = { ACTION_START, EXECUTION, "P", "S",
    "A" };
static const struct token_owner run = { ACTION_RUN, EXECUTION, "P", "S",
    "A" };
static const struct token_owner end = { ACTION_END, EXECUTION, "P", "S",
    "A" };

/* --- what is written is read --- */

static void
round_trip(const struct token_owner *owner, const struct job_facts *in,
    int64_t left_ms)
{
	char *token = token_encode(in, left_ms, owner, &key), *again;
	struct job_facts out;
	struct fail fail;
	int64_t left = -1;

	assert_non_null(token);
	assert_int_equal(token_decode(token, owner, &key, &out, &left, &fail),
	    0);
	assert_int_equal(left, left_ms);
	again = token_encode(&out, left, owner, &key);
	assert_string_equal(again, token);
	assert_int_equal(out.sandbox_ours, in->sandbox_ours);
	assert_string_equal(out.sandbox_id, in->sandbox_id);
	assert_string_equal(out.execution_id, in->execution_id);
	assert_int_equal(out.execution_ended, in->execution_ended);
	assert_int_equal(out.stop_accepted, in->stop_accepted);
	assert_int_equal(out.starts_lost, in->starts_lost);
	assert_int_equal(out.start_wall, in->start_wall);
	if (in->sandbox_name != NULL)
		assert_string_equal(out.sandbox_name, in->sandbox_name);
	if (in->blueprint != NULL)
		assert_string_equal(out.blueprint, in->blueprint);
	if (in->giving_up != NULL)
		assert_string_equal(out.giving_up, in->giving_up);
	job_facts_free(&out);
	free(again);
	free(token);
}

/* Each member by itself, as far as it can be, so that none stands in for
 * another. */
static void
every_member_is_kept(void **state)
{
	char name[] = "a \"name\" \xc3\xa4 [c1234567]", bp[] = "Blue \\ print";
	char why[] = "setup\n\x1f failed";
	const struct {
		const struct token_owner *owner;
		struct job_facts facts;
	} rows[] = {
		{ &start, { .intent = INTENT_NONE } },
		{ &start, { .sandbox_name = name, .start_wall = 1795450656 } },
		{ &start, { .blueprint = bp } },
		{ &start, { .sandbox_id = "s-1", .sandbox_ours = true } },
		{ &start, { .sandbox_id = "s-1", .sandbox_ours = true,
		    .giving_up = why } },
		{ &start, { .sandbox_id = "s-1", .sandbox_ours = true,
		    .stop_accepted = true } },
		{ &start, { .sandbox_id = "s-1", .sandbox_ours = true,
		    .sandbox_name = name, .starts_lost = 1 } },
		{ &run, { .sandbox_id = "s-1" } },
		{ &run, { .sandbox_id = "s-1", .execution_id = "e-1" } },
		{ &run, { .sandbox_id = "s-1", .execution_id = "e-1",
		    .execution_ended = true } },
		{ &end, { .sandbox_id = "s-1" } },
		{ &end, { .sandbox_id = "s-1", .stop_accepted = true } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		round_trip(rows[i].owner, &rows[i].facts, (int64_t)i * 1000);
	round_trip(&run, &rows[0].facts, (int64_t)7 * 86400 * 1000);
}

/* Made by an implementation of quali-job-protocol(7) in Python. */
static const char vector[] = "{\"blueprint\":\"Blue \\\\ print\","
    "\"execution_ended\":false,\"giving_up\":\"setup\\n\\u001F failed\","
    "\"intent\":\"none\",\"left_s\":60,\"mac\":\"a466ce3fdceaaa9a0b7d9d8089d"
    "c8fdd6c1e0c93a1273fabb09c81bcfb47071b\",\"quali\":2,\"sandbox_id\":"
    "\"sandbox-1\",\"sandbox_name\":\"Lab \\\"\xc3\xa4\\\" [c1234567]\","
    "\"sandbox_ours\":true,\"start_wall\":0,\"starts_lost\":0,"
    "\"stop_accepted\":false}";

static struct token_key
vector_key(void)
{
	struct token_key made = { .known = true };

	for (size_t i = 0; i < sizeof(made.bytes); i++)
		made.bytes[i] = (unsigned char)i;
	return made;
}

static void
token_of_the_page(void **state)
{
	const struct token_key with = vector_key();
	struct job_facts facts;
	struct fail fail;
	int64_t left;
	char *token;

	(void)state;
	assert_int_equal(token_decode(vector, &start, &with, &facts, &left,
	    &fail), 0);
	assert_string_equal(facts.giving_up, "setup\n\x1f failed");
	token = token_encode(&facts, left, &start, &with);
	assert_string_equal(token, vector);
	free(token);
	job_facts_free(&facts);
}

/* Blanks, order and escapes may change on the way: it says the same. */
static void
form_does_not_matter(void **state)
{
	static const char loose[] = " { \"stop_accepted\" : false ,\n"
	    "\"starts_lost\":0,\"start_wall\":-0,\"sandbox_ours\":true,"
	    "\"sandbox_name\":\"\\u004cab \\\"\\u00E4\\\" [c1234567]\","
	    "\"sandbox_id\":\"sandbox-\\u0031\",\"quali\":2,\"\\u006dac\":"
	    "\"a466ce3fdceaaa9a0b7d9d8089dc8fdd6c1e0c93a1273fabb09c81bcfb47071b"
	    "\",\"left_s\":60,\"intent\":\"none\",\"giving_up\":\"setup\\n"
	    "\\u001f failed\",\"execution_ended\":false,\"blueprint\":"
	    "\"Blue \\\\ print\"}";
	const struct token_key with = vector_key();
	struct job_facts facts;
	struct fail fail;
	int64_t left;

	(void)state;
	assert_int_equal(token_decode(loose, &start, &with, &facts, &left,
	    &fail), 0);
	assert_string_equal(facts.sandbox_id, "sandbox-1");
	job_facts_free(&facts);
}

/* --- and nothing else is --- */

static void
refuse(const char *token, const struct token_owner *to,
    const struct token_key *with, const char *text)
{
	struct job_facts facts;
	struct fail fail = { 0 };
	int64_t left = -1;

	assert_int_not_equal(token_decode(token, to, with, &facts, &left,
	    &fail), 0);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	if (strstr(fail.text, text) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", fail.text, text);
	assert_string_equal(facts.sandbox_id, "");
	assert_string_equal(facts.execution_id, "");
	assert_null(facts.sandbox_name);
	assert_null(facts.giving_up);
	assert_int_equal(left, -1);
}

/* A token with these members and a right MAC; freed by the caller. */
static char *
sign(const char *members, const struct token_owner *owner)
{
	json_t *token = json_loads(members, 0, NULL);
	char *text = json_line(token), hex[65];
	const char *parts[] = { "quali-job-worker token",
	    job_action_name(owner->action), owner->execution,
	    owner->pipeline, owner->stage, owner->name, text };
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	struct buf all;

	assert_non_null(token);
	buf_init(&all, 8192);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_int_equal(buf_add(&all, parts[i],
		    strlen(parts[i]) + 1), 0);
	(void)crypto_auth_hmacsha256(mac, (unsigned char *)all.data, all.len,
	    key.bytes);
	(void)sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
	(void)json_object_set_new(token, "mac", json_string(hex));
	xfree_secret(text);
	text = json_line(token);
	json_decref(token);
	buf_free(&all);
	return text;
}

static void
refuse_signed(const struct token_owner *owner, const char *changes)
{
	json_t *token = json_pack("{si si ss sb sb}", "quali", 2, "left_s",
	    9, "intent", "none", "sandbox_ours", 0, "stop_accepted", 0);
	json_t *more = json_loads(changes, 0, NULL);
	char *members, *text;

	assert_non_null(more);
	(void)json_object_update(token, more);
	members = json_line(token);
	text = sign(members, owner);
	refuse(text, owner, &key, "no hand-back writes what it says");
	xfree_secret(text);
	xfree_secret(members);
	json_decref(more);
	json_decref(token);
}

/* The MAC is right: only a worker with a fault, or somebody with its password,
 * can have made them. */
static void
what_no_hand_back_writes(void **state)
{
	static const struct {
		const struct token_owner *owner;
		const char *changes;
	} rows[] = {
		{ &start, "{\"intent\":\"sandbox-start\","
		    "\"sandbox_name\":\"x\"}" },
		{ &start, "{\"intent\":\"other\"}" },
		{ &start, "{\"starts_lost\":1,\"sandbox_name\":\"x\"}" },
		{ &start, "{\"starts_lost\":3}" },
		{ &start, "{\"sandbox_ours\":true}" },
		{ &start, "{\"sandbox_id\":\"s\"}" },
		{ &start, "{\"giving_up\":\"x\"}" },
		{ &start, "{\"stop_accepted\":true}" },
		{ &start, "{\"execution_id\":\"e\"}" },
		{ &start, "{\"execution_ended\":true}" },
		{ &start, "{\"left_s\":-1}" },
		{ &start, "{\"left_s\":604801}" },
		{ &start, "{\"left_s\":9.0}" },
		{ &start, "{\"left_s\":null}" },
		{ &start, "{\"sandbox_id\":7}" },
		{ &run, "{\"intent\":\"command-start\",\"sandbox_id\":\"s\"}" },
		{ &run, "{\"execution_id\":\"e\"}" },
		{ &run, "{\"sandbox_id\":\"s\",\"execution_ended\":true}" },
		{ &run, "{\"sandbox_id\":\"s\",\"sandbox_ours\":true}" },
		{ &run, "{\"sandbox_id\":\"s\",\"stop_accepted\":true}" },
		{ &run, "{\"sandbox_id\":\"s\",\"giving_up\":\"x\"}" },
		{ &run, "{\"sandbox_name\":\"x\"}" },
		{ &run, "{\"blueprint\":\"x\"}" },
		{ &run, "{\"start_wall\":1}" },
		{ &end, "{\"stop_accepted\":true}" },
		{ &end, "{\"sandbox_id\":\"s\",\"sandbox_ours\":true}" },
		{ &end, "{\"sandbox_id\":\"s\",\"execution_id\":\"e\"}" },
		{ &end, "{\"sandbox_id\":\"s\",\"giving_up\":\"x\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refuse_signed(rows[i].owner, rows[i].changes);
}

/* Nor does this worker write them. */
static void
open_jobs_are_not_handed_back(void **state)
{
	char name[] = "Lab [c1234567]";
	struct job_facts facts[] = {
		{ .intent = INTENT_SANDBOX, .sandbox_name = name },
		{ .starts_lost = 1, .sandbox_name = name },
	};
	struct job_facts command = { .intent = INTENT_COMMAND,
	    .sandbox_id = "sandbox-1" };
	const struct token_key none = { .known = false };

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		assert_null(token_encode(&facts[i], 1000, &start, &key));
	assert_null(token_encode(&command, 1000, &run, &key));
	command.intent = INTENT_NONE;
	assert_null(token_encode(&command, 1000, &run, &none));
}

/* A token that had more than CodePipeline's 2048 bytes. */
static void
long_facts_are_not_handed_back(void **state)
{
	char name[240], bp[1023], why[1000];
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .sandbox_ours = true, .sandbox_name = name, .blueprint = bp,
	    .giving_up = why };
	char *token;

	(void)state;
	memset(name, 'n', sizeof(name));
	memset(bp, 'b', sizeof(bp));
	memset(why, 'w', sizeof(why));
	name[sizeof(name) - 1] = bp[sizeof(bp) - 1] = '\0';
	why[sizeof(why) - 1] = '\0';
	assert_null(token_encode(&facts, 1000, &start, &key));
	why[1] = '\0';
	token = token_encode(&facts, 1000, &start, &key);
	assert_non_null(token);
	memset(&why[1], 'w', JOB_TOKEN_MAX - strlen(token));
	why[1 + JOB_TOKEN_MAX - strlen(token)] = '\0';
	free(token);
	token = token_encode(&facts, 1000, &start, &key);
	assert_non_null(token);
	assert_int_equal(strlen(token), JOB_TOKEN_MAX);
	free(token);
	round_trip(&start, &facts, 1000);
}

static void
token_of_another_action(void **state)
{
	static const struct token_owner others[] = {
		{ ACTION_RUN, EXECUTION, "P", "S", "A" },
		{ ACTION_START, "", "P", "S", "A" },
		{ ACTION_START, EXECUTION, "Q", "S", "A" },
		{ ACTION_START, EXECUTION, "P", "T", "A" },
		{ ACTION_START, EXECUTION, "P", "S", "B" },
		{ ACTION_START, EXECUTION, "P", "SA", "" },
	};
	const struct token_key other = { .known = true, .bytes = { 1 } };
	const struct token_key none = { .why = "the password is gone" };
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .sandbox_ours = true };
	char *token = token_encode(&facts, 60000, &start, &key);

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		refuse(token, &others[i], &key, "names sandbox sandbox-1");
	refuse(token, &start, &other, "another CloudShell user or password");
	refuse(token, &start, &none, "the password is gone");
	free(token);
}

/* Whatever byte is another one. */
static void
changed_token(void **state)
{
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .sandbox_ours = true };
	char *token = token_encode(&facts, 60000, &start, &key), *at;

	(void)state;
	for (size_t i = 0; token[i] != '\0'; i++) {
		char saved = token[i];

		token[i] = (char)(saved == '1' ? '2' : '1');
		refuse(token, &start, &key, "");
		token[i] = saved;
	}
	at = strstr(token, "\"mac\":\"") + strlen("\"mac\":\"");
	*at = (char)(*at == 'f' ? '0' : 'f');
	refuse(token, &start, &key, "names sandbox sandbox-1");
	at = strstr(token, "sandbox-1");
	memcpy(at, "sandbox-2", 9);
	refuse(token, &start, &key, "names sandbox sandbox-2");
	memcpy(at, "../box/ 2", 9);		/* not for a console */
	refuse(token, &start, &key, "touched nothing. Then retry");
	free(token);
}

static void
made_up_token(void **state)
{
	static const struct {
		const char *token, *text;
	} rows[] = {
		{ BOX "}", "somebody has changed it" },
		{ BOX "}", "names sandbox sandbox-1: " },
		{ BOX ",\"mac\":\"\"}", "somebody has changed it" },
		{ BOX ",\"mac\":0}", "somebody has changed it" },
		{ BOX ",\"mac\":null}", "somebody has changed it" },
		{ BOX ",\"mac\":\"\",\"mac\":\"\"}", "no quali-job-worker" },
		{ BOX ",\"mac\":\"\",\"\\u006dac\":\"\"}", "no quali-job" },
		{ "{\"quali\":1,\"left_s\":9,\"sandbox_id\":\"sandbox-1\"}",
		    "another version wrote it. The worker touched nothing. "
		    "The token names sandbox sandbox-1: " },
		{ "{\"quali\":2.0}", "another version" },
		{ "{\"quali\":3,\"sandbox_id\":[]}", "nothing. Then retry" },
		{ "{\"sandbox_id\":\"a\\u0000b\"}", "nothing. Then retry" },
		{ "{\"sandbox_id\":\"a b\"}", "nothing. Then retry" },
		{ "{\"sandbox_id\":\"\"}", "nothing. Then retry" },
		{ "[{\"sandbox_id\":\"sandbox-1\"}]", "nothing. Then retry" },
		{ "hello", "no quali-job-worker wrote it" },
		{ "2", "no quali-job-worker wrote it" },
		{ "", "no quali-job-worker wrote it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refuse(rows[i].token, &start, &key, rows[i].text);
}

/* The longest and the deepest there can be. */
static void
large_token(void **state)
{
	char text[JOB_TOKEN_MAX + 2];
	size_t len;

	(void)state;
	for (len = JOB_TOKEN_MAX - 2; len <= JOB_TOKEN_MAX + 1; len++) {
		memset(text, ' ', sizeof(text));
		memcpy(text, BOX "}", strlen(BOX "}"));
		text[len] = '\0';
		refuse(text, &start, &key, len <= JOB_TOKEN_MAX ?
		    "names sandbox sandbox-1" : "no quali-job-worker");
	}
	memset(text, '[', JOB_TOKEN_MAX);
	refuse(text, &start, &key, "no quali-job-worker wrote it");
	memset(text, '[', JOB_TOKEN_MAX / 2);
	memset(text + JOB_TOKEN_MAX / 2, ']', JOB_TOKEN_MAX / 2);
	text[JOB_TOKEN_MAX] = '\0';
	refuse(text, &start, &key, "no quali-job-worker wrote it");
	/* all of it under the MAC */
	(void)snprintf(text, sizeof(text), BOX ",\"mac\":\"%064d\",\"x\":", 0);
	len = strlen(text);
	memset(text + len, '[', 900);
	memset(text + len + 900, ']', 900);
	(void)strlcpy(text + len + 1800, "}", 2);
	refuse(text, &start, &key, "somebody has changed it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_is_kept),
		cmocka_unit_test(token_of_the_page),
		cmocka_unit_test(form_does_not_matter),
		cmocka_unit_test(what_no_hand_back_writes),
		cmocka_unit_test(open_jobs_are_not_handed_back),
		cmocka_unit_test(long_facts_are_not_handed_back),
		cmocka_unit_test(token_of_another_action),
		cmocka_unit_test(changed_token),
		cmocka_unit_test(made_up_token),
		cmocka_unit_test(large_token),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
