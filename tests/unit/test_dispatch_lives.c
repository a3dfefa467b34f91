/*
 * Lives of jobs on the board, from offer to grave: what an effect that fails
 * at once leads to, and that nothing leaves that is not on disk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "json.h"
#include "tests/unit/board_rig.h"

#define RUNNING		"{\"status\":\"InProgress\"}"

static void
life_of_a_job(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	/* nothing leaves that is not on disk */
	assert_string_equal(trace_take(), "");
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "claiming commit AcknowledgeJob ");
	assert_int_equal(board_free_slots(&rig.board), 3);
	fake_answer(entry->acknowledge, RUNNING);
	assert_int_equal(rig.board.claimed, 1);
	assert_string_equal(trace_take(), "");
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "ours commit start ");
	rig_hello(entry);
	assert_string_equal(trace_take(), "write ");
	assert_non_null(strstr(buf_text(&entry->executor->written),
	    RIG_SECRET));
	assert_non_null(strstr(buf_text(&entry->executor->written),
	    RIG_PASSWORD));
	assert_null(strstr(buf_text(&entry->executor->written), "nonce"));
	/* its secrets are with the executor alone */
	assert_null(entry->data.credentials.secret_key);
	assert_null(entry->data.configuration);
	rig_result(entry, OUTCOME_SUCCESS, FAIL_NONE);
	rig_exit(entry, false, 0);
	assert_string_equal(trace_take(), "free ");
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "result commit PutJobSuccessResult ");
	assert_int_equal(board_free_slots(&rig.board), 4);
	assert_int_equal(rig.freed, 1);
	assert_int_equal(rig.board.succeeded, 0);
	fake_answer(entry->put, "");
	assert_int_equal(rig.board.succeeded, 1);
	assert_int_equal(rig_entries(), 1);
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "done commit ");
	assert_int_equal(rig_entries(), 0);
}

/* No process can be had for a while, then one comes. */
static void
starts_again(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	fake_executors_fail = "no zygote";
	fake_loop_pass(0);
	fake_answer(entry->acknowledge, RUNNING);
	fake_loop_pass(5000);
	assert_true(records_with("cannot start a process for it: "
	    "no zygote") > 1);
	assert_int_equal(entry->life.child, CHILD_NONE);
	assert_int_equal(entry->life.state, LIFE_OURS);
	fake_executors_fail = NULL;
	fake_loop_pass(5000);
	assert_non_null(entry->executor);
}

static void
start_is_given_up(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	fake_executors_fail = "no zygote";
	fake_loop_pass(0);
	fake_answer(entry->acknowledge, RUNNING);
	fake_loop_pass(200000);
	assert_int_equal(entry->life.state, LIFE_RESULT);
	assert_int_equal(records_with("cannot start a process for it"),
	    LIFE_START_TRIES);
	assert_non_null(entry->put);
	assert_null(entry->data.credentials.secret_key);
}

static void
acknowledge_that_cannot_be_sent(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	fake_calls_fail = "no credentials";
	fake_loop_pass(5000);
	assert_int_equal(entry->life.state, LIFE_CLAIMING);
	assert_false(entry->life.ack_unsure);
	assert_int_equal(records_with(""), 0);
	fake_calls_fail = NULL;
	fake_loop_pass(30000);
	assert_non_null(entry->acknowledge);
}

static void
order_that_cannot_be_written(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	rig.tokens.password = NULL;
	fake_loop_pass(0);
	fake_answer(entry->acknowledge, RUNNING);
	fake_loop_pass(0);
	(void)trace_take();
	rig_hello(entry);
	assert_string_equal(trace_take(), "kill ");
	rig_exit(entry, true, SIGKILL);
	assert_int_equal(entry->life.state, LIFE_RESULT);
	assert_null(entry->data.credentials.secret_key);
	assert_null(entry->data.configuration);
	fake_loop_pass(0);
	assert_string_equal(trace_take(),
	    "free result commit PutJobFailureResult ");
	fake_answer(entry->put, "{}");
	assert_int_equal(rig.board.failed, 1);
}

static void
hello_that_never_comes(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	fake_loop_pass(0);
	fake_answer(entry->acknowledge, RUNNING);
	fake_loop_pass(0);
	(void)trace_take();
	fake_loop_pass(LIFE_HELLO_MS - 1);
	assert_string_equal(trace_take(), "");
	fake_loop_pass(1);
	/* the zygote first: it may be what is deaf */
	assert_string_equal(trace_take(), "renew free ");
	fake_loop_pass(1000);
	assert_string_equal(trace_take(), "start ");
}

static void
other_version_ends_the_worker(void **state)
{
	struct entry *entry = rig_offered(RIG_JOB);

	(void)state;
	fake_loop_pass(0);
	fake_answer(entry->acknowledge, RUNNING);
	fake_loop_pass(0);
	(void)trace_take();
	entry->executor->known = true;
	dispatch_executors_calls.other_version(entry, 2, &rig.dispatch);
	assert_string_equal(trace_take(), "kill ");
	assert_int_equal(rig.upgrades, 1);
	rig_exit(entry, true, SIGKILL);
	assert_int_equal(entry->life.state, LIFE_OURS);	/* for the next one */
}

/* A deadline: stop, grace, kill. */
static void
deadline(void **state)
{
	struct entry *entry = rig_working(RIG_JOB);

	(void)state;
	fake_loop_pass(RIG_TIMEOUT_MS);
	assert_string_equal(trace_take(), "term ");
	assert_int_equal(records_with("telling it to stop"), 1);
	fake_loop_pass(10000);
	assert_string_equal(trace_take(), "kill ");
	rig_exit(entry, true, SIGKILL);
	fake_loop_pass(0);
	assert_string_equal(trace_take(),
	    "free result commit PutJobFailureResult ");
}

static void
parked(void **state)
{
	struct entry *entry = rig_working(RIG_JOB);

	(void)state;
	rig_tell(entry, EV_PARK);
	assert_string_equal(trace_take(), "park ");
	assert_non_null(strstr(buf_text(&entry->executor->written),
	    "\"park\""));
	rig_exit(entry, false, IPC_EXIT_PARKED);
	assert_int_equal(entry->life.state, LIFE_OURS);
	assert_int_equal(records_with("parked"), 1);
	assert_true(board_at_rest(&rig.board, true));
}

static void
result_is_sent_until_it_is_taken(void **state)
{
	struct entry *entry = rig_working(RIG_JOB);

	(void)state;
	rig_result(entry, OUTCOME_FAILURE, FAIL_JOB);
	rig_exit(entry, false, 0);
	fake_loop_pass(0);
	fake_calls_fail = "no credentials";
	fake_answer_error(entry->put, "InternalFailure", true, true, 0);
	assert_null(entry->put);
	fake_loop_pass(3600000);
	assert_int_equal(rig_entries(), 1);
	fake_calls_fail = NULL;
	fake_loop_pass(60000);
	assert_non_null(entry->put);
	fake_answer_error(entry->put, "JobNotFoundException", false, false,
	    0);
	/* the attempt without an answer was taken: counted as neither */
	assert_int_equal(rig.board.failed, 0);
	fake_loop_pass(0);
	assert_int_equal(rig_entries(), 0);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(life_of_a_job),
		CASE(starts_again),
		CASE(start_is_given_up),
		CASE(acknowledge_that_cannot_be_sent),
		CASE(order_that_cannot_be_written),
		CASE(hello_that_never_comes),
		CASE(other_version_ends_the_worker),
		CASE(deadline),
		CASE(parked),
		CASE(result_is_sent_until_it_is_taken),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
