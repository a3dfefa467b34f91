/*
 * The ledger's turn.
 */
#include "commit.h"
#include "journal.h"
#include "log.h"
#include "priority.h"
#include "sys.h"

#define TELL_AGAIN_MS	60000

static bool
anything_to_save(const struct board *board)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, &board->entries, link)
		if (entry->save)
			return true;
	return false;
}

static bool
save_all(struct commit *commit, struct fail *fail)
{
	struct entry *entry;
	int64_t wall = sys_wall();

	if (!anything_to_save(commit->board))
		return true;
	if (ledger_begin(commit->ledger, fail) != 0)
		goto failed;
	TAILQ_FOREACH(entry, &commit->board->entries, link)
		if (entry->save && ledger_save(commit->ledger, &entry->life,
		    wall, fail) != 0)
			goto failed;
	if (ledger_commit(commit->ledger, fail) == 0)
		return true;
 failed:
	ledger_rollback(commit->ledger);
	return false;
}

static void
tell_ledger(struct commit *commit, bool saved, const char *why)
{
	if (saved && commit->broken) {
		journal_event(JOURNAL_LEDGER, LOG_NOTICE,
		    "the ledger can be written again");
		told_over(&commit->told);
	}
	if (!saved && told_due(&commit->told, "broken", TELL_AGAIN_MS,
	    sys_now_ms()))
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s; nothing is "
		    "claimed until the ledger can be written", why);
	commit->broken = !saved;
}

static bool
ledger_works(struct commit *commit)
{
	struct fail fail;
	bool works;

	if (!commit->broken)
		return true;
	works = ledger_try(commit->ledger, &fail) == 0;
	tell_ledger(commit, works, fail.text);
	return works;
}

static bool
has_room(struct commit *commit)
{
	const struct conf *conf = commit->conf;
	bool full = ledger_free_space(commit->ledger) < conf->worker.min_free;

	if (full && !commit->disk_full)
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s: less than "
		    "worker.min_free bytes are free: no job is claimed until "
		    "there is room", conf->worker.state_dir);
	if (!full && commit->disk_full)
		journal_event(JOURNAL_LEDGER, LOG_NOTICE, "%s: there is room "
		    "again", conf->worker.state_dir);
	commit->disk_full = full;
	return !full;
}

bool
commit_takes_more(struct commit *commit)
{
	return has_room(commit) && ledger_works(commit);
}

void
commit_last(struct commit *commit)
{
	struct fail fail;

	if (commit->ledger != NULL && !save_all(commit, &fail))
		log_err("%s: records of this turn are lost", fail.text);
}

static int
on_commit(sd_event_source *source, void *arg)
{
	struct commit *commit = arg;
	struct entry *entry;
	struct fail fail = { 0 };
	bool saved = save_all(commit, &fail);

	(void)source;
	tell_ledger(commit, saved, fail.text);
	/* New saves wanted by what follows are for the next transaction. */
	TAILQ_FOREACH(entry, &commit->board->entries, link) {
		entry->in_commit = entry->save;
		entry->save = false;
	}
	TAILQ_FOREACH(entry, &commit->board->entries, link) {
		if (!entry->in_commit)
			continue;
		entry->in_commit = false;
		board_tell_simple(entry, saved ? EV_SAVED : EV_SAVE_FAILED);
	}
	board_bury(commit->board);
	return 0;
}

static void
wake(struct commit *commit)
{
	if (commit->source == NULL) {
		if (sd_event_add_defer(commit->event, &commit->source,
		    on_commit, commit) < 0)
			fatalx("cannot add an event source");
		(void)sd_event_source_set_priority(commit->source,
		    PRIO_COMMIT);
	}
	(void)sd_event_source_set_enabled(commit->source, SD_EVENT_ONESHOT);
}

void
commit_save(struct commit *commit, struct entry *entry)
{
	entry->save = true;
	wake(commit);
}

void
commit_forget(struct commit *commit, struct entry *entry)
{
	entry->over = true;
	wake(commit);
}

void
commit_free(struct commit *commit)
{
	commit->source = sd_event_source_disable_unref(commit->source);
}
