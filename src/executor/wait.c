/*
 * The pauses between two looks at CloudShell: short at first, then half as
 * long again each time.
 */
#include <malloc.h>

#include "executor.h"

#define TRIM_MS		500	/* pauses worth it */

void
wait_start(struct wait *w, const struct ipc_order *order)
{
	w->ms = order->policy.wait_first_ms;
	w->max_ms = order->policy.wait_max_ms;
	w->floor_ms = order->policy.wait_floor_ms;
}

int
wait_next(struct wait *w, struct orders *o, struct fail *fail)
{
	int64_t ms = w->ms > w->max_ms ? w->max_ms : w->ms;

	if (ms < w->floor_ms)
		ms = w->floor_ms;
	w->ms = ms + ms / 2 + 1;
	/* A thousand may wait at once: what the last call left goes back. */
	if (ms >= TRIM_MS)
		(void)malloc_trim(0);
	return orders_pause(o, ms, fail);
}
