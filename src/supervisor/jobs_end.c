/*
 * What the end of an executor means for its job, in the supervisor: the table
 * of result and exit status, and the texts that pipeline authors read. Pure.
 */
#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "jobs.h"
#include "mem.h"
#include "utf8.h"

static const char *const state_names[JOB_STATE_MAX] = {
	[JOB_NEW] = "new",
	[JOB_CLAIMING] = "claiming",
	[JOB_OURS] = "ours",
	[JOB_RESULT] = "result",
	[JOB_DONE] = "done",
	[JOB_DROPPED] = "dropped",
};

const char *
jobs_state_name(enum job_state state)
{
	return state < JOB_STATE_MAX ? state_names[state] : "?";
}

enum job_state
jobs_state_parse(const char *name)
{
	for (int i = 0; i < JOB_STATE_MAX; i++)
		if (strcmp(state_names[i], name) == 0)
			return (enum job_state)i;
	return JOB_NEW;
}

char *
jobs_duration(char *dst, size_t size, int64_t ms)
{
	if (ms >= 7200000 && ms % 3600000 == 0)
		(void)snprintf(dst, size, "%lld hours",
		    (long long)(ms / 3600000));
	else if (ms >= 60000 && ms % 60000 == 0)
		(void)snprintf(dst, size, "%lld min", (long long)(ms / 60000));
	else if (ms % 1000 == 0)
		(void)snprintf(dst, size, "%lld s", (long long)(ms / 1000));
	else
		(void)snprintf(dst, size, "%.1f s", (double)ms / 1000.0);
	return dst;
}

static void
set_failure(struct job *job, enum fail_kind kind, const char *text)
{
	job_result_free(&job->result);
	job->result.outcome = OUTCOME_FAILURE;
	job->result.kind = kind;
	job->result.text = xstrdup(text);
	if (job->facts.sandbox_id[0] != '\0')
		job->result.external_id = xstrdup(job->facts.sandbox_id);
}

bool
jobs_end_needs_cleanup(const struct job *job, bool told)
{
	enum job_outcome outcome = job->result.outcome;

	if (outcome == OUTCOME_SUCCESS || outcome == OUTCOME_CONTINUE)
		return false;
	if (job->action == ACTION_START) {
		if (job->result.sandbox_kept)
			return false;
		if (job_facts_lost(&job->facts) > 0 &&
		    !job->rules.plain_names)	/* found by its tag */
			return true;
		return !job->result.sandbox_ended && job->facts.sandbox_ours &&
		    job->facts.sandbox_id[0] != '\0';
	}
	return job->action == ACTION_RUN && !told &&
	    job->facts.execution_id[0] != '\0' &&
	    !job->facts.execution_ended;
}

/* After an attempt without an answer a refusal most likely means that it landed
 * (aws-contract 2.6); else the action was abandoned, and what it made on
 * CloudShell has no owner. */
bool
jobs_end_abandoned(const struct job *job)
{
	const struct job_facts *facts = &job->facts;

	if (job->report_unsure || job->resumed ||
	    job->result.outcome == OUTCOME_FAILURE)
		return false;
	if (facts->sandbox_ours && facts->sandbox_id[0] != '\0' &&
	    !job->result.sandbox_ended)
		return true;
	return job->result.outcome == OUTCOME_CONTINUE &&
	    facts->execution_id[0] != '\0' && !facts->execution_ended;
}

/* First of all what a retry may do harm to. */
static void
add_warning(const struct job *job, struct buf *text)
{
	if (job->facts.intent == INTENT_COMMAND)
		buf_adds(text, "The command may have run: look in CloudShell "
		    "before you retry. ");
}

/* What goes on after the report, for the reader of the message. */
static void
add_cleanup(const struct job *job, bool told, struct buf *text)
{
	const char *name = job->facts.sandbox_name;
	bool sandbox = job->facts.intent == INTENT_SANDBOX && !told &&
	    job->rules.plain_names;

	if (sandbox)
		buf_sentence(text, "A sandbox named \"%s\" may exist: end it "
		    "in CloudShell if it does.", name != NULL ? name : "");
	if (!jobs_end_needs_cleanup(job, told))
		return;
	if (job->action == ACTION_RUN)
		buf_sentence(text, "The worker goes on to cancel execution %s "
		    "of the command.", job->facts.execution_id);
	else if (job->facts.sandbox_id[0] == '\0')
		buf_sentence(text, "The worker goes on to look for sandbox "
		    "\"%s\" and to end it.", name != NULL ? name : "");
	else if (job->result.sandbox_ended || job->facts.stop_accepted)
		buf_sentence(text, "The worker goes on to look for a second "
		    "sandbox \"%s\" and to end it.", name != NULL ? name : "");
	else
		buf_sentence(text, "The worker goes on to end sandbox %s.",
		    job->facts.sandbox_id);
}

/* A failure with the cause and what clean-up continues. */
static void
fail_with(struct job *job, enum fail_kind kind, bool told, const char *cause)
{
	struct buf whole;

	job_result_free(&job->result);
	buf_init(&whole, FAIL_TEXT_MAX + 1000);
	if (!told)
		add_warning(job, &whole);
	buf_adds(&whole, cause);
	add_cleanup(job, told, &whole);
	set_failure(job, kind, buf_text(&whole));
	buf_free(&whole);
}

