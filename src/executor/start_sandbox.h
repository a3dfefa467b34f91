/*
 * Quali-Start-Sandbox.
 */
#ifndef START_SANDBOX_H
#define START_SANDBOX_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Carries the action out from where the facts say. 0 with the task's result
 * filled. */
int	start_sandbox(struct task *, struct fail *);

/* After a stop: ends the sandbox, and appends sentences on what it ended and
 * what it could not. */
void	start_sandbox_stop(struct task *, struct buf *);

#endif
