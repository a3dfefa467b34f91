/*
 * Delivers events to the state machine and carries out its effects, in the
 * supervisor. Those that talk to CodePipeline are in effects.c.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sys.h"
#include "worker.h"

struct job_now
dispatch_now(void)
{
	struct job_now now = { .ms = sys_now_ms(), .wall = sys_wall() };

	return now;
}

/* --- time --- */

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct entry *entry = arg;

	(void)source, (void)usec;
	dispatch_simple(entry, EV_TIMER);
	return 0;
}

static void
set_timer(struct entry *entry)
{
	int64_t wake = jobs_wake(&entry->job);
	uint64_t usec = (uint64_t)wake * 1000;

	if (wake == 0) {
		if (entry->timer != NULL)
			(void)sd_event_source_set_enabled(entry->timer,
			    SD_EVENT_OFF);
		return;
	}
	if (entry->timer == NULL) {
		if (sd_event_add_time(entry->worker->event, &entry->timer,
		    SYS_CLOCK, usec, 1000, on_timer, entry) < 0)
			fatalx("cannot add a timer");
		(void)sd_event_source_set_priority(entry->timer, PRIO_TIMER);
		return;
	}
	(void)sd_event_source_set_time(entry->timer, usec);
	(void)sd_event_source_set_enabled(entry->timer, SD_EVENT_ONESHOT);
}

/* --- effects --- */

static void
do_start(struct entry *entry)
{
	struct fail fail;

	if (entry->job.cleaning && entries_active(entry->worker) >
	    entry->worker->conf.worker.max_jobs) {
		dispatch_simple(entry, EV_BUSY);
		return;
	}
	if (entry->job.cleaning)
		journal_job(&entry->job, JOURNAL_CLEANUP, LOG_NOTICE,
		    "cleaning up");
	if (entry->token_fault != NULL && !entry->job.cleaning) {
		dispatch_text(entry, EV_UNUSABLE, entry->token_fault);
	} else if (child_start(entry, &fail) != 0) {
		journal_job(&entry->job, JOURNAL_ZYGOTE, LOG_ERR,
		    "no process for it: %s", fail.text);
		dispatch_text(entry, EV_START_FAILED, fail.text);
	}
}

static void
do_order(struct entry *entry)
{
	struct fail fail;
	struct buf line;

	buf_init(&line, IPC_ORDER_MAX);
	if (effect_order(entry, &line, &fail) == 0) {
		child_write(entry->child, &line, true);
	} else {
		journal_job(&entry->job, JOURNAL_OTHER, LOG_ERR, "%s",
		    fail.text);
		dispatch_text(entry, EV_NO_ORDER, fail.text);
	}
	buf_free(&line);
}

static void
do_later(struct entry *entry, enum ipc_later type)
{
	struct ipc_later_order order = { .type = type };
	struct buf line;

	if (type == IPC_CREDENTIALS && entry->job.details_failed)
		order.error = xstrdup(entry->refused != NULL ?
		    entry->refused : "refused");
	else if (type == IPC_CREDENTIALS) {
		order.credentials = entry->fresh;
		memset(&entry->fresh, 0, sizeof(entry->fresh));
	}
	buf_init(&line, IPC_ORDER_MAX);
	if (ipc_later_encode(&line, &order) == 0 && entry->child != NULL)
		child_write(entry->child, &line, type != IPC_PARK);
	buf_free(&line);
	ipc_later_free(&order);
}

static void
do_kill(struct entry *entry)
{
	if (entry->child != NULL && child_known(entry->child)) {
		child_signal(entry->child, SIGKILL);
		return;
	}
	/* Nobody to kill: closing its pipes ends one that still comes. */
	child_free(entry->child);
	entry->child = NULL;
	dispatch_text(entry, EV_START_FAILED, entry->job.why);
}

static void
do_stop(struct entry *entry)
{
	journal_job(&entry->job, entry->job.stop == STOP_DEADLINE ?
	    JOURNAL_DEADLINE : JOURNAL_OTHER, LOG_WARNING, "%s while %s: "
	    "asked to stop", entry->job.stop == STOP_DEADLINE ? "deadline" :
	    "cancelled", ipc_step_text(entry->job.step));
	if (entry->child != NULL)
		child_signal(entry->child, SIGTERM);
}

static void
do_cancel(struct entry *entry)
{
	call_cancel(entry->details);
	call_cancel(entry->report);
	entry->details = entry->report = NULL;
}

static void
do_forget(struct entry *entry)
{
	struct worker *worker = entry->worker;

	entry->over = true;
	commit_want(worker);
	if (worker->poller != NULL)
		poller_wake(worker->poller);
}

/* One bit after the other; an earlier one may change what the later ones
 * find, so each looks again. */
