/*
 * The clean-up order.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include "fail.h"
#include "task.h"

/* Cancels the execution and ends the sandboxes that the facts name. 0 with the
 * task's result filled. -1: the supervisor tries again, since something is
 * left, or may still appear (FAIL_AGAIN). */
int	clean_up(struct task *, struct fail *);

#endif
