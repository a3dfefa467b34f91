/*
 * Where records go.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <syslog.h>

#include "life.h"

/* What one record of a job carries beside its message. */
enum journal_event {
	JOURNAL_OTHER,
	JOURNAL_STARTED, JOURNAL_STOPPED, JOURNAL_CLAIMED, JOURNAL_DROPPED,
	JOURNAL_BEGUN, JOURNAL_STEP, JOURNAL_SUCCEEDED, JOURNAL_FAILED,
	JOURNAL_PUT, JOURNAL_REFUSED, JOURNAL_DEADLINE, JOURNAL_KILLED,
	JOURNAL_CRASHED, JOURNAL_CLEANUP, JOURNAL_RESUMED, JOURNAL_PARKED,
	JOURNAL_AMBIGUOUS, JOURNAL_LEDGER, JOURNAL_CREDENTIALS,
	JOURNAL_AWS, JOURNAL_ZYGOTE,
	JOURNAL_EVENT_MAX
};

/* Send records to the journal with fields when stderr is connected to it
 * ($JOURNAL_STREAM), else leave the stderr sink. */
void	journal_init(void);
/* One record of a job: fields QUALI_JOB_ID, QUALI_ACTION, QUALI_PIPELINE,
 * QUALI_STAGE, QUALI_SANDBOX_ID, QUALI_EXECUTION_ID, QUALI_STEP, MESSAGE_ID.
 * On stderr the line begins with "job 8hex action: ". */
void	journal_job(const struct life *, enum journal_event, int priority,
	    const char *, ...) __attribute__((format(printf, 4, 5)));
void	journal_event(enum journal_event, int priority, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

#endif
