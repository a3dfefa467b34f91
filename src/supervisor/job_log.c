/*
 * What the journal says about a job's life.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "job_log.h"
#include "log.h"

/* The message names the job even in the journal: journalctl shows only
 * messages, with the lines of many jobs mixed. */
void
job_log(const struct life *life, enum journal_event event, int priority,
    const char *fmt, ...)
{
	const struct log_field fields[] = {
		{ "MESSAGE_ID", journal_message_ids[event] },
		{ "QUALI_JOB_ID", life->id },
		{ "QUALI_ACTION", job_action_name(life->action) },
		{ "QUALI_PIPELINE", life->pipeline },
		{ "QUALI_STAGE", life->stage },
		{ "QUALI_SANDBOX_ID", life->facts.sandbox_id },
		{ "QUALI_EXECUTION_ID", life->facts.execution_id },
		{ "QUALI_STEP", life->step == STEP_NONE ? NULL :
		    ipc_step_name(life->step) },
	};
	char message[LOG_LINE_MAX];
	va_list ap;

	if (priority > log_level())
		return;
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	log_fields(priority, fields, sizeof(fields) / sizeof(fields[0]),
	    "job %.8s %s: %s", life->id, job_action_name(life->action),
	    message);
}

/* --- CodePipeline's answers --- */

static void
log_call(const struct life *life, const struct life_answer *answer)
{
	if (life->notes & (NOTE_CALL_ODD | NOTE_CALL_FAILED) &&
	    answer->text != NULL)
		job_log(life, JOURNAL_AWS, LOG_WARNING, "%s", answer->text);
}

static void
log_claim(const struct life *life, const struct life_answer *answer)
{
	char shown[128];

	if (life->notes & NOTE_CLAIMED)
		job_log(life, JOURNAL_CLAIMED, LOG_INFO, "claimed: job "
		    "%s, pipeline %s, stage %s, action %s", life->id,
		    life->pipeline, life->stage, life->name);
	if (life->notes & NOTE_NOT_OURS)
		job_log(life, JOURNAL_DROPPED, LOG_INFO, "not ours: "
		    "AcknowledgeJob answered %s", log_safe(shown,
		    sizeof(shown), answer->status));
	if (life->notes & NOTE_TAKEN)
		job_log(life, JOURNAL_DROPPED, LOG_INFO,
		    "another worker has it");
	if (life->notes & NOTE_NEW_NONCE)
		job_log(life, JOURNAL_AWS, LOG_INFO, "CodePipeline has offered "
		    "it again meanwhile: claiming it with the new nonce");
	if (life->notes & (NOTE_AMBIGUOUS_RUN | NOTE_AMBIGUOUS_DROP))
		job_log(life, JOURNAL_AMBIGUOUS, LOG_WARNING, "CodePipeline "
		    "did not answer an earlier AcknowledgeJob and now says "
		    "that the job is claimed: %s (ambiguous_claim)",
		    life->notes & NOTE_AMBIGUOUS_RUN ? "running it as ours" :
		    "leaving it alone; if the claim was ours, the action ends "
		    "at its timeout in CodePipeline");
	if (life->notes & NOTE_NOT_CLAIMED)
		job_log(life, JOURNAL_DROPPED, LOG_WARNING,
		    "not claimed: %s", answer->text);
	if (life->notes & NOTE_CLAIM_GIVEN_UP)
		job_log(life, JOURNAL_DROPPED, LOG_ERR, "could not make the "
		    "claim: giving up");
}

static void
log_put(const struct life *life, const struct life_answer *answer)
{
	if (life->notes & NOTE_PUT)
		job_log(life, JOURNAL_PUT, LOG_INFO, "reported: %s",
		    job_outcome_name(life->result.outcome));
	if (life->notes & NOTE_PUT_ODD)
		job_log(life, JOURNAL_AWS, LOG_WARNING, "CodePipeline did not "
		    "send this answer to the report; keeping the result and "
		    "sending it again");
	if (life->notes & NOTE_PUT_BEFORE)
		job_log(life, JOURNAL_PUT, LOG_NOTICE, "%s: CodePipeline did "
		    "not answer an earlier attempt, which counts as taken",
		    answer->text);
	if (life->notes & NOTE_PUT_REFUSED)
		job_log(life, JOURNAL_REFUSED, LOG_WARNING, "%s: the "
		    "action was stopped or timed out in CodePipeline",
		    answer->text);
	if (life->notes & NOTE_PUT_LESS)
		job_log(life, JOURNAL_REFUSED, LOG_ERR,
		    "%s; reporting less", answer->text);
	if (life->notes & NOTE_PUT_FAILED && answer->text != NULL)
		job_log(life, JOURNAL_AWS, answer->passing ?
		    LOG_WARNING : LOG_ERR, "%s; keeping the result and sending "
		    "it again", answer->text);
	if (life->notes & NOTE_PUT_GIVEN_UP)
		job_log(life, JOURNAL_REFUSED, LOG_ERR, "could not report the "
		    "result within a day: giving up");
}

