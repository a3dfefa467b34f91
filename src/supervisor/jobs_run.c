/*
 * A job's life while an executor works for it: start, reports, exit, deadline.
 * Pure, as all of the state machine.
 */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "jobs_life.h"

#define SLOT_WAIT_MS	1000
#define PARKED_PAUSE_MS	1000	/* bounds what a broken one can cost */

/* --- the executor --- */

/* The deadline passed. */
unsigned
life_overdue(struct job *job, const struct job_now *now)
{
	unsigned out = 0;
	char text[32];

	job->deadline_ms = 0;
	if (job->child == CHILD_WORKING)
		return life_stop_child(job, STOP_DEADLINE, now);
	if (job->child != CHILD_NONE && job->child != CHILD_ASKED)
		return 0;
	job->held &= ~(FX_START | FX_DETAILS);
	jobs_end_failed(job, FAIL_SYSTEM, "Timed out after %s before the "
	    "worker could begin with it. Tell the worker's operator.",
	    jobs_duration(text, sizeof(text), job->rules.timeout_ms));
	if (job->child == CHILD_ASKED)
		out = life_kill_child(job);
	life_settle(job, false);
	return out | life_save_then(job, job->child == CHILD_NONE ?
	    FX_REPORT | (job->cleanup ? FX_START : 0) : 0);
}

/* Again later, unless that was in vain too often. */
static unsigned
start_again(struct job *job, const struct job_now *now)
{
	if (job->draining)
		return 0;
	if (job->state == JOB_RESULT) {
		if (++job->cleanups >= JOB_CLEANUP_TRIES) {
			job->cleanup = false;
			return life_finish(job);
		}
		job->start_ms = now->ms +
		    life_pause_ms(job, job->cleanups, 5000, 600000);
		return 0;
	}
	if (job->deadline_ms == 0)	/* passed while the last one was
					   killed */
		return life_overdue(job, now);
	if (++job->starts >= JOB_START_TRIES) {
		jobs_end_failed(job, FAIL_SYSTEM, "The worker's machine "
		    "cannot start processes for jobs at present. Retry the "
		    "stage; if it fails again, tell the worker's operator.");
		return life_ended(job, false);
	}
	job->start_ms = now->ms +
	    life_pause_ms(job, job->starts - 1, 200, 5000);
	return 0;
}

unsigned
life_on_hello(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (job->child != CHILD_ASKED)
		return 0;
	job->child = CHILD_WORKING;
	job->limit_ms = job->cleaning ? now->ms + JOB_CLEANUP_MS : 0;
	job->have_data = false;
	return FX_ORDER;
}

/* Not even begun, and cannot be: no process was asked for. */
unsigned
life_on_unusable(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (job->child != CHILD_ASKED || job->state != JOB_OURS)
		return 0;
	job->child = CHILD_NONE;
	job->limit_ms = 0;
	jobs_end_failed(job, FAIL_CONFIG, "%s", ev->u.text);
	return life_ended(job, false);
}

unsigned
life_on_hello_version(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (job->child != CHILD_ASKED)
		return 0;
	job->version_fault = true;
	return life_kill_child(job) | FX_UPGRADE;
}

unsigned
life_on_noted(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (!life_heard(job))
		return 0;
	if (!job->turn_open)
		job->intent_before = job->facts.intent;
	job_facts_free(&job->facts);
	job_facts_copy(&job->facts, ev->u.facts);
	job->turn_open = true;
	return life_save_then(job, FX_RECORDED);
}

unsigned
life_on_progress(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	/* what a stop does is not the step that used up the time */
	if (!life_heard(job) || job->cleaning ||
	    job->child == CHILD_STOPPING || job->step == ev->u.step)
		return 0;
	job->step = ev->u.step;
	return FX_SAVE;		/* nothing waits for it */
}

unsigned
life_on_need_credentials(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!life_heard(job) || job->cleaning)
		return 0;
	job->want_credentials = true;
	job->tries = 0;
	job->busy |= FX_DETAILS;
	return FX_DETAILS;
}

/* A clean-up that failed and left no fact to go by: the next one could do no
 * more. */
static bool
nothing_known(const struct job *job)
{
	return job->facts.sandbox_id[0] == '\0' &&
	    job->facts.execution_id[0] == '\0' &&
	    job_facts_lost(&job->facts) == 0;
}

