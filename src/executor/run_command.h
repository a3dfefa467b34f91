/*
 * Quali-Run-Command.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Carries the action out from where the facts say. 0 with the task's result
 * filled. */
int	run_command(struct task *, struct fail *);

/* After a stop: cancels the command, and appends sentences on what became of
 * it. */
void	run_command_stop(struct task *, struct buf *);

#endif
