/*
 * The state machine of a job's life, in the supervisor: one handler per event.
 * Pure: no I/O, no clock, no randomness.
 */
#include <sys/types.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"

#define REQUESTS	(FX_ACKNOWLEDGE | FX_DETAILS | FX_REPORT)
#define SAVE_RETRY_MS	1000

typedef unsigned (*event_handler)(struct job *, const struct job_event *,
    const struct job_now *);

/* --- effects that wait for the disk, and those that do not --- */

static unsigned
child_start(struct job *job, const struct job_now *now)
{
	if (job->child != CHILD_NONE || job->draining)
		return 0;
	if (job->state == JOB_OURS && !job->have_data)
		return 0;
	job->child = CHILD_ASKED;
	job->cleaning = job->state == JOB_RESULT;
	job->limit_ms = now->ms + JOB_HELLO_MS;
	job->late = job->fault = false;
	return FX_START;
}

/* Carry out now what was held back; what no longer fits is dropped. */
static unsigned
release(struct job *job, unsigned effects, const struct job_now *now)
{
	unsigned out = effects & FX_FORGET;

	if (effects & FX_ACKNOWLEDGE && job->state == JOB_CLAIMING &&
	    !job->draining)
		out |= FX_ACKNOWLEDGE;
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
		out |= child_start(job, now);
	out &= ~(job->busy & REQUESTS);
	job->busy |= out & REQUESTS;
	return out;
}

/* Write the record; the effects follow when it is on disk. */
static unsigned
save_then(struct job *job, unsigned effects)
{
	job->dirty = true;
	job->held |= effects;
	return FX_SAVE;
}

static unsigned
when_saved(struct job *job, unsigned effects, const struct job_now *now)
{
	if (!job->dirty)
		return release(job, effects, now);
	job->held |= effects;
	return 0;
}

/* Pause before a repeat, spread by the job's id so that many jobs do not
 * repeat in step. */
static int64_t
pause_ms(const struct job *job, unsigned tries, int64_t base, int64_t most)
{
	int64_t ms = base;
	unsigned spread = (unsigned)strtoul(job->id, NULL, 16) % 64;

	while (tries-- > 0 && ms < most)
		ms *= 2;
	if (ms > most)
		ms = most;
	return ms / 2 + ms * (int64_t)spread / 128 + 1;
}

static unsigned
retry(struct job *job, unsigned what, int64_t after, int64_t most,
    const struct job_now *now)
{
	int64_t ms = pause_ms(job, job->tries++, 1000, most);

	job->retry_what = what;
	job->retry_ms = now->ms + (after > ms ? after : ms);
	return 0;
}

/* The life is over when the result is out and nothing is left to clean. */
static unsigned
finish(struct job *job)
{
	if (job->state != JOB_RESULT || !job->reported || job->cleanup ||
	    job->child != CHILD_NONE)
		return save_then(job, 0);
	job->state = JOB_DONE;
	return save_then(job, FX_FORGET);
}

static unsigned
drop(struct job *job)
{
	job->state = JOB_DROPPED;
	job->held = 0;
	return save_then(job, FX_FORGET);
}

/* The result is known: nothing of the work goes on. */
static void
settle(struct job *job, bool told)
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
static unsigned
ended(struct job *job, bool told)
{
	settle(job, told);
	return save_then(job, FX_REPORT | (job->cleanup ? FX_START : 0));
}

static unsigned
kill_child(struct job *job)
{
	job->child = CHILD_KILLED;
	job->limit_ms = 0;
	return FX_KILL;
}

static unsigned
stop_child(struct job *job, enum job_stop why, const struct job_now *now)
{
	job->stop = why;
	job->child = CHILD_STOPPING;
	job->limit_ms = now->ms + job->rules.kill_grace_ms;
	return FX_STOP;
}

static bool
child_heard(const struct job *job)
{
	return job->child == CHILD_WORKING || job->child == CHILD_STOPPING ||
	    job->child == CHILD_PARKING;
}

/* --- claiming --- */

static unsigned
on_offered(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (job->state != JOB_NEW)
		return 0;
	job->state = JOB_CLAIMING;
	job->claimed_wall = now->wall;
	job->have_data = true;
	return save_then(job, FX_ACKNOWLEDGE);
}

static unsigned
on_offered_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (job->state != JOB_CLAIMING || strcmp(job->nonce, ev->u.nonce) == 0)
		return 0;
	strlcpy(job->nonce, ev->u.nonce, sizeof(job->nonce));
	if (job->retry_ms != 0)
		job->retry_ms = now->ms;
	return save_then(job, 0);
}

