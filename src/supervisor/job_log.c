/*
 * What the journal says of a job's life.
 */
#include <stdio.h>
#include <string.h>

#include "job_log.h"
#include "journal.h"
#include "log.h"

/* --- CodePipeline's answers --- */

static void
log_claim(const struct life *life, const struct life_answer *answer)
{
	char shown[128];

	if (life->notes & NOTE_CLAIMED)
		journal_job(life, JOURNAL_CLAIMED, LOG_INFO, "claimed: job "
		    "%s, pipeline %s, stage %s, action %s", life->id,
		    life->pipeline, life->stage, life->name);
	if (life->notes & NOTE_NOT_OURS)
		journal_job(life, JOURNAL_DROPPED, LOG_INFO, "not ours: "
		    "AcknowledgeJob answered %s", log_safe(shown,
		    sizeof(shown), answer->status));
	if (life->notes & NOTE_TAKEN)
		journal_job(life, JOURNAL_DROPPED, LOG_INFO,
		    "another worker has it");
	if (life->notes & NOTE_NEW_NONCE)
		journal_job(life, JOURNAL_AWS, LOG_INFO, "offered anew in the "
		    "meantime: claiming it with the new nonce");
	if (life->notes & (NOTE_AMBIGUOUS_RUN | NOTE_AMBIGUOUS_DROP))
		journal_job(life, JOURNAL_AMBIGUOUS, LOG_WARNING, "an earlier "
		    "AcknowledgeJob was not answered, and now CodePipeline "
		    "says that the job is claimed: %s (ambiguous_claim)",
		    life->notes & NOTE_AMBIGUOUS_RUN ? "it is run as ours" :
		    "it is left alone; if the claim was ours, the action ends "
		    "at its time-out");
	if (life->notes & NOTE_NOT_CLAIMED)
		journal_job(life, JOURNAL_DROPPED, LOG_WARNING,
		    "not claimed: %s", answer->text);
}

static void
log_put(const struct life *life, const struct life_answer *answer)
{
	if (life->notes & NOTE_PUT)
		journal_job(life, JOURNAL_PUT, LOG_INFO, "reported: %s",
		    job_outcome_name(life->result.outcome));
	if (life->notes & NOTE_PUT_ODD)
		journal_job(life, JOURNAL_AWS, LOG_WARNING, "the answer "
		    "to the report is none of CodePipeline's; the result is "
		    "kept and sent again");
	if (life->notes & NOTE_PUT_BEFORE)
		journal_job(life, JOURNAL_PUT, LOG_NOTICE, "%s: an earlier "
		    "attempt had no answer and counts as taken", answer->text);
	if (life->notes & NOTE_PUT_REFUSED)
		journal_job(life, JOURNAL_REFUSED, LOG_WARNING, "%s: the "
		    "action was stopped or timed out in CodePipeline",
		    answer->text);
	if (life->notes & NOTE_PUT_LESS)
		journal_job(life, JOURNAL_REFUSED, LOG_ERR,
		    "%s; reporting less", answer->text);
	if (life->notes & NOTE_PUT_FAILED && answer->text != NULL)
		journal_job(life, JOURNAL_AWS, answer->passing ?
		    LOG_WARNING : LOG_ERR, "%s; the result is kept and sent "
		    "again", answer->text);
	if (life->notes & NOTE_PUT_GIVEN_UP)
		journal_job(life, JOURNAL_REFUSED, LOG_ERR, "the result could "
		    "not be reported within a day: given up");
}

static void
log_answer(const struct life *life, const struct life_answer *answer)
{
	if (life->notes & (NOTE_CALL_ODD | NOTE_CALL_FAILED) &&
	    answer->text != NULL)
		journal_job(life, JOURNAL_AWS, LOG_WARNING, "%s",
		    answer->text);
	log_claim(life, answer);
	log_put(life, answer);
	if (life->notes & NOTE_CLAIM_GIVEN_UP)
		journal_job(life, JOURNAL_DROPPED, LOG_ERR, "the claim could "
		    "not be made: given up");
}

/* --- the work --- */

static void
log_exit(const struct life *life, const struct life_exit *end)
{
	const char *step = ipc_step_text(life->step);

	if (life->notes & NOTE_CRASHED)
		journal_job(life, JOURNAL_CRASHED, LOG_ERR, "the executor "
		    "crashed with signal %d (%s) while %s", end->status,
		    strsignal(end->status), step);
	if (life->notes & NOTE_ENDED_BY_STOP)
		journal_job(life, JOURNAL_KILLED, LOG_WARNING,
		    "the executor was ended by the stop itself");
	if (life->notes & NOTE_ENDED_OUTSIDE)
		journal_job(life, JOURNAL_KILLED, LOG_WARNING, "the executor "
		    "was ended by signal %d (%s) from outside while %s",
		    end->status, strsignal(end->status), step);
	if (life->notes & NOTE_KILLED)
		journal_job(life, JOURNAL_KILLED, LOG_WARNING,
		    "the executor was killed");
	if (life->notes & NOTE_ODD_STATUS)
		journal_job(life, JOURNAL_OTHER, LOG_WARNING, "the executor "
		    "ended with status %d after its result", end->status);
}

