/*
 * Lost starts: starts of a sandbox that CloudShell did not answer. It may have
 * made the sandbox, or may still do so for as long as a start may take; the
 * name, which ends in the job's tag, identifies it.
 */
#ifndef LOST_H
#define LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "task.h"

/* Notes on disk that the last start was lost and that the search for its
 * sandbox began at since (seconds of the wall clock). Errors as task_fact's. */
int	lost_note(struct task *, int64_t since, struct fail *);

/* Whether it is too late for the sandbox to appear. */
bool	lost_over(struct task *);

/* Looks once. 1: found, and noted as the job's; 0: there is none; -1: FAIL_JOB
 * if there are several, or as cs_sandbox_find. */
int	lost_find(struct task *, struct fail *);

/* The same repeatedly, until lost_over. */
int	lost_await(struct task *, struct fail *);

/* Ends what lost starts made besides the job's sandbox, and appends sentences
 * on what it could not end. -1 only with FAIL_STOPPED. */
int	lost_surplus(struct task *, struct buf *, struct fail *);

/* The same repeatedly, until no sandbox can appear any more or the deadline is
 * near. */
int	lost_settle(struct task *, struct buf *, struct fail *);

#endif
