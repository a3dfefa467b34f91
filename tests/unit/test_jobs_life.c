/*
 * Single turns of a job's life, told step by step: what the random lives of
 * test_jobs.c pass by or cannot tell right from wrong. Claims whose answer was
 * lost, limits of time, what a stop means, and what a handed-back job carries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/supervisor/jobs.h"
#include "sys.h"

#define TIMEOUT_MS	900000
#define GRACE_MS	10000
#define WALL		1795435200
#define ID		"c1234567-89ab-cdef-0123-456789abcdef"

static struct job_rules rules;
static struct job job;
static struct job_now now;

/* --- one life, driven by hand --- */

static void
offer(enum job_action action)
{
	struct job_data data = { .id = ID, .nonce = "1", .version = "10",
	    .pipeline = "P" };

	jobs_new(&job, &data, action, &rules);
}

static unsigned
say(const struct job_event *ev)
{
	return jobs_step(&job, ev, &now);
}

static unsigned
event(enum job_event_type type)
{
	struct job_event ev = { .type = type };

	return say(&ev);
}

static unsigned
offered_again(const char *nonce)
{
	struct job_event ev = { .type = EV_OFFERED_AGAIN, .u.nonce = nonce };

	return say(&ev);
}

static unsigned
noted(const struct job_facts *facts)
{
	struct job_event ev = { .type = EV_NOTED, .u.facts = facts };

	return say(&ev);
}

static unsigned
result(enum job_outcome outcome)
{
	struct job_result r = { .outcome = outcome, .kind = FAIL_JOB };
	struct job_event ev = { .type = EV_RESULT, .u.result = &r };

	if (outcome != OUTCOME_SUCCESS)
		r.text = (char *)(uintptr_t)"model";
	return say(&ev);
}

