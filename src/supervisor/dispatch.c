/*
 * Carries out the effects of the state machine and delivers events to it, in
 * the supervisor. All records changed in one turn of the loop go to disk in
 * one transaction.
 */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "worker.h"

struct job_now
dispatch_now(void)
{
	struct job_now now = { .ms = sys_now_ms(), .wall = sys_wall() };

	return now;
}

int
dispatch_free_slots(const struct worker *worker)
{
	const struct entry *entry;
	int64_t slots = worker->conf.worker.max_jobs;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (jobs_slot(&entry->job))
			slots--;
	return slots > 0 ? (int)slots : 0;
}

int
dispatch_running(const struct worker *worker)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->child != NULL)
			n++;
	return n;
}

bool
dispatch_at_rest(const struct worker *worker)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (!jobs_at_rest(&entry->job))
			return false;
	return true;
}

void
dispatch_drop(struct entry *entry)
{
	struct worker *worker = entry->worker;

	TAILQ_REMOVE(&worker->entries, entry, link);
	call_cancel(entry->ack);
	call_cancel(entry->details);
	call_cancel(entry->report);
	child_free(entry->child);
	sd_event_source_disable_unref(entry->timer);
	job_data_free(&entry->data);
	credentials_free(&entry->fresh);
	jobs_free(&entry->job);
	free(entry->refused);
	free(entry->token_fault);
	free(entry);
}

/* --- the ledger: one transaction per turn --- */

static bool
anything_to_save(const struct worker *worker)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->save)
			return true;
	return false;
}

static bool
save_all(struct worker *worker, struct fail *fail)
{
	struct entry *entry;
	int64_t wall = sys_wall();

	if (!anything_to_save(worker))
		return true;
	if (ledger_begin(worker->ledger, fail) != 0)
		goto failed;
	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->save &&
		    ledger_save(worker->ledger, &entry->job, wall, fail) != 0)
			goto failed;
	if (ledger_commit(worker->ledger, fail) == 0)
		return true;
 failed:
	ledger_rollback(worker->ledger);
	return false;
}

/* Lives that are over are freed here only, where nobody walks the list. */
static void
bury(struct worker *worker)
{
	struct entry *entry, *next;
	bool any = false;

	TAILQ_FOREACH_SAFE(entry, &worker->entries, link, next)
		if (entry->over) {
			dispatch_drop(entry);
			any = true;
		}
	/* What a burst of jobs left free in the heap goes back. */
	if (any && TAILQ_EMPTY(&worker->entries))
		(void)malloc_trim(0);
}

/* Its first failure, one each minute, and its end. */
static void
tell_ledger(struct worker *worker, bool saved, const char *why)
{
	int64_t now = sys_now_ms();

	if (saved && worker->ledger_broken)
		journal_event(JOURNAL_LEDGER, LOG_NOTICE,
		    "the ledger can be written again");
	if (!saved && (!worker->ledger_broken ||
	    now - worker->broken_told_ms >= 60000)) {
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s; nothing is "
		    "claimed until the ledger can be written", why);
		worker->broken_told_ms = now;
	}
	worker->ledger_broken = !saved;
}

bool
dispatch_ledger_works(struct worker *worker)
{
	struct fail fail;
	bool works;

	if (!worker->ledger_broken)
		return true;
	works = ledger_begin(worker->ledger, &fail) == 0 &&
	    ledger_commit(worker->ledger, &fail) == 0;
	if (!works)
		ledger_rollback(worker->ledger);
	tell_ledger(worker, works, fail.text);
	return works;
}

static int
on_commit(sd_event_source *source, void *arg)
{
	struct worker *worker = arg;
	struct entry *entry;
	struct fail fail = { 0 };
	bool saved = save_all(worker, &fail);

	(void)source;
	tell_ledger(worker, saved, fail.text);
	/* New saves wanted by what follows are for the next transaction. */
	TAILQ_FOREACH(entry, &worker->entries, link) {
		entry->in_commit = entry->save;
		entry->save = false;
	}
	TAILQ_FOREACH(entry, &worker->entries, link) {
		if (!entry->in_commit)
			continue;
		entry->in_commit = false;
		dispatch_simple(entry, saved ? EV_SAVED : EV_SAVE_FAILED);
	}
	bury(worker);
	worker_look(worker);
	return 0;
}

