/*
 * CloudShell's calls on blueprints, sandboxes, components and commands:
 * what each path of the table in cloudshell.c does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudshell.h"

/* --- blueprints and sandboxes --- */

void
list_blueprints(struct req *r, const struct call *call)
{
	json_t *all = json_array(), *b;
	size_t i;

	(void)call;
	json_array_foreach(set_get("cloudshell", "blueprints"), i, b)
		if (jtrue(b, "public"))
			json_array_append_new(all, blueprint_json(b, false));
	answer_json(r, 200, all);
}

static json_t *
find_blueprint(struct req *r, const struct call *call)
{
	json_t *b = blueprint_find(call->args[0]);

	if (b != NULL && jtrue(b, "public"))
		return b;
	if (strchr(call->args[0], '%') != NULL)
		req_why(r, "blueprint name looks encoded twice");
	else if (strchr(call->args[0], '+') != NULL)
		req_why(r, "blueprint name has '+' for a space");
	cs_not_found(r);
	return NULL;
}

void
get_blueprint(struct req *r, const struct call *call)
{
	json_t *b = find_blueprint(r, call);

	if (b != NULL)
		answer_json(r, 200, blueprint_json(b, true));
}

static bool
inputs_given(json_t *blueprint, json_t *params)
{
	json_t *input;
	size_t i;

	json_array_foreach(json_object_get(blueprint, "inputs"), i, input)
		if (jstr(input, "default") == NULL &&
		    cs_param(params, jstr(input, "name")) == NULL)
			return false;
	return true;
}

static bool
start_good(struct req *r, json_t *blueprint, bool persistent, double *s)
{
	json_t *params = json_object_get(r->json, "params");
	const char *duration = jstr(r->json, "duration");

	if (jstr(r->json, "name") == NULL || *jstr(r->json, "name") == '\0')
		cs_refuse(r, "start without name", persistent ?
		    "Reservation name must be specified in request body" :
		    "Reservation name and duration must be specified in "
		    "request body");
	else if (!persistent && (duration == NULL ||
	    !duration_parse(duration, s)))
		cs_refuse(r, "duration missing or not ISO 8601",
		    "Duration format must be a valid 'ISO 8601' "
		    "(e.g 'PT23H' or 'PT4H2M')");
	else if (cs_params(r, params) == -1)
		cs_error(r, 400, NULL, "Parameter is not a valid list");
	else if (!inputs_given(blueprint, params)) {
		req_why(r, "start without a mandatory input");
		cs_error(r, 400, NULL, "Blueprint has invalid inputs");
	} else
		return true;
	return false;
}

static void
start_any(struct req *r, const struct call *call, bool persistent)
{
	json_t *b = find_blueprint(r, call), *left, *users;
	struct sandbox *sb;
	double seconds = 0;

	if (b == NULL || !start_good(r, b, persistent, &seconds))
		return;
	left = set_get("cloudshell", "conflicts");
	if (json_integer_value(left) > 0) {
		json_integer_set(left, json_integer_value(left) - 1);
		cs_error(r, (int)set_int("cloudshell", "conflict_status"),
		    NULL, "Blueprint has conflicting resources");
		return;
	}
	sb = sandbox_new(b, jstr(r->json, "name"), seconds);
	sb->persistent = persistent;
	json_decref(sb->params);
	sb->params = json_incref(json_object_get(r->json, "params"));
	users = json_object_get(r->json, "permitted_users");
	if (json_is_array(users))
		json_array_extend(sb->permitted, users);
	sb->starts++;
	answer_json(r, 200, sandbox_json(sb, call->version));
}

void
start_sandbox(struct req *r, const struct call *call)
{
	start_any(r, call, false);
}

void
start_persistent(struct req *r, const struct call *call)
{
	start_any(r, call, true);
}

void
list_sandboxes(struct req *r, const struct call *call)
{
	char *historic = req_query(r, "show_historic");
	json_t *all = json_array();
	bool ended = historic != NULL && strcmp(historic, "true") == 0;
	struct sandbox *sb;

	free(historic);
	TAILQ_FOREACH(sb, &sandboxes, next) {
		sandbox_tick(sb);
		if (call->nargs > 0 && strcmp(call->args[0], sb->owner) != 0)
			continue;
		if (!ended && sb->stage == STAGE_ENDED)
			continue;
		json_array_append_new(all,
		    sandbox_short(sb, call->nargs == 0));
	}
	answer_json(r, 200, all);
}

static struct sandbox *
find_sandbox(struct req *r, const struct call *call)
{
	struct sandbox *sb = sandbox_find(call->args[0]);

	if (sb == NULL)
		cs_not_found(r);
	else
		sandbox_tick(sb);
	return sb;
}

