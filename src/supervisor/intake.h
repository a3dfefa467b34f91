/*
 * How jobs come to the board: from a poll, or from the ledger.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "actions.h"
#include "board.h"
#include "conf.h"
#include "ledger.h"
#include "token_key.h"

/* What it works with; all of it outlives it. */
struct intake {
	const struct conf	*conf;
	struct board		*board;
	struct ledger		*ledger;
	struct token_source	*tokens;
	const struct action_type *types;
	size_t			 ntypes;
};

/* A polled job; takes over (and zeroes) the data. Whether a new life began. */
bool	intake_offer(struct intake *, struct job_data *);
/* A record from the ledger; takes over (and zeroes) it. */
void	intake_resume(struct intake *, struct life *);

#endif
