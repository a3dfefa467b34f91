/*
 * Components, commands and their executions (cloudshell-sandbox-api 5.10 to
 * 5.13).
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "json.h"
#include "mask.h"
#include "mem.h"
#include "text.h"
#include "words.h"

/* ".../components/{cid}" or the sandbox itself, then the rest. */
static int
target_path(struct buf *path, const struct cs_target *t, const char *name,
    const char *verb, struct fail *fail)
{
	if (t->component != NULL)
		return cs_path(path, fail, "sandboxes", t->sandbox,
		    "components", t->component, "commands", name, verb, NULL);
	return cs_path(path, fail, "sandboxes", t->sandbox, "commands", name,
	    verb, NULL);
}

int
cs_components(struct cs_client *c, const char *id, struct cs_component **list,
    size_t *n, struct fail *fail)
{
	struct cs_request r = { .what = "list the sandbox's components",
	    .method = "GET", .want = JSON_ARRAY };
	char cid[SANDBOX_ID_SIZE], *name;
	struct cs_answer a = { 0 };
	struct buf path;
	json_t *item;
	size_t i;
	int rc;

	*list = NULL;
	*n = 0;
	rc = cs_path(&path, fail, "sandboxes", id, "components", NULL);
	if (rc != 0)
		goto out;
	r.path = buf_text(&path);
	if ((rc = cs_ask(c, &r, &a, fail)) != 0)
		goto out;
	*list = xcalloc(json_array_size(a.json) + 1, sizeof(**list));
	json_array_foreach(a.json, i, item) {
		name = text_name(item);
		if (name == NULL || !text_id(item, "id", cid, sizeof(cid))) {
			free(name);
			continue;
		}
		(*list)[*n].id = xstrdup(cid);
		(*list)[(*n)++].name = name;
	}
out:
	buf_free(&path);
	answer_free(&a);
	return rc;
}

void
cs_components_free(struct cs_component *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(list[i].id);
		free(list[i].name);
	}
	free(list);
}

static json_t *
command_body(const json_t *arguments, struct fail *fail)
{
	json_t *body, *params;

	if ((params = text_params(arguments, "ArgumentsJSON", fail)) == NULL)
		return NULL;
	body = json_object();
	(void)json_object_set_new(body, "params", params);
	(void)json_object_set_new(body, "printOutput", json_true());
	return body;
}

/* The start was refused. */
static int
command_fail(const char *name, const struct cs_answer *a, struct fail *fail)
{
	char text[CS_TEXT_MAX + 80];

	if (a->verdict == VERDICT_MISSING)
		return fail_set(fail, FAIL_REVISION, "command \"%s\" not found",
		    name);
	if (a->verdict == VERDICT_REFUSED &&
	    text_has(a->message, "mandatory inputs"))
		return fail_set(fail, FAIL_CONFIG, "CloudShell does not accept "
		    "the arguments of command \"%s\"%s; correct ArgumentsJSON",
		    name, answer_clause(a, text, sizeof(text)));
	if (a->verdict == VERDICT_REFUSED && text_has(a->message,
	    "not active"))
		return fail_set(fail, FAIL_JOB, "CloudShell refused to start "
		    "the command%s; the sandbox has ended: raise "
		    "DurationInMinutes, or run the command earlier",
		    answer_clause(a, text, sizeof(text)));
	return -1;
}

int
cs_command_start(struct cs_client *c, const struct cs_target *t,
    const char *name, const json_t *arguments, char id[SANDBOX_ID_SIZE],
    struct fail *fail)
{
	struct cs_request r = { .what = "start the command",
	    .method = "POST", .want = JSON_OBJECT, .once = true };
	struct cs_answer a = { 0 };
	struct buf path;
	json_t *body = NULL;
	int rc = -1;

	id[0] = '\0';
	if (target_path(&path, t, name, "start", fail) != 0 ||
	    (body = command_body(arguments, fail)) == NULL)
		goto out;
	r.path = buf_text(&path);
	r.body = body;
	if ((rc = cs_ask(c, &r, &a, fail)) != 0)
		(void)command_fail(name, &a, fail);
	else if (!text_id(a.json, "executionId", id, SANDBOX_ID_SIZE))
		rc = fail_set(fail, FAIL_UNSURE, "CloudShell's answer to the "
		    "start of command \"%s\" has no usable execution id",
		    name);
out:
	buf_free(&path);
	json_decref(body);
	answer_free(&a);
	return rc;
}

