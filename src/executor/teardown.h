/*
 * The end of a sandbox, and its teardown.
 */
#ifndef TEARDOWN_H
#define TEARDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudshell.h"
#include "fail.h"
#include "task.h"

/* Waits until the task's sandbox has ended or is gone. FAIL_JOB: CloudShell
 * agreed to end it, but does not. */
int	teardown_await(struct task *, struct fail *);

/* Reads errors of the teardown from the activity feed, since the event with the
 * id from. 0: that id is not known, so only errors that name the teardown
 * count. FAIL_JOB: there are some; FAIL_STOPPED. *unknown: could not read the
 * feed, which is no failure. */
int	teardown_check(struct task *, int64_t from, bool *unknown,
	    struct fail *);

#endif
