/*
 * While an executor works for the job: start, reports, exit, deadline. Pure.
 */
#include <signal.h>
#include <string.h>

#include "end.h"
#include "run.h"

#define SLOT_WAIT_MS	1000
#define PARKED_PAUSE_MS	1000	/* bounds what a broken one can cost */

unsigned
run_overdue(struct life *life, const struct life_now *now)
{
	unsigned out = 0;
	char text[32];

	life->deadline_ms = 0;
	if (life->child == CHILD_WORKING)
		return flow_stop_child(life, STOP_DEADLINE, now);
	if (life->child != CHILD_NONE && life->child != CHILD_ASKED)
		return 0;
	life->held &= ~(FX_START | FX_DETAILS);
	end_failed(life, FAIL_SYSTEM, "Timed out after %s before the worker "
	    "could start it. Tell the worker's operator.",
	    end_duration(text, sizeof(text), life->rules.timeout_ms));
	if (life->child == CHILD_ASKED)
		out = flow_kill_child(life);
	return flow_ended_here(life, out);
}

/* Try again later, unless it has failed too often. */
static unsigned
start_again(struct life *life, const struct life_now *now)
{
	if (life->draining)
		return 0;
	if (life->state == LIFE_RESULT) {
		if (++life->cleanups >= LIFE_CLEANUP_TRIES) {
			life->cleanup = false;
			life->notes |= NOTE_CLEANUP_GIVEN_UP;
			return flow_finish(life);
		}
		life->start_ms = now->ms +
		    flow_pause_ms(life, life->cleanups, 5000, 600000);
		return 0;
	}
	if (life->deadline_ms == 0)	/* passed during the last one's kill */
		return run_overdue(life, now);
	if (++life->starts >= LIFE_START_TRIES) {
		end_failed(life, FAIL_SYSTEM, "The worker's machine "
		    "cannot start processes for jobs at present. Retry the "
		    "stage; if it fails again, tell the worker's operator.");
		return flow_ended(life, false);
	}
	life->start_ms = now->ms +
	    flow_pause_ms(life, life->starts - 1, 200, 5000);
	return 0;
}

unsigned
run_hello(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev;
	if (life->child != CHILD_ASKED)
		return 0;
	life->child = CHILD_WORKING;
	life->limit_ms = life->cleaning ? now->ms + LIFE_CLEANUP_MS : 0;
	life->have_data = false;
	return FX_ORDER;
}

unsigned
run_hello_version(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev, (void)now;
	if (life->child != CHILD_ASKED)
		return 0;
	life->version_fault = true;
	return flow_kill_child(life) | FX_UPGRADE;
}

unsigned
run_noted(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)now;
	if (!flow_heard(life))
		return 0;
	if (!life->turn_open)
		life->intent_before = life->facts.intent;
	job_facts_free(&life->facts);
	job_facts_copy(&life->facts, ev->u.facts);
	life->turn_open = true;
	return flow_save_then(life, FX_RECORDED);
}

unsigned
run_progress(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)now;
	/* a stop's steps did not use up the time */
	if (!flow_heard(life) || life->cleaning ||
	    life->child == CHILD_STOPPING || life->step == ev->u.step)
		return 0;
	life->step = ev->u.step;
	return FX_SAVE_SOON;
}

unsigned
run_need_credentials(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev, (void)now;
	if (!flow_heard(life) || life->cleaning)
		return 0;
	life->want_credentials = true;
	life->tries = 0;
	life->busy |= FX_DETAILS;
	return FX_DETAILS;
}

/* A clean-up that failed and left no fact to go by: another one could do no
 * more. */
static bool
nothing_known(const struct life *life)
{
	return life->facts.sandbox_id[0] == '\0' &&
	    life->facts.execution_id[0] == '\0' &&
	    job_facts_lost(&life->facts) == 0;
}

unsigned
run_result(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	if (!flow_heard(life))
		return 0;
	life->child = CHILD_FINISHED;
	life->limit_ms = now->ms + LIFE_EXIT_MS;
	life->held &= ~FX_RECORDED;
	if (!life->cleaning) {
		end_with_result(life, ev->u.result);
		flow_settle(life, ev->u.result->outcome != OUTCOME_STOPPED);
		return flow_save_then(life, 0);
	}
	life->notes |= NOTE_CLEANED;
	if (ev->u.result->outcome == OUTCOME_SUCCESS || nothing_known(life))
		life->cleanup = false;
	return flow_save_then(life, 0);
}

