/*
 * What the journal says about a job's life: words for what a step decided and
 * for what an executor did.
 */
#ifndef JOB_LOG_H
#define JOB_LOG_H

#include "ipc.h"
#include "journal.h"
#include "life.h"

/* One record of a job: fields QUALI_JOB_ID, QUALI_ACTION, QUALI_PIPELINE,
 * QUALI_STAGE, QUALI_SANDBOX_ID, QUALI_EXECUTION_ID, QUALI_STEP, MESSAGE_ID.
 * The line begins with "job 8hex action: ". */
void	job_log(const struct life *, enum journal_event, int priority,
	    const char *, ...) __attribute__((format(printf, 4, 5)));
/* Log the notes of the last step and the event that caused them. */
void	job_log_notes(const struct life *, const struct life_event *);
/* Log that a stop was sent. */
void	job_log_stop(const struct life *);
/* Log what its executor reported; before: the step until then. */
void	job_log_call(const struct life *, const struct ipc_report *);
void	job_log_progress(const struct life *, const struct ipc_report *,
	    enum ipc_step before);
/* Log that a job from the ledger resumes. */
void	job_log_resumed(const struct life *);

#endif
