/*
 * Writes all records that changed in one turn of the loop to disk in one
 * transaction, and tells their jobs how it went.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "conf.h"
#include "ledger.h"
#include "timer.h"
#include "told.h"

#define COMMIT_SOON_MS	500

struct commit {
	sd_event	*event;
	struct ledger	*ledger;
	struct board	*board;
	const struct conf *conf;
	sd_event_source	*source, *timer;
	sd_event_time_handler_t on_soon;	/* of the timer */
	bool		 soon;		/* it is armed */
	bool		 broken;	/* the last commit failed */
	bool		 disk_full;
	bool		 burial;	/* some entry is over */
	struct told	 told;
	/* broken changed; NULL: nobody asks. To be set after commit_init */
	void		(*changed)(void *arg);
	void		*arg;		/* of changed */
};

/* Everything passed outlives the commit. */
void	commit_init(struct commit *, sd_event *, struct ledger *,
	    struct board *, const struct conf *);
void	commit_free(struct commit *);		/* its event source */

/* Write this entry at the end of this turn of the loop. It then gets
 * EV_SAVE_FAILED, or EV_SAVED if something waits for that. */
static inline void
commit_save(struct commit *commit, struct entry *entry)
{
	entry->save = true;
	(void)sd_event_source_set_enabled(commit->source, SD_EVENT_ONESHOT);
}

/* The same with the next transaction, within COMMIT_SOON_MS. */
static inline void
commit_save_soon(struct commit *commit, struct entry *entry)
{
	entry->save = true;
	if (!commit->soon) {
		commit->soon = true;
		timer_in(commit->event, &commit->timer, COMMIT_SOON_MS,
		    commit->on_soon, commit);
	}
}

/* This life is over: the entry is freed after the next transaction. */
static inline void
commit_forget(struct commit *commit, struct entry *entry)
{
	entry->over = commit->burial = true;
	(void)sd_event_source_set_enabled(commit->source, SD_EVENT_ONESHOT);
}

/* Write what is left, without events, when the process ends. */
void	commit_last(struct commit *);
/* Whether the ledger could take another record: the disk has room, and a trial
 * write succeeds if the last commit failed. */
bool	commit_takes_more(struct commit *);
#endif
