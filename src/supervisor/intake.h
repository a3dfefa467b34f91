/*
 * How jobs come to the board: from a poll, or from the ledger.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include <stdbool.h>

#include "actions.h"
#include "board.h"
#include "commit.h"
#include "conf.h"
#include "executors.h"
#include "ledger.h"
#include "poller.h"
#include "told.h"
#include "token_key.h"

/* What it works with, all of which outlives it. */
struct intake {
	const struct conf	*conf;
	struct board		*board;
	struct commit		*commit;
	struct executors	*executors;
	struct ledger		*ledger;
	struct token_source	*tokens;
	struct told		 astray;	/* a job of another server */
	void			*arg;		/* its owner's */
};

/* What a poller asks it and hands to it; the argument is the intake. The worker
 * sets the poller's changed. */
int	intake_slots(void *);
bool	intake_may_claim(void *);
bool	intake_offer(struct job_data *, const struct action_type *polled,
	    void *);
/* A record from the ledger; takes over (and zeroes) it. */
void	intake_resume(struct intake *, struct life *);

#endif
