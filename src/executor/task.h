/*
 * The task of an executor: a job's action, or the clean-up after it, from the
 * order to the result.
 */
#ifndef TASK_H
#define TASK_H

#include <stdint.h>

#include "cloudshell.h"
#include "fail.h"
#include "http_client.h"
#include "ipc_order.h"
#include "job.h"
#include "orders.h"
#include "s3_transfer.h"

/* All that an executor knows; one per process. */
struct task {
	struct orders		 orders;
	struct ipc_order	 order;
	struct job_facts	 facts;		/* as on disk, or about to be */
	struct job_result	 result;
	struct http_interrupt	 interrupt;
	struct http_client	*http;
	struct cs_settings	 settings;	/* of cs */
	struct cs_client	*cs;
	struct s3_access	 s3;
	int64_t			 deadline_ms;	/* of SYS_CLOCK */
	const char		*peer;		/* of the last call, for people:
						   CloudShell or S3 */
};

/* Makes the clients; orders and order must be filled. task_close frees all but
 * the orders. */
void	task_open(struct task *);
void	task_close(struct task *);

/* Logs in to CloudShell as a step of its own. Errors as cs_login's. */
int	task_login(struct task *, struct fail *);

/* Announces an intent and waits until it is on disk. -1 with FAIL_STOPPED: do
 * not act; the intent is closed again. */
int	task_intend(struct task *, enum job_intent, struct fail *);

/* Closes an open intent and waits until all facts are on disk. -1 with
 * FAIL_STOPPED: they were sent, but the supervisor did not confirm that they
 * are on disk. */
int	task_fact(struct task *, struct fail *);

#endif
