/*
 * CloudShell's objects on the wire, also with loose types; and what it reads:
 * durations and parameter lists.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cloudshell.h"

bool
cs_loose(void)
{
	return set_bool("cloudshell", "loose");
}

json_t *
cs_bool(bool value)
{
	if (cs_loose())
		return json_string(value ? "true" : "false");
	return json_boolean(value);
}

json_t *
cs_int(int64_t value)
{
	char text[24];

	if (!cs_loose())
		return json_integer(value);
	snprintf(text, sizeof(text), "%lld", (long long)value);
	return json_string(text);
}

const char *
cs_name_key(void)
{
	return cs_loose() ? "Name" : "name";
}

const char *
cs_value_key(void)
{
	return cs_loose() ? "Value" : "value";
}

json_t *
cs_time(double wall)
{
	time_t t = (time_t)wall;
	struct tm tm;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return json_string(text);
}

json_t *
cs_link(const char *method, const char *fmt, ...)
{
	va_list ap;
	char *href;
	json_t *j;

	va_start(ap, fmt);
	if (vasprintf(&href, fmt, ap) < 0)
		href = NULL;
	va_end(ap);
	j = json_pack("{ss ss}", "href", href == NULL ? "" : href, "method",
	    method);
	free(href);
	return j;
}

/* P[nY][nM][nD]T[nH][nM][nS], at least one of them. */
bool
duration_parse(const char *s, double *seconds)
{
	static const char *const units = "YMDHMS";
	static const double size[] = { 31536000, 2592000, 86400, 3600, 60, 1 };
	int unit = 0, parts = 0;
	double n, sum = 0;
	char *end;

	if (*s++ != 'P')
		return false;
	while (*s != '\0') {
		if (*s == 'T' && unit <= 3 && s[1] != '\0') {
			unit = 3;
			s++;
			continue;
		}
		if (strspn(s, "0123456789") == 0)
			return false;
		n = (double)strtoull(s, &end, 10);
		while (unit < 6 && units[unit] != *end) {
			if (unit == 2)
				return false;
			unit++;
		}
		if (unit == 6)
			return false;
		sum += n * size[unit++];
		parts++;
		s = end + 1;
		if (unit == 3 && *s != '\0' && *s != 'T')
			return false;
	}
	*seconds = sum;
	return parts > 0 && sum > 0;
}

/* A list of {name, value}, both strings; absent is fine. */
int
cs_params(struct req *r, json_t *params)
{
	json_t *p;
	size_t i;

	if (params == NULL)
		return 0;
	if (!json_is_array(params)) {
		req_why(r, "params is not a list");
		return -1;
	}
	json_array_foreach(params, i, p)
		if (jstr(p, "name") == NULL || jstr(p, "value") == NULL) {
			req_why(r, "params item without string name and value");
			return -1;
		}
	return 0;
}

const char *
cs_param(json_t *params, const char *name)
{
	json_t *p;
	size_t i;

	json_array_foreach(params, i, p)
		if (strcmp(jstr(p, "name"), name) == 0)
			return jstr(p, "value");
	return NULL;
}

/* --- blueprints --- */

void
blueprint_guids(void)
{
	json_t *b;
	size_t i;
	char id[ID_MAX];

	json_array_foreach(set_get("cloudshell", "blueprints"), i, b) {
		if (json_object_get(b, "id") != NULL)
			continue;
		random_guid(id, false);
		json_object_set_new(b, "id", json_string(id));
	}
}

/* By name or, without case, by id; private ones too. */
json_t *
blueprint_find(const char *name)
{
	json_t *b;
	size_t i;

	json_array_foreach(set_get("cloudshell", "blueprints"), i, b)
		if ((jstr(b, "name") != NULL &&
		    strcmp(jstr(b, "name"), name) == 0) ||
		    strcasecmp(jstr(b, "id"), name) == 0)
			return b;
	return NULL;
}

static json_t *
input_json(json_t *input)
{
	json_t *j, *value = json_object_get(input, "default");

	j = json_pack("{sO ss s[] sO?}", cs_name_key(),
	    json_object_get(input, "name"), "type", "String",
	    cs_loose() ? "possibleValues" : "possible_values",
	    cs_loose() ? "defaultValue" : "default_value", value);
	return j;
}