unsigned
run_fault(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)now;
	if (life->child == CHILD_NONE || life->child == CHILD_KILLED)
		return 0;
	life->fault = true;
	life->no_order = ev->type == EV_NO_ORDER;
	strlcpy(life->why, ev->u.text, sizeof(life->why));
	return flow_kill_child(life);
}

unsigned
run_rest(struct life *life, const struct life_now *now)
{
	const struct token_owner owner = flow_owner(life);
	char *token;

	if (life->state != LIFE_OURS || !life->rules.hand_back ||
	    life->token_unread)
		return 0;
	token = token_encode(&life->facts, life_remaining(life, now), &owner,
	    life->rules.key);
	if (token == NULL)
		return 0;	/* the next process goes on with it */
	end_handed_back(life, token);
	return flow_ended(life, true);
}

/* The executor had its order and ended without a result. */
static unsigned
lost(struct life *life, enum life_child was, const struct life_event *ev,
    const struct life_now *now)
{
	bool parked = !ev->u.exit.signaled &&
	    ev->u.exit.status == IPC_EXIT_PARKED;

	if (life->parking && !life->fault && life->stop == STOP_NONE &&
	    (parked || was == CHILD_PARKING || was == CHILD_KILLED)) {
		unsigned out = run_rest(life, now);

		if (was == CHILD_PARKING && life->state == LIFE_OURS)
			life->notes |= NOTE_PARKED;
		return out;
	}
	if (parked && was == CHILD_WORKING && !life->fault &&
	    life->stop == STOP_NONE)
		/* by itself: another one can do what this one cannot */
		return life->draining ? 0 : flow_retry(life, FX_DETAILS, 0,
		    PARKED_PAUSE_MS, now);
	end_without_result(life, &ev->u.exit);
	return flow_ended(life, false);
}

/* No executor is left, whether or not there was one. */
static unsigned
child_gone(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	enum life_child was = life->child;
	bool was_cleaning = life->cleaning;

	life->child = CHILD_NONE;
	life->cleaning = false;
	life->limit_ms = 0;
	/* nothing told it to begin that; what an earlier executor began
	 * stands */
	if (life->turn_open && life->facts.intent != INTENT_NONE)
		life->facts.intent = life->intent_before;
	life->turn_open = false;
	life->held &= ~FX_RECORDED;
	if (life->want_credentials) {
		life->want_credentials = false;
		life->busy &= ~FX_DETAILS;
		life->retry_ms = 0;
	}
	if (life->version_fault)
		return 0;
	if (was_cleaning)
		return life->cleanup ? start_again(life, now) :
		    flow_finish(life);
	if (life->state == LIFE_RESULT)
		return flow_when_saved(life, FX_PUT |
		    (life->cleanup ? FX_START : 0), now);
	if (life->have_data)		/* the order was never sent */
		return life->parking ? run_rest(life, now) :
		    start_again(life, now);
	return lost(life, was, ev, now);
}

unsigned
run_start_failed(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	static const struct life_event gone = { .type = EV_EXIT };

	if (life->child != CHILD_ASKED && life->child != CHILD_KILLED)
		return 0;
	if (!life->late)
		strlcpy(life->why, ev->u.text, sizeof(life->why));
	return child_gone(life, &gone, now);
}

/* All slots run executors: the clean-up waits, and keeps its claim to a
 * slot. */
unsigned
run_busy(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev;
	if (life->child != CHILD_ASKED || !life->cleaning)
		return 0;
	life->child = CHILD_NONE;
	life->cleaning = false;
	life->wants_slot = true;
	life->limit_ms = 0;
	life->start_ms = now->ms + SLOT_WAIT_MS;
	return 0;
}

static unsigned
exit_note(const struct life *life, const struct life_exit *end)
{
	if (end->crash)
		return NOTE_CRASHED;
	if (!end->signaled)
		return life->state == LIFE_RESULT && end->status != 0 ?
		    NOTE_ODD_STATUS : 0;
	if (life->child == CHILD_KILLED)
		return NOTE_KILLED;
	return life->child == CHILD_STOPPING && end->status == SIGTERM ?
	    NOTE_ENDED_BY_STOP : NOTE_ENDED_OUTSIDE;
}

unsigned
run_exit(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	if (life->child == CHILD_NONE)
		return 0;
	life->notes |= exit_note(life, &ev->u.exit);
	if (life->child == CHILD_ASKED)
		strlcpy(life->why, "it ended before its first message",
		    sizeof(life->why));
	return child_gone(life, ev, now);
}
