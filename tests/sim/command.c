/*
 * Commands of sandboxes and components, and their executions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudshell.h"

#define STOPPING_MS	50	/* from DELETE to Cancelled */

struct command_run {
	TAILQ_ENTRY(command_run) next;
	char id[ID_MAX], sandbox[ID_MAX], component[ID_MAX];
	char *command, *component_name;
	json_t *params, *spec;
	double started_ms, started_wall, cancelled_ms;
};

static TAILQ_HEAD(, command_run) runs = TAILQ_HEAD_INITIALIZER(runs);
static struct table runs_by_id;

void
command_reset(void)
{
	struct command_run *run;

	while ((run = TAILQ_FIRST(&runs)) != NULL) {
		TAILQ_REMOVE(&runs, run, next);
		free(run->command);
		free(run->component_name);
		json_decref(run->params);
		json_decref(run->spec);
		free(run);
	}
	table_clear(&runs_by_id);
}

static double
run_end_ms(struct command_run *run)
{
	if (run->cancelled_ms > 0)
		return run->cancelled_ms + STOPPING_MS;
	return run->started_ms + (double)jint(run->spec, "pending_ms", 0) +
	    (double)jint(run->spec, "ms", 200);
}

static bool
run_ended(struct command_run *run)
{
	return now_ms() >= run_end_ms(run);
}

static const char *
run_status(struct command_run *run)
{
	const char *status = jstr(run->spec, "status");
	double pending = (double)jint(run->spec, "pending_ms", 0);

	if (run->cancelled_ms > 0)
		return run_ended(run) ? "Cancelled" : "Stopping";
	if (run_ended(run))
		return status == NULL ? "Completed" : status;
	return now_ms() < run->started_ms + pending ? "Pending" : "Running";
}

static bool
run_cancellable(struct command_run *run)
{
	return !json_is_false(json_object_get(run->spec, "cancellable"));
}

/* The list to look a command's name up in; items may be bare names. */
static json_t *
definitions(struct sandbox *sb, struct component *c)
{
	return json_object_get(sb->blueprint,
	    c == NULL ? "commands" : "component_commands");
}

static const char *
definition_name(json_t *d)
{
	return json_is_string(d) ? json_string_value(d) : jstr(d, "name");
}

static json_t *
definition_find(struct sandbox *sb, struct component *c, const char *name)
{
	json_t *d;
	size_t i;

	json_array_foreach(definitions(sb, c), i, d)
		if (definition_name(d) != NULL &&
		    strcmp(definition_name(d), name) == 0)
			return d;
	return NULL;
}

static json_t *
run_links(struct command_run *run)
{
	json_t *links = json_pack("{so}", "self",
	    cs_link("GET", "/executions/%s", run->id));

	if (run_cancellable(run) && !run_ended(run))
		json_object_set_new(links, "stop",
		    cs_link("DELETE", "/executions/%s", run->id));
	return links;
}

static json_t *
history_json(struct sandbox *sb, struct component *c, const char *name)
{
	json_t *list = json_array();
	struct command_run *run;

	TAILQ_FOREACH(run, &runs, next)
		if (strcmp(run->sandbox, sb->id) == 0 &&
		    strcmp(run->component, c == NULL ? "" : c->id) == 0 &&
		    strcmp(run->command, name) == 0)
			json_array_append_new(list, json_pack("{ss ss so so}",
			    "id", run->id, "status", run_status(run),
			    "supports_cancellation",
			    cs_bool(run_cancellable(run)), "_links",
			    run_links(run)));
	return list;
}

static json_t *
params_json(json_t *definition)
{
	json_t *list = json_array(), *p;
	const char *name, *value;
	size_t i;

	json_array_foreach(json_object_get(definition, "params"), i, p) {
		name = definition_name(p);
		value = jstr(p, "default");
		json_array_append_new(list, json_pack("{ss ss ss s[] ss? so}",
		    cs_name_key(), name == NULL ? "" : name, "description", "",
		    "type", "string", cs_loose() ? "possibleValues" :
		    "possible values", cs_loose() ? "defaultValue" :
		    "default value", value, "mandatory",
		    cs_bool(jtrue(p, "mandatory"))));
	}
	return list;
}

