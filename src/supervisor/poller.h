/*
 * Polls CodePipeline for jobs: never for more than there are free slots, each
 * action type in its turn, slower when AWS is in trouble.
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
	/* whether a job could be written down and run */
	bool	(*may_claim)(void *arg);
	/* a job of the type polled, which the callee takes over (and zeroes);
	 * returns whether it is new */
	bool	(*offer)(struct job_data *, const struct action_type *polled,
		    void *arg);
	/* what hinders the poller may have changed */
	void	(*changed)(void *arg);
};

/* What hinders the poller; texts are borrowed. */
struct poller_state {
	const char	*why;		/* why it cannot even send polls, or
					   "" */
	bool		 failing;	/* CodePipeline throttles or fails */
	size_t		 refused;	/* types that CodePipeline refuses
					   ... */
	const char	*code;		/* ... and with which code */
	size_t		 types;
};

/* aws and types (n of them, at least 1) outlive the poller. It begins in the
 * next turn of the loop. */
struct poller	*poller_new(sd_event *, struct aws *,
		    const struct action_type *types, size_t n,
		    int64_t interval_ms, const struct poller_calls *,
		    void *arg);
void		 poller_free(struct poller *);		/* NULL is fine */
/* Slots came free: look again now. */
void		 poller_wake(struct poller *);
/* Credentials came: poll at once for what was refused or put off with the old
 * ones. */
void		 poller_restart(struct poller *);
void		 poller_stop(struct poller *);	/* for good; ends polls */
void		 poller_state(const struct poller *, struct poller_state *);

#endif