void
get_sandbox(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);

	if (sb == NULL)
		return;
	if (sb->stage == STAGE_ENDED &&
	    strcmp(set_str("cloudshell", "ended"), "404") == 0) {
		cs_not_found(r);
		return;
	}
	answer_json(r, 200, sandbox_json(sb, call->version));
	if (sb->stops > 0 && sb->lag > 0)
		sb->lag--;
}

void
stop_sandbox(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);

	if (sb == NULL)
		return;
	if (call->version == 2 && set_bool("cloudshell", "stop_v2_refused")) {
		cs_error(r, 400, NULL, "Invalid Api call");
		return;
	}
	if (r->body.len > 0) {
		req_why(r, "stop with a body");
		if (set_bool("cloudshell", "stop_body_refused")) {
			cs_error(r, 400, NULL, "Stop takes no body");
			return;
		}
	}
	sandbox_stop(sb);
	answer_json(r, 200, json_pack("{ss s{so}}", "result", "success",
	    "_links", "all", cs_link("GET", "/sandboxes")));
}

void
extend_sandbox(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);
	const char *time = jstr(r->json, "extended_time");
	char left[32];
	double seconds;

	if (sb == NULL)
		return;
	if (time == NULL || !duration_parse(time, &seconds) ||
	    sb->persistent || sb->stage >= STAGE_TEARDOWN) {
		cs_refuse(r, "extended_time missing or bad, or not extendable",
		    "Parameter is not a valid extended time");
		return;
	}
	sb->end_wall += seconds;
	snprintf(left, sizeof(left), "PT%dM",
	    (int)((sb->end_wall - now_wall()) / 60));
	answer_json(r, 200, json_pack("{ss ss so so ss}", "id", sb->id, "name",
	    sb->name, "start_time", cs_time(sb->created_wall), "end_time",
	    cs_time(sb->end_wall), "remaining_time", left));
}

void
get_activity(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);

	if (sb == NULL)
		return;
	if (set_bool("cloudshell", "no_activity"))
		cs_error(r, 404, NULL, "Invalid Api call");
	else
		answer_json(r, 200, activity_json(r, sb));
}

void
get_output(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);

	if (sb != NULL)
		answer_json(r, 200, output_json(r, sb));
}

void
get_instructions(struct req *r, const struct call *call)
{
	if (find_sandbox(r, call) != NULL)
		answer_json(r, 200, json_string("No instructions."));
}

/* --- components and commands --- */

void
list_components(struct req *r, const struct call *call)
{
	struct sandbox *sb = find_sandbox(r, call);
	json_t *all;
	size_t i;

	if (sb == NULL)
		return;
	all = json_array();
	for (i = 0; i < sb->ncomponents; i++)
		json_array_append_new(all, component_json(sb,
		    &sb->components[i], true));
	answer_json(r, 200, all);
}

/* NULL and answered if there is none. */
static struct component *
find_component(struct req *r, const struct call *call, struct sandbox **sb)
{
	struct component *c;

	if ((*sb = find_sandbox(r, call)) == NULL)
		return NULL;
	if ((c = sandbox_component(*sb, call->args[1])) == NULL)
		cs_not_found(r);
	return c;
}

void
get_component(struct req *r, const struct call *call)
{
	struct sandbox *sb;
	struct component *c = find_component(r, call, &sb);

	if (c != NULL)
		answer_json(r, 200, component_json(sb, c, true));
}

void
list_commands(struct req *r, const struct call *call)
{
	struct sandbox *sb;
	struct component *c = NULL;

	if (call->nargs > 1 && (c = find_component(r, call, &sb)) == NULL)
		return;
	if (c == NULL && (sb = find_sandbox(r, call)) == NULL)
		return;
	answer_json(r, 200, command_list(sb, c));
}

void
get_command(struct req *r, const struct call *call)
{
	struct sandbox *sb;
	struct component *c = NULL;
	json_t *j;

	if (call->nargs > 2 && (c = find_component(r, call, &sb)) == NULL)
		return;
	if (c == NULL && (sb = find_sandbox(r, call)) == NULL)
		return;
	if ((j = command_one(sb, c, call->args[call->nargs - 1])) == NULL)
		cs_not_found(r);
	else
		answer_json(r, 200, j);
}

void
start_command(struct req *r, const struct call *call)
{
	struct sandbox *sb;
	struct component *c = NULL;

	if (call->nargs > 2 && (c = find_component(r, call, &sb)) == NULL)
		return;
	if (c == NULL && (sb = find_sandbox(r, call)) == NULL)
		return;
	command_start(r, sb, c, call->args[call->nargs - 1]);
}

void
get_execution(struct req *r, const struct call *call)
{
	command_get(r, call->args[0]);
}

void
cancel_execution(struct req *r, const struct call *call)
{
	command_cancel(r, call->args[0]);
}
