/*
 * What the end of a job means: the table of result and exit status, and the
 * texts that pipeline authors read. Pure.
 */
#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "end.h"
#include "mem.h"
#include "utf8.h"

char *
end_duration(char *dst, size_t size, int64_t ms)
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
set_failure(struct life *life, enum fail_kind kind, const char *text)
{
	job_result_free(&life->result);
	life->result.outcome = OUTCOME_FAILURE;
	life->result.kind = kind;
	life->result.text = xstrdup(text);
	if (life->facts.sandbox_id[0] != '\0')
		life->result.external_id = xstrdup(life->facts.sandbox_id);
}

bool
end_needs_cleanup(const struct life *life, bool told)
{
	enum job_outcome outcome = life->result.outcome;

	if (outcome == OUTCOME_SUCCESS || outcome == OUTCOME_CONTINUE)
		return false;
	if (life->action == ACTION_START) {
		if (life->result.sandbox_kept)
			return false;
		if (job_facts_lost(&life->facts) > 0 &&
		    !life->rules.plain_names)	/* its tag identifies it */
			return true;
		return !life->result.sandbox_ended &&
		    life->facts.sandbox_ours &&
		    life->facts.sandbox_id[0] != '\0';
	}
	return life->action == ACTION_RUN && !told &&
	    life->facts.execution_id[0] != '\0' &&
	    !life->facts.execution_ended;
}

/* After an unanswered attempt a refusal most likely means that it landed
 * (aws-contract 2.6). Otherwise the action was abandoned, and what it made in
 * CloudShell has no owner. */
bool
end_abandoned(const struct life *life)
{
	const struct job_facts *facts = &life->facts;

	if (life->put_unsure || life->resumed ||
	    life->result.outcome == OUTCOME_FAILURE)
		return false;
	if (facts->sandbox_ours && facts->sandbox_id[0] != '\0' &&
	    !life->result.sandbox_ended)
		return true;
	return life->result.outcome == OUTCOME_CONTINUE &&
	    facts->execution_id[0] != '\0' && !facts->execution_ended;
}

/* What a retry might harm comes first. */
static void
add_warning(const struct life *life, struct buf *text)
{
	if (life->facts.intent == INTENT_COMMAND)
		buf_adds(text, "The command may have run: look in CloudShell "
		    "before you retry. ");
}

/* Tells the reader of the message what goes on after the report. */
static void
add_cleanup(const struct life *life, bool told, struct buf *text)
{
	const char *name = life->facts.sandbox_name;
	bool sandbox = life->facts.intent == INTENT_SANDBOX && !told &&
	    life->rules.plain_names;

	if (sandbox)
		buf_sentence(text, "A sandbox named \"%s\" may exist: end it "
		    "in CloudShell if it does.", name != NULL ? name : "");
	if (!end_needs_cleanup(life, told))
		return;
	if (life->action == ACTION_RUN)
		buf_sentence(text, "The worker will cancel execution %s of the "
		    "command.", life->facts.execution_id);
	else if (life->facts.sandbox_id[0] == '\0')
		buf_sentence(text, "The worker will look for sandbox \"%s\" "
		    "and end it.", name != NULL ? name : "");
	else if (life->result.sandbox_ended || life->facts.stop_accepted)
		buf_sentence(text, "The worker will look for a second sandbox "
		    "\"%s\" and end it.", name != NULL ? name : "");
	else
		buf_sentence(text, "The worker will end sandbox %s.",
		    life->facts.sandbox_id);
}

/* A failure with the cause and what clean-up continues. */
static void
fail_with(struct life *life, enum fail_kind kind, bool told, const char *cause)
{
	struct buf whole;

	job_result_free(&life->result);
	buf_init(&whole, FAIL_TEXT_MAX + 1000);
	if (!told)
		add_warning(life, &whole);
	buf_adds(&whole, cause);
	add_cleanup(life, told, &whole);
	set_failure(life, kind, buf_text(&whole));
	buf_free(&whole);
}

void
end_failed(struct life *life, enum fail_kind kind, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_cut(text, sizeof(text) - 1);
	fail_with(life, kind, false, text);
}

