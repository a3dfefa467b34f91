/*
 * The pauses between two looks at CloudShell: short at first, then half as
 * long again each time.
 */
#include "executor.h"

void
wait_start(struct wait *w, const struct ipc_order *order)
{
	w->ms = order->policy.wait_first_ms;
	w->max_ms = order->policy.wait_max_ms;
	w->floor_ms = order->policy.wait_floor_ms;
}

int
wait_next(struct wait *w, struct orders *o, struct fail *f)
{
	int64_t ms = w->ms > w->max_ms ? w->max_ms : w->ms;

	w->ms = ms + ms / 2 + 1;
	return orders_pause(o, ms < w->floor_ms ? w->floor_ms : ms, f);
}