static void
carry_out(struct entry *entry, unsigned fx)
{
	if (fx & FX_SAVE) {
		entry->save = true;
		commit_want(entry->worker);
	}
	if (fx & FX_ACKNOWLEDGE)
		effect_acknowledge(entry);
	if (fx & FX_DETAILS)
		effect_details(entry);
	if (fx & FX_START)
		do_start(entry);
	if (fx & FX_ORDER)
		do_order(entry);
	if (fx & FX_RECORDED)
		do_later(entry, IPC_RECORDED);
	if (fx & FX_CREDENTIALS)
		do_later(entry, IPC_CREDENTIALS);
	if (fx & FX_WRITE_PARK)
		do_later(entry, IPC_PARK);
	if (fx & FX_STOP)
		do_stop(entry);
	if (fx & FX_RENEW)
		zygote_renew(entry->worker->zygote, true, entry->job.why);
	if (fx & FX_KILL)
		do_kill(entry);
	if (fx & FX_CANCEL)
		do_cancel(entry);
	if (fx & FX_UPGRADE)
		worker_stop(entry->worker, EXIT_UPGRADE);
	if (fx & FX_REPORT)
		effect_report(entry);
	if (fx & FX_FORGET)
		do_forget(entry);
}

/* The work is over: a late answer of GetJobDetails is nobody's any more. */
static void
forget_secrets(struct entry *entry)
{
	call_cancel(entry->details);
	entry->details = NULL;
	job_data_free(&entry->data);
	credentials_free(&entry->fresh);
}

/* A failure that is not of the pipeline's making is the operator's to look
 * at. */
static int
failure_priority(const struct job_result *result)
{
	switch (result->kind) {
	case FAIL_JOB:
	case FAIL_CONFIG:
	case FAIL_REVISION:
	case FAIL_STOPPED:
		return LOG_NOTICE;
	default:
		return LOG_WARNING;
	}
}

static void
tell_result(const struct job *job)
{
	enum journal_event event = JOURNAL_FAILED;
	int priority = failure_priority(&job->result);
	char text[LOG_LINE_MAX];

	if (job->result.outcome == OUTCOME_SUCCESS) {
		event = JOURNAL_SUCCEEDED;
		priority = LOG_INFO;
	} else if (job->result.outcome == OUTCOME_CONTINUE)
		event = JOURNAL_PARKED;
	journal_job(job, event, priority, "%s: %s",
	    job_outcome_name(job->result.outcome), log_safe(text,
	    sizeof(text), job->result.text != NULL ? job->result.text : ""));
}

/* What the operator should read of a change; before is a shallow copy. */
static void
tell(const struct entry *entry, const struct job *before,
    const struct job_event *ev)
{
	const struct job *job = &entry->job;
	char text[LOG_LINE_MAX];

	if (before->state != JOB_RESULT && job->state == JOB_RESULT)
		tell_result(job);
	if (ev->type == EV_RESULT && before->cleaning)
		journal_job(job, JOURNAL_CLEANUP, job->cleanup ? LOG_WARNING :
		    LOG_NOTICE, "clean-up: %s", log_safe(text, sizeof(text),
		    ev->u.result->text != NULL ? ev->u.result->text : ""));
	if (before->child == CHILD_PARKING && job->child == CHILD_NONE &&
	    job->state == JOB_OURS)
		journal_job(job, JOURNAL_PARKED, LOG_NOTICE,
		    "parked: goes on at the next start");
	if (job->cleanups > before->cleanups && !job->cleanup)
		journal_job(job, JOURNAL_CLEANUP, LOG_ERR, "the clean-up is "
		    "given up after %u tries: look in CloudShell for what is "
		    "left", job->cleanups);
	if ((ev->type == EV_REPORT_AGAIN || ev->type == EV_REPORT_UNSURE) &&
	    job->reported && !before->reported)
		journal_job(job, JOURNAL_REFUSED, LOG_ERR, "the result could "
		    "not be reported within a day: given up");
	if ((ev->type == EV_ACK_AGAIN || ev->type == EV_ACK_UNSURE) &&
	    job->state == JOB_DROPPED)
		journal_job(job, JOURNAL_DROPPED, LOG_ERR, "the claim could "
		    "not be made: given up");
}

void
dispatch_event(struct entry *entry, const struct job_event *ev)
{
	struct worker *worker = entry->worker;
	struct job before = entry->job;
	struct job_now now = dispatch_now();
	bool slot = jobs_slot(&entry->job);
	unsigned fx;

	if (entry->over)
		return;
	entry->depth++;
	fx = jobs_step(&entry->job, ev, &now);
	tell(entry, &before, ev);
	if (before.state != JOB_RESULT && entry->job.state == JOB_RESULT)
		forget_secrets(entry);
	carry_out(entry, fx);
	if (--entry->depth > 0)
		return;
	set_timer(entry);
	if (slot && !jobs_slot(&entry->job) && worker->poller != NULL)
		poller_wake(worker->poller);
	if (worker->draining)
		worker_look(worker);
}

void
dispatch_simple(struct entry *entry, enum job_event_type type)
{
	struct job_event ev = { .type = type };

	dispatch_event(entry, &ev);
}

void
dispatch_text(struct entry *entry, enum job_event_type type, const char *text)
{
	struct job_event ev = { .type = type };

	ev.u.text = text;
	dispatch_event(entry, &ev);
}