json_t *
blueprint_json(json_t *b, bool full)
{
	const char *id = jstr(b, "id");
	json_t *params = json_array(), *input, *j;
	size_t i;

	json_array_foreach(json_object_get(b, "inputs"), i, input)
		json_array_append_new(params, input_json(input));
	j = json_pack("{sO sO sn ss s[] ss s{so so so}}", "name",
	    json_object_get(b, "name"), "id", json_object_get(b, "id"),
	    "description", "availability", "Available Now", "categories",
	    "estimated_setup_duration", "PT1M", "_links",
	    "self", cs_link("GET", "/blueprints/%s", id),
	    "all", cs_link("GET", "/blueprints"),
	    "create_sandbox", cs_link("POST", "/blueprints/%s/start", id));
	if (full)
		json_object_set(j, "params", params);
	json_decref(params);
	if (cs_loose())
		json_object_set_new(j, "x_extra", json_null());
	return j;
}

/* --- sandboxes --- */

json_t *
component_json(struct sandbox *sb, struct component *c, bool full)
{
	bool app = strchr(c->name, '_') != NULL;
	bool deployed = sb->stage >= STAGE_READY;
	json_t *j;

	j = json_pack("{ss ss ss ss ss s{so}}", "id", c->id, "name", c->name,
	    "type", app ? "Application" : "Resource", "component_type",
	    "Generic App Model", "description", "", "_links", "self",
	    cs_link("GET", "/sandboxes/%s/components/%s", sb->id, c->id));
	if (app)
		json_object_set_new(j, "app_lifecycle", json_string(deployed ?
		    "Deployed" : "Undeployed"));
	if (deployed)
		json_object_set_new(j, "address", json_string("192.0.2.10"));
	if (!full)
		return j;
	json_object_set_new(j, "attributes",
	    json_pack("[{ss ss ss} {ss ss ss}]",
	    "type", "string", "name", "User", "value", "admin",
	    "type", "password", "name", "Password", "value",
	    "component-password"));
	json_object_set_new(j, "connection_interfaces", json_pack("[{ss ss}]",
	    "name", "SSH", "url", ""));
	json_object_set_new(json_object_get(j, "_links"), "commands",
	    cs_link("GET", "/sandboxes/%s/components/%s/commands", sb->id,
	    c->id));
	return j;
}

static json_t *
parameters_json(struct sandbox *sb)
{
	json_t *list = json_array(), *p;
	size_t i;

	json_array_foreach(sb->params, i, p)
		json_array_append_new(list, json_pack("{sO sO}", cs_name_key(),
		    json_object_get(p, "name"), cs_value_key(),
		    json_object_get(p, "value")));
	return list;
}

static void
sandbox_v2(struct sandbox *sb, json_t *j)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < sb->ncomponents; i++)
		json_array_append_new(list, component_json(sb,
		    &sb->components[i], false));
	json_object_set_new(j, "components", list);
	json_object_set_new(j, "parameters", parameters_json(sb));
	json_object_set_new(j, "setup_stage",
	    json_string(sandbox_setup_stage(sb)));
	json_object_set(j, "permitted_users", sb->permitted);
	json_object_set_new(j, "_links", json_pack("{so so so so so so}",
	    "self", cs_link("GET", "/sandboxes/%s", sb->id),
	    "components", cs_link("GET", "/sandboxes/%s/components", sb->id),
	    "output", cs_link("GET", "/sandboxes/%s/output", sb->id),
	    "stop", cs_link("POST", "/sandboxes/%s/stop", sb->id),
	    "all", cs_link("GET", "/sandboxes"),
	    "blueprint", cs_link("GET", "/blueprints/%s",
	    jstr(sb->blueprint, "id"))));
}

json_t *
sandbox_json(struct sandbox *sb, int version)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", json_string(sb->name));
	json_object_set_new(j, "id", json_string(sb->id));
	if (version == 1) {
		json_object_set_new(j, "state",
		    json_string(sandbox_state(sb)));
		json_object_set_new(j, "type", json_string("Sandbox"));
		json_object_set_new(j, "components", json_array());
		json_object_set_new(j, "apps", json_array());
		json_object_set_new(j, "_links", json_pack("{so so so}",
		    "self", cs_link("GET", "/sandboxes/%s", sb->id),
		    "stop", cs_link("POST", "/sandboxes/%s/stop", sb->id),
		    "all", cs_link("GET", "/sandboxes")));
		return j;
	}
	json_object_set(j, "blueprint_id", json_object_get(sb->blueprint,
	    "id"));
	json_object_set_new(j, "description", cs_loose() ? json_null() :
	    json_string(""));
	json_object_set_new(j, "start_time", cs_time(sb->created_wall));
	json_object_set_new(j, "end_time", sb->persistent ? json_null() :
	    cs_time(sb->end_wall));
	json_object_set_new(j, "state", json_string(sandbox_state(sb)));
	json_object_set_new(j, "type", json_string("Sandbox"));
	sandbox_v2(sb, j);
	return j;
}

