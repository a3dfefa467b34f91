/*
 * A job's life until it is ours and its data is at hand: offer, acknowledge,
 * details. Pure, as all of the state machine.
 */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "jobs_life.h"

#define LEFT_MIN_MS	1000	/* even if a token leaves less */

/* --- claiming --- */

unsigned
life_on_offered(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (job->state != JOB_NEW)
		return 0;
	job->state = JOB_CLAIMING;
	job->claimed_wall = now->wall;
	job->give_up_ms = now->ms + JOB_REPORT_S * 1000;
	job->have_data = true;
	return life_save_then(job, FX_ACKNOWLEDGE);
}

unsigned
life_on_offered_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (job->state != JOB_CLAIMING || strcmp(job->nonce, ev->u.nonce) == 0)
		return 0;
	strlcpy(job->nonce, ev->u.nonce, sizeof(job->nonce));
	/* Offered anew: what was sent before did not claim it. */
	if (!(job->busy & FX_ACKNOWLEDGE))
		job->ack_unsure = false;
	return life_save_then(job, 0);
}

/* Acknowledged: run it, or hand it back if the worker is being stopped. */
static unsigned
own(struct job *job, const struct job_now *now)
{
	int64_t ms = job->rules.timeout_ms;
	unsigned out = 0;

	if (job->deadline_wall != 0 &&
	    (job->deadline_wall - now->wall) * 1000 < ms)
		ms = (job->deadline_wall - now->wall) * 1000;
	if (ms < LEFT_MIN_MS)
		ms = LEFT_MIN_MS;
	job->state = JOB_OURS;
	job->deadline_wall = now->wall + (ms + 999) / 1000;
	job->deadline_ms = now->ms + ms;
	job->retry_ms = 0;
	job->tries = 0;
	if (job->parking)
		out = life_rest(job, now);
	if (out == 0)
		out = life_save_then(job, job->have_data ? FX_START :
		    FX_DETAILS);
	return out;
}

unsigned
life_on_acknowledged(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!life_answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	return own(job, now);
}

unsigned
life_on_ack_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!life_answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	return life_drop(job);
}

unsigned
life_on_ack_nonce(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!life_answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	if (jobs_nonce_stale(job)) {
		job->ack_unsure = false;
		if (job->draining)
			return life_drop(job);
		return life_when_saved(job, FX_ACKNOWLEDGE, now);
	}
	if (job->ack_unsure && job->rules.run_ambiguous)
		return own(job, now);
	return life_drop(job);
}

unsigned
life_on_ack_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!life_answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	if (ev->type == EV_ACK_UNSURE)
		job->ack_unsure = true;
	/* One that may have landed is repeated as long as the job can live. */
	if ((job->tries >= JOB_ACK_TRIES && !job->ack_unsure) ||
	    now->ms >= job->give_up_ms)
		return life_drop(job);
	if (job->draining)	/* repeated by the next process */
		return job->ack_unsure ? 0 : life_drop(job);
	return life_retry(job, FX_ACKNOWLEDGE, ev->u.retry_after_ms, 30000,
	    now);
}

/* --- job data: after a restart, and fresh credentials --- */

unsigned
life_on_details(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!life_answered(job, FX_DETAILS) || job->state != JOB_OURS)
		return 0;
	job->tries = 0;
	if (job->want_credentials) {
		job->want_credentials = job->details_failed = false;
		return FX_CREDENTIALS;
	}
	job->have_data = true;
	return life_start(job, now);
}

unsigned
life_on_details_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!life_answered(job, FX_DETAILS) || job->state != JOB_OURS)
		return 0;
	return life_retry(job, FX_DETAILS, ev->u.retry_after_ms, 30000, now);
}

unsigned
life_on_details_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (!life_answered(job, FX_DETAILS) || job->state != JOB_OURS)
		return 0;
	job->tries = 0;
	if (job->want_credentials) {
		job->want_credentials = false;
		job->details_failed = true;
		return FX_CREDENTIALS;
	}
	if (job->child != CHILD_NONE)
		return 0;
	jobs_end_failed(job, FAIL_SYSTEM, "The job could not be continued "
	    "after a restart of the worker: %s", ev->u.text);
	return life_ended(job, false);
}
