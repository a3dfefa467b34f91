/*
 * Lines of an executor's report pipe, decoded and checked against what may
 * come now.
 */
#ifndef CHILD_LINES_H
#define CHILD_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "fail.h"
#include "ipc.h"

struct child_lines {
	struct ipc_turn	 turn;
	struct buf	 in;		/* read, at most IPC_REPORT_MAX */
	size_t		 done;		/* bytes of it that were taken */
};

void	child_lines_init(struct child_lines *);
void	child_lines_free(struct child_lines *);
/* Drop what was read: nothing more is believed. */
void	child_lines_clear(struct child_lines *);
/* Bytes that can be added now. */
size_t	child_lines_room(const struct child_lines *);
void	child_lines_add(struct child_lines *, const void *, size_t);

/* The next whole line. 1: a report, freed by the caller; 0: none now; -1: a
 * fault of the protocol, the text says which; what was read is dropped. */
int	child_lines_next(struct child_lines *, struct ipc_report *,
	    struct fail *);

#endif
