/*
 * How the worker is doing: one snapshot for systemd's STATUS= and whoever else
 * asks.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws_keys.h"
#include "board.h"
#include "commit.h"
#include "poller.h"

enum worker_mode {
	MODE_STARTING,
	MODE_RUNNING,
	MODE_STOPPING,	/* claims nothing; jobs may finish within stop_grace */
	MODE_PARKING,	/* parks what still runs */
};

/* The sources of the snapshot; poller and keys may be NULL. */
struct status_sources {
	enum worker_mode	 mode;
	const struct board	*board;
	const struct commit	*commit;
	const struct poller	*poller;
	const struct aws_keys	*keys;
};

/* Texts are borrowed until the next turn of the loop. */
struct status {
	enum worker_mode	 mode;
	int			 running;	/* jobs with an executor */
	int64_t			 max_jobs;
	unsigned long		 claimed, succeeded, failed, ambiguous;
	bool			 have_keys;
	const char		*keys_error;	/* "": none, or looked up now */
	const char		*keys_origin;
	const char		*region;
	bool			 ledger_broken, disk_full;
	struct poller_state	 poller;
};

void	 status_take(struct status *, const struct status_sources *);
/* The line that systemctl shows. Returns dst. */
char	*status_line(const struct status *, char *dst, size_t);

#endif