unsigned
life_on_result(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!life_heard(job))
		return 0;
	job->child = CHILD_FINISHED;
	job->limit_ms = now->ms + JOB_EXIT_MS;
	job->held &= ~FX_RECORDED;
	if (!job->cleaning) {
		jobs_end_with_result(job, ev->u.result);
		life_settle(job, ev->u.result->outcome != OUTCOME_STOPPED);
	} else if (ev->u.result->outcome == OUTCOME_SUCCESS ||
	    nothing_known(job)) {
		job->cleanup = false;
	}
	return life_save_then(job, 0);
}

unsigned
life_on_fault(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (job->child == CHILD_NONE || job->child == CHILD_KILLED)
		return 0;
	job->fault = true;
	job->no_order = ev->type == EV_NO_ORDER;
	strlcpy(job->why, ev->u.text, sizeof(job->why));
	return life_kill_child(job);
}

unsigned
life_rest(struct job *job, const struct job_now *now)
{
	if (job->state != JOB_OURS || !job->rules.hand_back ||
	    job->token_unread ||
	    job->facts.intent != INTENT_NONE ||
	    (job->facts.sandbox_id[0] == '\0' && job->facts.starts_lost > 0) ||
	    jobs_end_handed_back(job, now) == -1)
		return 0;	/* goes on with the next process */
	return life_ended(job, true);
}

/* Gone without a result, with the order sent. */
static unsigned
lost(struct job *job, enum job_child was, const struct job_event *ev,
    const struct job_now *now)
{
	bool parked = !ev->u.exit.signaled &&
	    ev->u.exit.status == IPC_EXIT_PARKED;

	if (job->parking && !job->fault && job->stop == STOP_NONE &&
	    (parked || was == CHILD_PARKING || was == CHILD_KILLED))
		return life_rest(job, now);
	if (parked && was == CHILD_WORKING && !job->fault &&
	    job->stop == STOP_NONE)
		/* by itself: another one can do what this one cannot */
		return job->draining ? 0 :
		    life_retry(job, FX_DETAILS, 0, PARKED_PAUSE_MS, now);
	jobs_end_without_result(job, &ev->u.exit);
	return life_ended(job, false);
}

/* No executor is left, whether or not there was one. */
static unsigned
child_gone(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	enum job_child was = job->child;
	bool was_cleaning = job->cleaning;

	job->child = CHILD_NONE;
	job->cleaning = false;
	job->limit_ms = 0;
	/* it was never told to begin that; what an earlier one began stands */
	if (job->turn_open && job->facts.intent != INTENT_NONE)
		job->facts.intent = job->intent_before;
	job->turn_open = false;
	job->held &= ~FX_RECORDED;
	if (job->want_credentials) {
		job->want_credentials = false;
		job->busy &= ~FX_DETAILS;
		job->retry_ms = 0;
	}
	if (job->version_fault)
		return 0;
	if (was_cleaning)
		return job->cleanup ? start_again(job, now) : life_finish(job);
	if (job->state == JOB_RESULT)
		return life_when_saved(job, FX_REPORT |
		    (job->cleanup ? FX_START : 0), now);
	if (job->have_data)		/* the order was never sent */
		return job->parking ? life_rest(job, now) :
		    start_again(job, now);
	return lost(job, was, ev, now);
}

unsigned
life_on_start_failed(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	static const struct job_event gone = { .type = EV_EXIT };

	if (job->child != CHILD_ASKED && job->child != CHILD_KILLED)
		return 0;
	if (!job->late)
		strlcpy(job->why, ev->u.text, sizeof(job->why));
	return child_gone(job, &gone, now);
}

/* As many executors run as may: a clean-up waits, and its slot is kept. */
unsigned
life_on_busy(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (job->child != CHILD_ASKED || !job->cleaning)
		return 0;
	job->child = CHILD_NONE;
	job->cleaning = false;
	job->wants_slot = true;
	job->limit_ms = 0;
	job->start_ms = now->ms + SLOT_WAIT_MS;
	return 0;
}

unsigned
life_on_exit_event(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (job->child == CHILD_NONE)
		return 0;
	if (job->child == CHILD_ASKED)
		strlcpy(job->why, "it ended before its first message",
		    sizeof(job->why));
	return child_gone(job, ev, now);
}
