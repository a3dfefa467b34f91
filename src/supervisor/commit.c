/*
 * The ledger's turn: all records that were changed in one turn of the loop go
 * to disk in one transaction, and their jobs hear how it went.
 */
#include "sys.h"
#include "worker.h"

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
commit_works(struct worker *worker)
{
	struct fail fail;
	bool works;

	if (!worker->ledger_broken)
		return true;
	works = ledger_try(worker->ledger, &fail) == 0;
	tell_ledger(worker, works, fail.text);
	return works;
}

void
commit_last(struct worker *worker)
{
	struct fail fail;

	if (worker->ledger != NULL && !save_all(worker, &fail))
		log_err("%s: records of this turn are lost", fail.text);
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
	entries_bury(worker);
	worker_look(worker);
	return 0;
}

void
commit_want(struct worker *worker)
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
