/*
 * The process that forks executors, from the supervisor's side.
 */
#ifndef ZYGOTE_H
#define ZYGOTE_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

struct zygote;

/* All are called from the loop. */
struct zygote_calls {
	/* its sign of life: it will serve requests */
	void	(*ready)(void *arg);
	/* the request with this number made a process, our child */
	void	(*forked)(uint32_t number, pid_t, void *arg);
	/* the request made no process */
	void	(*failed)(uint32_t number, const char *why, void *arg);
	/* a zygote is gone: perhaps nobody knows a child that it made */
	void	(*ended)(void *arg);
};

/* Open libexec_dir's executor (O_PATH) and start a zygote from it. FAIL_CONFIG
 * if it cannot be run. */
struct zygote	*zygote_new(sd_event *, const char *libexec_dir,
		    const struct zygote_calls *, void *arg, struct fail *);
/* Ends it, and those it replaced; nobody is called any more. */
void		 zygote_free(struct zygote *);
/* Set the descriptor, which stays the caller's, that goes with every request;
 * before the first. */
void		 zygote_share(struct zygote *, int fd);
/* Ask for an executor with these ends of its pipes. -1: FAIL_AGAIN, not now.
 * forked or failed follows with this number, unless the zygote dies. */
int		 zygote_ask(struct zygote *, uint32_t number, int order_fd,
		    int report_fd, struct fail *);
/* Replace it. deaf: kill it; otherwise it first serves what it was asked.
 * Running executors go on; the new zygote takes requests at once. */
void		 zygote_renew(struct zygote *, bool deaf, const char *why);
/* Whether it lives; otherwise the worker claims nothing. */
bool		 zygote_ready(const struct zygote *);
/* Whether this child of ours is the zygote, or one that it replaced. */
bool		 zygote_is(const struct zygote *, pid_t);

#endif
