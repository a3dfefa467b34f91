/*
 * Giving up the job's sandbox.
 */
#ifndef UNDO_H
#define UNDO_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Ends the sandbox because of why, and notes both on disk; then ends what lost
 * starts made besides it, as lost_surplus, which appends what is left. */
int	undo_sandbox(struct task *, const char *why, struct buf *left,
	    struct fail *);

/* For a job that fails as fail says and whose sandbox is of no use to anybody:
 * ends the sandbox and adds that to the text. Returns -1; FAIL_STOPPED if a
 * stop or park came meanwhile. */
int	undo_failed(struct task *, struct fail *);

#endif