static json_t *
definition_json(struct sandbox *sb, struct component *c, json_t *d)
{
	const char *name = definition_name(d);
	struct buf b = { NULL, 0, 0 };
	json_t *j;

	buf_fmt(&b, "/sandboxes/%s", sb->id);
	if (c != NULL)
		buf_fmt(&b, "/components/%s", c->id);
	j = json_pack("{ss ss so so s{so so}}", "name", name, "description",
	    "", "params", params_json(d), "executions",
	    history_json(sb, c, name), "_links", "self",
	    cs_link("GET", "%s/commands/%s", b.data, name), "start",
	    cs_link("POST", "%s/commands/%s/start", b.data, name));
	buf_free(&b);
	return j;
}

json_t *
command_list(struct sandbox *sb, struct component *c)
{
	json_t *list = json_array(), *d;
	size_t i;

	json_array_foreach(definitions(sb, c), i, d)
		if (definition_name(d) != NULL)
			json_array_append_new(list,
			    definition_json(sb, c, d));
	return list;
}

json_t *
command_one(struct sandbox *sb, struct component *c, const char *name)
{
	json_t *d = definition_find(sb, c, name);

	return d == NULL ? NULL : definition_json(sb, c, d);
}

static struct command_run *
run_new(struct sandbox *sb, struct component *c, const char *name,
    json_t *params)
{
	struct command_run *run = xcalloc(1, sizeof(*run));
	json_t *own = json_object_get(set_get("cloudshell", "commands"), name);

	random_guid(run->id, true);
	memcpy(run->sandbox, sb->id, ID_MAX);
	if (c != NULL)
		memcpy(run->component, c->id, ID_MAX);
	run->component_name = xstrdup(c == NULL ? "" : c->name);
	run->command = xstrdup(name);
	run->params = params == NULL ? json_array() : json_incref(params);
	run->spec = json_deep_copy(set_get("cloudshell", "command"));
	json_object_update(run->spec, own);
	run->started_ms = now_ms();
	run->started_wall = now_wall();
	TAILQ_INSERT_TAIL(&runs, run, next);
	table_put(&runs_by_id, run->id, run);
	return run;
}

static bool
mandatory_given(struct req *r, json_t *definition, json_t *params)
{
	struct buf b = { NULL, 0, 0 };
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(definition, "params"), i, p) {
		if (!jtrue(p, "mandatory") || definition_name(p) == NULL ||
		    cs_param(params, definition_name(p)) != NULL)
			continue;
		buf_fmt(&b, "No values were provided for the following "
		    "mandatory inputs: %s", definition_name(p));
		req_why(r, "command start without a mandatory parameter");
		cs_error(r, 400, NULL, b.data);
		buf_free(&b);
		return false;
	}
	return true;
}

static void
started_event(struct sandbox *sb, struct component *c, const char *name)
{
	struct buf b = { NULL, 0, 0 };

	if (c == NULL)
		buf_fmt(&b, "'%s' Blueprint command started", name);
	else
		buf_fmt(&b, "'%s' resource command on '%s' started", name,
		    c->name);
	sandbox_event(&sb->events, false, now_wall(), b.data, NULL);
	buf_free(&b);
}

