/*
 * Between the files of the state machine (jobs*.c): what handlers share, and
 * the handlers. See jobs.h for the whole.
 */
#ifndef JOBS_LIFE_H
#define JOBS_LIFE_H

#include "jobs.h"

/* --- jobs.c: effects that wait for the disk, and those that do not --- */

/* Ask for an executor unless there is one or none may be started. */
unsigned	life_start(struct job *, const struct job_now *);
/* Carry out now what was held back; what no longer fits is dropped. */
unsigned	life_release(struct job *, unsigned effects,
		    const struct job_now *);
/* Write the record; the effects follow when it is on disk. */
unsigned	life_save_then(struct job *, unsigned effects);
/* At once, unless a save is under way. */
unsigned	life_when_saved(struct job *, unsigned effects,
		    const struct job_now *);
/* Pause before a repeat, at most so many ms, spread by the job's id so that
 * many jobs do not repeat in step. */
int64_t		life_pause_ms(const struct job *, unsigned tries, int64_t base,
		    int64_t most);
/* Repeat a request after a pause of at least after ms. Returns 0. */
unsigned	life_retry(struct job *, unsigned what, int64_t after,
		    int64_t most, const struct job_now *);
/* Send the acknowledge, unless one is under way. */
unsigned	life_acknowledge(struct job *);
/* Over, if the result is out and nothing is left to clean; saved anyway. */
unsigned	life_finish(struct job *);
unsigned	life_drop(struct job *);
/* The result is known: nothing of the work goes on. told: by the executor. */
void		life_settle(struct job *, bool told);
/* The same without an executor left: save, then report and clean up. */
unsigned	life_ended(struct job *, bool told);
unsigned	life_kill_child(struct job *);
unsigned	life_stop_child(struct job *, enum job_stop,
		    const struct job_now *);
bool		life_heard(const struct job *);
/* Whether this request was in flight; it no longer is. */
bool		life_answered(struct job *, unsigned request);

/* --- jobs_run.c --- */

/* Parking, and no executor is left: stay for the next process, or hand back. */
unsigned	life_rest(struct job *, const struct job_now *);
unsigned	life_overdue(struct job *, const struct job_now *);

/* --- handlers: one per event, (job, event, now) -> effects --- */

#define LIFE_HANDLER(name)						\
	unsigned name(struct job *, const struct job_event *,		\
	    const struct job_now *)

/* jobs_claim.c */
LIFE_HANDLER(life_on_offered);
LIFE_HANDLER(life_on_offered_again);
LIFE_HANDLER(life_on_acknowledged);
LIFE_HANDLER(life_on_ack_refused);
LIFE_HANDLER(life_on_ack_nonce);
LIFE_HANDLER(life_on_ack_again);
LIFE_HANDLER(life_on_details);
LIFE_HANDLER(life_on_details_again);
LIFE_HANDLER(life_on_details_refused);

/* jobs_run.c */
LIFE_HANDLER(life_on_hello);
LIFE_HANDLER(life_on_unusable);
LIFE_HANDLER(life_on_hello_version);
LIFE_HANDLER(life_on_noted);
LIFE_HANDLER(life_on_progress);
LIFE_HANDLER(life_on_need_credentials);
LIFE_HANDLER(life_on_result);
LIFE_HANDLER(life_on_fault);
LIFE_HANDLER(life_on_start_failed);
LIFE_HANDLER(life_on_busy);
LIFE_HANDLER(life_on_exit_event);

/* jobs_report.c */
LIFE_HANDLER(life_on_reported);
LIFE_HANDLER(life_on_report_refused);
LIFE_HANDLER(life_on_report_invalid);
LIFE_HANDLER(life_on_report_again);

/* jobs_outside.c */
LIFE_HANDLER(life_on_resume);
LIFE_HANDLER(life_on_saved);
LIFE_HANDLER(life_on_save_failed);
LIFE_HANDLER(life_on_cancel);
LIFE_HANDLER(life_on_drain);
LIFE_HANDLER(life_on_park);
LIFE_HANDLER(life_on_timer);

#endif
