/*
 * What a job asks of CodePipeline, and how answers reach it. The step of its
 * life is played.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "tests/unit/board_rig.h"

#define DETAILS	"{\"jobDetails\":{\"id\":\"" RIG_JOB "\",\"data\":{" \
		"\"artifactCredentials\":{\"accessKeyId\":\"ASIA2\"," \
		"\"secretAccessKey\":\"second-secret\"," \
		"\"sessionToken\":\"second-token\"}," \
		"\"continuationToken\":\"go-on\"}}}"

/* What the life was told, with copies of what is borrowed. */
static struct heard {
	int			 n;
	enum life_event_type	 type;
	struct life_answer	 answer;
	char			 code[64], text[256], status[64], token[64];
	bool			 call_known;	/* the entry still has it */
} heard;

static struct entry *entry;
static unsigned want;

static void
copy(char *dst, size_t size, const char *src)
{
	(void)snprintf(dst, size, "%s", src != NULL ? src : "(null)");
}

static unsigned
play(struct life *life, const struct life_event *event)
{
	unsigned fx = want;

	want = 0;
	life->notes = 0;
	if (event->type != EV_ACK_ANSWER && event->type != EV_PUT_ANSWER &&
	    event->type != EV_DETAILS_ANSWER)
		return fx;
	heard.n++;
	heard.type = event->type;
	heard.answer = *event->u.answer;
	copy(heard.code, sizeof(heard.code), heard.answer.code);
	copy(heard.text, sizeof(heard.text), heard.answer.text);
	copy(heard.status, sizeof(heard.status), heard.answer.status);
	copy(heard.token, sizeof(heard.token), heard.answer.token);
	heard.call_known = entry->acknowledge != NULL ||
	    entry->details != NULL || entry->put != NULL;
	return fx;
}

static int
setup(void **state)
{
	memset(&heard, 0, sizeof(heard));
	want = 0;
	if (rig_setup(state) != 0)
		return -1;
	rig.step = play;
	entry = rig_entry(RIG_JOB);
	return 0;
}

/* Have an effect carried out; the call that it begins. */
static struct aws_call *
ask(unsigned fx)
{
	int before = fake_calls_started();

	want = fx;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(fake_calls_started(), before + 1);
	return fake_call(fake_calls() - 1);
}