void
command_start(struct req *r, struct sandbox *sb, struct component *c,
    const char *name)
{
	json_t *params = json_object_get(r->json, "params"), *d, *print;
	struct command_run *run;

	if ((d = definition_find(sb, c, name)) == NULL) {
		req_why(r, "no such command");
		cs_not_found(r);
		return;
	}
	print = json_object_get(r->json, "printOutput");
	if (print != NULL && !json_is_boolean(print))
		req_why(r, "printOutput is not a boolean");
	if (cs_params(r, params) == -1 || r->why[0] != '\0') {
		cs_error(r, 400, NULL, "Parameter is not a valid list");
		return;
	}
	if (sb->stage != STAGE_READY && sb->stage != STAGE_ERROR) {
		req_why(r, "command in state %s", sandbox_state(sb));
		cs_error(r, 400, NULL, "Sandbox is not active");
		return;
	}
	if (!mandatory_given(r, d, params))
		return;
	run = run_new(sb, c, name, params);
	started_event(sb, c, name);
	answer_json(r, 200, json_pack("{ss so so}", "executionId", run->id,
	    "supports_cancellation", cs_bool(run_cancellable(run)), "_links",
	    run_links(run)));
}

static struct command_run *
run_find(struct req *r, const char *id)
{
	struct command_run *run;
	char upper[64];
	size_t i;

	for (i = 0; i + 1 < sizeof(upper) && id[i] != '\0'; i++)
		upper[i] = id[i] >= 'a' && id[i] <= 'z' ? id[i] & ~0x20 : id[i];
	upper[i] = '\0';
	run = table_get(&runs_by_id, upper);
	if (run == NULL)
		cs_not_found(r);
	return run;
}

/* null until the end, and after it if the knob says so. */
static json_t *
run_output(struct command_run *run)
{
	int64_t n = jint(run->spec, "output_bytes", 0);
	struct buf b = { NULL, 0, 0 };
	json_t *j;

	if (!run_ended(run) || run->cancelled_ms > 0)
		return json_null();
	if (n <= 0)
		return json_incref(json_object_get(run->spec, "output"));
	while ((int64_t)b.len < n)
		buf_str(&b, "0123456789abcdef0123456789abcde\n");
	j = json_stringn(b.data, (size_t)n);
	buf_free(&b);
	return j;
}

void
command_get(struct req *r, const char *id)
{
	struct command_run *run = run_find(r, id);

	if (run == NULL)
		return;
	answer_json(r, 200, json_pack("{ss ss so so so so so}", "id", run->id,
	    "status", run_status(run), "supports_cancellation",
	    cs_bool(run_cancellable(run)), "started",
	    cs_time(run->started_wall), "ended", !run_ended(run) ?
	    json_null() : cs_time(run->started_wall + (run_end_ms(run) -
	    run->started_ms) / 1e3), "output", run_output(run), "_links",
	    run_links(run)));
}

void
command_cancel(struct req *r, const char *id)
{
	struct command_run *run = run_find(r, id);

	if (run == NULL)
		return;
	if (r->body.len > 0)
		req_why(r, "DELETE with a body");
	if (!run_cancellable(run) || run_ended(run)) {
		cs_error(r, 400, NULL, "Execution cannot be cancelled");
		return;
	}
	if (run->cancelled_ms == 0)
		run->cancelled_ms = now_ms();
	answer_json(r, 200, json_pack("{ss}", "result", "success"));
}

/* Change a running one: the members of the knob "command". -1: there is
 * none. */
int
command_change(const char *id, json_t *change)
{
	struct command_run *run = table_get(&runs_by_id, id);

	if (run == NULL)
		return -1;
	json_object_update(run->spec, change);
	return 0;
}

json_t *
command_admin(void)
{
	json_t *all = json_array();
	struct command_run *run;

	TAILQ_FOREACH(run, &runs, next)
		json_array_append_new(all, json_pack(
		    "{ss ss ss ss ss sO sb sf}", "id", run->id, "sandbox",
		    run->sandbox, "component", run->component_name, "command",
		    run->command, "status", run_status(run), "params",
		    run->params, "cancelled", run->cancelled_ms > 0,
		    "started_ms", run->started_ms));
	return json_pack("{so}", "executions", all);
}
