/*
 * A job's life when its result is known: what CodePipeline says of the report.
 * Pure, as all of the state machine.
 */
#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "jobs_life.h"

/* --- reporting --- */

unsigned
life_on_reported(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!life_answered(job, FX_REPORT))
		return 0;
	job->reported = true;
	return life_finish(job);
}

/* Refused for good. */
unsigned
life_on_report_refused(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev, (void)now;
	if (!life_answered(job, FX_REPORT))
		return 0;
	job->reported = true;
	if (jobs_end_abandoned(job))
		job->cleanup = true;
	if (job->cleanup)
		return life_save_then(job, FX_START);
	return life_finish(job);
}

unsigned
life_on_report_invalid(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	(void)ev;
	if (!life_answered(job, FX_REPORT))
		return 0;
	if (!job->bare) {
		job->bare = true;
		return life_when_saved(job, FX_REPORT, now);
	}
	/* What the pipeline is told has failed must leave nothing behind. */
	if (job->result.outcome != OUTCOME_FAILURE)
		return life_ended(job, jobs_end_untaken(job));
	job->reported = true;
	return life_finish(job);
}

unsigned
life_on_report_again(struct job *job, const struct job_event *ev,
    const struct job_now *now)
{
	if (!life_answered(job, FX_REPORT))
		return 0;
	if (ev->type == EV_REPORT_UNSURE)
		job->report_unsure = true;
	if (now->ms >= job->give_up_ms) {
		job->reported = true;
		return life_finish(job);
	}
	return life_retry(job, FX_REPORT, ev->u.retry_after_ms, 60000, now);
}