/* A failure that is not of the pipeline's making is the operator's to look
 * at. */
static int
failure_priority(const struct job_result *result)
{
	switch (result->kind) {
	case FAIL_JOB:
	case FAIL_CONFIG:
	case FAIL_REVISION:
	case FAIL_STOPPED:
		return LOG_NOTICE;
	default:
		return LOG_WARNING;
	}
}

static void
log_result(const struct life *life)
{
	const struct job_result *result = &life->result;
	enum journal_event event = JOURNAL_FAILED;
	int priority = failure_priority(result);
	char text[LOG_LINE_MAX];

	if (result->outcome == OUTCOME_SUCCESS) {
		event = JOURNAL_SUCCEEDED;
		priority = LOG_INFO;
	} else if (result->outcome == OUTCOME_CONTINUE)
		event = JOURNAL_PARKED;
	journal_job(life, event, priority, "%s: %s",
	    job_outcome_name(result->outcome), log_safe(text, sizeof(text),
	    result->text != NULL ? result->text : ""));
}

static void
log_cleanup(const struct life *life, const struct job_result *result)
{
	char text[LOG_LINE_MAX];

	journal_job(life, JOURNAL_CLEANUP, life->cleanup ? LOG_WARNING :
	    LOG_NOTICE, "clean-up: %s", log_safe(text, sizeof(text),
	    result->text != NULL ? result->text : ""));
}

void
job_log_notes(const struct life *life, const struct life_event *event)
{
	if (life->notes == 0)
		return;
	if (event->type == EV_ACK_ANSWER || event->type == EV_PUT_ANSWER ||
	    event->type == EV_DETAILS_ANSWER)
		log_answer(life, event->u.answer);
	if (event->type == EV_EXIT)
		log_exit(life, &event->u.exit);
	if (life->notes & NOTE_RESULT)
		log_result(life);
	if (life->notes & NOTE_CLEANED)
		log_cleanup(life, event->u.result);
	if (life->notes & NOTE_PARKED)
		journal_job(life, JOURNAL_PARKED, LOG_NOTICE,
		    "parked: goes on at the next start");
	if (life->notes & NOTE_CLEANUP_GIVEN_UP)
		journal_job(life, JOURNAL_CLEANUP, LOG_ERR, "the clean-up is "
		    "given up after %u tries: look in CloudShell for what is "
		    "left", life->cleanups);
}

void
job_log_stop(const struct life *life)
{
	bool deadline = life->stop == STOP_DEADLINE;

	journal_job(life, deadline ? JOURNAL_DEADLINE : JOURNAL_OTHER,
	    LOG_WARNING, "%s while %s: asked to stop", deadline ? "deadline" :
	    "cancelled", ipc_step_text(life->step));
}

/* --- what an executor reports --- */

static void
log_call(const struct life *life, const struct ipc_report *report)
{
	int attempt = report->u.call.attempt;
	long long ms = report->u.call.ms;
	char where[256], error[512];

	(void)log_safe(where, sizeof(where), report->u.call.where);
	if (report->u.call.error != NULL)
		journal_job(life, JOURNAL_OTHER, LOG_WARNING,
		    "%s %s: %s (attempt %d, %lld ms)", report->u.call.method,
		    where, log_safe(error, sizeof(error),
		    report->u.call.error), attempt, ms);
	else
		journal_job(life, JOURNAL_OTHER, report->u.call.status >= 400 ?
		    LOG_INFO : LOG_DEBUG, "%s %s: %ld (attempt %d, %lld ms)",
		    report->u.call.method, where, report->u.call.status,
		    attempt, ms);
}

void
job_log_report(const struct life *life, const struct ipc_report *report,
    enum ipc_step before)
{
	const char *step;
	char text[512];

	if (report->type == IPC_CALL)
		log_call(life, report);
	if (report->type == IPC_NEED_CREDENTIALS)
		journal_job(life, JOURNAL_OTHER, LOG_DEBUG,
		    "wants fresh artifact credentials");
	if (report->type != IPC_PROGRESS)
		return;
	step = ipc_step_text(report->u.progress.step);
	if (report->u.progress.text != NULL)
		journal_job(life, JOURNAL_STEP, LOG_INFO, "%s: %s", step,
		    log_safe(text, sizeof(text), report->u.progress.text));
	else if (before != report->u.progress.step)
		journal_job(life, JOURNAL_STEP, LOG_DEBUG, "%s", step);
}

void
job_log_resumed(const struct life *life)
{
	journal_job(life, JOURNAL_RESUMED, LOG_NOTICE,
	    "taken up again: %s", life->state == LIFE_CLAIMING ?
	    "its claim is repeated" : life->state == LIFE_OURS ?
	    "it goes on" : "its result is reported");
}
