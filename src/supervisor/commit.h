/*
 * The ledger's turn: all records that were changed in one turn of the loop go
 * to disk in one transaction, and their jobs hear how it went.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "conf.h"
#include "ledger.h"
#include "told.h"

struct commit {
	sd_event	*event;
	struct ledger	*ledger;
	struct board	*board;
	const struct conf *conf;
	sd_event_source	*source;
	bool		 broken;	/* the last commit failed */
	bool		 disk_full;
	struct told	 told;
};

/* Zero it, and fill what comes before source. */

/* Write this entry at the end of this turn of the loop; it then gets EV_SAVED
 * or EV_SAVE_FAILED. */
void	commit_save(struct commit *, struct entry *);
/* This life is over: the entry is freed after the next transaction. */
void	commit_forget(struct commit *, struct entry *);
/* Write what is left at once and without a word, when the process ends. */
void	commit_last(struct commit *);
/* Whether another record would be taken: the disk has room, and the ledger can
 * be written, which is tried if the last commit failed. */
bool	commit_takes_more(struct commit *);
void	commit_free(struct commit *);	/* its event source */

#endif
