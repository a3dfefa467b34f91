/*
 * The report pipe of an executor: read on the loop, its lines decoded and
 * checked against what may come now.
 */
#ifndef CHILD_LINES_H
#define CHILD_LINES_H

#include <systemd/sd-event.h>

#include <stdbool.h>

#include "buf.h"
#include "ipc.h"

/* Who hears what; reports and texts are borrowed. Once one of them has called
 * child_lines_close, nothing more is heard. */
struct child_lines_ears {
	void	(*report)(void *job, const struct ipc_report *, void *job_arg);
	void	*job, *job_arg;
	void	(*hello)(void *arg, const struct ipc_report *);
	/* of the protocol: what was read is dropped */
	void	(*fault)(void *arg, const char *text);
	/* end of file: nothing more is read */
	void	(*end)(void *arg);
	void	*arg;
};

struct child_lines {
	struct ipc_turn	 turn;
	struct child_lines_ears ears;
	struct buf	 in;		/* read, and not handed on yet */
	int		 fd;		/* -1: closed, or at its end */
	sd_event_source	*source;
};

/* Take over the descriptor, which does not block, and read it on the loop. */
void	child_lines_open(struct child_lines *, sd_event *, int fd,
	    const struct child_lines_ears *);
/* Read what is there, bounded, ahead of the loop: after the exit. */
void	child_lines_drain(struct child_lines *);
/* Nothing more is read; its memory goes, too. */
void	child_lines_close(struct child_lines *);

#endif
