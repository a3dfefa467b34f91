/*
 * The report pipe of an executor: reads it on the loop, decodes its lines and
 * checks whether they may come now.
 */
#ifndef CHILD_LINES_H
#define CHILD_LINES_H

#include <systemd/sd-event.h>

#include <stdbool.h>

#include "buf.h"
#include "ipc.h"

/* Callbacks; reports and texts are borrowed. None follows once one of them has
 * called child_lines_close; after child_lines_ignore, and after a fault, only
 * end does. */
struct child_lines_ears {
	void	(*report)(void *job, const struct ipc_report *, void *job_arg);
	void	*job, *job_arg;
	void	(*hello)(void *arg, const struct ipc_report *);
	/* the executor broke the protocol; the rest of what was read is
	 * dropped */
	void	(*fault)(void *arg, const char *text);
	/* end of file: nothing more is read */
	void	(*end)(void *arg);
	void	*arg;
};

struct child_lines {
	struct ipc_turn	 turn;
	struct child_lines_ears ears;
	struct buf	 in;		/* read, but not yet handed on */
	int		 fd;		/* -1: closed, or at its end */
	bool		 ignored;	/* nothing more is handed on */
	sd_event_source	*source;
};

/* Take over the descriptor, which does not block, and read it on the loop. */
void	child_lines_open(struct child_lines *, sd_event *, int fd,
	    const struct child_lines_ears *);
/* Hand nothing more on: what comes is read, and dropped. */
void	child_lines_ignore(struct child_lines *);
/* Read a bounded amount of what is there, ahead of the loop: after the exit. */
void	child_lines_drain(struct child_lines *);
/* Read nothing more, and free the memory. */
void	child_lines_close(struct child_lines *);

#endif
