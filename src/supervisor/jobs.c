/*
 * The state machine of a job's life, in the supervisor: the table of handlers,
 * and what they share. Pure: no I/O, no clock, no randomness.
 */
#include <sys/types.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "jobs_life.h"

#define REQUESTS	(FX_ACKNOWLEDGE | FX_DETAILS | FX_REPORT)

typedef unsigned (*event_handler)(struct job *, const struct job_event *,
    const struct job_now *);

/* --- effects that wait for the disk, and those that do not --- */

unsigned
life_start(struct job *job, const struct job_now *now)
{
	if (job->child != CHILD_NONE || job->draining)
		return 0;
	if (job->state == JOB_OURS && !job->have_data)
		return 0;
	job->child = CHILD_ASKED;
	job->wants_slot = false;
	job->cleaning = job->state == JOB_RESULT;
	job->limit_ms = now->ms + JOB_HELLO_MS;
	job->late = job->fault = false;
	return FX_START;
}

/* Carry out now what was held back; what no longer fits is dropped. */
unsigned
life_release(struct job *job, unsigned effects, const struct job_now *now)
{
	unsigned out = effects & FX_FORGET;

	if (effects & FX_DETAILS && job->state == JOB_OURS &&
	    (!job->draining || job->want_credentials))
		out |= FX_DETAILS;
	if (effects & FX_REPORT && job->state == JOB_RESULT && !job->reported)
		out |= FX_REPORT;
	if (effects & FX_RECORDED && job->turn_open) {
		job->turn_open = false;
		out |= FX_RECORDED;
	}
	if (effects & FX_START && (job->state == JOB_OURS || job->cleanup))
		out |= life_start(job, now);
	out &= ~(job->busy & REQUESTS);
	job->busy |= out & REQUESTS;
	if (effects & FX_ACKNOWLEDGE && job->state == JOB_CLAIMING &&
	    !job->draining)
		out |= life_acknowledge(job);
	return out;
}

unsigned
life_acknowledge(struct job *job)
{
	if (job->busy & FX_ACKNOWLEDGE)
		return 0;
	strlcpy(job->sent_nonce, job->nonce, sizeof(job->sent_nonce));
	job->busy |= FX_ACKNOWLEDGE;
	return FX_ACKNOWLEDGE;
}

/* Write the record; the effects follow when it is on disk. */
unsigned
life_save_then(struct job *job, unsigned effects)
{
	job->dirty = true;
	job->held |= effects;
	return FX_SAVE;
}

unsigned
life_when_saved(struct job *job, unsigned effects, const struct job_now *now)
{
	if (!job->dirty)
		return life_release(job, effects, now);
	job->held |= effects;
	return 0;
}

/* Pause before a repeat, spread by the job's id so that many jobs do not
 * repeat in step. */
int64_t
life_pause_ms(const struct job *job, unsigned tries, int64_t base, int64_t most)
{
	int64_t ms = base;
	unsigned spread = (unsigned)strtoul(job->id, NULL, 16) % 64;

	while (tries-- > 0 && ms < most)
		ms *= 2;
	if (ms > most)
		ms = most;
	return ms / 2 + ms * (int64_t)spread / 128 + 1;
}

unsigned
life_retry(struct job *job, unsigned what, int64_t after, int64_t most,
    const struct job_now *now)
{
	int64_t ms = life_pause_ms(job, job->tries++, 1000, most);

	job->retry_what = what;
	job->retry_ms = now->ms + (after > ms ? after : ms);
	return 0;
}

/* The life is over when the result is out and nothing is left to clean. */
unsigned
life_finish(struct job *job)
{
	if (job->state != JOB_RESULT || !job->reported || job->cleanup ||
	    job->child != CHILD_NONE)
		return life_save_then(job, 0);
	job->state = JOB_DONE;
	return life_save_then(job, FX_FORGET);
}

unsigned
life_drop(struct job *job)
{
	job->state = JOB_DROPPED;
	job->held = 0;
	return life_save_then(job, FX_FORGET);
}

/* The result is known: nothing of the work goes on. */
void
life_settle(struct job *job, bool told)
{
	job->state = JOB_RESULT;
	job->cleanup = jobs_end_needs_cleanup(job, told);
	job->deadline_ms = 0;
	job->retry_ms = job->start_ms = 0;
	job->tries = 0;
	job->busy &= ~FX_DETAILS;
	job->want_credentials = false;
}

/* Result known and no executor left: save it, then report and clean up. */
unsigned
life_ended(struct job *job, bool told)
{
	life_settle(job, told);
	return life_save_then(job, FX_REPORT | (job->cleanup ? FX_START : 0));
}

unsigned
life_kill_child(struct job *job)
{
	job->child = CHILD_KILLED;
	job->limit_ms = 0;
	return FX_KILL;
}

unsigned
life_stop_child(struct job *job, enum job_stop why, const struct job_now *now)
{
	job->stop = why;
	job->child = CHILD_STOPPING;
	job->limit_ms = now->ms + job->rules.kill_grace_ms;
	return FX_STOP;
}

