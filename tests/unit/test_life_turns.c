/*
 * Single turns of a job's life, step by step, which the random lives of
 * test_life.c miss or cannot judge. Claims whose answer was lost, limits of
 * time, what a stop means, and what a handed-back job carries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "tests/unit/life_answers.h"

#define TIMEOUT_MS	900000
#define GRACE_MS	10000
#define WALL		1795435200
#define ID		"c1234567-89ab-cdef-0123-456789abcdef"

static const struct token_key key = { .known = true };
static const struct token_owner owner = {
	ACTION_RUN, "", "P", "", "" };
static struct life_rules rules;
static struct life life;
static struct life_now now;

/* --- one life, driven by hand --- */

static void
offer(enum job_action action)
{
	struct job_data data = { .id = ID, .nonce = "1", .version = "10",
	    .pipeline = "P" };

	life_new(&life, &(struct offer){ action, &data }, &rules, &now);
}

static unsigned
say(const struct life_event *ev)
{
	return life_step(&life, ev, &now);
}

static unsigned
event(enum life_event_type type)
{
	struct life_event ev = { .type = type };

	return say(&ev);
}

static unsigned
answer(enum answer which)
{
	return say(answer_event(which));
}

static unsigned
offered_again(const char *nonce)
{
	struct life_event ev = { .type = EV_OFFERED_AGAIN, .u.nonce = nonce };

	return say(&ev);
}

static unsigned
noted(const struct job_facts *facts)
{
	struct life_event ev = { .type = EV_NOTED, .u.facts = facts };

	return say(&ev);
}

static unsigned
result(enum job_outcome outcome)
{
	struct job_result r = { .outcome = outcome, .kind = FAIL_JOB };
	struct life_event ev = { .type = EV_RESULT, .u.result = &r };

	if (outcome != OUTCOME_SUCCESS)
		r.text = (char *)(uintptr_t)"model";
	return say(&ev);
}

static unsigned
exited(bool signaled, int status)
{
	struct life_event ev = { .type = EV_EXIT,
	    .u.exit = { .signaled = signaled, .status = status } };

	return say(&ev);
}

static void
pass(int64_t ms)
{
	now.ms += ms;
	now.wall += ms / 1000;
}

/* The next timer, when it is due. */
static unsigned
timer(void)
{
	int64_t wake = life.wake_ms;

	assert_true(wake != 0);
	if (wake > now.ms)
		pass(wake - now.ms);
	return event(EV_TIMER);
}

/* The acknowledge is under way. */
static void
claim(enum job_action action)
{
	offer(action);
	assert_int_equal(event(EV_OFFERED), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_ACKNOWLEDGE);
}

/* An executor has the order. */
static void
work(enum job_action action)
{
	claim(action);
	assert_int_equal(answer(ACK_TAKEN), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_START);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
}

/* Its command runs, and that is on disk. */
static void
command(void)
{
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .execution_id = "exec-1" };

	work(ACTION_RUN);
	assert_int_equal(noted(&facts), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_RECORDED);
}

static int
setup(void **state)
{
	(void)state;
	now.ms = 5000;
	now.wall = WALL;
	rules = (struct life_rules){ .timeout_ms = TIMEOUT_MS,
	    .kill_grace_ms = GRACE_MS, .key = &key };
	memset(&life, 0, sizeof(life));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	life_free(&life);
	return 0;
}

/* --- claims --- */

/* ambiguous_claim = run is for lost answers: a nonce refused at once means that
 * another worker was first. */
