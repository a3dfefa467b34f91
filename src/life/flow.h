/*
 * What the phases of a life share: effects that wait for the disk, repeats,
 * and the turns from one state to the next.
 */
#ifndef FLOW_H
#define FLOW_H

#include "life.h"

/* A handler of one event: (life, event, now) -> effects. */
#define LIFE_HANDLER(name)						\
	unsigned name(struct life *, const struct life_event *,		\
	    const struct life_now *)

/* Write the record; the effects follow once it is on disk. */
static inline unsigned
flow_save_then(struct life *life, unsigned effects)
{
	life->dirty = true;
	life->held |= effects;
	return FX_SAVE;
}

/* Whether what the executor reports counts. */
static inline bool
flow_heard(const struct life *life)
{
	/* What was on its way when we sent the kill still counts. */
	if (life->child == CHILD_KILLED)
		return !life->fault && !life->late && !life->version_fault;
	return life->child == CHILD_WORKING || life->child == CHILD_STOPPING ||
	    life->child == CHILD_PARKING;
}

/* Whether this request was in flight; it no longer is. */
static inline bool
flow_answered(struct life *life, unsigned request)
{
	if (!(life->busy & request))
		return false;
	life->busy &= ~request;
	return true;
}

/* Ask for an executor unless there is one or none may start. */
unsigned	flow_start(struct life *, const struct life_now *);
/* Carry out now what was held back; drop what no longer fits. */
unsigned	flow_release(struct life *, unsigned effects,
		    const struct life_now *);
/* At once, unless a save is under way. */
unsigned	flow_when_saved(struct life *, unsigned effects,
		    const struct life_now *);
/* Pause before a repeat, at most so many ms, spread by the job's id so that
 * jobs do not repeat in step. */
int64_t		flow_pause_ms(const struct life *, unsigned tries,
		    int64_t base, int64_t most);
/* Repeat a request after a pause of at least after ms. Returns 0. */
unsigned	flow_retry(struct life *, unsigned what, int64_t after,
		    int64_t most, const struct life_now *);
/* Send the acknowledge, unless one is under way. */
unsigned	flow_acknowledge(struct life *);
/* The life is over if the result is out and nothing is left to clean up; save
 * it in any case. */
unsigned	flow_finish(struct life *);
/* The job is not ours: forget it once that is on disk. */
unsigned	flow_drop(struct life *);
/* The result is known, and the work has ended. told: the executor reported
 * it. */
void		flow_settle(struct life *, bool told);
/* The same when no executor is left: save, then put and clean up. */
unsigned	flow_ended(struct life *, bool told);
/* The worker itself decided the result, whether or not an executor must still
 * end. */
unsigned	flow_ended_here(struct life *, unsigned kill);
unsigned	flow_kill_child(struct life *);
unsigned	flow_stop_child(struct life *, enum life_stop,
		    const struct life_now *);

/* The record is on disk, or could not be written. */
LIFE_HANDLER(flow_saved);
LIFE_HANDLER(flow_save_failed);

/* What the life's continuation token is bound to; borrows from the life. */
struct token_owner	flow_owner(const struct life *);

#endif