static unsigned
own(struct job *job, const struct job_now *now)
{
	job->state = JOB_OURS;
	job->deadline_wall = now->wall + (job->rules.timeout_ms + 999) / 1000;
	job->deadline_ms = now->ms + job->rules.timeout_ms;
	job->retry_ms = 0;
	job->tries = 0;
	return save_then(job, job->have_data ? FX_START : FX_DETAILS);
}

static bool
answered(struct job *job, unsigned request)
{
	if (!(job->busy & request))
		return false;
	job->busy &= ~request;
	return true;
}

static unsigned
on_acknowledged(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	return own(job, now);
}

static unsigned
on_ack_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	return drop(job);
}

static unsigned
on_ack_nonce(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	if (job->ack_unsure && job->rules.run_ambiguous)
		return own(job, now);
	return drop(job);
}

static unsigned
on_ack_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!answered(job, FX_ACKNOWLEDGE) || job->state != JOB_CLAIMING)
		return 0;
	if (ev->type == EV_ACK_UNSURE)
		job->ack_unsure = true;
	if (job->tries >= JOB_ACK_TRIES)
		return drop(job);
	if (job->draining)	/* repeated by the next process */
		return job->ack_unsure ? 0 : drop(job);
	return retry(job, FX_ACKNOWLEDGE, ev->type == EV_ACK_AGAIN ?
	    ev->u.retry_after_ms : 0, 30000, now);
}

/* --- job data: after a restart, and fresh credentials --- */

static unsigned
on_details(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!answered(job, FX_DETAILS) || job->state != JOB_OURS)
		return 0;
	job->tries = 0;
	if (job->want_credentials) {
		job->want_credentials = job->details_failed = false;
		return FX_CREDENTIALS;
	}
	job->have_data = true;
	return child_start(job, now);
}

static unsigned
on_details_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!answered(job, FX_DETAILS) || job->state != JOB_OURS)
		return 0;
	return retry(job, FX_DETAILS, ev->u.retry_after_ms, 30000, now);
}

static unsigned
on_details_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (!answered(job, FX_DETAILS) || job->state != JOB_OURS)
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
	return ended(job, false);
}

/* --- the executor --- */

/* The deadline passed. */
static unsigned
overdue(struct job *job, const struct job_now *now)
{
	unsigned out = 0;
	char text[32];

	job->deadline_ms = 0;
	if (job->child == CHILD_WORKING)
		return stop_child(job, STOP_DEADLINE, now);
	if (job->child != CHILD_NONE && job->child != CHILD_ASKED)
		return 0;
	job->held &= ~(FX_START | FX_DETAILS);
	jobs_end_failed(job, FAIL_SYSTEM, "Timed out after %s before it could "
	    "begin: %s", jobs_duration(text, sizeof(text),
	    job->rules.timeout_ms), job->why[0] != '\0' ? job->why :
	    "the worker could not get the job's data");
	if (job->child == CHILD_ASKED)
		out = kill_child(job);
	settle(job, false);
	return out | save_then(job, job->child == CHILD_NONE ?
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
			return finish(job);
		}
		job->start_ms = now->ms +
		    pause_ms(job, job->cleanups, 5000, 600000);
		return 0;
	}
	if (job->deadline_ms == 0)	/* passed while the last one was killed */
		return overdue(job, now);
	if (++job->starts >= JOB_START_TRIES) {
		jobs_end_failed(job, FAIL_SYSTEM, "The worker could not start "
		    "a process for this job: %s", job->why);
		return ended(job, false);
	}
	job->start_ms = now->ms + pause_ms(job, job->starts - 1, 200, 5000);
	return 0;
}

static unsigned
on_hello(struct job *job, const struct job_event *ev,
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

static unsigned
on_hello_version(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (job->child != CHILD_ASKED)
		return 0;
	job->version_fault = true;
	return kill_child(job) | FX_UPGRADE;
}

static unsigned
on_noted(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (!child_heard(job))
		return 0;
	job_facts_free(&job->facts);
	job_facts_copy(&job->facts, ev->u.facts);
	job->turn_open = true;
	return save_then(job, FX_RECORDED);
}

static unsigned
on_progress(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (child_heard(job) && !job->cleaning)
		job->step = ev->u.step;
	return 0;
}

static unsigned
on_need_credentials(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!child_heard(job) || job->cleaning)
		return 0;
	job->want_credentials = true;
	job->tries = 0;
	job->busy |= FX_DETAILS;
	return FX_DETAILS;
}

static unsigned
on_result(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!child_heard(job))
		return 0;
	job->child = CHILD_FINISHED;
	job->limit_ms = now->ms + JOB_EXIT_MS;
	job->held &= ~FX_RECORDED;
	if (!job->cleaning) {
		jobs_end_with_result(job, ev->u.result);
		settle(job, ev->u.result->outcome != OUTCOME_STOPPED);
	} else if (ev->u.result->outcome == OUTCOME_SUCCESS) {
		job->cleanup = false;
	}
	return save_then(job, 0);
}