static unsigned
exited(bool signaled, int status)
{
	struct job_event ev = { .type = EV_EXIT,
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
	int64_t wake = jobs_wake(&job);

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
	assert_int_equal(event(EV_ACKNOWLEDGED), FX_SAVE);
	assert_int_equal(event(EV_SAVED), FX_START);
	assert_int_equal(event(EV_STARTED), 0);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
}

/* Its command runs, and that is on disk. */
static void
command(void)
{
	struct job_facts facts = { .execution_id = "exec-1" };

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
	rules = (struct job_rules){ .timeout_ms = TIMEOUT_MS,
	    .kill_grace_ms = GRACE_MS };
	memset(&job, 0, sizeof(job));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	jobs_free(&job);
	return 0;
}

/* --- claims --- */

/* ambiguous_claim = run is for answers that were lost: a nonce that is refused
 * at once says that another worker was first. */
static void
claimed_by_another(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	assert_int_equal(event(EV_ACK_NONCE), FX_SAVE);
	assert_int_equal(job.state, JOB_DROPPED);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* A repeat that cannot have landed either makes nothing ambiguous. */
static void
claimed_by_another_meanwhile(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	assert_int_equal(event(EV_ACK_AGAIN), 0);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	(void)event(EV_ACK_NONCE);
	assert_int_equal(job.state, JOB_DROPPED);
}

static void
lost_claim(bool run, enum job_state state)
{
	rules.run_ambiguous = run;
	claim(ACTION_RUN);
	assert_int_equal(event(EV_ACK_UNSURE), 0);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	assert_int_equal(event(EV_ACK_NONCE), FX_SAVE);
	assert_int_equal(job.state, state);
}

static void
lost_claim_runs(void **state)
{
	(void)state;
	lost_claim(true, JOB_OURS);
	assert_int_equal(event(EV_SAVED), FX_START);
}

static void
lost_claim_is_dropped(void **state)
{
	(void)state;
	lost_claim(false, JOB_DROPPED);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* The same after a restart: what the former process had sent may have
 * landed. */
static void
lost_claim_of_a_former_process(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	offer(ACTION_RUN);
	job.state = JOB_CLAIMING;
	job.claimed_wall = now.wall;
	assert_int_equal(event(EV_RESUME), FX_ACKNOWLEDGE);
	(void)event(EV_ACK_NONCE);
	assert_int_equal(job.state, JOB_OURS);
}

/* Offered anew, the job was not claimed by what was sent before. */
static void
offer_settles_a_lost_claim(void **state)
{
	(void)state;
	rules.run_ambiguous = true;
	claim(ACTION_RUN);
	(void)event(EV_ACK_UNSURE);
	assert_int_equal(offered_again("2"), FX_SAVE);
	(void)event(EV_SAVED);
	assert_int_equal(timer(), FX_ACKNOWLEDGE);
	(void)event(EV_ACK_NONCE);
	assert_int_equal(job.state, JOB_DROPPED);
}

/* A claim that may have landed outlives the process, however its answer is
 * lost; one that cannot have landed does not. */
static void
lost_claim_while_ending(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	(void)event(EV_DRAIN);
	assert_int_equal(event(EV_ACK_UNSURE), 0);
	assert_int_equal(job.state, JOB_CLAIMING);
	assert_true(jobs_at_rest(&job));
}

static void
failed_claim_while_ending(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	(void)event(EV_DRAIN);
	assert_int_equal(event(EV_ACK_AGAIN), FX_SAVE);
	assert_int_equal(job.state, JOB_DROPPED);
}

/* A full disk drops a claim that was never sent... */
static void
unwritten_claim(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	assert_int_equal(event(EV_OFFERED), FX_SAVE);
	assert_int_equal(event(EV_SAVE_FAILED), FX_FORGET);
	assert_int_equal(job.state, JOB_DROPPED);
}

/* ...and keeps one that may have landed, until it can be written. */
static void
unwritten_repeat_of_a_lost_claim(void **state)
{
	(void)state;
	claim(ACTION_RUN);
	assert_int_equal(offered_again("2"), FX_SAVE);
	assert_int_equal(event(EV_ACK_UNSURE), 0);
	assert_int_equal(timer(), 0);		/* waits for the disk */
	assert_int_equal(event(EV_SAVE_FAILED), 0);
	assert_int_equal(job.state, JOB_CLAIMING);
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
	assert_int_equal(exited(false, IPC_EXIT_OK), FX_REPORT);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(event(EV_REPORT_AGAIN), 0);
		pause = jobs_wake(&job) - now.ms;
		assert_in_range(pause, 1, 60000);
		if (i < 5)
			assert_true(pause > before);
		before = pause;
		assert_int_equal(timer(), FX_REPORT);
	}
	assert_in_range(before, 30000, 60000);
}

/* A result is offered as long as an action can live, and no longer. */
static void
report_is_given_up(void **state)
{
	(void)state;
	command();
	(void)result(OUTCOME_SUCCESS);
	(void)event(EV_SAVED);
	(void)exited(false, IPC_EXIT_OK);
	now.ms += JOB_REPORT_S * 1000 - 10000;
	assert_int_equal(event(EV_REPORT_AGAIN), 0);
	assert_int_equal(timer(), FX_REPORT);
	now.ms += 10000;
	assert_int_equal(event(EV_REPORT_UNSURE), FX_SAVE);
	assert_int_equal(job.state, JOB_DONE);
	assert_int_equal(event(EV_SAVED), FX_FORGET);
}

/* A clock that was set back gives no job more than its timeout. */
static void
clock_set_back(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	job.state = JOB_OURS;
	job.claimed_wall = WALL;
	job.deadline_wall = WALL + TIMEOUT_MS / 1000;
	now.wall = WALL - 86400;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(jobs_remaining(&job, &now), TIMEOUT_MS);
	assert_int_equal(jobs_wake(&job), now.ms + TIMEOUT_MS);
}

static void
time_goes_on_between_processes(void **state)
{
	(void)state;
	offer(ACTION_RUN);
	job.state = JOB_OURS;
	job.claimed_wall = WALL;
	job.deadline_wall = WALL + TIMEOUT_MS / 1000;
	now.wall = WALL + 600;
	assert_int_equal(event(EV_RESUME), FX_DETAILS);
	assert_int_equal(jobs_remaining(&job, &now), TIMEOUT_MS - 600000);
}

/* A clean-up that hangs is ended, and tried again. */
static void
clean_up_has_a_limit(void **state)
{
	(void)state;
	command();
	assert_int_equal(exited(true, SIGKILL), FX_SAVE);
	assert_true(job.cleanup);
	assert_int_equal(event(EV_SAVED), FX_REPORT | FX_START);
	assert_true(job.cleaning);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
	assert_int_equal(jobs_wake(&job), now.ms + JOB_CLEANUP_MS);
	assert_int_equal(timer(), FX_KILL);
	assert_int_equal(exited(true, SIGKILL), 0);
	assert_true(job.cleanup);
	assert_int_equal(timer(), FX_START);
}

/* A job whose clean-up is to start at once keeps its slot; one whose clean-up
 * waits for its next try does not. */
static void
clean_up_takes_a_slot(void **state)
{
	(void)state;
	command();
	assert_true(jobs_slot(&job));
	(void)exited(true, SIGKILL);
	assert_int_equal(job.child, CHILD_NONE);
	assert_true(jobs_slot(&job));
	(void)event(EV_SAVED);
	assert_true(jobs_slot(&job));
	(void)event(EV_HELLO);
	(void)exited(true, SIGKILL);
	assert_true(job.start_ms != 0);
	assert_false(jobs_slot(&job));
}

/* --- stops --- */

static void
stopped(enum job_event_type why, enum fail_kind kind, const char *text)
{
	command();
	if (why == EV_TIMER)
		assert_int_equal(timer(), FX_STOP);
	else if (why != EV_MAX)
		assert_int_equal(event(why), FX_STOP);
	assert_int_equal(result(OUTCOME_STOPPED), FX_SAVE);
	assert_int_equal(job.result.outcome, OUTCOME_FAILURE);
	assert_int_equal(job.result.kind, kind);
	assert_non_null(strstr(job.result.text, text));
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

/* What a stop does is not the step that used up the time. */
static void
step_of_a_stop(void **state)
{
	struct job_event ev = { .type = EV_PROGRESS, .u.step = STEP_COMMAND };

	(void)state;
	command();
	(void)say(&ev);
	(void)timer();
	ev.u.step = STEP_CLEANUP;
	assert_int_equal(say(&ev), 0);
	(void)result(OUTCOME_STOPPED);
	assert_non_null(strstr(job.result.text, "waiting for the command"));
}

/* A job that was cancelled does not go on later, though the worker ends while
 * its executor is killed. */
static void
cancelled_while_ending(void **state)
{
	(void)state;
	command();
	assert_int_equal(event(EV_CANCEL), FX_STOP);
	assert_int_equal(event(EV_PARK), 0);
	assert_int_equal(timer(), FX_KILL);
	assert_int_equal(exited(true, SIGKILL), FX_SAVE);
	assert_int_equal(job.state, JOB_RESULT);
	assert_int_equal(job.result.outcome, OUTCOME_FAILURE);
	assert_true(job.cleanup);
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
	assert_int_equal(job.result.outcome, OUTCOME_FAILURE);
	assert_null(job.result.continuation);
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
	assert_int_equal(job.state, JOB_OURS);
	assert_string_equal(job.facts.execution_id, "exec-1");
}

/* One that parks itself is followed by another one, which goes on where it
 * was. */
static void
parks_itself(void **state)
{
	(void)state;
	command();
	assert_int_equal(exited(false, IPC_EXIT_PARKED), 0);
	assert_int_equal(job.state, JOB_OURS);
	assert_int_equal(timer(), FX_DETAILS);
	assert_int_equal(event(EV_DETAILS), FX_START);
	assert_int_equal(event(EV_HELLO), FX_ORDER);
	assert_string_equal(job.facts.execution_id, "exec-1");
	assert_false(job.resumed);
	assert_int_equal(result(OUTCOME_SUCCESS), FX_SAVE);
	assert_int_equal(job.result.outcome, OUTCOME_SUCCESS);
}

/* While the worker is being stopped, none is started for it. */
static void
parks_itself_at_the_end(void **state)
{
	(void)state;
	command();
	assert_int_equal(event(EV_DRAIN), 0);
	assert_int_equal(exited(false, IPC_EXIT_PARKED), 0);
	assert_int_equal(job.state, JOB_OURS);
	assert_int_equal(event(EV_PARK), 0);
	assert_true(jobs_at_rest(&job));
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
	assert_int_equal(job.result.outcome, OUTCOME_FAILURE);
	assert_true(job.cleanup);
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
	assert_int_equal(job.result.outcome, OUTCOME_CONTINUE);
	assert_int_equal(token_decode(job.result.continuation, &facts, &left,
	    &fail), 0);
	assert_int_equal(left, TIMEOUT_MS - 600000);
	assert_string_equal(facts.execution_id, "exec-1");
	job_facts_free(&facts);
}

static void
round_trip(const struct job_facts *in, int64_t left_ms)
{
	struct job_facts out;
	struct fail fail;
	char *token = token_encode(in, left_ms);
	int64_t left = -1;

	assert_non_null(token);
	assert_int_equal(token_decode(token, &out, &left, &fail), 0);
	assert_int_equal(left, left_ms);
	assert_int_equal(out.intent, in->intent);
	assert_int_equal(out.sandbox_ours, in->sandbox_ours);
	assert_string_equal(out.sandbox_id, in->sandbox_id);
	assert_string_equal(out.execution_id, in->execution_id);
	assert_int_equal(out.stop_accepted, in->stop_accepted);
	if (in->sandbox_name == NULL)
		assert_null(out.sandbox_name);
	else
		assert_string_equal(out.sandbox_name, in->sandbox_name);
	if (in->blueprint == NULL)
		assert_null(out.blueprint);
	else
		assert_string_equal(out.blueprint, in->blueprint);
	job_facts_free(&out);
	free(token);
}

/* Each member by itself, so that none stands in for another. */
static void
token_keeps_every_member(void **state)
{
	char name[] = "a \"name\" \xc3\xa4 [c1234567]", bp[] = "Blue \\ print";
	struct job_facts facts[] = {
		{ .intent = INTENT_NONE },
		{ .intent = INTENT_SANDBOX },
		{ .intent = INTENT_COMMAND },
		{ .sandbox_ours = true },
		{ .stop_accepted = true },
		{ .sandbox_id = "sandbox-1" },
		{ .execution_id = "exec-1" },
		{ .sandbox_name = name },
		{ .blueprint = bp },
		{ .intent = INTENT_SANDBOX, .sandbox_ours = true,
		    .stop_accepted = true, .sandbox_id = "sandbox-1",
		    .execution_id = "exec-1", .sandbox_name = name,
		    .blueprint = bp },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		round_trip(&facts[i], (int64_t)i * 1000);
	round_trip(&facts[0], (int64_t)7 * 86400 * 1000);
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
		TURN(token_keeps_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
