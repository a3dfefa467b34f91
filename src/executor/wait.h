/*
 * Waiting for CloudShell: the pauses between two looks, and the looks.
 */
#ifndef WAIT_H
#define WAIT_H

#include <stdint.h>

#include "fail.h"
#include "ipc_order.h"
#include "orders.h"

/* A series of pauses, in milliseconds. */
struct wait {
	int64_t	 ms, max_ms, floor_ms;
};

/* Begins a series with the order's policy. */
void	wait_start(struct wait *, const struct ipc_order *);

/* Makes the next pause of a series. -1 with FAIL_STOPPED, as orders_pause. */
int	wait_next(struct wait *, struct orders *, struct fail *);

/* What a look results in, besides -1. */
enum wait_state {
	WAIT_OVER = 0,		/* what was waited for has happened */
	WAIT_GOING,		/* not yet */
	WAIT_GONE,		/* CloudShell no longer knows it */
};

/* What to look at repeatedly. */
struct wait_look {
	/* Sends one request. -1 with FAIL_REVISION: it does not exist. */
	int	(*ask)(void *arg, struct fail *);
	/* After an answer: WAIT_OVER, WAIT_GOING, or -1 with fail filled. */
	int	(*judge)(void *arg, struct fail *);
	void	*arg;
};

/* Looks, after a pause each time, until judge returns something other than
 * WAIT_GOING, and returns that; or WAIT_GONE after two looks in a row that
 * found nothing; or -1 if a pause or a look failed. Waits out passing faults,
 * until the deadline. */
int	wait_watch(const struct wait_look *, const struct ipc_order *,
	    struct orders *, struct fail *);

#endif
