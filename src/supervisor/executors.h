/*
 * Executors from the supervisor's side: their pipes, processes and ends, and
 * the zygote that forks them. It knows nothing about jobs: each executor works
 * for an opaque pointer, which every callback returns.
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

/* All are called from the loop, never from within a function of this header. */
struct executors_calls {
	/* the zygote lives: executors can start */
	void	(*ready)(void *arg);
	/* the process is known, speaks our protocol and waits for its order */
	void	(*hello)(void *job, pid_t, void *arg);
	/* the executor speaks another version of the protocol; nothing more
	 * of it is heard */
	void	(*other_version)(void *job, int version, void *arg);
	/* a report other than hello; borrowed */
	void	(*report)(void *job, const struct ipc_report *, void *arg);
	/* the executor broke the protocol: what it says no longer counts */
	void	(*fault)(void *job, const char *text, void *arg);
	/* there is no process; the executor is freed */
	void	(*failed)(void *job, const char *why, void *arg);
	/* the process is gone, after all that it said was delivered; the
	 * executor is freed */
	void	(*ended)(void *job, const struct executor_end *, void *arg);
	/* whether somebody else knows this child of ours */
	bool	(*known)(pid_t, void *arg);
};

/* Start the zygote from libexec_dir's executor. FAIL_CONFIG: it cannot be
 * run. */
struct executors *executors_new(sd_event *, const char *libexec_dir,
		    const struct executors_calls *, void *arg, struct fail *);
/* End the zygote. The owners must have freed all executors. */
void	executors_free(struct executors *);
/* A descriptor that every executor holds from now on; it stays the caller's. */
void	executors_share(struct executors *, int fd);
/* Whether executors can start; otherwise the worker claims nothing. */
bool	executors_ready(const struct executors *);
/* Kill and replace a deaf zygote; executors go on. */
void	executors_renew(struct executors *, const char *why);
/* Reap children nobody knows: forked by a zygote that died before it could
 * say so, or handed to us as PID 1. */
void	executors_sweep(struct executors *);

/* Ask for an executor; hello or failed follows. NULL with fail: none can start
 * now. */
struct executor	*executor_start(struct executors *, void *job, struct fail *);
/* Queue bytes for the order pipe; they are wiped when written. answer: the
 * executor waits for them, and may then announce something else. */
void	executor_write(struct executor *, const struct buf *line, bool answer);
void	executor_signal(struct executor *, int sig);
bool	executor_known(const struct executor *);	/* its process is
							   known */
/* Close its pipes and forget it, which ends one that still waits for its
 * order; no callback follows. NULL is fine. */
void	executor_free(struct executor *);

#endif