bool
life_heard(const struct job *job)
{
	/* What was on its way when the kill was sent still counts. */
	if (job->child == CHILD_KILLED)
		return !job->fault && !job->late && !job->version_fault;
	return job->child == CHILD_WORKING || job->child == CHILD_STOPPING ||
	    job->child == CHILD_PARKING;
}

bool
life_answered(struct job *job, unsigned request)
{
	if (!(job->busy & request))
		return false;
	job->busy &= ~request;
	return true;
}

static unsigned
on_nothing(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)job, (void)ev, (void)now;
	return 0;
}

static const event_handler handlers[EV_MAX] = {
	[EV_OFFERED] = life_on_offered,
	[EV_OFFERED_AGAIN] = life_on_offered_again,
	[EV_RESUME] = life_on_resume,
	[EV_SAVED] = life_on_saved,
	[EV_SAVE_FAILED] = life_on_save_failed,
	[EV_ACKNOWLEDGED] = life_on_acknowledged,
	[EV_ACK_REFUSED] = life_on_ack_refused,
	[EV_ACK_NONCE] = life_on_ack_nonce,
	[EV_ACK_AGAIN] = life_on_ack_again,
	[EV_ACK_UNSURE] = life_on_ack_again,
	[EV_DETAILS] = life_on_details,
	[EV_DETAILS_AGAIN] = life_on_details_again,
	[EV_DETAILS_REFUSED] = life_on_details_refused,
	[EV_STARTED] = on_nothing,
	[EV_START_FAILED] = life_on_start_failed,
	[EV_BUSY] = life_on_busy,
	[EV_HELLO] = life_on_hello,
	[EV_HELLO_VERSION] = life_on_hello_version,
	[EV_NOTED] = life_on_noted,
	[EV_PROGRESS] = life_on_progress,
	[EV_NEED_CREDENTIALS] = life_on_need_credentials,
	[EV_RESULT] = life_on_result,
	[EV_FAULT] = life_on_fault,
	[EV_NO_ORDER] = life_on_fault,
	[EV_UNUSABLE] = life_on_unusable,
	[EV_EXIT] = life_on_exit_event,
	[EV_REPORTED] = life_on_reported,
	[EV_REPORT_REFUSED] = life_on_report_refused,
	[EV_REPORT_INVALID] = life_on_report_invalid,
	[EV_REPORT_AGAIN] = life_on_report_again,
	[EV_REPORT_UNSURE] = life_on_report_again,
	[EV_CANCEL] = life_on_cancel,
	[EV_DRAIN] = life_on_drain,
	[EV_PARK] = life_on_park,
	[EV_TIMER] = life_on_timer,
};

unsigned
jobs_step(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	assert(ev->type < EV_MAX && handlers[ev->type] != NULL);
	return handlers[ev->type](job, ev, now);
}

int64_t
jobs_wake(const struct job *job)
{
	const int64_t times[] = { job->deadline_ms, job->limit_ms,
	    job->retry_ms, job->start_ms, job->save_ms };
	int64_t first = 0;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i] != 0 && (first == 0 || times[i] < first))
			first = times[i];
	return first;
}

int64_t
jobs_remaining(const struct job *job, const struct job_now *now)
{
	int64_t left = job->deadline_ms - now->ms;

	if (job->cleaning)
		return JOB_CLEANUP_MS;
	return left > 0 ? left : 0;
}

bool
jobs_nonce_stale(const struct job *job)
{
	return strcmp(job->sent_nonce, job->nonce) != 0;
}

bool
jobs_active(const struct job *job)
{
	return job->child != CHILD_NONE || job->state == JOB_NEW ||
	    job->state == JOB_CLAIMING || job->state == JOB_OURS;
}

bool
jobs_slot(const struct job *job)
{
	/* a clean-up that is about to start */
	if (job->state == JOB_RESULT && job->cleanup &&
	    (job->start_ms == 0 || job->wants_slot))
		return true;
	if (job->state == JOB_RESULT && !job->reported &&
	    job->tries >= JOB_SLOT_TRIES)
		return true;
	return jobs_active(job);
}

bool
jobs_at_rest(const struct job *job)
{
	return job->child == CHILD_NONE && job->busy == 0 && !job->dirty;
}

void
jobs_new(struct job *job, const struct job_data *data, enum job_action action,
    const struct job_rules *rules)
{
	memset(job, 0, sizeof(*job));
	strlcpy(job->id, data->id, sizeof(job->id));
	strlcpy(job->nonce, data->nonce, sizeof(job->nonce));
	strlcpy(job->version, data->version, sizeof(job->version));
	strlcpy(job->pipeline, data->pipeline, sizeof(job->pipeline));
	strlcpy(job->stage, data->stage, sizeof(job->stage));
	strlcpy(job->name, data->action, sizeof(job->name));
	strlcpy(job->execution, data->execution, sizeof(job->execution));
	job->action = action;
	job->rules = *rules;
}

void
jobs_free(struct job *job)
{
	job_facts_free(&job->facts);
	job_result_free(&job->result);
}
