/*
 * The words for what a life decided: which record each note brings, how urgent
 * it is, and that text from outside is made safe.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "src/supervisor/job_log.h"
#include "tests/unit/records.h"

static struct life life;
static char result_text[128];

static int
setup(void **state)
{
	(void)state;
	memset(&life, 0, sizeof(life));
	(void)strlcpy(life.id, "0a1b2c3d-0000-4000-8000-000000000001",
	    sizeof(life.id));
	(void)strlcpy(life.pipeline, "Pipe", sizeof(life.pipeline));
	(void)strlcpy(life.stage, "Lab", sizeof(life.stage));
	(void)strlcpy(life.name, "Start", sizeof(life.name));
	life.step = STEP_SETUP;
	life.cleanups = 40;
	(void)strlcpy(result_text, "done", sizeof(result_text));
	life.result = (struct job_result){ .outcome = OUTCOME_SUCCESS,
	    .text = result_text };
	records_clear();
	return 0;
}

/* --- notes --- */

static const struct life_answer refused = { .code = "C", .text = "it said C" };
static const struct life_answer throttled = { .code = "C", .passing = true,
    .text = "it said C" };
static const struct life_answer unsent = { .code = "", .passing = true };
static const struct life_answer status = { .ok = true, .text = "",
    .status = "Failed\n" };

struct expected {
	unsigned		 notes;
	enum life_event_type	 type;
	const struct life_answer *answer;	/* or end */
	struct life_exit	 end;
	int			 records;
	enum journal_event	 event;
	int			 priority;
	const char		*text;
};

static const struct expected of_answers[] = {
	{ NOTE_CLAIMED, EV_ACK_ANSWER, &status, { 0 }, 1, JOURNAL_CLAIMED,
	    LOG_INFO, "claimed: job 0a1b2c3d-0000-4000-8000-000000000001, "
	    "pipeline Pipe, stage Lab, action Start" },
	{ NOTE_NOT_OURS, EV_ACK_ANSWER, &status, { 0 }, 1, JOURNAL_DROPPED,
	    LOG_INFO, "not ours: AcknowledgeJob answered Failed\\n" },
	{ NOTE_TAKEN, EV_ACK_ANSWER, &refused, { 0 }, 1, JOURNAL_DROPPED,
	    LOG_INFO, "another worker has it" },
	{ NOTE_NEW_NONCE, EV_ACK_ANSWER, &refused, { 0 }, 1, JOURNAL_AWS,
	    LOG_INFO, "with the new nonce" },
	{ NOTE_AMBIGUOUS_RUN, EV_ACK_ANSWER, &refused, { 0 }, 1,
	    JOURNAL_AMBIGUOUS, LOG_WARNING, "running it as ours" },
	{ NOTE_AMBIGUOUS_DROP, EV_ACK_ANSWER, &refused, { 0 }, 1,
	    JOURNAL_AMBIGUOUS, LOG_WARNING, "leaving it alone" },
	{ NOTE_NOT_CLAIMED, EV_ACK_ANSWER, &refused, { 0 }, 1,
	    JOURNAL_DROPPED, LOG_WARNING, "not claimed: it said C" },
	{ NOTE_CALL_FAILED, EV_ACK_ANSWER, &throttled, { 0 }, 1, JOURNAL_AWS,
	    LOG_WARNING, "it said C" },
	{ NOTE_CALL_ODD, EV_DETAILS_ANSWER, &refused, { 0 }, 1, JOURNAL_AWS,
	    LOG_WARNING, "it said C" },
	/* one that was not even sent is not told each time */
	{ NOTE_CALL_FAILED, EV_DETAILS_ANSWER, &unsent, { 0 }, 0, 0, 0, "" },
	{ NOTE_CALL_FAILED | NOTE_CLAIM_GIVEN_UP, EV_ACK_ANSWER, &throttled,
	    { 0 }, 2, JOURNAL_DROPPED, LOG_ERR, "could not make the "
	    "claim: giving up" },
	{ NOTE_PUT, EV_PUT_ANSWER, &status, { 0 }, 1, JOURNAL_PUT, LOG_INFO,
	    "reported: success" },
	{ NOTE_PUT_ODD, EV_PUT_ANSWER, &status, { 0 }, 1, JOURNAL_AWS,
	    LOG_WARNING, "sending it again" },
	{ NOTE_PUT_BEFORE, EV_PUT_ANSWER, &refused, { 0 }, 1, JOURNAL_PUT,
	    LOG_NOTICE, "it said C: CodePipeline did not answer an "
	    "earlier attempt" },
	{ NOTE_PUT_REFUSED, EV_PUT_ANSWER, &refused, { 0 }, 1,
	    JOURNAL_REFUSED, LOG_WARNING, "it said C: the action was "
	    "stopped" },
	{ NOTE_PUT_LESS, EV_PUT_ANSWER, &refused, { 0 }, 1, JOURNAL_REFUSED,
	    LOG_ERR, "it said C; reporting less" },
	{ NOTE_PUT_FAILED, EV_PUT_ANSWER, &refused, { 0 }, 1, JOURNAL_AWS,
	    LOG_ERR, "it said C; keeping the result" },
	{ NOTE_PUT_FAILED, EV_PUT_ANSWER, &throttled, { 0 }, 1, JOURNAL_AWS,
	    LOG_WARNING, "it said C; keeping the result" },
	{ NOTE_PUT_FAILED, EV_PUT_ANSWER, &unsent, { 0 }, 0, 0, 0, "" },
	{ NOTE_PUT_FAILED | NOTE_PUT_GIVEN_UP, EV_PUT_ANSWER, &unsent, { 0 },
	    1, JOURNAL_REFUSED, LOG_ERR, "within a day: giving up" },
};

