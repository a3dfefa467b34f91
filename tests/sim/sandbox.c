/*
 * Sandboxes and how they change with time: nothing runs in the background;
 * sandbox_tick brings one up to date whenever somebody looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloudshell.h"

static const char *const setup_stages[] = {
	"None", "Preparation", "Provisioning", "Connectivity",
	"Configuration", "Ended"
};
static const char *const stage_names[] = {
	"BeforeSetup", "Setup", "Ready", "Error", "Teardown", "Ended"
};

struct sandbox_list sandboxes = TAILQ_HEAD_INITIALIZER(sandboxes);
static struct table sandboxes_by_id;
static int64_t next_event = 9000;

void
sandbox_event(struct event_list *list, bool error, double wall,
    const char *text, const char *output)
{
	struct event *e = xcalloc(1, sizeof(*e));

	e->id = next_event++;
	e->error = error;
	e->wall = wall;
	e->text = xstrdup(text);
	e->output = output == NULL ? NULL : xstrdup(output);
	TAILQ_INSERT_TAIL(list, e, next);
}

static void
note(struct sandbox *sb, bool error, double ms, const char *fmt,
    const char *output)
{
	double wall = now_wall() - (now_ms() - ms) / 1e3;
	char *text;

	if (asprintf(&text, fmt, sb->name) < 0)
		return;
	sandbox_event(&sb->events, error, wall, text, output);
	free(text);
}

static void
console(struct sandbox *sb, const char *text)
{
	sandbox_event(&sb->console, false, now_wall(), text, NULL);
}

struct sandbox *
sandbox_find(const char *id)
{
	char lower[64];
	size_t i;

	for (i = 0; i + 1 < sizeof(lower) && id[i] != '\0'; i++)
		lower[i] = id[i] >= 'A' && id[i] <= 'Z' ? id[i] | 0x20 : id[i];
	lower[i] = '\0';
	return table_get(&sandboxes_by_id, lower);
}

static void
add_components(struct sandbox *sb, json_t *blueprint)
{
	json_t *list = json_object_get(blueprint, "components"), *c;
	size_t i;

	sb->components = xcalloc(json_array_size(list) + 1,
	    sizeof(sb->components[0]));
	json_array_foreach(list, i, c) {
		if (!json_is_string(c))
			continue;
		random_guid(sb->components[sb->ncomponents].id, false);
		sb->components[sb->ncomponents++].name =
		    xstrdup(json_string_value(c));
	}
}

/* The current knobs hold for this sandbox's whole life. */
struct sandbox *
sandbox_new(json_t *blueprint, const char *name, double seconds)
{
	struct sandbox *sb = xcalloc(1, sizeof(*sb));

	random_guid(sb->id, false);
	sb->name = xstrdup(name);
	sb->owner = xstrdup(set_str("cloudshell", "user"));
	sb->blueprint = json_incref(blueprint);
	sb->params = json_array();
	sb->permitted = json_pack("[s]", sb->owner);
	sb->before = xstrdup(set_str("cloudshell", "state_before_setup"));
	sb->setup = xstrdup(set_str("cloudshell", "setup"));
	sb->setup_stop = xstrdup(set_str("cloudshell", "setup_stage_stop"));
	sb->setup_ms = (double)set_int("cloudshell", "setup_ms");
	sb->created_ms = now_ms();
	sb->created_wall = now_wall();
	sb->end_wall = sb->created_wall + seconds + 120;
	TAILQ_INIT(&sb->events);
	TAILQ_INIT(&sb->console);
	add_components(sb, blueprint);
	TAILQ_INSERT_TAIL(&sandboxes, sb, next);
	table_put(&sandboxes_by_id, sb->id, sb);
	if (strcmp(sb->setup, "at-once") == 0)
		sb->stage = STAGE_READY;
	return sb;
}

/* The end is accepted; teardown begins after the lag in polls. */
void
sandbox_stop(struct sandbox *sb)
{
	sb->stops++;
	if (sb->stage >= STAGE_TEARDOWN || sb->stops > 1)
		return;
	sb->lag = set_int("cloudshell", "stop_lag_polls");
	sandbox_tick(sb);
}

static int
stage_index(const char *name)
{
	int i;

	for (i = 0; i < 6; i++)
		if (strcasecmp(setup_stages[i], name) == 0)
			return i;
	return 4;
}

static void
setup_end(struct sandbox *sb)
{
	double at = sb->created_ms + sb->setup_ms;

	if (strcmp(sb->setup, "error") != 0) {
		sb->stage = STAGE_READY;
		sb->setup_stage = 5;
		note(sb, false, at, "Sandbox '%s' setup finished", NULL);
		console(sb, "Sandbox setup finished successfully");
		return;
	}
	sb->stage = STAGE_ERROR;
	sb->setup_stage = stage_index(sb->setup_stop);
	note(sb, true, at, "'Setup' Blueprint command on '%s' failed",
	    "Deployment of web failed: no capacity left in pool 'lab'");
	console(sb, "<font color=\"red\">Error during setup, see the "
	    "activity feed</font>");
}

static void
tick_setup(struct sandbox *sb, double now)
{
	double elapsed = now - sb->created_ms, before = sb->setup_ms * 0.2;
	int last = *sb->setup_stop == '\0' ? 4 : stage_index(sb->setup_stop);
	bool never = strcmp(sb->setup, "never") == 0;

	if (elapsed < before || strcmp(sb->setup, "fixed") == 0)
		return;
	if (sb->stage == STAGE_BEFORE) {
		sb->stage = STAGE_SETUP;
		note(sb, false, sb->created_ms + before,
		    "Sandbox '%s' has started", NULL);
		console(sb, "Beginning sandbox setup");
	}
	sb->setup_stage = 1 + (int)((elapsed - before) /
	    (sb->setup_ms * 0.8 + 0.001) * 4);
	if (sb->setup_stage > last)
		sb->setup_stage = last;
	if (elapsed >= sb->setup_ms && !never)
		setup_end(sb);
}

