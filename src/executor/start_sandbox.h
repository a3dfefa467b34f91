/*
 * Quali-Start-Sandbox.
 */
#ifndef START_SANDBOX_H
#define START_SANDBOX_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Carries it out from where the facts say. 0 with the task's result filled. */
int	start_sandbox(struct task *, struct fail *);

/* After a stop: ends the sandbox, and appends in sentences what was ended and
 * what was not. */
void	start_sandbox_stop(struct task *, struct buf *);

#endif
