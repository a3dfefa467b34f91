/*
 * Quali-Run-Command: run a command of a component, or of the sandbox itself,
 * and wait for its end. A command is never started twice.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"
#include "utf8.h"

#define OUTPUT_SHOWN	2500	/* bytes of a failed command's output shown */
#define CANCEL_LOOKS	4	/* how often a cancelled command is looked at */

/* Names as shown: of 1,000 characters at most, and texts have limits. */
#define SHOWN	"%.200s"

struct command {
	const char	*component;	/* as the author wrote it */
	const char	*name;
	json_t		*arguments;	/* NULL: none */
	char		*where;		/* the component's name, SANDBOX */
	char		*component_id;	/* NULL: the sandbox itself */
};

static void
command_free(struct command *c)
{
	json_decref(c->arguments);
	free(c->where);
	free(c->component_id);
}

static int
input_read(const struct exec *x, struct command *c, struct fail *fail)
{
	const json_t *cfg = x->order.data.configuration;

	memset(c, 0, sizeof(*c));
	c->component = input_required(cfg, "ComponentName", "SANDBOX, or the "
	    "name of a component of the sandbox", fail);
	if (c->component == NULL)
		return -1;
	c->name = input_required(cfg, "CommandName", "the name of the command "
	    "to run", fail);
	if (c->name == NULL)
		return -1;
	c->where = xstrdup(c->component);
	return input_object(cfg, "ArgumentsJSON", &c->arguments, fail);
}

static int
find_sandbox(struct exec *x, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	const char *id = x->facts.sandbox_id;
	int rv = -1;

	if (id[0] == '\0' &&
	    artifact_sandbox(x, x->facts.sandbox_id, fail) != 0)
		return -1;
	if (job_login(x, fail) != 0)
		return -1;
	report_progress(STEP_SANDBOX, id);
	if (cs_sandbox_get(x->cs, id, &sb, fail) != 0) {
		if (fail->kind == FAIL_REVISION)
			(void)fail_set(fail, FAIL_JOB, "there is no sandbox %s "
			    "in CloudShell: it was ended and forgotten, or "
			    "the input artifact is of another server", id);
		goto out;
	}
	if (sb.phase == CS_READY)
		rv = 0;
	else if (sb.phase == CS_ENDED || sb.phase == CS_ENDING)
		(void)fail_set(fail, FAIL_JOB, "sandbox \"%.100s\" (%s) has "
		    "ended (state %.60s): start it with a longer "
		    "DurationInMinutes, or run the command earlier",
		    sb.name == NULL ? "?" : sb.name, id,
		    sb.state == NULL ? "?" : sb.state);
	else
		(void)fail_set(fail, FAIL_JOB, "sandbox \"%.100s\" (%s) is not "
		    "Ready but %.60s, so that no command can run in it",
		    sb.name == NULL ? "?" : sb.name, id,
		    sb.state == NULL ? "in an unknown state" : sb.state);
out:
	cs_sandbox_free(&sb);
	return rv;
}

static int
find_component(struct exec *x, struct command *c, struct fail *fail)
{
	struct cs_component *list = NULL;
	size_t n = 0;
	int i;

	if (strcmp(c->component, "SANDBOX") == 0) {
		free(c->where);
		c->where = xstrdup("SANDBOX");
		return 0;
	}
	report_progress(STEP_COMPONENT, c->component);
	if (cs_components(x->cs, x->facts.sandbox_id, &list, &n, fail) != 0)
		return -1;
	if ((i = component_match(c->component, list, n, fail)) != -1) {
		free(c->where);
		c->where = xstrdup(list[i].name);
		c->component_id = xstrdup(list[i].id);
	}
	cs_components_free(list, n);
	return i == -1 ? -1 : 0;
}

/* --- starting --- */

static int
may_have_run(const struct command *c, struct fail *fail, const char *why)
{
	return fail_set(fail, FAIL_JOB, "%.2000s: command \"" SHOWN "\" on \""
	    SHOWN "\" may have run. It was not started again; look in "
	    "CloudShell what became of it, then retry the action", why,
	    c->name, c->where);
}