static void
want_commit(struct worker *worker)
{
	if (worker->commit == NULL) {
		if (sd_event_add_defer(worker->event, &worker->commit,
		    on_commit, worker) < 0)
			fatalx("cannot add an event source");
		(void)sd_event_source_set_priority(worker->commit,
		    PRIO_COMMIT);
	}
	(void)sd_event_source_set_enabled(worker->commit, SD_EVENT_ONESHOT);
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
		    CLOCK_MONOTONIC, usec, 1000, on_timer, entry) < 0)
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
		child_write(entry->child, &line);
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
		child_write(entry->child, &line);
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
	want_commit(worker);
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
		want_commit(entry->worker);
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

static void
tell_result(const struct job *job)
{
	enum journal_event event = JOURNAL_FAILED;
	int priority = LOG_NOTICE;
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

void
dispatch_all(struct worker *worker, enum job_event_type type)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		dispatch_simple(entry, type);
}

/* --- new lives --- */

static struct job_rules
rules_of(const struct conf *conf, enum job_action action)
{
	struct job_rules rules = {
		.timeout_ms = conf->action[action].timeout,
		.kill_grace_ms = conf->worker.kill_grace,
		.run_ambiguous = conf->worker.ambiguous_claim == CLAIM_RUN,
		.hand_back = conf->worker.on_stop == ON_STOP_HAND_BACK,
		.plain_names = !conf->worker.tag_sandbox_names,
	};

	return rules;
}

static enum job_action
action_of(const struct worker *worker, const struct job_data *data)
{
	for (size_t i = 0; i < worker->ntypes; i++)
		if (strcmp(worker->types[i].type.provider,
		    data->provider) == 0 &&
		    strcmp(worker->types[i].type.category,
		    data->category) == 0)
			return worker->types[i].action;
	return ACTION_MAX;
}

static struct entry *
entry_new(struct worker *worker)
{
	struct entry *entry = xcalloc(1, sizeof(*entry));

	entry->worker = worker;
	TAILQ_INSERT_TAIL(&worker->entries, entry, link);
	return entry;
}

static struct entry *
entry_find(struct worker *worker, const char *id)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (!entry->over && strcmp(entry->job.id, id) == 0)
			return entry;
	return NULL;
}

/* The same job once more: its claim may still be open, or it was ours and is
 * none of a new life. */
static bool
known(struct worker *worker, const struct job_data *data)
{
	struct job_event ev = { .type = EV_OFFERED_AGAIN };
	struct entry *entry = entry_find(worker, data->id);
	enum job_state state;

	if (entry != NULL) {
		ev.u.nonce = data->nonce;
		dispatch_event(entry, &ev);
		return true;
	}
	state = ledger_state(worker->ledger, data->id);
	if (state == JOB_NEW || state == JOB_DROPPED)
		return false;
	journal_event(JOURNAL_OTHER, LOG_WARNING, "job %.8s: offered again "
	    "although it is %s here; left alone", data->id,
	    jobs_state_name(state));
	return true;
}

static void
take_token(struct entry *entry)
{
	struct fail fail;
	int64_t left;

	if (token_decode(entry->data.continuation, &entry->job.facts, &left,
	    &fail) != 0) {
		entry->token_fault = xstrdup(fail.text);
		return;
	}
	if (left < entry->job.rules.timeout_ms)
		entry->job.rules.timeout_ms = left > 1000 ? left : 1000;
	entry->job.resumed = true;
}

void
dispatch_offer(struct worker *worker, struct job_data *data)
{
	enum job_action action = action_of(worker, data);
	struct job_rules rules;
	struct entry *entry;

	if (worker->draining || action == ACTION_MAX || known(worker, data)) {
		job_data_free(data);
		return;
	}
	rules = rules_of(&worker->conf, action);
	entry = entry_new(worker);
	jobs_new(&entry->job, data, action, &rules);
	entry->data = *data;
	memset(data, 0, sizeof(*data));
	if (entry->data.continuation != NULL)
		take_token(entry);
	dispatch_simple(entry, EV_OFFERED);
}

void
dispatch_resume(struct worker *worker, struct job *job)
{
	struct entry *entry = entry_new(worker);

	entry->job = *job;
	memset(job, 0, sizeof(*job));
	entry->job.rules = rules_of(&worker->conf, entry->job.action);
	journal_job(&entry->job, JOURNAL_RESUMED, LOG_NOTICE,
	    "taken up again: %s", entry->job.state == JOB_CLAIMING ?
	    "its claim is repeated" : entry->job.state == JOB_OURS ?
	    "it goes on" : "its result is reported");
	dispatch_simple(entry, EV_RESUME);
}
