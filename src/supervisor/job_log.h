/*
 * What the journal says of a job's life: words for what a step decided, and
 * for what an executor did.
 */
#ifndef JOB_LOG_H
#define JOB_LOG_H

#include "ipc.h"
#include "life.h"

/* The notes of the last step, and the event that brought them. */
void	job_log_notes(const struct life *, const struct life_event *);
/* A stop is sent. */
void	job_log_stop(const struct life *);
/* What its executor reported; before: the step until then. */
void	job_log_report(const struct life *, const struct ipc_report *,
	    enum ipc_step before);
/* A record read from the ledger is taken up again. */
void	job_log_resumed(const struct life *);

#endif
