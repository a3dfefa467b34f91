/*
 * Delivers events to the lives of jobs and carries out their effects, one event
 * at a time per job, so that nothing re-enters.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <systemd/sd-event.h>

#include <stdbool.h>

#include "actions.h"
#include "board.h"
#include "commit.h"
#include "conf.h"
#include "executors.h"
#include "requests.h"

/* What it works with, all of which outlives it. */
struct dispatch {
	sd_event		*event;
	const struct conf	*conf;
	struct board		*board;
	struct commit		*commit;
	struct requests		*requests;
	struct executors	*executors;
	/* executors can start */
	void			(*ready)(void *);
	/* a job has or had an executor, freed its slot, or has its result
	 * reported; also within an event of it */
	void			(*changed)(bool freed, void *);
	/* the executor's program has another version: exit, to be started
	 * again */
	void			(*upgrade)(void *);
	void			*arg;
};

/* The board's deliver; the argument is the dispatch. */
void	dispatch_event(struct entry *, const struct life_event *, void *);

/* What executors say; their jobs are entries, the argument is the
 * dispatch. */
extern const struct executors_calls dispatch_executors_calls;

#endif
