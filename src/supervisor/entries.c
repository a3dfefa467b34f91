/*
 * The jobs at hand: how they come, from a poll or from the ledger, and go.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sys.h"
#include "worker.h"

int
entries_free_slots(const struct worker *worker)
{
	const struct entry *entry;
	int64_t slots = worker->conf.worker.max_jobs;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (jobs_slot(&entry->job))
			slots--;
	return slots > 0 ? (int)slots : 0;
}

int
entries_active(const struct worker *worker)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (jobs_active(&entry->job))
			n++;
	return n;
}

int
entries_running(const struct worker *worker)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->child != NULL)
			n++;
	return n;
}

bool
entries_at_rest(const struct worker *worker)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (!jobs_at_rest(&entry->job))
			return false;
	return true;
}

void
entries_tell(struct worker *worker, enum job_event_type type)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		dispatch_simple(entry, type);
}

/* --- come and go --- */

void
entries_drop(struct entry *entry)
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
	/* claiming without an entry: dropped on a full disk */
	if (state == JOB_NEW || state == JOB_DROPPED || state == JOB_CLAIMING)
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

	if (entry->data.continuation == NULL)
		return;
	if (token_decode(entry->data.continuation, &entry->job.facts, &left,
	    &fail) == 0)
		entry->job.deadline_wall = sys_wall() + left / 1000;
	else
		entry->token_fault = xstrdup(fail.text);
	entry->job.token_unread = entry->token_fault != NULL;
}

void
entries_check_token(struct entry *entry)
{
	struct job_facts facts;
	struct fail fail;
	int64_t left;

	if (entry->token_fault != NULL)
		return;
	if (entry->data.continuation != NULL) {
		if (token_decode(entry->data.continuation, &facts, &left,
		    &fail) != 0)
			entry->token_fault = xstrdup(fail.text);
		job_facts_free(&facts);
	}
	entry->job.token_unread = entry->token_fault != NULL;
}

bool
entries_offer(struct worker *worker, struct job_data *data)
{
	enum job_action action = action_of(worker, data);
	struct job_rules rules;
	struct entry *entry;

	if (worker->draining || action == ACTION_MAX || known(worker, data)) {
		job_data_free(data);
		return false;
	}
	rules = rules_of(&worker->conf, action);
	entry = entry_new(worker);
	jobs_new(&entry->job, data, action, &rules);
	entry->data = *data;
	memset(data, 0, sizeof(*data));
	take_token(entry);
	dispatch_simple(entry, EV_OFFERED);
	return true;
}

void
entries_resume(struct worker *worker, struct job *job)
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

void
entries_bury(struct worker *worker)
{
	struct entry *entry, *next;
	bool any = false;

	TAILQ_FOREACH_SAFE(entry, &worker->entries, link, next)
		if (entry->over) {
			entries_drop(entry);
			any = true;
		}
	/* What a burst of jobs left free in the heap goes back. */
	if (any && TAILQ_EMPTY(&worker->entries))
		(void)malloc_trim(0);
}
