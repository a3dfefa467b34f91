/*
 * Writes the records of one turn of the loop.
 */
#include <stdlib.h>

#include "commit.h"
#include "journal.h"
#include "log.h"
#include "mem.h"
#include "priority.h"
#include "sys.h"

#define TELL_AGAIN_MS	60000

/* The records of this turn, in an array that the caller frees. */
static size_t
collect(const struct board *board, const struct life ***lives)
{
	const struct entry *entry;
	size_t n = 0;

	TAILQ_FOREACH(entry, &board->entries, link)
		n += entry->save;
	if (n == 0)
		return 0;
	*lives = xcalloc(n, sizeof(const struct life *));
	n = 0;
	TAILQ_FOREACH(entry, &board->entries, link)
		if (entry->save)
			(*lives)[n++] = &entry->life;
	return n;
}

/* 1: saved; 0: there was nothing to save, which says nothing of the ledger. */
static int
save_all(struct commit *commit, struct fail *fail)
{
	const struct life **lives = NULL;
	size_t n = collect(commit->board, &lives);
	int rc;

	if (n == 0)
		return 0;
	rc = ledger_save(commit->ledger, lives, n, sys_wall(), fail);
	free(lives);
	return rc == 0 ? 1 : -1;
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
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s; the worker claims "
		    "nothing until it can write the ledger", why);
	if (commit->broken != !saved && commit->changed != NULL)
		commit->changed(commit->arg);
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
		    "worker.min_free bytes are free: the worker claims no job "
		    "until there is room", conf->worker.state_dir);
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

	if (commit->ledger != NULL && save_all(commit, &fail) == -1)
		log_err("%s: records of this turn are lost", fail.text);
}

static int
on_commit(sd_event_source *source, void *arg)
{
	struct life_event event = { .type = EV_SAVED };
	struct commit *commit = arg;
	struct board *board = commit->board;
	struct entry *entry;
	struct fail fail = { 0 };
	int saved = save_all(commit, &fail);

	(void)source;
	commit->soon = false;
	timer_off(commit->timer);
	if (saved == -1 || (saved == 1 && commit->broken))
		tell_ledger(commit, saved == 1, fail.text);
	if (saved == -1)
		event.type = EV_SAVE_FAILED;
	/* New saves that follow from this belong to the next transaction. */
	TAILQ_FOREACH(entry, &board->entries, link) {
		entry->in_commit = entry->save &&
		    (saved == -1 || entry->life.dirty);
		entry->save = false;
	}
	TAILQ_FOREACH(entry, &board->entries, link) {
		if (!entry->in_commit)
			continue;
		entry->in_commit = false;
		board->deliver(entry, &event, board->arg);
	}
	if (commit->burial) {
		commit->burial = false;
		board_bury(board);
	}
	return 0;
}

static int
on_soon(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)usec;
	return on_commit(source, arg);
}

void
commit_init(struct commit *commit, sd_event *event, struct ledger *ledger,
    struct board *board, const struct conf *conf)
{
	*commit = (struct commit){ .event = event, .ledger = ledger,
	    .board = board, .conf = conf, .on_soon = on_soon };
	if (sd_event_add_defer(event, &commit->source, on_commit, commit) < 0)
		fatalx("cannot add an event source");
	(void)sd_event_source_set_enabled(commit->source, SD_EVENT_OFF);
	(void)sd_event_source_set_priority(commit->source, PRIO_COMMIT);
}

void
commit_free(struct commit *commit)
{
	commit->source = sd_event_source_disable_unref(commit->source);
	commit->timer = sd_event_source_disable_unref(commit->timer);
}
