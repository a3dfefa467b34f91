/*
 * Lines of an executor's report pipe, read, decoded and checked against what
 * may come now.
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
	struct buf	 in;		/* the line that is not whole yet, and
					   what follows it */
};

enum child_lines_got {
	CHILD_LINES_FAULT = -2,	/* of the protocol; the fail says which */
	CHILD_LINES_END = -1,	/* end of file */
	CHILD_LINES_NONE = 0,	/* nothing to read now */
	CHILD_LINES_SOME = 1,	/* more may come */
};

/* A report, borrowed. Whether to go on; if not, the lines may be freed
 * already. */
typedef bool	(*child_lines_take)(const struct ipc_report *, void *);

void	child_lines_init(struct child_lines *);
void	child_lines_free(struct child_lines *);
/* Drop what was read: nothing more is believed. */
void	child_lines_clear(struct child_lines *);

/* Read once from a descriptor that does not block, and hand on every whole
 * line. After a fault what was read is dropped. */
enum child_lines_got	child_lines_read(struct child_lines *, int fd,
			    child_lines_take, void *, struct fail *);

#endif
