/*
 * Priorities of the supervisor's event sources, first to last within a turn of
 * the loop: a result always comes before an exit, and everything before a new
 * poll.
 */
#ifndef PRIORITY_H
#define PRIORITY_H

enum {
	PRIO_REPORT = -30,	/* report pipes */
	PRIO_EXIT = -20,	/* pidfds, zygote */
	PRIO_HTTP = -10,
	PRIO_TIMER = -7,	/* jobs whose timers run out together share a
				   transaction */
	PRIO_COMMIT = -5,	/* ledger's transaction of the turn: before new
				   polls begin */
	PRIO_POLL = 0,
	PRIO_LOOK = 20,		/* whether the loop can be left */
};

#endif