/* --- the work --- */

static void
log_exit(const struct life *life, const struct life_exit *end)
{
	const char *step = ipc_step_text(life->step);

	if (life->notes & NOTE_CRASHED)
		job_log(life, JOURNAL_CRASHED, LOG_ERR, "the executor "
		    "crashed with signal %d (%s) while %s", end->status,
		    strsignal(end->status), step);
	if (life->notes & NOTE_ENDED_BY_STOP)
		job_log(life, JOURNAL_KILLED, LOG_WARNING,
		    "the stop's SIGTERM ended the executor");
	if (life->notes & NOTE_ENDED_OUTSIDE)
		job_log(life, JOURNAL_KILLED, LOG_WARNING, "signal %d (%s) "
		    "from outside ended the executor while %s",
		    end->status, strsignal(end->status), step);
	if (life->notes & NOTE_KILLED)
		job_log(life, JOURNAL_KILLED, LOG_WARNING,
		    "the executor was killed");
	if (life->notes & NOTE_ODD_STATUS)
		job_log(life, JOURNAL_OTHER, LOG_WARNING, "the executor "
		    "ended with status %d after its result", end->status);
}

/* A failure that the pipeline did not cause is an error, for the operator. */
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
	job_log(life, event, priority, "%s: %s",
	    job_outcome_name(result->outcome), log_safe(text, sizeof(text),
	    result->text != NULL ? result->text : ""));
}

static void
log_cleanup(const struct life *life, const struct job_result *result)
{
	char text[LOG_LINE_MAX];

	job_log(life, JOURNAL_CLEANUP, life->cleanup ? LOG_WARNING :
	    LOG_NOTICE, "clean-up: %s", log_safe(text, sizeof(text),
	    result->text != NULL ? result->text : ""));
}

void
job_log_notes(const struct life *life, const struct life_event *event)
{
	if (life->notes == 0)
		return;
	if (event->type == EV_ACK_ANSWER || event->type == EV_DETAILS_ANSWER)
		log_call(life, event->u.answer);
	if (event->type == EV_ACK_ANSWER)
		log_claim(life, event->u.answer);
	if (event->type == EV_PUT_ANSWER)
		log_put(life, event->u.answer);
	if (event->type == EV_EXIT)
		log_exit(life, &event->u.exit);
	if (life->notes & NOTE_RESULT)
		log_result(life);
	if (life->notes & NOTE_CLEANED)
		log_cleanup(life, event->u.result);
	if (life->notes & NOTE_PARKED)
		job_log(life, JOURNAL_PARKED, LOG_NOTICE,
		    "parked: goes on at the next start");
	if (life->notes & NOTE_CLEANUP_GIVEN_UP)
		job_log(life, JOURNAL_CLEANUP, LOG_ERR, "gave up the clean-up "
		    "after %u tries: look in CloudShell for what is left",
		    life->cleanups);
}

void
job_log_stop(const struct life *life)
{
	bool deadline = life->stop == STOP_DEADLINE;

	job_log(life, deadline ? JOURNAL_DEADLINE : JOURNAL_OTHER,
	    LOG_WARNING, "%s while %s: telling it to stop",
	    deadline ? "deadline" : "cancelled", ipc_step_text(life->step));
}

/* --- what an executor reports --- */

void
job_log_call(const struct life *life, const struct ipc_report *report)
{
	int priority = report->u.call.error != NULL ? LOG_WARNING :
	    report->u.call.status >= 400 ? LOG_INFO : LOG_DEBUG;
	int attempt = report->u.call.attempt;
	long long ms = report->u.call.ms;
	char where[256], error[512];

	(void)log_safe(where, sizeof(where), report->u.call.where);
	if (report->u.call.error != NULL)
		job_log(life, JOURNAL_OTHER, priority,
		    "%s %s: %s (attempt %d, %lld ms)", report->u.call.method,
		    where, log_safe(error, sizeof(error),
		    report->u.call.error), attempt, ms);
	else
		job_log(life, JOURNAL_OTHER, priority,
		    "%s %s: %ld (attempt %d, %lld ms)", report->u.call.method,
		    where, report->u.call.status, attempt, ms);
}

void
job_log_progress(const struct life *life, const struct ipc_report *report,
    enum ipc_step before)
{
	const char *step = ipc_step_text(report->u.progress.step);
	char text[512];

	if (report->u.progress.text != NULL)
		job_log(life, JOURNAL_STEP, LOG_INFO, "%s: %s", step,
		    log_safe(text, sizeof(text), report->u.progress.text));
	else if (before != report->u.progress.step)
		job_log(life, JOURNAL_STEP, LOG_DEBUG, "%s", step);
}

void
job_log_resumed(const struct life *life)
{
	job_log(life, JOURNAL_RESUMED, LOG_NOTICE,
	    "resumed: %s", life->state == LIFE_CLAIMING ?
	    "repeating its claim" : life->state == LIFE_OURS ?
	    "continuing" : "reporting its result");
}
