/*
 * What comes to a job's life from outside: the disk, the operator, the clock.
 * Pure, as all of the state machine.
 */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "jobs_life.h"

#define SAVE_RETRY_MS	1000
#define RESUMED_S	3600	/* of trying, at least, after a restart */

/* --- from the disk, from the operator, from the clock --- */

static unsigned
resume_ours(struct job *job, const struct job_now *now)
{
	int64_t left = (job->deadline_wall - now->wall) * 1000;
	char text[32];

	if (left > job->rules.timeout_ms)
		left = job->rules.timeout_ms;
	job->resumed = true;
	if (left <= 0) {
		jobs_end_failed(job, FAIL_JOB, "Timed out: the %s allowed for "
		    "this action were over when the worker was started again "
		    "(last step: %s).", jobs_duration(text, sizeof(text),
		    job->rules.timeout_ms), ipc_step_text(job->step));
		return life_ended(job, false);
	}
	job->deadline_ms = now->ms + left;
	job->busy |= FX_DETAILS;
	return FX_DETAILS;
}

unsigned
life_on_resume(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	int64_t left_s = job->claimed_wall + JOB_REPORT_S - now->wall;

	(void)ev;
	job->on_disk = job->token_unread = true;
	/* the clock may have been set in between */
	if (left_s > JOB_REPORT_S)
		left_s = JOB_REPORT_S;
	if (left_s < RESUMED_S)
		left_s = RESUMED_S;
	job->give_up_ms = now->ms + left_s * 1000;
	switch (job->state) {
	case JOB_CLAIMING:
		job->ack_unsure = true;
		return life_acknowledge(job);
	case JOB_OURS:
		return resume_ours(job, now);
	case JOB_RESULT:
		if (job->reported && !job->cleanup)
			return life_finish(job);
		job->report_unsure = !job->reported;
		return life_release(job, FX_REPORT |
		    (job->cleanup ? FX_START : 0), now);
	default:
		return 0;
	}
}

unsigned
life_on_saved(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned held = job->held;

	(void)ev;
	job->dirty = false;
	job->on_disk = true;
	job->save_ms = 0;
	job->held = 0;
	return life_release(job, held, now);
}

/* The disk does not take the record. Nothing new begins; what runs and what is
 * to be reported goes on, except an intent: that waits. */
unsigned
life_on_save_failed(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned go = job->held & FX_REPORT;

	(void)ev;
	if (job->state == JOB_CLAIMING && (job->held & FX_ACKNOWLEDGE) &&
	    !job->ack_unsure) {
		job->state = JOB_DROPPED;
		job->held = FX_FORGET;
		/* a record of the claim would be taken for one */
		if (job->on_disk) {
			job->save_ms = now->ms + SAVE_RETRY_MS;
			return 0;
		}
		job->dirty = false;
		return FX_FORGET;
	}
	if (job->facts.intent == INTENT_NONE)
		go |= job->held & FX_RECORDED;
	job->held &= ~go;
	job->save_ms = now->ms + SAVE_RETRY_MS;
	return life_release(job, go, now);
}

unsigned
life_on_cancel(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (job->state != JOB_OURS)
		return 0;
	if (job->child == CHILD_WORKING)
		return life_stop_child(job, STOP_CANCEL, now);
	if (job->child == CHILD_ASKED) {
		out = life_kill_child(job);
		job->late = true;
		strlcpy(job->why, "cancelled", sizeof(job->why));
	} else if (job->child != CHILD_NONE)
		return 0;
	job->held &= ~(FX_START | FX_DETAILS);
	jobs_end_failed(job, FAIL_JOB, "Cancelled by the operator of the "
	    "worker before it began.");
	life_settle(job, false);
	return out | life_save_then(job, job->child == CHILD_NONE ?
	    FX_REPORT | (job->cleanup ? FX_START : 0) : 0);
}

unsigned
life_on_drain(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	job->draining = true;
	job->held &= ~FX_START;
	job->start_ms = 0;
	if (job->retry_what != FX_REPORT && !job->want_credentials)
		job->retry_ms = 0;
	if (job->state == JOB_CLAIMING && !(job->busy & FX_ACKNOWLEDGE) &&
	    !job->ack_unsure)
		return life_drop(job);
	if (job->child == CHILD_ASKED)
		return life_kill_child(job);
	return 0;
}

unsigned
life_on_park(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = life_on_drain(job, ev, now);

	job->parking = true;
	/* What is not answered by now is repeated by the next process; an
	 * acknowledge has until the end, since its repeat is ambiguous. */
	if (job->busy & ~FX_ACKNOWLEDGE) {
		job->report_unsure |= (job->busy & FX_REPORT) != 0;
		job->busy &= FX_ACKNOWLEDGE;
		out |= FX_CANCEL;
	}
	if (job->child == CHILD_NONE)
		return out | life_rest(job, now);
	if (job->child != CHILD_WORKING)
		return out;
	job->child = CHILD_PARKING;
	job->limit_ms = now->ms + job->rules.kill_grace_ms;
	return out | FX_WRITE_PARK;
}

static unsigned
limit_reached(struct job *job)
{
	job->limit_ms = 0;
	switch (job->child) {
	case CHILD_ASKED:
		job->late = true;
		strlcpy(job->why, "it said no hello in time",
		    sizeof(job->why));
		return life_kill_child(job) | FX_RENEW;
	case CHILD_WORKING:
	case CHILD_STOPPING:
	case CHILD_PARKING:
	case CHILD_FINISHED:
		return life_kill_child(job);
	default:
		return 0;
	}
}

unsigned
life_on_timer(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (job->deadline_ms != 0 && now->ms >= job->deadline_ms &&
	    job->state == JOB_OURS)
		out |= life_overdue(job, now);
	if (job->limit_ms != 0 && now->ms >= job->limit_ms)
		out |= limit_reached(job);
	if (job->retry_ms != 0 && now->ms >= job->retry_ms) {
		job->retry_ms = 0;
		out |= life_when_saved(job, job->retry_what, now);
	}
	if (job->start_ms != 0 && now->ms >= job->start_ms) {
		job->start_ms = 0;
		out |= life_when_saved(job, FX_START, now);
	}
	if (job->save_ms != 0 && now->ms >= job->save_ms) {
		job->save_ms = 0;
		out |= life_save_then(job, 0);
	}
	return out;
}