static int
start(struct exec *x, const struct command *c, struct fail *fail)
{
	const struct cs_target target = { x->facts.sandbox_id,
	    c->component_id };
	struct fail ignored;
	int rv;

	report_progress(STEP_COMMAND_START, c->name);
	if (job_intend(x, INTENT_COMMAND, fail) != 0)
		return -1;
	orders_shield(&x->orders);
	rv = cs_command_start(x->cs, &target, c->name, c->arguments,
	    x->facts.execution_id, fail);
	orders_unshield(&x->orders);
	if (rv == 0)
		return job_fact(x, fail);
	if (fail->kind == FAIL_UNSURE ||
	    (fail->kind == FAIL_STOPPED && x->orders.severed)) {
		struct fail why = *fail;

		if (why.kind != FAIL_UNSURE)
			(void)fail_set(&why, FAIL_UNSURE, "CloudShell did not "
			    "answer the start of the command");
		return may_have_run(c, fail, why.text);
	}
	(void)job_fact(x, &ignored);	/* refused: nothing was started */
	if (fail->kind == FAIL_REVISION)
		(void)cs_command_missing(x->cs, &target, c->name, fail);
	return -1;
}

/* --- waiting --- */

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
output_end(const struct exec *x, const char *output)
{
	char *clean, *end;
	const char *line;
	size_t len;

	clean = xstrdup(output == NULL ? "" : output);
	cs_clean_output(x->cs, clean);
	len = strlen(clean);
	while (len > 0 && strchr(" \r\n\t", clean[len - 1]) != NULL)
		clean[--len] = '\0';
	if (len <= OUTPUT_SHOWN)
		return clean;
	end = clean + len - OUTPUT_SHOWN;
	while (((unsigned char)*end & 0xc0) == 0x80)
		end++;
	if ((line = strchr(end, '\n')) != NULL && line - end < 200)
		end += line - end + 1;
	end = xasprintf("... %s", end);
	xfree_secret(clean);
	return end;
}

static int
not_succeeded(const struct exec *x, const struct command *c,
    const struct cs_execution *e, struct fail *fail)
{
	char *end = output_end(x, e->output);

	(void)fail_set(fail, FAIL_JOB, "command \"" SHOWN "\" on \"" SHOWN "\" "
	    "%s (status %.100s)%s%s", c->name, c->where,
	    end_words(e->progress), e->status == NULL ? "none" : e->status,
	    end[0] != '\0' ? ": " : ", without output", end);
	xfree_secret(end);
	return -1;
}

/* *over: the command has ended, as far as can be known. */
static int
wait_end(struct exec *x, const struct command *c, struct cs_execution *e,
    bool *over, struct fail *fail)
{
	unsigned faults = 0, gone = 0;
	char told[64] = "";
	struct wait w;

	report_progress(STEP_COMMAND, x->facts.execution_id);
	wait_start(&w, &x->order);
	for (;;) {
		if (wait_next(&w, &x->orders, fail) != 0)
			return -1;
		cs_execution_free(e);
		if (cs_execution_get(x->cs, x->facts.execution_id, e, fail) ==
		    -1) {
			if (fail->kind == FAIL_REVISION && ++gone < 2)
				continue;
			if (fail->kind == FAIL_REVISION) {
				*over = true;
				return fail_set(fail, FAIL_JOB, "CloudShell no "
				    "longer knows the execution %s of command "
				    "\"" SHOWN "\": how it ended is not known. "
				    "The sandbox has probably ended",
				    x->facts.execution_id, c->name);
			}
			if (!job_passing(fail, &faults))
				return -1;
			continue;
		}
		faults = gone = 0;
		*over = e->progress != CS_GOING;
		if (e->progress == CS_SUCCEEDED)
			return 0;
		if (*over)
			return not_succeeded(x, c, e, fail);
		if (e->status != NULL && strncmp(told, e->status,
		    sizeof(told) - 1) != 0) {
			(void)strlcpy(told, e->status, sizeof(told));
			report_progress(STEP_COMMAND, told);
		}
	}
}

/* --- the result --- */

static size_t
variables_len(const json_t *v)
{
	const char *key;
	json_t *value;
	size_t len = 0;

	json_object_foreach((json_t *)v, key, value)
		len += strlen(key) + json_string_length(value);
	return len;
}

static void
put_variables(struct exec *x, const struct cs_execution *e)
{
	json_t *v = json_object();
	char *output;

	json_put_text(v, "ExecutionId", x->facts.execution_id);
	if (x->order.policy.command_output && e->output != NULL) {
		output = xstrdup(e->output);
		utf8_clean(output, true);
		(void)utf8_cut(output, JOB_VARIABLES_MAX - 1 -
		    variables_len(v) - strlen("CommandOutput"));
		json_put_text(v, "CommandOutput", output);
		xfree_secret(output);
	}
	x->result.variables = v;
}

