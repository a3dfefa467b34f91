/*
 * Lost starts: starts of a sandbox that were not answered. CloudShell may have
 * made the sandbox, or may do so for as long as a start may take; it is known
 * by its name, which ends in the job's tag.
 */
#ifndef LOST_H
#define LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Notes on disk that the last start was lost, and that its sandbox is looked
 * for since that time (seconds of the wall clock). Errors as task_fact's. */
int	lost_note(struct task *, int64_t since, struct fail *);

/* Whether a sandbox that was not found until now can no longer appear. */
bool	lost_over(struct task *);

/* Looks once. 1: found, and noted as the job's; 0: there is none; -1: FAIL_JOB
 * if there are several, or as cs_sandbox_find. */
int	lost_find(struct task *, struct fail *);

/* The same again and again, until lost_over. */
int	lost_await(struct task *, struct fail *);

/* Ends what lost starts have made beside the job's sandbox, and appends in
 * sentences what could not be ended. -1 with FAIL_STOPPED only. */
int	lost_surplus(struct task *, struct buf *, struct fail *);

/* The same again and again, until no sandbox can appear any more or the
 * deadline comes near. */
int	lost_settle(struct task *, struct buf *, struct fail *);

#endif