static unsigned
on_fault(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)now;
	if (job->child == CHILD_NONE || job->child == CHILD_KILLED)
		return 0;
	job->fault = true;
	strlcpy(job->why, ev->u.text, sizeof(job->why));
	return kill_child(job);
}

/* Gone without a result, with the order sent. */
static unsigned
lost(struct job *job, enum job_child was, const struct job_event *ev,
    const struct job_now *now)
{
	bool parked = !ev->u.exit.signaled &&
	    ev->u.exit.status == IPC_EXIT_PARKED;

	if (job->parking && (parked || was == CHILD_PARKING ||
	    was == CHILD_KILLED)) {
		if (!parked || !job->rules.hand_back ||
		    job->facts.intent != INTENT_NONE)
			return 0;	/* goes on with the next process */
		jobs_end_handed_back(job, now);
		return ended(job, true);
	}
	jobs_end_without_result(job, &ev->u.exit);
	return ended(job, false);
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
		return job->cleanup ? start_again(job, now) : finish(job);
	if (job->state == JOB_RESULT)
		return when_saved(job, FX_REPORT |
		    (job->cleanup ? FX_START : 0), now);
	if (job->have_data)		/* the order was never sent */
		return start_again(job, now);
	return lost(job, was, ev, now);
}

static unsigned
on_start_failed(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (job->child != CHILD_ASKED && job->child != CHILD_KILLED)
		return 0;
	if (!job->late)
		strlcpy(job->why, ev->u.text, sizeof(job->why));
	return child_gone(job, NULL, now);
}

static unsigned
on_exit_event(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (job->child == CHILD_NONE)
		return 0;
	if (job->child == CHILD_ASKED)
		strlcpy(job->why, "it ended before its first message",
		    sizeof(job->why));
	return child_gone(job, ev, now);
}

/* --- reporting --- */

static unsigned
on_reported(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!answered(job, FX_REPORT))
		return 0;
	job->reported = true;
	return finish(job);
}

/* Refused for good. After an attempt without an answer that most likely means
 * that it landed (aws-contract 2.6); else the action was abandoned, and what
 * it made on CloudShell has no owner. */
static unsigned
on_report_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!answered(job, FX_REPORT))
		return 0;
	job->reported = true;
	if (!job->report_unsure && job->result.outcome != OUTCOME_FAILURE)
		job->cleanup = (job->facts.sandbox_ours &&
		    job->facts.sandbox_id[0] != '\0' &&
		    !job->result.sandbox_ended) ||
		    (job->result.outcome == OUTCOME_CONTINUE &&
		    job->facts.execution_id[0] != '\0');
	if (job->cleanup)
		return save_then(job, FX_START);
	return finish(job);
}

static unsigned
on_report_invalid(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!answered(job, FX_REPORT))
		return 0;
	if (!job->bare) {
		job->bare = true;
		return when_saved(job, FX_REPORT, now);
	}
	job->reported = true;
	return finish(job);
}

static unsigned
on_report_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!answered(job, FX_REPORT))
		return 0;
	if (ev->type == EV_REPORT_UNSURE)
		job->report_unsure = true;
	if (now->wall > job->claimed_wall + JOB_REPORT_S) {
		job->reported = true;
		return finish(job);
	}
	return retry(job, FX_REPORT, ev->type == EV_REPORT_AGAIN ?
	    ev->u.retry_after_ms : 0, 60000, now);
}

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
		return ended(job, false);
	}
	job->deadline_ms = now->ms + left;
	job->busy |= FX_DETAILS;
	return FX_DETAILS;
}

static unsigned
on_resume(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	switch (job->state) {
	case JOB_CLAIMING:
		job->ack_unsure = true;
		job->busy |= FX_ACKNOWLEDGE;
		return FX_ACKNOWLEDGE;
	case JOB_OURS:
		return resume_ours(job, now);
	case JOB_RESULT:
		if (job->reported && !job->cleanup)
			return finish(job);
		job->report_unsure = !job->reported;
		return release(job, FX_REPORT |
		    (job->cleanup ? FX_START : 0), now);
	default:
		return 0;
	}
}

static unsigned
on_saved(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned held = job->held;

	(void)ev;
	job->dirty = false;
	job->save_ms = 0;
	job->held = 0;
	return release(job, held, now);
}

/* The disk does not take the record. Nothing new begins; what runs and what is
 * to be reported goes on, except an intent: that waits. */
