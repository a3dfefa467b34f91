/*
 * The pauses between looks at CloudShell are short at first and grow by half
 * each time.
 */
#include <malloc.h>
#include <stdbool.h>

#include "wait.h"

#define TRIM_MS		500	/* pauses worth it */
#define FAULTS_MAX	5	/* in a row that the network did not cause */
#define GONE_MAX	2	/* looks in a row that find nothing */

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
	/* A thousand executors may wait at once, so give the memory of the last
	 * call back to the system. */
	if (ms >= TRIM_MS)
		(void)malloc_trim(0);
	return orders_pause(o, ms, fail);
}

/* Whether to look again after a failed look. */
static bool
passing(const struct fail *fail, unsigned *faults)
{
	(*faults)++;
	if (fail->kind == FAIL_AGAIN || fail->kind == FAIL_UNSURE)
		return true;	/* the deadline ends it */
	return fail->kind == FAIL_SYSTEM && *faults < FAULTS_MAX;
}

int
wait_watch(const struct wait_look *look, const struct ipc_order *order,
    struct orders *o, struct fail *fail)
{
	unsigned faults = 0, gone = 0;
	struct wait w;
	int rv;

	wait_start(&w, order);
	for (;;) {
		if (wait_next(&w, o, fail) != 0)
			return -1;
		if (look->ask(look->arg, fail) == 0) {
			faults = gone = 0;
			if ((rv = look->judge(look->arg, fail)) != WAIT_GOING)
				return rv;
		} else if (fail->kind == FAIL_REVISION) {
			if (++gone == GONE_MAX)
				return WAIT_GONE;
		} else if (!passing(fail, &faults))
			return -1;
	}
}
