/*
 * jobs*.c: single events at moments that the random lives of test_jobs.c
 * seldom reach.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "src/supervisor/jobs.h"

static struct job job;
static struct job_now now;

static unsigned
say(enum job_event_type type)
{
	struct job_event ev = { .type = type };

	return jobs_step(&job, &ev, &now);
}

static unsigned
say_after(enum job_event_type type, int64_t retry_after_ms)
{
	struct job_event ev = { .type = type };

	ev.u.retry_after_ms = retry_after_ms;
	return jobs_step(&job, &ev, &now);
}

static unsigned
offer_again(const char *nonce)
{
	struct job_event ev = { .type = EV_OFFERED_AGAIN };

	ev.u.nonce = nonce;
	return jobs_step(&job, &ev, &now);
}

static unsigned
timer(void)
{
	assert_int_not_equal(jobs_wake(&job), 0);
	now.ms = jobs_wake(&job);
	return say(EV_TIMER);
}

/* Offered, and the acknowledge is under way. */
static void
claim(enum job_action action, const struct job_rules *rules)
{
	struct job_data data = { .id = "01234567-89ab-cdef-0123-456789abcdef",
	    .nonce = "1", .version = "10", .pipeline = "P" };
	struct job_rules plain = { .timeout_ms = 900000,
	    .kill_grace_ms = 10000 };

	jobs_free(&job);
	now.ms = 1000;
	now.wall = 1795435200;
	jobs_new(&job, &data, action, rules != NULL ? rules : &plain);
	(void)say(EV_OFFERED);
	assert_true(say(EV_SAVED) & FX_ACKNOWLEDGE);
}

/* A success with its sandbox, whose report is under way. */
static void
succeed(enum job_action action, const struct job_rules *rules)
{
	struct job_facts facts = { .sandbox_ours = true,
	    .sandbox_id = "sandbox-1" };
	struct job_result result = { .outcome = OUTCOME_SUCCESS };
	struct job_event noted = { .type = EV_NOTED, .u.facts = &facts };
	struct job_event told = { .type = EV_RESULT, .u.result = &result };

	claim(action, rules);
	(void)say(EV_ACKNOWLEDGED);
	assert_true(say(EV_SAVED) & FX_START);
	assert_true(say(EV_HELLO) & FX_ORDER);
	(void)jobs_step(&job, &noted, &now);
	assert_true(say(EV_SAVED) & FX_RECORDED);
	(void)jobs_step(&job, &told, &now);
	(void)say(EV_SAVED);
	assert_true(say(EV_EXIT) & FX_REPORT);
}

/* The repeat carried the old nonce: nobody has the job, it is claimed with the
 * new one. */
static void
stale_nonce_is_nobodys_claim(void **state)
{
	struct job_rules rules = { .timeout_ms = 900000,
	    .run_ambiguous = true };

	(void)state;
	for (int run = 0; run < 2; run++) {
		rules.run_ambiguous = run == 1;
		claim(ACTION_RUN, &rules);
		(void)say(EV_ACK_UNSURE);
		assert_true(timer() & FX_ACKNOWLEDGE);
		(void)offer_again("2");
		(void)say(EV_SAVED);
		assert_true(say(EV_ACK_NONCE) & FX_ACKNOWLEDGE);
		assert_int_equal(job.state, JOB_CLAIMING);
		/* with the new nonce it says what it always said */
		assert_true(say(EV_ACK_NONCE) & FX_SAVE);
		assert_int_equal(job.state, JOB_DROPPED);
	}
}

static void
acknowledged_while_parking_is_handed_back(void **state)
{
	struct job_rules rules = { .timeout_ms = 900000, .hand_back = true };

	(void)state;
	claim(ACTION_RUN, &rules);
	(void)say(EV_DRAIN);
	(void)say(EV_PARK);
	(void)say(EV_ACKNOWLEDGED);
	assert_int_equal(job.state, JOB_RESULT);
	assert_int_equal(job.result.outcome, OUTCOME_CONTINUE);
	assert_non_null(job.result.continuation);
	assert_true(say(EV_SAVED) & FX_REPORT);
}

