/*
 * Quali-Run-Command: runs a command of a component, or of the sandbox itself,
 * and waits for its end.
 */
#include <stdlib.h>
#include <string.h>

#include "artifact.h"
#include "execution.h"
#include "inputs.h"
#include "json.h"
#include "match.h"
#include "mem.h"
#include "report.h"
#include "run_command.h"
#include "utf8.h"

#define ARTIFACT_OUTPUT	"output.txt"
#define CANCEL_LOOKS	4	/* looks at a cancelled command */
#define CANCEL_LOOK_MS	500	/* between them */

static int
input_read(const struct task *t, struct command *c, struct fail *fail)
{
	const json_t *cfg = t->order.data.configuration;

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
find_sandbox(struct task *t, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	const char *id = t->facts.sandbox_id;
	int rv = -1;

	if (artifact_sandbox(t, fail) != 0 || task_login(t, fail) != 0)
		return -1;
	report_progress(STEP_SANDBOX, id);
	if (cs_sandbox_get(t->cs, id, &sb, fail) != 0) {
		if (fail->kind == FAIL_REVISION)
			(void)fail_set(fail, FAIL_JOB, "there is no sandbox %s "
			    "in CloudShell: it ended long ago, or the input "
			    "artifact comes from another server", id);
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
		    "Ready but %.60s, so no command can run in it",
		    sb.name == NULL ? "?" : sb.name, id,
		    sb.state == NULL ? "in an unknown state" : sb.state);
out:
	cs_sandbox_free(&sb);
	return rv;
}

static int
find_component(struct task *t, struct command *c, struct fail *fail)
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
	if (cs_components(t->cs, t->facts.sandbox_id, &list, &n, fail) != 0)
		return -1;
	if ((i = component_match(c->component, list, n, fail)) != -1) {
		free(c->where);
		c->where = xstrdup(list[i].name);
		c->component_id = xstrdup(list[i].id);
	}
	cs_components_free(list, n);
	return i == -1 ? -1 : 0;
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
put_variables(struct task *t, const struct cs_execution *e)
{
	json_t *v = json_object();
	char *output;

	json_put_text(v, "ExecutionId", t->facts.execution_id);
	if (t->order.policy.command_output && e->output != NULL) {
		output = xstrdup(e->output);
		utf8_clean(output, true);
		(void)utf8_cut(output, JOB_VARIABLES_MAX - 1 -
		    variables_len(v) - strlen("CommandOutput"));
		json_put_text(v, "CommandOutput", output);
		xfree_secret(output);
	}
	t->result.variables = v;
}

static int
succeeded(struct task *t, const struct command *c,
    const struct cs_execution *e, struct fail *fail)
{
	const char *output = e->output == NULL ? "" : e->output;

	/* keep the id, so that nobody runs the command again, but nothing needs
	 * cancelling if this process dies while writing */
	t->facts.execution_ended = true;
	if (t->order.data.noutputs > 0 && task_fact(t, fail) != 0)
		return -1;
	if (artifact_write(t, ARTIFACT_OUTPUT, output, strlen(output),
	    fail) != 0) {
		if (fail->kind != FAIL_STOPPED)
			(void)fail_prefix(fail, "the command succeeded, but");
		return -1;
	}
	put_variables(t, e);
	t->result.external_id = xstrdup(t->facts.sandbox_id);
	t->result.text = xasprintf("Command \"" SHOWN "\" on \"" SHOWN "\": "
	    "%.60s", c->name, c->where, e->status);
	return 0;
}

/* The job fails while its command may go on: cancels that, or says so. */
static void
abandon(struct task *t, const struct command *c, struct fail *fail)
{
	struct fail why = { 0 };
	struct buf text;

	buf_init(&text, 500);
	if (execution_cancel(t, &text, &why) == -1)
		(void)buf_addf(&text, why.kind == FAIL_JOB ? "CloudShell did "
		    "not cancel execution %s of command \"" SHOWN "\": it has "
		    "probably ended." : "Execution %s of command \"" SHOWN "\" "
		    "may go on: look in CloudShell.", t->facts.execution_id,
		    c->name);
	(void)fail_add(fail, "%s", buf_text(&text));
	buf_free(&text);
}

int
run_command(struct task *t, struct fail *fail)
{
	struct cs_execution e = { 0 };
	struct command c;
	bool over = false;
	int rv = -1;

	if (input_read(t, &c, fail) != 0)
		goto out;
	if (t->facts.execution_id[0] == '\0') {
		if (t->facts.intent == INTENT_COMMAND) {
			(void)execution_unsure(&c, "the worker was interrupted "
			    "while it started the command", fail);
			goto out;
		}
		if (find_sandbox(t, fail) != 0 ||
		    find_component(t, &c, fail) != 0 ||
		    execution_start(t, &c, fail) != 0)
			goto out;
	}
	if (execution_await(t, &c, &e, &over, fail) != 0) {
		if (!over && fail->kind != FAIL_STOPPED)
			abandon(t, &c, fail);
		goto out;
	}
	rv = succeeded(t, &c, &e, fail);
out:
	cs_execution_free(&e);
	command_free(&c);
	return rv;
}

/* --- stop --- */

/* Whether the cancelled command has ended, as far as time allows. */
static void
watch_cancelled(struct task *t, struct buf *text)
{
	struct cs_execution e = { 0 };
	struct fail ignored;
	bool going = true;
	int look;

	for (look = 0; look < CANCEL_LOOKS && going; look++) {
		if (orders_pause(&t->orders, CANCEL_LOOK_MS,
		    &ignored) != 0 ||
		    cs_execution_get(t->cs, t->facts.execution_id, &e,
		    &ignored) != 0)
			return;
		going = e.progress == CS_GOING;
		if (!going && e.status != NULL)
			(void)buf_addf(text, " Its status is %.60s.",
			    e.status);
		cs_execution_free(&e);
	}
	if (going)
		(void)buf_adds(text, " It had not ended when the worker last "
		    "looked.");
}

void
run_command_stop(struct task *t, struct buf *text)
{
	struct fail fail = { 0 };
	int rv;

	if (t->facts.execution_id[0] == '\0') {
		(void)buf_adds(text, t->facts.intent == INTENT_COMMAND ?
		    "The command may have started; the worker could not cancel "
		    "it." : "The command had not started.");
		return;
	}
	if (t->facts.execution_ended) {
		(void)buf_adds(text, "The command had succeeded.");
		return;
	}
	if ((rv = execution_cancel(t, text, &fail)) == -1) {
		(void)buf_addf(text, "The command could not be cancelled and "
		    "may go on: %.400s%s", fail.text, full_stop(fail.text));
		return;
	}
	if (rv == 1)
		watch_cancelled(t, text);
	/* leave nothing for a clean-up executor */
	t->facts.execution_id[0] = '\0';
	(void)task_fact(t, &fail);
}
