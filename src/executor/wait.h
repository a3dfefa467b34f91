/*
 * Waiting for CloudShell: the pauses between two looks, and the looks.
 */
#ifndef WAIT_H
#define WAIT_H

#include <stdint.h>

#include "fail.h"
#include "ipc_order.h"
#include "orders.h"

/* A row of pauses, in milliseconds. */
struct wait {
	int64_t	 ms, max_ms, floor_ms;
};

/* Begins a row with the order's policy. */
void	wait_start(struct wait *, const struct ipc_order *);

/* Makes the next pause of a row. -1 with FAIL_STOPPED, as orders_pause. */
int	wait_next(struct wait *, struct orders *, struct fail *);

/* What a look comes to, beside -1. */
enum wait_state {
	WAIT_OVER = 0,		/* what was waited for has happened */
	WAIT_GOING,		/* not yet */
	WAIT_GONE,		/* CloudShell does not know it any more */
};

/* What is looked at again and again. */
struct wait_look {
	/* Sends one request. -1 with FAIL_REVISION: there is no such thing. */
	int	(*ask)(void *arg, struct fail *);
	/* After an answer: WAIT_OVER, WAIT_GOING, or -1 with a fail. */
	int	(*judge)(void *arg, struct fail *);
	void	*arg;
};

/* Looks, after a pause each time, until judge says something else than
 * WAIT_GOING, and returns that; or WAIT_GONE after two looks in a row that
 * found nothing; or -1 with the fail of a pause or of a look. Passing faults
 * are waited out: the deadline ends them. */
int	wait_watch(const struct wait_look *, const struct ipc_order *,
	    struct orders *, struct fail *);

#endif