static const struct expected of_exits[] = {
	{ NOTE_CRASHED, EV_EXIT, NULL, { true, SIGSEGV, true }, 1,
	    JOURNAL_CRASHED, LOG_ERR, "crashed with signal 11" },
	{ NOTE_ENDED_BY_STOP, EV_EXIT, NULL, { true, SIGTERM, false }, 1,
	    JOURNAL_KILLED, LOG_WARNING, "the stop's SIGTERM ended" },
	{ NOTE_ENDED_OUTSIDE, EV_EXIT, NULL, { true, SIGKILL, false }, 1,
	    JOURNAL_KILLED, LOG_WARNING, "signal 9 (Killed) from outside "
	    "ended the executor while waiting for the sandbox's setup" },
	{ NOTE_KILLED, EV_EXIT, NULL, { true, SIGKILL, false }, 1,
	    JOURNAL_KILLED, LOG_WARNING, "the executor was killed" },
	{ NOTE_ODD_STATUS, EV_EXIT, NULL, { false, 14, false }, 1,
	    JOURNAL_OTHER, LOG_WARNING, "with status 14 after its result" },
	{ NOTE_PARKED, EV_EXIT, NULL, { false, 10, false }, 1, JOURNAL_PARKED,
	    LOG_NOTICE, "parked" },
	{ NOTE_CLEANUP_GIVEN_UP, EV_EXIT, NULL, { false, 1, false }, 1,
	    JOURNAL_CLEANUP, LOG_ERR, "gave up the clean-up after 40 "
	    "tries" },
	{ NOTE_CRASHED | NOTE_RESULT, EV_EXIT, NULL, { true, SIGSYS, true }, 2,
	    JOURNAL_CRASHED, LOG_ERR, "crashed with signal 31" },
};

static void
assert_expected(const struct expected *e)
{
	struct life_event event = { .type = e->type };
	const struct record *record;

	records_clear();
	if (e->type == EV_EXIT)
		event.u.exit = e->end;
	else
		event.u.answer = e->answer;
	life.notes = e->notes;
	job_log_notes(&life, &event);
	if (records_with("") != e->records)
		fail_msg("%s: %d records", e->text, records_with(""));
	if (e->records == 0)
		return;
	record = records_find(e->text);
	if (record == NULL)
		fail_msg("not said: %s", e->text);
	assert_string_equal(record->job, life.id);
	if (record->event != e->event || record->priority != e->priority)
		fail_msg("%s: event %u, priority %d", e->text, record->event,
		    record->priority);
}

