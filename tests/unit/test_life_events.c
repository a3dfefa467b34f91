/*
 * src/life: single events at moments that the random lives of test_life.c
 * seldom reach.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "life.h"
#include "tests/unit/life_answers.h"

static const struct token_key key = { .known = true };
static struct life life;
static struct life_now now;

static unsigned
say(enum life_event_type type)
{
	struct life_event ev = { .type = type };

	return life_step(&life, &ev, &now);
}

static unsigned
answer(enum answer which)
{
	return life_step(&life, answer_event(which), &now);
}

static unsigned
answer_after(enum answer which, int64_t retry_after_ms)
{
	struct life_event *ev = answer_event(which);
	struct life_answer late = *ev->u.answer;

	late.retry_after_ms = retry_after_ms;
	ev->u.answer = &late;
	return life_step(&life, ev, &now);
}

static unsigned
offer_again(const char *nonce)
{
	struct life_event ev = { .type = EV_OFFERED_AGAIN };

	ev.u.nonce = nonce;
	return life_step(&life, &ev, &now);
}

static unsigned
timer(void)
{
	assert_int_not_equal(life.wake_ms, 0);
	now.ms = life.wake_ms;
	return say(EV_TIMER);
}

/* The job is offered, and the acknowledge is under way. */
static void
claim(enum job_action action, const struct life_rules *rules)
{
	struct job_data data = { .id = "01234567-89ab-cdef-0123-456789abcdef",
	    .nonce = "1", .version = "10", .pipeline = "P" };
	struct life_rules plain = { .timeout_ms = 900000,
	    .kill_grace_ms = 10000 };

	life_free(&life);
	now.ms = 1000;
	now.wall = 1795435200;
	life_new(&life, &(struct offer){ action, &data },
	    rules != NULL ? rules : &plain, &now);
	(void)say(EV_OFFERED);
	assert_true(say(EV_SAVED) & FX_ACKNOWLEDGE);
}

/* The job succeeded with a sandbox, and its report is under way. */
static void
succeed(enum job_action action, const struct life_rules *rules)
{
	struct job_facts facts = { .sandbox_ours = true,
	    .sandbox_id = "sandbox-1" };
	struct job_result result = { .outcome = OUTCOME_SUCCESS };
	struct life_event noted = { .type = EV_NOTED, .u.facts = &facts };
	struct life_event told = { .type = EV_RESULT, .u.result = &result };

	claim(action, rules);
	(void)answer(ACK_TAKEN);
	assert_true(say(EV_SAVED) & FX_START);
	assert_true(say(EV_HELLO) & FX_ORDER);
	(void)life_step(&life, &noted, &now);
	assert_true(say(EV_SAVED) & FX_RECORDED);
	(void)life_step(&life, &told, &now);
	(void)say(EV_SAVED);
	assert_true(say(EV_EXIT) & FX_PUT);
}

/* The repeat carried the old nonce: nobody has the job, so it is claimed with
 * the new one. */
static void
stale_nonce_is_nobodys_claim(void **state)
{
	struct life_rules rules = { .timeout_ms = 900000,
	    .run_ambiguous = true };

	(void)state;
	for (int run = 0; run < 2; run++) {
		rules.run_ambiguous = run == 1;
		claim(ACTION_RUN, &rules);
		(void)answer(ACK_UNSURE);
		assert_true(timer() & FX_ACKNOWLEDGE);
		(void)offer_again("2");
		(void)say(EV_SAVED);
		assert_true(answer(ACK_NONCE) & FX_ACKNOWLEDGE);
		assert_int_equal(life.state, LIFE_CLAIMING);
		/* with the new nonce the answer means what it always meant */
		assert_true(answer(ACK_NONCE) & FX_SAVE);
		assert_int_equal(life.state, LIFE_DROPPED);
	}
}

static void
acknowledged_while_parking_is_handed_back(void **state)
{
	struct life_rules rules = { .timeout_ms = 900000, .hand_back = true,
	    .key = &key };

	(void)state;
	claim(ACTION_RUN, &rules);
	(void)say(EV_DRAIN);
	(void)say(EV_PARK);
	(void)answer(ACK_TAKEN);
	assert_int_equal(life.state, LIFE_RESULT);
	assert_int_equal(life.result.outcome, OUTCOME_CONTINUE);
	assert_non_null(life.result.continuation);
	assert_true(say(EV_SAVED) & FX_PUT);
}

/* The time left in a token counts from the offer, even across a restart. */
static void
token_limits_the_time(void **state)
{
	(void)state;
	claim(ACTION_RUN, NULL);
	life.deadline_wall = now.wall + 20;	/* as a token does */
	now.wall += 5;
	now.ms += 5000;
	(void)answer(ACK_TAKEN);
	assert_int_equal(life_remaining(&life, &now), 15000);
	assert_int_equal(life.deadline_wall, now.wall + 15);
	assert_int_equal(life.rules.timeout_ms, 900000);

	claim(ACTION_RUN, NULL);
	life.deadline_wall = now.wall + 86400;
	(void)answer(ACK_TAKEN);
	assert_int_equal(life_remaining(&life, &now), 900000);
}

/* Setting the clock does not give up a result; a day of trying does. */
static void
clock_that_is_set(void **state)
{
	(void)state;
	succeed(ACTION_RUN, NULL);
	now.wall += 2 * 86400;
	now.ms += 1000;
	(void)answer(PUT_AGAIN);
	assert_false(life.put_done);
	assert_true(timer() & FX_PUT);
	now.ms += INT64_C(86400) * 1000;
	(void)answer(PUT_AGAIN);
	assert_true(life.put_done);
}

static void
retry_after_is_heeded(void **state)
{
	static const enum answer answers[] = { PUT_AGAIN, PUT_UNSURE };

	(void)state;
	for (int i = 0; i < 2; i++) {
		succeed(ACTION_RUN, NULL);
		(void)answer_after(answers[i], 120000);
		assert_int_equal(life.wake_ms, now.ms + 120000);
	}
	claim(ACTION_RUN, NULL);
	(void)answer_after(ACK_UNSURE, 120000);
	assert_int_equal(life.wake_ms, now.ms + 120000);
	/* an offer in between does not shorten the pause */
	(void)offer_again("2");
	(void)say(EV_SAVED);
	assert_int_equal(life.wake_ms, now.ms + 120000);
}

/* The action was stopped in CodePipeline: a job with another worker's token
 * gets a clean-up like any other. */
static void
abandoned_with_a_token(void **state)
{
	(void)state;
	succeed(ACTION_START, NULL);
	life.deadline_wall = now.wall + 20;
	(void)answer(PUT_REFUSED);
	assert_true(life.cleanup);
	assert_true(say(EV_SAVED) & FX_START);
}

static void
unreported_results_hold_slots(void **state)
{
	(void)state;
	succeed(ACTION_RUN, NULL);
	assert_false(life.slot);
	for (int i = 0; i < LIFE_SLOT_TRIES; i++) {
		(void)answer(PUT_AGAIN);
		assert_true(timer() & FX_PUT);
	}
	assert_true(life.slot);
	(void)answer(PUT_TAKEN);
	assert_false(life.slot);
}

/* A clean-up that finds no slot reserves one, and counts no try. */
static void
clean_up_waits_for_a_slot(void **state)
{
	(void)state;
	abandoned_with_a_token(NULL);
	(void)say(EV_BUSY);
	assert_int_equal(life.child, CHILD_NONE);
	assert_int_equal(life.cleanups, 0);
	assert_true(life.slot);
	assert_true(timer() & FX_START);
	assert_true(life.cleaning);
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