static void
assert_input(const struct aws_call *call, const char *operation,
    enum aws_sending sending, const char *expected)
{
	char *input = json_dumps(call->input, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(call->operation, operation);
	assert_int_equal(call->sending, sending);
	assert_string_equal(input, expected);
	xfree_secret(input);
}

static void
assert_told(enum life_event_type type, bool ok, bool odd)
{
	assert_int_equal(heard.type, type);
	assert_int_equal(heard.answer.ok, ok);
	assert_int_equal(heard.answer.odd, odd);
	/* the call is over when the job hears of it */
	assert_false(heard.call_known);
}

/* --- AcknowledgeJob --- */

static void
acknowledge(void **state)
{
	struct aws_call *call = ask(FX_ACKNOWLEDGE);

	(void)state;
	assert_ptr_equal(call, entry->acknowledge);
	assert_input(call, "AcknowledgeJob", AWS_ONCE, "{\"jobId\":\""
	    RIG_JOB "\",\"nonce\":\"nonce\"}");
	fake_answer(call, "{\"status\":\"InProgress\"}");
	assert_told(EV_ACK_ANSWER, true, false);
	assert_string_equal(heard.status, "InProgress");
	fake_answer(ask(FX_ACKNOWLEDGE), "{\"status\":7}");
	assert_told(EV_ACK_ANSWER, false, true);
	assert_string_equal(heard.text, "AcknowledgeJob: the answer has no "
	    "status");
	fake_answer(ask(FX_ACKNOWLEDGE), "<html>");
	assert_told(EV_ACK_ANSWER, false, true);
	fake_answer_error(ask(FX_ACKNOWLEDGE), "InvalidNonceException", false,
	    false, 0);
	assert_told(EV_ACK_ANSWER, false, false);
	assert_string_equal(heard.code, "InvalidNonceException");
	assert_string_equal(heard.status, "(null)");
	assert_string_equal(heard.text, "AcknowledgeJob: "
	    "InvalidNonceException: no");
	fake_answer_error(ask(FX_ACKNOWLEDGE), "", true, true, 1234);
	assert_true(heard.answer.passing);
	assert_true(heard.answer.unsure);
	assert_int_equal(heard.answer.retry_after_ms, 1234);
	assert_int_equal(heard.n, 5);
}

/* --- GetJobDetails --- */

static void
details_bring_the_data(void **state)
{
	struct aws_call *call;

	(void)state;
	entry->life.busy = FX_DETAILS;
	call = ask(FX_DETAILS);
	assert_input(call, "GetJobDetails", AWS_REPEATED, "{\"jobId\":\""
	    RIG_JOB "\"}");
	assert_int_equal(rig.keys_made, 1);	/* before its token is read */
	fake_answer(call, DETAILS);
	assert_told(EV_DETAILS_ANSWER, true, false);
	assert_string_equal(heard.token, "go-on");
	assert_string_equal(entry->data.credentials.access_key_id, "ASIA2");
	assert_string_equal(entry->data.continuation, "go-on");
	assert_null(entry->fresh.access_key_id);
}

static void
details_bring_credentials(void **state)
{
	(void)state;
	entry->life.busy = FX_DETAILS;
	entry->life.want_credentials = true;
	for (int i = 0; i < 2; i++) {
		fake_answer(ask(FX_DETAILS), DETAILS);
		assert_told(EV_DETAILS_ANSWER, true, false);
		assert_string_equal(heard.token, "(null)");
		assert_string_equal(entry->fresh.access_key_id, "ASIA2");
	}
	/* what it works with stays as it is */
	assert_string_equal(entry->data.credentials.access_key_id, "ASIA");
	assert_int_equal(rig.keys_made, 0);
}

/* Nobody waits any more: no secret is kept for nobody. */
static void
details_that_are_late(void **state)
{
	(void)state;
	entry->life.busy = 0;
	fake_answer(ask(FX_DETAILS), DETAILS);
	assert_string_equal(entry->data.credentials.access_key_id, "ASIA");
	assert_null(entry->fresh.access_key_id);
	assert_string_equal(heard.token, "(null)");
}

static void
details_that_are_none(void **state)
{
	(void)state;
	entry->life.busy = FX_DETAILS;
	fake_answer(ask(FX_DETAILS), "{}");
	assert_told(EV_DETAILS_ANSWER, false, true);
	assert_true(strncmp(heard.text, "GetJobDetails: ", 15) == 0);
	assert_null(entry->refused);
	for (int i = 0; i < 2; i++) {
		fake_answer_error(ask(FX_DETAILS), "JobNotFoundException",
		    false, false, 0);
		assert_told(EV_DETAILS_ANSWER, false, false);
		assert_string_equal(entry->refused, "GetJobDetails: "
		    "JobNotFoundException: no");
	}
	free(entry->refused);
	entry->refused = NULL;
	fake_answer_error(ask(FX_DETAILS), "ThrottlingException", true, false,
	    0);
	assert_null(entry->refused);	/* it may come later */
	assert_string_equal(entry->data.credentials.access_key_id, "ASIA");
}

/* An executor that asks again gets one answer. */
static void
details_once_more(void **state)
{
	struct aws_call *second;

	(void)state;
	(void)ask(FX_DETAILS);
	second = ask(FX_DETAILS);
	assert_int_equal(fake_calls(), 1);
	assert_int_equal(fake_calls_cancelled(), 1);
	assert_ptr_equal(entry->details, second);
}

/* --- PutJobSuccessResult, PutJobFailureResult --- */

static void
put_results(void **state)
{
	struct job_result *result = &entry->life.result;
	struct aws_call *call;

	(void)state;
	result->outcome = OUTCOME_SUCCESS;
	result->text = xstrdup("done");
	call = ask(FX_PUT);
	assert_ptr_equal(call, entry->put);
	assert_string_equal(call->operation, "PutJobSuccessResult");
	assert_int_equal(call->sending, AWS_ONCE);
	assert_non_null(json_object_get(call->input, "executionDetails"));
	fake_answer(call, "");
	assert_told(EV_PUT_ANSWER, true, false);
	entry->life.bare = true;
	call = ask(FX_PUT);
	assert_input(call, "PutJobSuccessResult", AWS_ONCE, "{\"jobId\":\""
	    RIG_JOB "\"}");
	fake_answer(call, "{}");
	assert_told(EV_PUT_ANSWER, true, false);
	result->outcome = OUTCOME_FAILURE;
	result->kind = FAIL_JOB;
	call = ask(FX_PUT);
	assert_string_equal(call->operation, "PutJobFailureResult");
	fake_answer_error(call, "InvalidJobStateException", false, false, 0);
	assert_told(EV_PUT_ANSWER, false, false);
	assert_string_equal(heard.code, "InvalidJobStateException");
}

/* A proxy's page with status 200 says nothing of the result. */
static void
answers_to_a_put(void **state)
{
	static const struct {
		const char	*body;
		bool		 taken;
	} cases[] = {
		{ "", true }, { " \r\n\t", true }, { "{}", true },
		{ " {\"a\":1}\n", true }, { "[]", false }, { "null", false },
		{ "<html>", false }, { "{", false }, { "\"ok\"", false },
	};

	(void)state;
	entry->life.result.outcome = OUTCOME_SUCCESS;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_answer(ask(FX_PUT), cases[i].body);
		assert_told(EV_PUT_ANSWER, cases[i].taken, !cases[i].taken);
	}
}

/* --- given up --- */

static void
cancelled(void **state)
{
	(void)state;
	entry->life.result.outcome = OUTCOME_SUCCESS;
	(void)ask(FX_ACKNOWLEDGE);
	(void)ask(FX_DETAILS);
	(void)ask(FX_PUT);
	requests_cancel_details(entry);
	assert_null(entry->details);
	assert_int_equal(fake_calls(), 2);
	(void)ask(FX_DETAILS);
	want = FX_CANCEL;
	rig_tell(entry, EV_TIMER);
	assert_null(entry->details);
	assert_null(entry->put);
	/* an acknowledge may have landed: its answer is waited for */
	assert_non_null(entry->acknowledge);
	assert_int_equal(fake_calls(), 1);
	requests_cancel(entry);
	assert_int_equal(heard.n, 0);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(acknowledge),
		CASE(details_bring_the_data),
		CASE(details_bring_credentials),
		CASE(details_that_are_late),
		CASE(details_that_are_none),
		CASE(details_once_more),
		CASE(put_results),
		CASE(answers_to_a_put),
		CASE(cancelled),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
