/*
 * The setup of the job's own sandbox.
 */
#ifndef SETUP_H
#define SETUP_H

#include "cloudshell.h"
#include "fail.h"
#include "task.h"

/* Waits until the sandbox is Ready and describes it; the caller frees the
 * description in any case. FAIL_JOB: its setup failed (then it is ended, unless
 * the policy is to keep it), or it ended or vanished meanwhile. */
int	setup_await(struct task *, struct cs_sandbox *, struct fail *);

#endif
