/*
 * How the worker is doing: one snapshot for systemd's STATUS= and whoever else
 * asks.
 */
#ifndef STATUS_H
#define STATUS_H

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws_keys.h"
#include "board.h"
#include "commit.h"
#include "poller.h"
#include "timer.h"

#define STATUS_SOON_MS	500

enum worker_mode {
	MODE_STARTING,
	MODE_RUNNING,
	MODE_STOPPING,	/* claims nothing; jobs may finish within stop_grace */
	MODE_PARKING,	/* parks what still runs */
};

/* The sources of the snapshot; poller and keys may be NULL. */
struct status_sources {
	const enum worker_mode	*mode;
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
/* The line that systemctl shows: UTF-8 without control characters, cut to
 * size. Returns dst. */
char	*status_line(const struct status *, char *dst, size_t);

/* Tells systemd the status line whenever it is another one. */
struct status_teller {
	sd_event		*event;
	struct status_sources	 sources;	/* may change */
	char			 told[256];
	sd_event_source		*timer;
	sd_event_time_handler_t	 on_timer;
	bool			 soon;		/* it is armed */
};

void	 status_teller_init(struct status_teller *, sd_event *,
	    const struct status_sources *);
void	 status_teller_free(struct status_teller *);	/* its timer */
void	 status_tell(struct status_teller *);

/* The same within half a second: for what changes often. */
static inline void
status_tell_soon(struct status_teller *teller)
{
	if (!teller->soon)
		timer_in(teller->event, &teller->timer, STATUS_SOON_MS,
		    teller->on_timer, teller);
	teller->soon = true;
}

#endif