/* What is left of a token's time counts from the offer, over a restart, too. */
static void
token_limits_the_time(void **state)
{
	(void)state;
	claim(ACTION_RUN, NULL);
	job.deadline_wall = now.wall + 20;	/* as entries_offer does */
	now.wall += 5;
	now.ms += 5000;
	(void)say(EV_ACKNOWLEDGED);
	assert_int_equal(jobs_remaining(&job, &now), 15000);
	assert_int_equal(job.deadline_wall, now.wall + 15);
	assert_int_equal(job.rules.timeout_ms, 900000);

	claim(ACTION_RUN, NULL);
	job.deadline_wall = now.wall + 86400;
	(void)say(EV_ACKNOWLEDGED);
	assert_int_equal(jobs_remaining(&job, &now), 900000);
}

/* A clock that is set does not give up a result, a day of trying does. */
static void
clock_that_is_set(void **state)
{
	(void)state;
	succeed(ACTION_RUN, NULL);
	now.wall += 2 * 86400;
	now.ms += 1000;
	(void)say(EV_REPORT_AGAIN);
	assert_false(job.reported);
	assert_true(timer() & FX_REPORT);
	now.ms += INT64_C(86400) * 1000;
	(void)say(EV_REPORT_AGAIN);
	assert_true(job.reported);
}

static void
retry_after_is_heeded(void **state)
{
	static const enum job_event_type types[] = { EV_REPORT_AGAIN,
	    EV_REPORT_UNSURE };

	(void)state;
	for (int i = 0; i < 2; i++) {
		succeed(ACTION_RUN, NULL);
		(void)say_after(types[i], 120000);
		assert_int_equal(jobs_wake(&job), now.ms + 120000);
	}
	claim(ACTION_RUN, NULL);
	(void)say_after(EV_ACK_UNSURE, 120000);
	assert_int_equal(jobs_wake(&job), now.ms + 120000);
	/* an offer in between does not shorten the pause */
	(void)offer_again("2");
	(void)say(EV_SAVED);
	assert_int_equal(jobs_wake(&job), now.ms + 120000);
}

/* The action was stopped in CodePipeline: a job of another worker's token is
 * cleaned up after like any other. */
static void
abandoned_with_a_token(void **state)
{
	(void)state;
	succeed(ACTION_START, NULL);
	job.deadline_wall = now.wall + 20;
	(void)say(EV_REPORT_REFUSED);
	assert_true(job.cleanup);
	assert_true(say(EV_SAVED) & FX_START);
}

static void
unreported_results_hold_slots(void **state)
{
	(void)state;
	succeed(ACTION_RUN, NULL);
	assert_false(jobs_slot(&job));
	for (int i = 0; i < JOB_SLOT_TRIES; i++) {
		(void)say(EV_REPORT_AGAIN);
		assert_true(timer() & FX_REPORT);
	}
	assert_true(jobs_slot(&job));
	(void)say(EV_REPORTED);
	assert_false(jobs_slot(&job));
}

/* A clean-up that finds no slot keeps one, and counts no try. */
static void
clean_up_waits_for_a_slot(void **state)
{
	(void)state;
	abandoned_with_a_token(NULL);
	(void)say(EV_BUSY);
	assert_int_equal(job.child, CHILD_NONE);
	assert_int_equal(job.cleanups, 0);
	assert_true(jobs_slot(&job));
	assert_true(timer() & FX_START);
	assert_true(job.cleaning);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_nonce_is_nobodys_claim),
		cmocka_unit_test(acknowledged_while_parking_is_handed_back),
		cmocka_unit_test(token_limits_the_time),
		cmocka_unit_test(clock_that_is_set),
		cmocka_unit_test(retry_after_is_heeded),
		cmocka_unit_test(abandoned_with_a_token),
		cmocka_unit_test(unreported_results_hold_slots),
		cmocka_unit_test(clean_up_waits_for_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
