/*
 * Quali-End-Sandbox.
 */
#ifndef END_SANDBOX_H
#define END_SANDBOX_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Carries the action out from where the facts say. 0 with the task's result
 * filled. */
int	end_sandbox(struct task *, struct fail *);

/* After a stop: appends a sentence on how far the action came; undoes
 * nothing. */
void	end_sandbox_stop(struct task *, struct buf *);

#endif
