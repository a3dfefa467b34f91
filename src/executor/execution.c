/*
 * One execution of a command: starts it once and never again, waits for it,
 * cancels it.
 */
#include <stdlib.h>
#include <string.h>

#include "execution.h"
#include "mem.h"
#include "report.h"
#include "wait.h"

#define OUTPUT_SHOWN	2500	/* bytes of a failed command's output shown */
#define LINE_NEAR	200	/* bytes it may leave out to begin with a whole
				   line */

void
command_free(struct command *c)
{
	json_decref(c->arguments);
	free(c->where);
	free(c->component_id);
}

/* --- starting --- */

int
execution_unsure(const struct command *c, const char *why, struct fail *fail)
{
	return fail_set(fail, FAIL_JOB, "%.2000s: command \"" SHOWN "\" on \""
	    SHOWN "\" may have run. The worker did not start it again: look in "
	    "CloudShell what became of it, then retry the stage", why,
	    c->name, c->where);
}

int
execution_start(struct task *t, const struct command *c, struct fail *fail)
{
	const struct cs_target target = { t->facts.sandbox_id,
	    c->component_id };
	struct fail why;
	int rv;

	report_progress(STEP_COMMAND_START, c->name);
	if (task_intend(t, INTENT_COMMAND, fail) != 0)
		return -1;
	orders_shield(&t->orders);
	rv = cs_command_start(t->cs, &target, c->name, c->arguments,
	    t->facts.execution_id, &why);
	orders_unshield(&t->orders);
	if (rv == 0)
		return task_fact(t, fail);
	if (why.kind == FAIL_UNSURE)
		return execution_unsure(c, why.text, fail);
	if (why.kind == FAIL_STOPPED && t->orders.severed)
		return execution_unsure(c, "CloudShell did not answer the "
		    "start of the command", fail);
	*fail = why;
	(void)task_fact(t, &why);	/* refused: nothing was started */
	if (fail->kind == FAIL_REVISION)
		(void)cs_command_missing(t->cs, &target, c->name, fail);
	return -1;
}

/* --- waiting --- */

struct watched {
	struct task		*task;
	const struct command	*command;
	struct cs_execution	*execution;
	char			 told[64];	/* the last status reported */
	bool			*over;
};

static int
ask(void *arg, struct fail *fail)
{
	struct watched *w = arg;

	cs_execution_free(w->execution);
	return cs_execution_get(w->task->cs, w->task->facts.execution_id,
	    w->execution, fail);
}

static const char *
end_words(enum cs_progress p)
{
	switch (p) {
	case CS_FAILED:
		return "failed";
	case CS_CANCELLED:
		return "was cancelled";
	default:
		return "ended without success";
	}
}

/* The end of an output, from the start of a line if one is near. */
static char *
output_end(const struct task *t, const char *output)
{
	char *clean, *end;
	const char *line;
	size_t len;

	clean = xstrdup(output == NULL ? "" : output);
	cs_clean_output(t->cs, clean);
	len = strlen(clean);
	while (len > 0 && strchr(" \r\n\t", clean[len - 1]) != NULL)
		clean[--len] = '\0';
	if (len <= OUTPUT_SHOWN)
		return clean;
	end = clean + len - OUTPUT_SHOWN;
	while (((unsigned char)*end & 0xc0) == 0x80)
		end++;
	if ((line = strchr(end, '\n')) != NULL && line - end < LINE_NEAR)
		end += line - end + 1;
	end = xasprintf("... %s", end);
	xfree_secret(clean);
	return end;
}

static int
not_succeeded(const struct task *t, const struct command *c,
    const struct cs_execution *e, struct fail *fail)
{
	char *end = output_end(t, e->output);

	(void)fail_set(fail, FAIL_JOB, "command \"" SHOWN "\" on \"" SHOWN "\" "
	    "%s (status %.100s)%s%s", c->name, c->where,
	    end_words(e->progress), e->status == NULL ? "none" : e->status,
	    end[0] != '\0' ? ": " : ", without output", end);
	xfree_secret(end);
	return -1;
}

static int
judge(void *arg, struct fail *fail)
{
	struct watched *w = arg;
	const struct cs_execution *e = w->execution;

	*w->over = e->progress != CS_GOING;
	if (e->progress == CS_SUCCEEDED)
		return WAIT_OVER;
	if (*w->over)
		return not_succeeded(w->task, w->command, e, fail);
	if (e->status != NULL &&
	    strncmp(w->told, e->status, sizeof(w->told) - 1) != 0) {
		(void)strlcpy(w->told, e->status, sizeof(w->told));
		report_progress(STEP_COMMAND, w->told);
	}
	return WAIT_GOING;
}

int
execution_await(struct task *t, const struct command *c,
    struct cs_execution *e, bool *over, struct fail *fail)
{
	struct watched w = { .task = t, .command = c, .execution = e,
	    .over = over };
	const struct wait_look look = { ask, judge, &w };
	int rv;

	*over = false;
	report_progress(STEP_COMMAND, t->facts.execution_id);
	rv = wait_watch(&look, &t->order, &t->orders, fail);
	if (rv != WAIT_GONE)
		return rv;
	*over = true;
	return fail_set(fail, FAIL_JOB, "CloudShell no longer knows execution "
	    "%s of command \"" SHOWN "\", so the worker cannot tell how it "
	    "ended. The sandbox has probably ended",
	    t->facts.execution_id, c->name);
}

/* --- cancelling --- */

int
execution_cancel(struct task *t, struct buf *text, struct fail *fail)
{
	const char *id = t->facts.execution_id;
	struct cs_execution e = { 0 };
	int rv = -1, gone;

	if (cs_execution_look(t->cs, id, &e, fail) != 0) {
		if (fail->kind == FAIL_REVISION) {
			(void)buf_adds(text, "CloudShell no longer knows the "
			    "command.");
			return 0;
		}
		/* try to cancel even what cannot be read */
		e.progress = CS_GOING;
		e.cancellable = true;
	}
	if (e.progress != CS_GOING) {
		(void)buf_addf(text, "The command had ended (%.100s).",
		    e.status == NULL ? "unknown" : e.status);
		rv = 0;
	} else if (!e.cancellable) {
		(void)buf_adds(text, "CloudShell cannot cancel the command, "
		    "which goes on.");
		rv = 0;
	} else if ((gone = cs_execution_cancel(t->cs, id, fail)) != -1) {
		(void)buf_adds(text, gone ?
		    "CloudShell no longer knows the command." :
		    "The command was cancelled.");
		rv = !gone;
	}
	cs_execution_free(&e);
	return rv;
}