json_t *
sandbox_short(struct sandbox *sb, bool links)
{
	json_t *j;

	j = json_pack("{ss ss ss ss s{sO sO}}", "name", sb->name, "id", sb->id,
	    "description", "", "state", sandbox_state(sb), "blueprint",
	    "name", json_object_get(sb->blueprint, "name"), "id",
	    json_object_get(sb->blueprint, "id"));
	if (links)
		json_object_set_new(j, "_links", json_pack("{so so so so}",
		    "self", cs_link("GET", "/sandboxes/%s", sb->id),
		    "components", cs_link("GET", "/sandboxes/%s/components",
		    sb->id),
		    "stop", cs_link("POST", "/sandboxes/%s/stop", sb->id),
		    "all", cs_link("GET", "/sandboxes")));
	return j;
}

/* --- activity and output: the same pages in two dresses --- */

struct page {
	int64_t from, tail, size, next;
	bool errors, more;
	json_t *list;
};

static int64_t
query_int(struct req *r, const char *name, int64_t other)
{
	char *s = req_query(r, name);
	int64_t n = s == NULL ? other : strtoll(s, NULL, 10);

	free(s);
	return n;
}

static json_t *
event_json(struct event *e)
{
	return json_pack("{so ss ss so so}", "id", cs_int(e->id), "event_type",
	    e->error ? "error" : "success", "event_text", e->text, "output",
	    e->output != NULL ? json_string(e->output) : cs_loose() ?
	    json_string("Null") : json_null(), "time", cs_time(e->wall));
}

static json_t *
entry_json(struct event *e)
{
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)e->id);
	return json_pack("{ss so ss}", "id", id, "time", cs_time(e->wall),
	    "text", e->text);
}

static void
page_fill(struct page *p, struct event_list *events, bool output)
{
	struct event *e;
	int64_t skip = 0, n = 0;

	TAILQ_FOREACH(e, events, next)
		n += e->id >= p->from && (!p->errors || e->error);
	if (p->tail > 0 && n > p->tail)
		skip = n - p->tail;
	p->list = json_array();
	TAILQ_FOREACH(e, events, next) {
		if (e->id < p->from || (p->errors && !e->error))
			continue;
		if (skip-- > 0)
			continue;
		if ((int64_t)json_array_size(p->list) == p->size) {
			p->more = true;
			break;
		}
		json_array_append_new(p->list, output ? entry_json(e) :
		    event_json(e));
		p->next = e->id + 1;
	}
}

json_t *
activity_json(struct req *r, struct sandbox *sb)
{
	struct page p = { .size = set_int("cloudshell", "page_size") };
	char *errors = req_query(r, "error_only");

	p.from = query_int(r, "from_event_id", 0);
	p.tail = query_int(r, "tail", 0);
	p.errors = errors != NULL && strcasecmp(errors, "true") == 0;
	free(errors);
	page_fill(&p, &sb->events, false);
	return json_pack("{so so so so}", "num_returned_events",
	    cs_int((int64_t)json_array_size(p.list)), "more_pages",
	    cs_bool(p.more), "next_event_id", p.next > 0 ? cs_int(p.next) :
	    json_null(), "events", p.list);
}

/* An ended sandbox no longer has output. */
json_t *
output_json(struct req *r, struct sandbox *sb)
{
	struct event_list none = TAILQ_HEAD_INITIALIZER(none);
	struct page p = { .size = set_int("cloudshell", "page_size") };

	p.from = query_int(r, "from_entry_id", 0);
	p.tail = query_int(r, "tail", 0);
	page_fill(&p, sb->stage == STAGE_ENDED ? &none : &sb->console, true);
	return json_pack("{so so so so s{so}}", "number_of_returned_entries",
	    cs_int((int64_t)json_array_size(p.list)), "next_entry_id",
	    p.next > 0 ? cs_int(p.next) : json_null(), "more_pages",
	    cs_bool(p.more), "entries", p.list, "_links", "self",
	    cs_link("GET", "/sandboxes/%s/output", sb->id));
}