static void
claimed_by_another(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	assert_int_equal(answer(ACK_NONCE), FX_SAVE);
	assert_int_equal(life.state, LIFE_DROPPED);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* A repeat that cannot have landed either makes nothing ambiguous. */
static void
claimed_by_another_meanwhile(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	assert_int_equal(answer(ACK_AGAIN), 0);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	(void)answer(ACK_NONCE);
	assert_int_equal(life.state, LIFE_DROPPED);
}

static void
lost_claim(bool run, enum life_state state)
{
	rules.run_ambiguous = run;
	claim(ACTION_RUN);
	assert_int_equal(answer(ACK_UNSURE), 0);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	assert_int_equal(answer(ACK_NONCE), FX_SAVE);
	assert_int_equal(life.state, state);
}

static void
lost_claim_runs(void **state)
{
	(void)state;
	lost_claim(true, LIFE_OURS);
	assert_int_equal(event(EV_SAVED), FX_START);
}

static void
lost_claim_is_dropped(void **state)
{
	(void)state;
	lost_claim(false, LIFE_DROPPED);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* The same after a restart: what the former process sent may have landed. */
static void
lost_claim_of_a_former_process(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	offer(ACTION_RUN);
	life.state = LIFE_CLAIMING;
	life.claimed_wall = now.wall;
	assert_int_equal(event(EV_RESUME), FX_ACKNOWLEDGE);
	(void)answer(ACK_NONCE);
	assert_int_equal(life.state, LIFE_OURS);
}

/* If CodePipeline offers the job again, nothing sent before claimed it. */
static void
offer_settles_a_lost_claim(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	(void)answer(ACK_UNSURE);
	assert_int_equal(offered_again("2"), FX_SAVE);
	(void)event(EV_SAVED);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	(void)answer(ACK_NONCE);
	assert_int_equal(life.state, LIFE_DROPPED);
}

/* A claim that may have landed outlives the process, however its answer is
 * lost; one that cannot have landed does not. */
static void
lost_claim_while_ending(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	(void)event(EV_DRAIN);
	assert_int_equal(answer(ACK_UNSURE), 0);
	assert_int_equal(life.state, LIFE_CLAIMING);
	assert_true(life_at_rest(&life));
}

static void
failed_claim_while_ending(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	(void)event(EV_DRAIN);
	assert_int_equal(answer(ACK_AGAIN), FX_SAVE);
	assert_int_equal(life.state, LIFE_DROPPED);
}

/* A full disk drops a claim that was never sent... */
static void
unwritten_claim(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	assert_int_equal(event(EV_OFFERED), FX_SAVE);
	assert_int_equal(event(EV_SAVE_FAILED), FX_FORGET);
	assert_int_equal(life.state, LIFE_DROPPED);
}

/* ...and keeps one that may have landed, until it can be written. */
static void
unwritten_repeat_of_a_lost_claim(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	assert_int_equal(offered_again("2"), FX_SAVE);
	assert_int_equal(answer(ACK_UNSURE), 0);
	assert_int_equal(timer(), 0);		/* waits for the disk */
	assert_int_equal(event(EV_SAVE_FAILED), 0);
	assert_int_equal(life.state, LIFE_CLAIMING);
	assert_int_equal(timer(), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_ACKNOWLEDGE);
}

/* --- limits of time --- */

/* Pauses grow to their limit and stay there, however long it goes on. */
static void
pauses_are_bounded(void **state)
{
	int64_t before = 0, pause;

	(void)state;
	command();
	(void)result(OUTCOME_SUCCESS);
	(void)event(EV_SAVED);
	assert_int_equal(exited(false, IPC_EXIT_OK), FX_PUT);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(answer(PUT_AGAIN), 0);
		pause = life.wake_ms - now.ms;
		assert_in_range(pause, 1, 60000);
		if (i < 5)
			assert_true(pause > before);
		before = pause;
		assert_int_equal(timer(), FX_PUT);
	}
	assert_in_range(before, 30000, 60000);
}

/* The worker sends a result as long as an action can live, and no longer. */
static void
report_is_given_up(void **state)
{
	(void)state;
	command();
	(void)result(OUTCOME_SUCCESS);
	(void)event(EV_SAVED);
	(void)exited(false, IPC_EXIT_OK);
	now.ms += LIFE_PUT_S * 1000 - 10000;
	assert_int_equal(answer(PUT_AGAIN), 0);
	assert_int_equal(timer(), FX_PUT);
	now.ms += 10000;
	assert_int_equal(answer(PUT_UNSURE), FX_SAVE);
	assert_int_equal(life.state, LIFE_DONE);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* A clock that was set back gives no job more than its timeout. */
static void
clock_set_back(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	life.state = LIFE_OURS;
	life.claimed_wall = WALL;
	life.deadline_wall = WALL + TIMEOUT_MS / 1000;
	now.wall = WALL - 86400;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(life_remaining(&life, &now), TIMEOUT_MS);
	assert_int_equal(life.wake_ms, now.ms + TIMEOUT_MS);
}

static void
time_goes_on_between_processes(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	life.state = LIFE_OURS;
	life.claimed_wall = WALL;
	life.deadline_wall = WALL + TIMEOUT_MS / 1000;
	now.wall = WALL + 600;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(life_remaining(&life, &now), TIMEOUT_MS - 600000);
}

/* A clean-up that hangs is killed and tried again. */
static void
clean_up_has_a_limit(void **state)
{
	(void)state;
	command();
	assert_int_equal(exited(true, SIGKILL), FX_SAVE);
	assert_true(life.cleanup);
	assert_int_equal(event(EV_SAVED), FX_PUT | FX_START);
	assert_true(life.cleaning);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
	assert_int_equal(life.wake_ms, now.ms + LIFE_CLEANUP_MS);
	assert_int_equal(timer(), FX_KILL);
	assert_int_equal(exited(true, SIGKILL), 0);
	assert_true(life.cleanup);
	assert_int_equal(timer(), FX_START);
}

/* A job whose clean-up starts at once keeps its slot; one whose clean-up waits
 * for its next try does not. */
static void
clean_up_takes_a_slot(void **state)
{
	(void)state;
	command();
	assert_true(life.slot);
	(void)exited(true, SIGKILL);
	assert_int_equal(life.child, CHILD_NONE);
	assert_true(life.slot);
	(void)event(EV_SAVED);
	assert_true(life.slot);
	(void)event(EV_HELLO);
	(void)exited(true, SIGKILL);
	assert_true(life.start_ms != 0);
	assert_false(life.slot);
}

/* --- stops --- */

static void
stopped(enum life_event_type why, enum fail_kind kind, const char *text)
{
	command();
	if (why == EV_TIMER)
		assert_int_equal(timer(), FX_STOP);
	else if (why != EV_MAX)
		assert_int_equal(event(why), FX_STOP);
	assert_int_equal(result(OUTCOME_STOPPED), FX_SAVE);
	assert_int_equal(life.result.outcome, OUTCOME_FAILURE);
	assert_int_equal(life.result.kind, kind);
	assert_non_null(strstr(life.result.text, text));
}

static void
stop_at_the_deadline(void **state)
{
	(void)state;
	stopped(EV_TIMER, FAIL_JOB, "Timed out after 15 min");
}

static void
stop_by_the_operator(void **state)
{
	(void)state;
	stopped(EV_CANCEL, FAIL_JOB, "Cancelled by the operator");
}

static void
stop_from_outside(void **state)
{
	(void)state;
	stopped(EV_MAX, FAIL_SYSTEM, "stopped on the worker's machine");
}

/* A stop's own steps did not use up the time. */
static void
step_of_a_stop(void **state)
{
	struct life_event ev = { .type = EV_PROGRESS, .u.step = STEP_COMMAND };

	(void)state;
	command();
	(void)say(&ev);
	(void)timer();
	ev.u.step = STEP_CLEANUP;
	assert_int_equal(say(&ev), 0);
	(void)result(OUTCOME_STOPPED);
	assert_non_null(strstr(life.result.text, "waiting for the command"));
}

/* A cancelled job does not go on later, even if the worker exits while killing
 * its executor. */
static void
cancelled_while_ending(void **state)
{
	(void)state;
	command();
	assert_int_equal(event(EV_CANCEL), FX_STOP);
	assert_int_equal(event(EV_PARK), 0);
	assert_int_equal(timer(), FX_KILL);
	assert_int_equal(exited(true, SIGKILL), FX_SAVE);
	assert_int_equal(life.state, LIFE_RESULT);
	assert_int_equal(life.result.outcome, OUTCOME_FAILURE);
	assert_true(life.cleanup);
}

/* Nor does one whose time was over. */
static void
overdue_while_ending(void **state)
{
	(void)state;
	rules.hand_back = true;
	command();
	assert_int_equal(timer(), FX_STOP);
	assert_int_equal(event(EV_PARK), 0);
	(void)timer();
	(void)exited(true, SIGKILL);
	assert_int_equal(life.result.outcome, OUTCOME_FAILURE);
	assert_null(life.result.continuation);
}

/* One that obeys the park too late does. */
static void
killed_while_parking(void **state)
{
	(void)state;
	command();
	assert_int_equal(event(EV_PARK), FX_WRITE_PARK);
	assert_int_equal(timer(), FX_KILL);
	assert_int_equal(exited(true, SIGKILL), 0);
	assert_int_equal(life.state, LIFE_OURS);
	assert_string_equal(life.facts.execution_id, "exec-1");
}

/* One that parks itself is followed by another one, which goes on where it
 * was. */
static void
parks_itself(void **state)
{
	(void)state;
	command();
	assert_int_equal(exited(false, IPC_EXIT_PARKED), 0);
	assert_int_equal(life.state, LIFE_OURS);
	assert_int_equal(timer(), FX_DETAILS);
	assert_int_equal(answer(DETAILS), FX_START);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
	assert_string_equal(life.facts.execution_id, "exec-1");
	assert_false(life.resumed);
	assert_int_equal(result(OUTCOME_SUCCESS), FX_SAVE);
	assert_int_equal(life.result.outcome, OUTCOME_SUCCESS);
}

/* While the worker is being stopped, none is started for it. */
static void
parks_itself_at_the_end(void **state)
{
	(void)state;
	command();
	assert_int_equal(event(EV_DRAIN), 0);
	assert_int_equal(exited(false, IPC_EXIT_PARKED), 0);
	assert_int_equal(life.state, LIFE_OURS);
	assert_int_equal(event(EV_PARK), 0);
	assert_true(life_at_rest(&life));
}

/* The deadline stands meanwhile. */
static void
parks_itself_too_late(void **state)
{
	(void)state;
	command();
	pass(TIMEOUT_MS - 10);
	assert_int_equal(exited(false, IPC_EXIT_PARKED), 0);
	pass(20);
	assert_int_equal(event(EV_TIMER), FX_SAVE);
	assert_int_equal(life.result.outcome, OUTCOME_FAILURE);
	assert_true(life.cleanup);
}

/* --- what a handed-back job carries --- */

static void
hand_back_carries_the_time_left(void **state)
{
	struct job_facts facts;
	struct fail fail;
	int64_t left;

	(void)state;
	rules.hand_back = true;
	command();
	pass(600000);
	assert_int_equal(event(EV_PARK), FX_WRITE_PARK);
	assert_int_equal(exited(false, IPC_EXIT_PARKED), FX_SAVE);
	assert_int_equal(life.result.outcome, OUTCOME_CONTINUE);
	assert_int_equal(token_decode(life.result.continuation, &owner,
	    &key, &facts, &left, &fail), 0);
	assert_int_equal(left, TIMEOUT_MS - 600000);
	assert_string_equal(facts.execution_id, "exec-1");
	job_facts_free(&facts);
}

/* The job fails once it is ours, and nothing of the token is believed. */
static void
job_with_a_forged_token_fails(void **state)
{
	struct job_data data = { .id = ID, .nonce = "1", .version = "10",
	    .pipeline = "P", .continuation = (char *)(uintptr_t)"{\"quali\":2,"
	    "\"left_s\":9,\"mac\":\"00\",\"sandbox_id\":\"sandbox-9\","
	    "\"sandbox_ours\":true,\"giving_up\":\"x\"}" };

	(void)state;
	life_new(&life, &(struct offer){ ACTION_START, &data }, &rules, &now);
	assert_int_equal(event(EV_OFFERED), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_ACKNOWLEDGE);
	assert_int_equal(answer(ACK_TAKEN), FX_SAVE);
	assert_int_equal(life.state, LIFE_RESULT);
	assert_int_equal(life.result.kind, FAIL_CONFIG);
	assert_non_null(strstr(life.result.text, "sandbox-9"));
	assert_null(life.result.external_id);
	assert_false(life.cleanup);
	assert_int_equal(event(EV_SAVED), FX_PUT);
	assert_int_equal(answer(PUT_TAKEN), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* The same when the token comes with GetJobDetails, after a restart. */
static void
resumed_job_with_a_forged_token_fails(void **state)
{
	struct life_answer forged = { .ok = true, .token = "{\"quali\":2}" };
	struct life_event ev = { .type = EV_DETAILS_ANSWER,
	    .u.answer = &forged };

	(void)state;
	offer(ACTION_RUN);
	life.state = LIFE_OURS;
	life.claimed_wall = WALL;
	life.deadline_wall = WALL + TIMEOUT_MS / 1000;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(say(&ev), FX_SAVE);
	assert_int_equal(life.result.kind, FAIL_CONFIG);
	assert_int_equal(event(EV_SAVED), FX_PUT);
}

/* A job is resumed, and this token comes with its details. */
static unsigned
details_with(char *token)
{
	struct life_answer details = { .ok = true, .token = token };
	struct life_event ev = { .type = EV_DETAILS_ANSWER,
	    .u.answer = &details };
	unsigned out = say(&ev);

	free(token);
	return out;
}

/* The offer's token could not be verified, then the worker ended before its
 * claim was answered, and the next one has the right password: the job goes on
 * from the token, it does not begin anew. */
static void
token_that_verifies_after_a_restart(void **state)
{
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .execution_id = "exec-1" };

	(void)state;
	offer(ACTION_RUN);
	life.state = LIFE_CLAIMING;
	life.claimed_wall = now.wall;
	assert_int_equal(event(EV_RESUME), FX_ACKNOWLEDGE);
	assert_int_equal(answer(ACK_TAKEN), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_DETAILS);
	pass(1000);
	assert_int_equal(details_with(token_encode(&facts, 60000, &owner,
	    &key)), FX_SAVE);
	assert_string_equal(life.facts.execution_id, "exec-1");
	assert_int_equal(life_remaining(&life, &now), 60000);
	assert_int_equal(life.deadline_wall, now.wall + 60);
	assert_int_equal(event(EV_SAVED), FX_START);
}

/* What the record tells of a job needs no token: another password since then
 * does not fail it. */
static void
resumed_job_outlives_its_password(void **state)
{
	const struct token_key old = { .known = true, .bytes = { 1 } };
	const struct token_owner start = { ACTION_START, "", "P", "", "" };
	struct job_facts facts = { .sandbox_id = "sandbox-1",
	    .sandbox_ours = true };

	(void)state;
	offer(ACTION_START);
	life.state = LIFE_OURS;
	life.claimed_wall = WALL;
	life.deadline_wall = WALL + TIMEOUT_MS / 1000;
	life.facts = facts;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(details_with(token_encode(&facts, 60000, &start,
	    &old)), FX_START);
	assert_int_equal(life_remaining(&life, &now), TIMEOUT_MS);
}

#define TURN(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TURN(claimed_by_another),
		TURN(claimed_by_another_meanwhile),
		TURN(lost_claim_runs),
		TURN(lost_claim_is_dropped),
		TURN(lost_claim_of_a_former_process),
		TURN(offer_settles_a_lost_claim),
		TURN(lost_claim_while_ending),
		TURN(failed_claim_while_ending),
		TURN(unwritten_claim),
		TURN(unwritten_repeat_of_a_lost_claim),
		TURN(pauses_are_bounded),
		TURN(report_is_given_up),
		TURN(clock_set_back),
		TURN(time_goes_on_between_processes),
		TURN(clean_up_has_a_limit),
		TURN(clean_up_takes_a_slot),
		TURN(stop_at_the_deadline),
		TURN(stop_by_the_operator),
		TURN(stop_from_outside),
		TURN(step_of_a_stop),
		TURN(cancelled_while_ending),
		TURN(overdue_while_ending),
		TURN(killed_while_parking),
		TURN(parks_itself),
		TURN(parks_itself_at_the_end),
		TURN(parks_itself_too_late),
		TURN(hand_back_carries_the_time_left),
		TURN(job_with_a_forged_token_fails),
		TURN(resumed_job_with_a_forged_token_fails),
		TURN(token_that_verifies_after_a_restart),
		TURN(resumed_job_outlives_its_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
