/*
 * When CodePipeline is asked for jobs: never for more than there are free
 * slots, each action type in its turn, slower when AWS is in trouble.
 */
#ifndef POLLER_H
#define POLLER_H

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions.h"
#include "aws_call.h"
#include "job.h"

struct poller;

struct poller_calls {
	/* free slots now */
	int	(*slots)(void *arg);
	/* whether a job that came could be written down and run */
	bool	(*may_claim)(void *arg);
	/* a job; the callee takes over (and zeroes) it. Whether it is a new
	 * one */
	bool	(*offer)(struct job_data *, void *arg);
	/* an answer was dealt with */
	void	(*polled)(void *arg);
};

/* What hinders it; texts are borrowed. */
struct poller_state {
	const char	*why;		/* polls cannot even be sent, or "" */
	bool		 failing;	/* CodePipeline throttles or fails */
	size_t		 refused;	/* types that are refused ... */
	const char	*code;		/* ... and with which code */
	size_t		 types;
};

/* aws and types (n of them, at least 1) outlive it. It begins with the next
 * turn of the loop. */
struct poller	*poller_new(sd_event *, struct aws *,
		    const struct action_type *types, size_t n,
		    int64_t interval_ms, const struct poller_calls *, void *arg);
void		 poller_free(struct poller *);		/* NULL is fine */
/* Slots came free: look again now. */
void		 poller_wake(struct poller *);
/* Credentials came: what was refused or put off with the old ones is asked at
 * once. */
void		 poller_restart(struct poller *);
void		 poller_stop(struct poller *);		/* for good; ends polls */
void		 poller_state(const struct poller *, struct poller_state *);

#endif