static void
each_note_has_its_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(of_answers) / sizeof(of_answers[0]); i++)
		assert_expected(&of_answers[i]);
	for (size_t i = 0; i < sizeof(of_exits) / sizeof(of_exits[0]); i++)
		assert_expected(&of_exits[i]);
}

/* Every note but that of a clean-up's result, which has its own test. */
static void
no_note_is_silent(void **state)
{
	unsigned seen = NOTE_RESULT | NOTE_CLEANED;

	(void)state;
	for (size_t i = 0; i < sizeof(of_answers) / sizeof(of_answers[0]); i++)
		if (of_answers[i].records > 0)
			seen |= of_answers[i].notes;
	for (size_t i = 0; i < sizeof(of_exits) / sizeof(of_exits[0]); i++)
		seen |= of_exits[i].notes;
	assert_int_equal(seen, 2 * NOTE_ODD_STATUS - 1);
}

static void
nothing_decided_nothing_said(void **state)
{
	const struct life_event event = { .type = EV_ACK_ANSWER,
	    .u.answer = &refused };

	(void)state;
	life.notes = 0;
	job_log_notes(&life, &event);
	assert_int_equal(records_with(""), 0);
}

/* --- results --- */

static void
assert_result(enum job_outcome outcome, enum fail_kind kind,
    enum journal_event event, int priority)
{
	const struct life_event timer = { .type = EV_TIMER };
	const struct record *record;
	char word[32];

	records_clear();
	life.result.outcome = outcome;
	life.result.kind = kind;
	life.notes = NOTE_RESULT;
	job_log_notes(&life, &timer);
	assert_int_equal(records_with(""), 1);
	record = records_find(life.result.text != NULL ? life.result.text :
	    "");
	assert_non_null(record);
	if (record->event != event || record->priority != priority)
		fail_msg("%s: event %u, priority %d", fail_kind_name(kind),
		    record->event, record->priority);
	(void)snprintf(word, sizeof(word), ": %s: ",
	    job_outcome_name(outcome));
	assert_non_null(strstr(record->text, word));
}

/* What the pipeline's author can mend does not wake the operator. */
static void
results(void **state)
{
	static const enum fail_kind of_author[] = { FAIL_JOB, FAIL_CONFIG,
	    FAIL_REVISION, FAIL_STOPPED };
	static const enum fail_kind of_operator[] = { FAIL_PERMISSION,
	    FAIL_SYSTEM, FAIL_AGAIN, FAIL_UNSURE, FAIL_AUTH };

	(void)state;
	assert_result(OUTCOME_SUCCESS, FAIL_NONE, JOURNAL_SUCCEEDED, LOG_INFO);
	assert_result(OUTCOME_CONTINUE, FAIL_NONE, JOURNAL_PARKED, LOG_WARNING);
	for (size_t i = 0; i < sizeof(of_author) / sizeof(of_author[0]); i++)
		assert_result(OUTCOME_FAILURE, of_author[i], JOURNAL_FAILED,
		    LOG_NOTICE);
	for (size_t i = 0; i < sizeof(of_operator) / sizeof(of_operator[0]);
	    i++)
		assert_result(OUTCOME_FAILURE, of_operator[i], JOURNAL_FAILED,
		    LOG_WARNING);
	life.result.text = NULL;
	assert_result(OUTCOME_SUCCESS, FAIL_NONE, JOURNAL_SUCCEEDED, LOG_INFO);
}

static void
result_is_made_safe(void **state)
{
	(void)state;
	(void)strlcpy(result_text, "a\n\033[31mb", sizeof(result_text));
	life.notes = NOTE_RESULT;
	job_log_notes(&life, &(struct life_event){ .type = EV_RESULT });
	assert_non_null(records_find("success: a\\n\\x1b[31mb"));
}