bool
end_untaken(struct life *life)
{
	bool told = life->result.outcome == OUTCOME_SUCCESS;

	fail_with(life, FAIL_SYSTEM, told, told ? "The work succeeded, but "
	    "CodePipeline does not accept the worker's report. Tell the "
	    "worker's operator." : "The worker was stopped, but CodePipeline "
	    "does not take the job back. Tell the worker's operator.");
	return told;
}

static void
add_cause(const struct life *life, struct buf *text)
{
	char limit[32];

	if (life->stop == STOP_DEADLINE)
		buf_addf(text, "Timed out after %s while %s (limit: timeout "
		    "of [%s] in the worker's configuration).",
		    end_duration(limit, sizeof(limit), life->rules.timeout_ms),
		    ipc_step_text(life->step), job_action_name(life->action));
	else if (life->stop == STOP_CANCEL)
		buf_addf(text, "Cancelled by the operator of the worker "
		    "while %s.", ipc_step_text(life->step));
	else
		buf_addf(text, "The job was stopped on the worker's machine "
		    "while %s.", ipc_step_text(life->step));
}

void
end_with_result(struct life *life, const struct job_result *told)
{
	struct job_result *r = &life->result;
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
		add_warning(life, &text);
		r->outcome = OUTCOME_FAILURE;
		r->kind = life->stop == STOP_NONE ? FAIL_SYSTEM : FAIL_JOB;
		add_cause(life, &text);
		buf_adds(&text, " ");
	}
	buf_adds(&text, r->text != NULL ? r->text : "");
	add_cleanup(life, told->outcome != OUTCOME_STOPPED, &text);
	free(r->text);
	r->text = xstrdup(buf_text(&text));
	buf_free(&text);
}

static void
add_exit(const struct life_exit *end, struct buf *text)
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
		buf_addf(text, "it ended with status %d without a result",
		    end->status);
	}
}

/*
 *  result   end                          the job
 *  any      any                          as told (end_with_result)
 *  none     killed after our stop        timed out, or cancelled
 *  none     no order, then killed        failed: the worker's settings
 *  none     protocol fault, then killed  failed: protocol
 *  none     signal                       failed: died of signal N
 *  none     status                       failed: named status
 */
void
end_without_result(struct life *life, const struct life_exit *end)
{
	enum fail_kind kind = FAIL_SYSTEM;
	struct buf text;

	buf_init(&text, FAIL_TEXT_MAX - 1);
	add_warning(life, &text);
	if (life->stop != STOP_NONE) {
		kind = FAIL_JOB;
		add_cause(life, &text);
		buf_adds(&text, " The process of this job did not end by "
		    "itself and was killed.");
	} else if (life->no_order) {
		buf_addf(&text, "The worker cannot work: %s. Tell the "
		    "worker's operator.", life->why);
	} else {
		buf_addf(&text, "The worker's process for this job failed "
		    "while %s: ", ipc_step_text(life->step));
		if (life->fault)
			buf_addf(&text, "it broke the protocol (%s)",
			    life->why);
		else if (end->signaled)
			buf_addf(&text, "it died of signal %d (%s)",
			    end->status, strsignal(end->status));
		else
			add_exit(end, &text);
		buf_addf(&text, ". This is a fault of the worker or its "
		    "machine, not of the pipeline: %stell the worker's "
		    "operator.", life->facts.intent == INTENT_COMMAND ? "" :
		    "retry the stage, and ");
	}
	add_cleanup(life, false, &text);
	set_failure(life, kind, buf_text(&text));
	buf_free(&text);
}

void
end_handed_back(struct life *life, char *token)
{
	job_result_free(&life->result);
	life->result.outcome = OUTCOME_CONTINUE;
	life->result.text = xstrdup("Handed back to the queue: this worker is "
	    "stopping, and another one goes on.");
	if (life->facts.sandbox_id[0] != '\0')
		life->result.external_id = xstrdup(life->facts.sandbox_id);
	life->result.continuation = token;
}