static unsigned
on_save_failed(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned go = job->held & (FX_REPORT | FX_FORGET);

	(void)ev;
	if (job->state == JOB_CLAIMING && (job->held & FX_ACKNOWLEDGE) &&
	    !job->ack_unsure) {
		job->state = JOB_DROPPED;
		job->held = 0;
		job->dirty = false;
		return FX_FORGET;
	}
	if (job->facts.intent == INTENT_NONE)
		go |= job->held & FX_RECORDED;
	job->held &= ~go;
	job->save_ms = now->ms + SAVE_RETRY_MS;
	return release(job, go, now);
}

static unsigned
on_cancel(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (job->state != JOB_OURS)
		return 0;
	if (job->child == CHILD_WORKING)
		return stop_child(job, STOP_CANCEL, now);
	if (job->child == CHILD_ASKED) {
		out = kill_child(job);
		job->late = true;
		strlcpy(job->why, "cancelled", sizeof(job->why));
	} else if (job->child != CHILD_NONE)
		return 0;
	job->held &= ~(FX_START | FX_DETAILS);
	jobs_end_failed(job, FAIL_JOB, "Cancelled by the operator of the "
	    "worker before it began.");
	settle(job, false);
	return out | save_then(job, job->child == CHILD_NONE ?
	    FX_REPORT | (job->cleanup ? FX_START : 0) : 0);
}

static unsigned
on_drain(struct job *job, const struct job_event *ev,
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
		return drop(job);
	if (job->child == CHILD_ASKED)
		return kill_child(job);
	return 0;
}

static unsigned
on_park(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = on_drain(job, ev, now);

	job->parking = true;
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
		return kill_child(job) | FX_RENEW;
	case CHILD_WORKING:
	case CHILD_STOPPING:
	case CHILD_PARKING:
	case CHILD_FINISHED:
		return kill_child(job);
	default:
		return 0;
	}
}

static unsigned
on_timer(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (job->deadline_ms != 0 && now->ms >= job->deadline_ms &&
	    job->state == JOB_OURS)
		out |= overdue(job, now);
	if (job->limit_ms != 0 && now->ms >= job->limit_ms)
		out |= limit_reached(job);
	if (job->retry_ms != 0 && now->ms >= job->retry_ms) {
		job->retry_ms = 0;
		out |= when_saved(job, job->retry_what, now);
	}
	if (job->start_ms != 0 && now->ms >= job->start_ms) {
		job->start_ms = 0;
		out |= when_saved(job, FX_START, now);
	}
	if (job->save_ms != 0 && now->ms >= job->save_ms) {
		job->save_ms = 0;
		out |= save_then(job, 0);
	}
	return out;
}

static unsigned
on_nothing(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)job, (void)ev, (void)now;
	return 0;
}

static const event_handler handlers[EV_MAX] = {
	[EV_OFFERED] = on_offered,
	[EV_OFFERED_AGAIN] = on_offered_again,
	[EV_RESUME] = on_resume,
	[EV_SAVED] = on_saved,
	[EV_SAVE_FAILED] = on_save_failed,
	[EV_ACKNOWLEDGED] = on_acknowledged,
	[EV_ACK_REFUSED] = on_ack_refused,
	[EV_ACK_NONCE] = on_ack_nonce,
	[EV_ACK_AGAIN] = on_ack_again,
	[EV_ACK_UNSURE] = on_ack_again,
	[EV_DETAILS] = on_details,
	[EV_DETAILS_AGAIN] = on_details_again,
	[EV_DETAILS_REFUSED] = on_details_refused,
	[EV_STARTED] = on_nothing,
	[EV_START_FAILED] = on_start_failed,
	[EV_HELLO] = on_hello,
	[EV_HELLO_VERSION] = on_hello_version,
	[EV_NOTED] = on_noted,
	[EV_PROGRESS] = on_progress,
	[EV_NEED_CREDENTIALS] = on_need_credentials,
	[EV_RESULT] = on_result,
	[EV_FAULT] = on_fault,
	[EV_EXIT] = on_exit_event,
	[EV_REPORTED] = on_reported,
	[EV_REPORT_REFUSED] = on_report_refused,
	[EV_REPORT_INVALID] = on_report_invalid,
	[EV_REPORT_AGAIN] = on_report_again,
	[EV_REPORT_UNSURE] = on_report_again,
	[EV_CANCEL] = on_cancel,
	[EV_DRAIN] = on_drain,
	[EV_PARK] = on_park,
	[EV_TIMER] = on_timer,
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
jobs_slot(const struct job *job)
{
	return job->child != CHILD_NONE || job->state == JOB_NEW ||
	    job->state == JOB_CLAIMING || job->state == JOB_OURS;
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