/* A clean-up that is done is news; one that is not is the operator's. */
static void
clean_up(void **state)
{
	struct job_result result = { .outcome = OUTCOME_SUCCESS,
	    .text = result_text };
	const struct life_event event = { .type = EV_RESULT,
	    .u.result = &result };
	const struct record *record;

	(void)state;
	(void)strlcpy(result_text, "ended\nsb-1", sizeof(result_text));
	life.notes = NOTE_CLEANED;
	job_log_notes(&life, &event);
	assert_non_null(record = records_find("clean-up: ended\\nsb-1"));
	assert_int_equal(record->event, JOURNAL_CLEANUP);
	assert_int_equal(record->priority, LOG_NOTICE);
	life.cleanup = true;		/* still to be done */
	job_log_notes(&life, &event);
	record = records_find("clean-up: ");
	assert_int_equal(record->priority, LOG_WARNING);
	result.text = NULL;
	job_log_notes(&life, &event);
	assert_int_equal(records_with("clean-up: "), 3);
}

/* --- the rest --- */

static void
stops(void **state)
{
	const struct record *record;

	(void)state;
	life.stop = STOP_DEADLINE;
	job_log_stop(&life);
	assert_non_null(record = records_find("deadline while waiting for "
	    "the sandbox's setup: telling it to stop"));
	assert_int_equal(record->event, JOURNAL_DEADLINE);
	life.stop = STOP_CANCEL;
	job_log_stop(&life);
	assert_non_null(record = records_find("cancelled while"));
	assert_int_equal(record->event, JOURNAL_OTHER);
	assert_int_equal(record->priority, LOG_WARNING);
}

static void
steps(void **state)
{
	struct ipc_report report = { .type = IPC_PROGRESS,
	    .u.progress = { .step = STEP_LOGIN } };
	char text[] = "half\tway";
	const struct record *record;

	(void)state;
	job_log_progress(&life, &report, STEP_ORDER);
	assert_non_null(record = records_find("logging in to CloudShell"));
	assert_int_equal(record->priority, LOG_DEBUG);
	/* the same step once more says nothing, unless it has words */
	job_log_progress(&life, &report, STEP_LOGIN);
	assert_int_equal(records_with(""), 1);
	report.u.progress.text = text;
	job_log_progress(&life, &report, STEP_LOGIN);
	assert_non_null(record = records_find("logging in to CloudShell: "
	    "half\\tway"));
	assert_int_equal(record->event, JOURNAL_STEP);
	assert_int_equal(record->priority, LOG_INFO);
}

static void
calls(void **state)
{
	char method[] = "GET", where[] = "host/a\nb", error[] = "reset\033";
	struct ipc_report report = { .type = IPC_CALL, .u.call = {
	    .method = method, .where = where, .status = 200, .ms = 12,
	    .attempt = 3 } };

	(void)state;
	job_log_call(&life, &report);
	assert_int_equal(records_find("GET host/a\\nb: 200 (attempt 3, "
	    "12 ms)")->priority, LOG_DEBUG);
	report.u.call.status = 404;
	job_log_call(&life, &report);
	assert_int_equal(records_find(": 404 (")->priority, LOG_INFO);
	report.u.call.error = error;
	job_log_call(&life, &report);
	assert_int_equal(records_find(": reset\\x1b (attempt 3")->priority,
	    LOG_WARNING);
	assert_int_equal(records_with(""), 3);
}

static void
resumed(void **state)
{
	(void)state;
	life.state = LIFE_CLAIMING;
	job_log_resumed(&life);
	assert_int_equal(records_with("repeating its claim"), 1);
	life.state = LIFE_OURS;
	job_log_resumed(&life);
	assert_int_equal(records_with("continuing"), 1);
	life.state = LIFE_RESULT;
	job_log_resumed(&life);
	assert_int_equal(records_with("reporting its result"), 1);
	assert_int_equal(records_find("resumed: ")->event,
	    JOURNAL_RESUMED);
}

#define CASE(f)	cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_note_has_its_record),
		CASE(no_note_is_silent),
		CASE(nothing_decided_nothing_said),
		CASE(results),
		CASE(result_is_made_safe),
		CASE(clean_up),
		CASE(stops),
		CASE(steps),
		CASE(calls),
		CASE(resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
