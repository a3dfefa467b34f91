/*
 * Custom action types: those of the settings, and those that clients create.
 * Nobody can create a deleted version again, except with the same definition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define TYPES_MAX	50
#define PAGE		20

static json_t *types;		/* [{input, deleted}] */

void
actiontype_reset(void)
{
	json_t *list = set_get("codepipeline", "action_types"), *t;
	size_t i;

	json_decref(types);
	types = json_array();
	json_array_foreach(list, i, t)
		json_array_append_new(types, json_pack("{sO sb}", "input", t,
		    "deleted", false));
}

static json_t *
type_find(json_t *id)
{
	static const char *const keys[] = { "category", "provider", "version" };
	json_t *t, *input;
	size_t i, k;

	json_array_foreach(types, i, t) {
		input = json_object_get(t, "input");
		for (k = 0; k < 3; k++)
			if (!json_equal(json_object_get(input, keys[k]),
			    json_object_get(id, keys[k])))
				break;
		if (k == 3)
			return t;
	}
	return NULL;
}

bool
actiontype_known(json_t *id)
{
	json_t *t = type_find(id);

	return t != NULL && !jtrue(t, "deleted");
}

static json_t *
type_json(json_t *input)
{
	json_t *settings = json_object_get(input, "settings");
	json_t *properties = json_object_get(input, "configurationProperties");
	json_t *in = json_object_get(input, "inputArtifactDetails");
	json_t *out = json_object_get(input, "outputArtifactDetails");
	json_t *any = json_pack("{si si}", "minimumCount", 0, "maximumCount",
	    5), *j;

	j = json_pack("{s{sO ss sO sO} sO* sO* sO sO}", "id", "category",
	    json_object_get(input, "category"), "owner", "Custom", "provider",
	    json_object_get(input, "provider"), "version",
	    json_object_get(input, "version"), "settings", settings,
	    "actionConfigurationProperties", properties,
	    "inputArtifactDetails", in == NULL ? any : in,
	    "outputArtifactDetails", out == NULL ? any : out);
	json_decref(any);
	return j;
}

static const char *
properties_bad(json_t *list)
{
	json_t *p;
	size_t i, queryable = 0;

	json_array_foreach(list, i, p) {
		if (!jtrue(p, "queryable"))
			continue;
		queryable++;
		if (!jtrue(p, "required") || jtrue(p, "secret"))
			return "a queryable property must be required and not "
			    "secret";
	}
	return queryable > 1 ? "more than one queryable property" : NULL;
}

void
actiontype_create(struct req *r)
{
	json_t *t = type_find(r->json), *answer, *tags;
	const char *why;

	why = properties_bad(json_object_get(r->json,
	    "configurationProperties"));
	if (why == NULL && t != NULL &&
	    !json_equal(json_object_get(t, "input"), r->json))
		why = "this version is used for another definition";
	if (why != NULL) {
		req_why(r, "%s", why);
		codepipeline_error(r, 400, "ValidationException", why);
		return;
	}
	if (t == NULL && json_array_size(types) >= TYPES_MAX) {
		codepipeline_error(r, 400, "LimitExceededException",
		    "The number of custom action types is at its limit.");
		return;
	}
	if (t == NULL)
		json_array_append_new(types, json_pack("{sO sb}", "input",
		    r->json, "deleted", false));
	else
		json_object_set_new(t, "deleted", json_false());
	tags = json_object_get(r->json, "tags");
	answer = json_pack("{so sO*}", "actionType", type_json(r->json),
	    "tags", tags);
	codepipeline_answer(r, answer);
}

void
actiontype_delete(struct req *r)
{
	json_t *t = type_find(r->json);

	if (t != NULL)
		json_object_set_new(t, "deleted", json_true());
	codepipeline_answer(r, NULL);
}

void
actiontype_list(struct req *r)
{
	const char *owner = jstr(r->json, "actionOwnerFilter");
	const char *token = jstr(r->json, "nextToken");
	json_t *list = json_array(), *t, *answer;
	size_t i = token == NULL ? 0 : (size_t)strtoul(token, NULL, 10);
	char next[24];

	if (token != NULL && i == 0) {
		json_decref(list);
		codepipeline_error(r, 400, "InvalidNextTokenException",
		    "The next token is invalid.");
		return;
	}
	for (; i < json_array_size(types) &&
	    json_array_size(list) < PAGE; i++) {
		t = json_array_get(types, i);
		if (!jtrue(t, "deleted") &&
		    (owner == NULL || strcmp(owner, "Custom") == 0))
			json_array_append_new(list,
			    type_json(json_object_get(t, "input")));
	}
	answer = json_pack("{so}", "actionTypes", list);
	if (i < json_array_size(types)) {
		snprintf(next, sizeof(next), "%zu", i);
		json_object_set_new(answer, "nextToken", json_string(next));
	}
	codepipeline_answer(r, answer);
}