int
cs_command_missing(struct cs_client *c, const struct cs_target *t,
    const char *name, struct fail *fail)
{
	struct cs_request r = { .what = "list the commands", .method = "GET",
	    .want = JSON_ARRAY, CS_OPTIONAL };
	const char *where = t->component != NULL ? "the component" :
	    "the sandbox";
	struct cs_answer a = { 0 };
	struct buf names, path;

	buf_init(&names, CS_TEXT_MAX);
	(void)fail_set(fail, FAIL_CONFIG, "command \"%s\" not found", name);
	if (target_path(&path, t, NULL, NULL, NULL) != 0)
		goto out;
	r.path = buf_text(&path);
	if (cs_ask(c, &r, &a, NULL) != 0) {
		if (a.verdict == VERDICT_MISSING)
			(void)fail_set(fail, FAIL_REVISION, "cannot run "
			    "command \"%s\": the sandbox%s is no longer there",
			    name, t->component != NULL ? " or the component" :
			    "");
	} else if (text_names(c, a.json, &names) == 0) {
		(void)fail_set(fail, FAIL_CONFIG, "command \"%s\" not found: "
		    "%s has no commands", name, where);
	} else {
		(void)fail_set(fail, FAIL_CONFIG, "command \"%s\" not found; "
		    "%s has: %s (use these names, not the ones that the Portal "
		    "shows)", name, where, buf_text(&names));
	}
out:
	buf_free(&names);
	buf_free(&path);
	answer_free(&a);
	return -1;
}

static void
execution_read(const struct cs_client *c, const json_t *j,
    struct cs_execution *e)
{
	const char *misspelt = "supports_cancelation";	/* 5.11 */
	char *ended = json_loose_text(j, "ended");

	e->status = json_loose_text(j, "status");
	/* before masking: a password may be such a word */
	if (e->status != NULL)
		text_line(e->status, strlen(e->status));
	e->progress = execution_progress(e->status, ended);
	if (e->status != NULL)
		cs_show_text(c, e->status, 100);
	if (e->progress != CS_GOING)
		e->output = json_loose_text(j, "output");
	if (e->output != NULL)
		e->output = text_masked(c, e->output);
	e->cancellable = json_loose_bool(j, "supports_cancellation",
	    json_loose_bool(j, misspelt, true));
	free(ended);
}

static int
execution_ask(struct cs_client *c, const char *id, int64_t patience_ms,
    struct cs_execution *e, struct fail *fail)
{
	struct cs_request r = { .what = "read the command's execution",
	    .method = "GET", .want = JSON_OBJECT,
	    .patience_ms = patience_ms };
	struct cs_answer a = { 0 };
	struct buf path;
	int rc;

	memset(e, 0, sizeof(*e));
	if ((rc = cs_path(&path, fail, "executions", id, NULL)) == 0) {
		r.path = buf_text(&path);
		if ((rc = cs_ask(c, &r, &a, fail)) == 0)
			execution_read(c, a.json, e);
		else if (a.verdict == VERDICT_TOO_LARGE && a.status == 0)
			(void)fail_set(fail, FAIL_SYSTEM, "the command's "
			    "output is larger than %d MiB, so the worker "
			    "cannot tell whether it succeeded: make the "
			    "command print less",
			    CS_ANSWER_MAX >> 20);
	}
	buf_free(&path);
	answer_free(&a);
	return rc;
}

int
cs_execution_get(struct cs_client *c, const char *id, struct cs_execution *e,
    struct fail *fail)
{
	return execution_ask(c, id, 0, e, fail);
}

int
cs_execution_look(struct cs_client *c, const char *id, struct cs_execution *e,
    struct fail *fail)
{
	/* do not ask again what hung once */
	return execution_ask(c, id, c->set->timeout_ms, e, fail);
}

void
cs_execution_free(struct cs_execution *e)
{
	free(e->status);
	xfree_secret(e->output);
	memset(e, 0, sizeof(*e));
}

int
cs_execution_cancel(struct cs_client *c, const char *id, struct fail *fail)
{
	struct cs_request r = { .what = "cancel the command",
	    .method = "DELETE", .want = WANT_ANY };
	struct cs_answer a = { 0 };
	struct fail why = { 0 };
	struct buf path;
	int rc;

	if ((rc = cs_path(&path, fail, "executions", id, NULL)) == 0) {
		r.path = buf_text(&path);
		rc = cs_ask(c, &r, &a, &why);
		if (rc != 0 && a.verdict == VERDICT_MISSING)
			rc = 1;		/* nothing left to cancel */
		else if (rc != 0 && fail != NULL)
			*fail = why;
	}
	buf_free(&path);
	answer_free(&a);
	return rc;
}
