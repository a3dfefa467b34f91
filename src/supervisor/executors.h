/*
 * Executors from the supervisor's side: their pipes, their processes, their
 * ends, and the zygote that they are forked from. Knows nothing of jobs: each
 * executor works for an opaque pointer, which comes back with every callback.
 */
#ifndef EXECUTORS_H
#define EXECUTORS_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include <stdbool.h>

#include "buf.h"
#include "fail.h"
#include "ipc.h"

struct executors;
struct executor;

struct executor_end {
	bool	signaled;
	int	status;		/* exit status or signal */
	bool	crash;		/* signal of a crash (SEGV, ABRT, BUS, ILL, FPE,
				   SYS) */
};

/* All from the loop, never from within a function of this header. */
struct executors_calls {
	/* the zygote lives: executors can be had */
	void	(*ready)(void *arg);
	/* its process is known and speaks our protocol: it waits for its
	 * order */
	void	(*hello)(void *job, pid_t, void *arg);
	/* it speaks another version of the protocol */
	void	(*other_version)(void *job, int version, void *arg);
	/* a report other than hello; borrowed */
	void	(*report)(void *job, const struct ipc_report *, void *arg);
	/* it broke the protocol: nothing more of it is believed */
	void	(*fault)(void *job, const char *text, void *arg);
	/* there is no process; the executor is freed */
	void	(*failed)(void *job, const char *why, void *arg);
	/* all that it said was delivered, its process is gone; the executor is
	 * freed */
	void	(*ended)(void *job, const struct executor_end *, void *arg);
	/* whether this child of ours is known to somebody else */
	bool	(*known)(pid_t, void *arg);
};

/* Start the zygote from libexec_dir's executor. FAIL_CONFIG: it cannot be
 * run. */
struct executors *executors_new(sd_event *, const char *libexec_dir,
		    const struct executors_calls *, void *arg, struct fail *);
/* End the zygote. Executors are freed by their owners before. */
void	executors_free(struct executors *);
/* A descriptor that every executor holds from now on; the caller's. */
void	executors_share(struct executors *, int fd);
/* Whether executors can be had: nothing is claimed while they cannot. */
bool	executors_ready(const struct executors *);
/* Kill and replace a zygote that is deaf; executors go on. */
void	executors_renew(struct executors *, const char *why);
/* Reap children nobody knows: forked by a zygote that died before it could
 * say so, or handed to us as PID 1. */
void	executors_sweep(struct executors *);

/* Ask for an executor; hello or failed follows. NULL with fail: none can be
 * had now. */
struct executor	*executor_start(struct executors *, void *job, struct fail *);
/* Queue bytes for the order pipe; wiped when written. answer: it is what the
 * executor waits for, so that it may announce something else. */
void	executor_write(struct executor *, const struct buf *line, bool answer);
void	executor_signal(struct executor *, int sig);
bool	executor_known(const struct executor *);	/* its process is */
/* Close its pipes and forget it, which ends one that still waits for its
 * order; no callback follows. NULL is fine. */
void	executor_free(struct executor *);

#endif