static void
tick_teardown(struct sandbox *sb, double now)
{
	double end = sb->stop_ms + sb->teardown_ms;

	if (now < end || strcmp(sb->teardown, "never") == 0)
		return;
	sb->stage = STAGE_ENDED;
	if (strcmp(sb->teardown, "failed") == 0)
		note(sb, true, end, "'Teardown' Blueprint command on '%s' "
		    "failed", "VM web_ab12-cd34 could not be deleted");
	note(sb, false, end, "Sandbox '%s' has ended", NULL);
	console(sb, "Sandbox teardown finished");
}

void
sandbox_tick(struct sandbox *sb)
{
	double now = now_ms();
	bool over = !sb->persistent && now_wall() >= sb->end_wall;

	if (sb->stage < STAGE_READY)
		tick_setup(sb, now);
	if (sb->stage < STAGE_TEARDOWN &&
	    ((sb->stops > 0 && sb->lag <= 0) || over)) {
		sb->stage = STAGE_TEARDOWN;
		sb->stop_ms = now;
		free(sb->teardown);
		sb->teardown = xstrdup(set_str("cloudshell", "teardown"));
		sb->teardown_ms = (double)set_int("cloudshell", "teardown_ms");
		note(sb, false, now, "Sandbox '%s' teardown started", NULL);
		console(sb, "Beginning sandbox teardown");
	}
	if (sb->stage == STAGE_TEARDOWN)
		tick_teardown(sb, now);
}

const char *
sandbox_state(struct sandbox *sb)
{
	if (sb->forced != NULL)
		return sb->forced;
	return sb->stage == STAGE_BEFORE ? sb->before : stage_names[sb->stage];
}

const char *
sandbox_setup_stage(struct sandbox *sb)
{
	return setup_stages[sb->setup_stage];
}

/* By id without case. */
struct component *
sandbox_component(struct sandbox *sb, const char *id)
{
	size_t i;

	for (i = 0; i < sb->ncomponents; i++)
		if (strcasecmp(sb->components[i].id, id) == 0)
			return &sb->components[i];
	return NULL;
}

json_t *
sandbox_admin(struct sandbox *sb)
{
	sandbox_tick(sb);
	return json_pack("{ss ss sO ss ss si si sO sO sb sf ss? sf}", "id",
	    sb->id, "name", sb->name, "blueprint",
	    json_object_get(sb->blueprint, "name"), "state", sandbox_state(sb),
	    "setup_stage", sandbox_setup_stage(sb), "starts", sb->starts,
	    "stops", sb->stops, "params", sb->params, "permitted_users",
	    sb->permitted, "persistent", sb->persistent, "created_ms",
	    sb->created_ms, "forced", sb->forced, "end", sb->end_wall);
}

static void
event_list_free(struct event_list *list)
{
	struct event *e;

	while ((e = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, e, next);
		free(e->text);
		free(e->output);
		free(e);
	}
}

static void
sandbox_free(struct sandbox *sb)
{
	TAILQ_REMOVE(&sandboxes, sb, next);
	table_del(&sandboxes_by_id, sb->id);
	while (sb->ncomponents > 0)
		free(sb->components[--sb->ncomponents].name);
	event_list_free(&sb->events);
	event_list_free(&sb->console);
	json_decref(sb->blueprint);
	json_decref(sb->params);
	json_decref(sb->permitted);
	free(sb->components);
	free(sb->name);
	free(sb->owner);
	free(sb->forced);
	free(sb->before);
	free(sb->setup);
	free(sb->setup_stop);
	free(sb->teardown);
	free(sb);
}

static void
force_state(struct sandbox *sb, const char *state)
{
	size_t i;

	free(sb->forced);
	sb->forced = NULL;
	for (i = 0; i < sizeof(stage_names) / sizeof(stage_names[0]); i++)
		if (strcasecmp(stage_names[i], state) == 0)
			break;
	if (i == sizeof(stage_names) / sizeof(stage_names[0])) {
		if (*state != '\0')
			sb->forced = xstrdup(state);
		return;
	}
	free(sb->setup);
	sb->setup = xstrdup("fixed");
	free(sb->teardown);
	sb->teardown = xstrdup("never");
	sb->stage = (enum stage)i;
	sb->setup_stage = sb->stage == STAGE_READY ? 5 : sb->setup_stage;
	if (sb->stage < STAGE_TEARDOWN)
		sb->stops = 0;
}

/* {"state":...,"remove":true,"end_in_ms":N} by the admin interface. */
int
sandbox_change(struct sandbox *sb, json_t *j)
{
	if (jstr(j, "state") != NULL)
		force_state(sb, jstr(j, "state"));
	if (json_object_get(j, "end_in_ms") != NULL)
		sb->end_wall = now_wall() + (double)jint(j, "end_in_ms", 0) /
		    1e3;
	if (!jtrue(j, "remove"))
		return 0;
	sandbox_free(sb);
	return 1;
}

void
sandbox_reset(void)
{
	while (!TAILQ_EMPTY(&sandboxes))
		sandbox_free(TAILQ_FIRST(&sandboxes));
	table_clear(&sandboxes_by_id);
}
