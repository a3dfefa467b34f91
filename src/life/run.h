/*
 * While an executor works for the job.
 */
#ifndef RUN_H
#define RUN_H

#include "flow.h"

LIFE_HANDLER(run_hello);
LIFE_HANDLER(run_hello_version);
LIFE_HANDLER(run_noted);
LIFE_HANDLER(run_progress);
LIFE_HANDLER(run_need_credentials);
LIFE_HANDLER(run_result);
LIFE_HANDLER(run_fault);
LIFE_HANDLER(run_start_failed);
LIFE_HANDLER(run_busy);
LIFE_HANDLER(run_exit);

/* The deadline passed. */
unsigned	run_overdue(struct life *, const struct life_now *);
/* Parking, and no executor is left: leave the job to the next process, or hand
 * it back. */
unsigned	run_rest(struct life *, const struct life_now *);

#endif