void
jobs_end_failed(struct job *job, enum fail_kind kind, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_cut(text, sizeof(text) - 1);
	fail_with(job, kind, false, text);
}

bool
jobs_end_untaken(struct job *job)
{
	bool told = job->result.outcome == OUTCOME_SUCCESS;

	fail_with(job, FAIL_SYSTEM, told, told ? "The work succeeded, but "
	    "CodePipeline does not take the worker's report of it. Tell the "
	    "worker's operator." : "The worker was stopped, and CodePipeline "
	    "does not take the job back. Tell the worker's operator.");
	return told;
}

static void
add_cause(const struct job *job, struct buf *text)
{
	char limit[32];

	if (job->stop == STOP_DEADLINE)
		buf_addf(text, "Timed out after %s while %s (limit: timeout "
		    "of [%s] in the worker's configuration).",
		    jobs_duration(limit, sizeof(limit), job->rules.timeout_ms),
		    ipc_step_text(job->step), job_action_name(job->action));
	else if (job->stop == STOP_CANCEL)
		buf_addf(text, "Cancelled by the operator of the worker "
		    "while %s.", ipc_step_text(job->step));
	else
		buf_addf(text, "The job was stopped on the worker's machine "
		    "while %s.", ipc_step_text(job->step));
}

void
jobs_end_with_result(struct job *job, const struct job_result *told)
{
	struct job_result *r = &job->result;
	struct buf text;

	job_result_free(r);
	*r = *told;
	r->text = xstrdup(told->text);
	r->external_id = xstrdup(told->external_id);
	r->continuation = NULL;
	r->variables = json_incref(told->variables);
	if (r->text != NULL && strncmp(r->text, "http", 4) != 0)
		r->text[0] = (char)toupper((unsigned char)r->text[0]);
	if (told->outcome == OUTCOME_SUCCESS)
		return;
	buf_init(&text, FAIL_TEXT_MAX * 2);
	if (told->outcome == OUTCOME_STOPPED) {
		add_warning(job, &text);
		r->outcome = OUTCOME_FAILURE;
		r->kind = job->stop == STOP_NONE ? FAIL_SYSTEM : FAIL_JOB;
		add_cause(job, &text);
		buf_adds(&text, " ");
	}
	buf_adds(&text, r->text != NULL ? r->text : "");
	add_cleanup(job, told->outcome != OUTCOME_STOPPED, &text);
	free(r->text);
	r->text = xstrdup(buf_text(&text));
	buf_free(&text);
}

static void
add_exit(const struct job_exit *end, struct buf *text)
{
	switch (end->status) {
	case IPC_EXIT_CONFINE:
		buf_adds(text, "it could not confine itself");
		break;
	case IPC_EXIT_PROTOCOL:
	case IPC_EXIT_ORPHAN:
	case IPC_EXIT_REPORT:
		buf_adds(text, "it lost its connection to the supervisor");
		break;
	case 0:
		buf_adds(text, "it ended without a result");
		break;
	default:
		buf_addf(text, "it ended with status %d and without a result",
		    end->status);
	}
}

/*
 *  result   end                          the job
 *  any      any                          as told (jobs_end_with_result)
 *  none     killed after our stop        timed out, or cancelled
 *  none     no order, then killed        failed: the worker's settings
 *  none     protocol fault, then killed  failed: protocol
 *  none     signal                       failed: died of signal N
 *  none     status                       failed: named status
 */
void
jobs_end_without_result(struct job *job, const struct job_exit *end)
{
	enum fail_kind kind = FAIL_SYSTEM;
	struct buf text;

	buf_init(&text, FAIL_TEXT_MAX - 1);
	add_warning(job, &text);
	if (job->stop != STOP_NONE) {
		kind = FAIL_JOB;
		add_cause(job, &text);
		buf_adds(&text, " The process of this job did not end by "
		    "itself and was killed.");
	} else if (job->no_order) {
		buf_addf(&text, "The worker cannot work: %s. Tell the "
		    "worker's operator.", job->why);
	} else {
		buf_addf(&text, "The worker's process for this job failed "
		    "while %s: ", ipc_step_text(job->step));
		if (job->fault)
			buf_addf(&text, "it broke the protocol (%s)", job->why);
		else if (end->signaled)
			buf_addf(&text, "it died of signal %d (%s)",
			    end->status, strsignal(end->status));
		else
			add_exit(end, &text);
		buf_addf(&text, ". This is a fault of the worker or its "
		    "machine, not of the pipeline: %stell the worker's "
		    "operator.", job->facts.intent == INTENT_COMMAND ? "" :
		    "retry the stage, and ");
	}
	add_cleanup(job, false, &text);
	set_failure(job, kind, buf_text(&text));
	buf_free(&text);
}

int
jobs_end_handed_back(struct job *job, const struct job_now *now)
{
	char *token = token_encode(&job->facts, jobs_remaining(job, now));

	if (token == NULL)
		return -1;
	job_result_free(&job->result);
	job->result.outcome = OUTCOME_CONTINUE;
	job->result.text = xstrdup("Handed back to the queue: the worker is "
	    "being stopped, another one goes on.");
	if (job->facts.sandbox_id[0] != '\0')
		job->result.external_id = xstrdup(job->facts.sandbox_id);
	job->result.continuation = token;
	return 0;
}