static int
succeeded(struct exec *x, const struct command *c,
    const struct cs_execution *e, struct fail *fail)
{
	const char *output = e->output == NULL ? "" : e->output;

	/* kept, so that the command is not run again, but not to be cancelled
	 * if this process does not outlive the writing */
	x->facts.execution_ended = true;
	if (x->order.data.noutputs > 0 && job_fact(x, fail) != 0)
		return -1;
	if (artifact_write(x, ARTIFACT_OUTPUT, output, strlen(output),
	    fail) != 0) {
		if (fail->kind != FAIL_STOPPED)
			(void)fail_prefix(fail, "the command succeeded, but");
		return -1;
	}
	put_variables(x, e);
	x->result.external_id = xstrdup(x->facts.sandbox_id);
	x->result.text = xasprintf("Command \"" SHOWN "\" on \"" SHOWN "\": "
	    "%.60s", c->name, c->where, e->status);
	return 0;
}

/* The job fails while its command may go on: end that, or say so. */
static void
abandon(struct exec *x, const struct command *c, struct fail *fail)
{
	struct fail why = { 0 };
	struct buf text;

	buf_init(&text, 500);
	if (undo_execution(x, &text, &why) == -1)
		(void)buf_addf(&text, why.kind == FAIL_JOB ? "CloudShell did "
		    "not cancel execution %s of command \"" SHOWN "\": it has "
		    "probably ended." : "Execution %s of command \"" SHOWN "\" "
		    "may go on: look in CloudShell.", x->facts.execution_id,
		    c->name);
	(void)fail_add(fail, "%s", buf_text(&text));
	buf_free(&text);
}

int
run_command(struct exec *x, struct fail *fail)
{
	struct cs_execution e = { 0 };
	struct command c;
	bool over = false;
	int rv = -1;

	if (input_read(x, &c, fail) != 0)
		goto out;
	if (x->facts.execution_id[0] == '\0') {
		if (x->facts.intent == INTENT_COMMAND) {
			(void)may_have_run(&c, fail, "the worker was "
			    "interrupted while it started the command");
			goto out;
		}
		if (find_sandbox(x, fail) != 0 ||
		    find_component(x, &c, fail) != 0 ||
		    start(x, &c, fail) != 0)
			goto out;
	}
	if (wait_end(x, &c, &e, &over, fail) != 0) {
		if (!over && fail->kind != FAIL_STOPPED)
			abandon(x, &c, fail);
		goto out;
	}
	rv = succeeded(x, &c, &e, fail);
out:
	cs_execution_free(&e);
	command_free(&c);
	return rv;
}

/* --- stop --- */

/* Whether the cancelled command has ended, as far as time allows. */
static void
watch_cancelled(struct exec *x, struct buf *text)
{
	struct cs_execution e = { 0 };
	struct fail ignored;
	bool going = true;
	int look;

	for (look = 0; look < CANCEL_LOOKS && going; look++) {
		if (orders_pause(&x->orders, 500, &ignored) != 0 ||
		    cs_execution_get(x->cs, x->facts.execution_id, &e,
		    &ignored) != 0)
			return;
		going = e.progress == CS_GOING;
		if (!going && e.status != NULL)
			(void)buf_addf(text, " Its status is %.60s.",
			    e.status);
		cs_execution_free(&e);
	}
	if (going)
		(void)buf_adds(text, " It had not ended yet when last "
		    "looked at.");
}

void
run_command_stop(struct exec *x, struct buf *text)
{
	struct fail fail = { 0 };
	int rv;

	if (x->facts.execution_id[0] == '\0') {
		(void)buf_adds(text, x->facts.intent == INTENT_COMMAND ?
		    "The command may have been started; it could not be "
		    "cancelled." : "The command had not been started.");
		return;
	}
	if (x->facts.execution_ended) {
		(void)buf_adds(text, "The command had succeeded.");
		return;
	}
	if ((rv = undo_execution(x, text, &fail)) == -1) {
		(void)buf_addf(text, "The command could not be cancelled and "
		    "may go on: %.400s%s", fail.text, full_stop(fail.text));
		return;
	}
	if (rv == 1)
		watch_cancelled(x, text);
	/* nothing is left for a clean-up executor */
	x->facts.execution_id[0] = '\0';
	(void)job_fact(x, &fail);
}
