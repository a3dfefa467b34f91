/*
 * Which pipelines use an action type (ListPipelines, GetPipeline).
 */
#include <string.h>

#include "json.h"
#include "out.h"
#include "pipelines.h"
#include "sys.h"

#define PAGES_MAX	100	/* of the list; some may be empty */

static bool
has(const json_t *id, const char *key, const char *text)
{
	const char *known = json_text(id, key);

	return known != NULL && strcmp(known, text) == 0;
}

static bool
is_one_of(const json_t *id, const struct cp_action_type *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has(id, "owner", "Custom") &&
		    has(id, "category", types[i].category) &&
		    has(id, "provider", types[i].provider) &&
		    has(id, "version", types[i].version))
			return true;
	return false;
}

static void
note(json_t *uses, const char *pipeline, const json_t *stage,
    const json_t *action)
{
	const json_t *id = json_object_of(action, "actionTypeId");
	json_t *o = json_object();

	(void)json_object_set_new(o, "pipeline", out_text(pipeline));
	(void)json_object_set_new(o, "stage", out_text(json_text(stage,
	    "name")));
	(void)json_object_set_new(o, "action", out_text(json_text(action,
	    "name")));
	(void)json_object_set_new(o, "provider", out_text(json_text(id,
	    "provider")));
	(void)json_object_set_new(o, "version", out_text(json_text(id,
	    "version")));
	(void)json_array_append_new(uses, o);
}

/* One pipeline; one that is gone by now uses nothing. */
static int
look_into(struct api *api, const char *name,
    const struct cp_action_type *types, size_t n, json_t *uses,
    struct fail *fail)
{
	json_t *input = json_object(), *answer, *stage, *action;
	struct aws_error e;
	size_t i, k;

	json_put_text(input, "name", name);
	answer = api_call(api, "GetPipeline", input, &e, fail);
	json_decref(input);
	if (answer == NULL)
		return strcmp(e.code, "PipelineNotFoundException") == 0 ? 0 :
		    -1;
	json_array_foreach(json_array_of(json_object_of(answer, "pipeline"),
	    "stages"), i, stage)
		json_array_foreach(json_array_of(stage, "actions"), k, action)
			if (is_one_of(json_object_of(action, "actionTypeId"),
			    types, n))
				note(uses, name, stage, action);
	json_decref(answer);
	return 0;
}

/* Names of pipelines, up to a page more than PIPELINES_MAX. *whole: all. */
static json_t *
list(struct api *api, int64_t end, bool *whole, struct fail *fail)
{
	json_t *names = json_array(), *page = NULL, *input, *p, *next = NULL;
	struct aws_error e;
	int pages = 0;
	size_t i;

	do {
		input = json_object();
		if (next != NULL)
			(void)json_object_set(input, "nextToken", next);
		json_decref(page);
		page = api_call(api, "ListPipelines", input, &e, fail);
		json_decref(input);
		if (page == NULL) {
			json_decref(names);
			return NULL;
		}
		json_array_foreach(json_array_of(page, "pipelines"), i, p)
			if (json_text(p, "name") != NULL)
				(void)json_array_append(names,
				    json_object_get(p, "name"));
		next = json_object_get(page, "nextToken");
		*whole = !json_is_string(next);
	} while (!*whole && ++pages < PAGES_MAX && sys_now_ms() < end &&
	    json_array_size(names) <= PIPELINES_MAX);
	json_decref(page);
	return names;
}

json_t *
pipelines_using(struct api *api, const struct cp_action_type *types, size_t n,
    bool *whole, struct fail *fail)
{
	int64_t end = sys_now_ms() + PIPELINES_MS;
	json_t *uses, *names = list(api, end, whole, fail), *name;
	size_t i;

	if (names == NULL)
		return NULL;
	uses = json_array();
	json_array_foreach(names, i, name) {
		if (i == PIPELINES_MAX || sys_now_ms() >= end) {
			*whole = false;
			break;
		}
		if (look_into(api, json_string_value(name), types, n, uses,
		    fail) != 0) {
			json_decref(uses);
			uses = NULL;
			break;
		}
	}
	json_decref(names);
	return uses;
}
