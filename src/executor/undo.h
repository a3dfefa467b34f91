/*
 * Giving the job's sandbox up.
 */
#ifndef UNDO_H
#define UNDO_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Has the sandbox ended because of why, and notes both on disk; then ends what
 * lost starts have made beside it, as lost_surplus, which appends what is left
 * of that. */
int	undo_sandbox(struct task *, const char *why, struct buf *left,
	    struct fail *);

/* For a job that fails as the fail says, so that its sandbox is of no use to
 * anybody: has it ended and adds that to the text. Returns -1; FAIL_STOPPED if
 * a stop or park came between. */
int	undo_failed(struct task *, struct fail *);

#endif
