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

/* The name of its queryable property; NULL: it has none. */
const char *
actiontype_queryable(json_t *id)
{
	json_t *input = json_object_get(type_find(id), "input"), *p;
	size_t i;

	json_array_foreach(json_object_get(input, "configurationProperties"),
	    i, p)
		if (jtrue(p, "queryable"))
			return jstr(p, "name");
	return NULL;
}

static json_t *
property_find(json_t *list, const char *name, size_t len)
{
	const char *own;
	json_t *p;
	size_t i;

	json_array_foreach(list, i, p) {
		own = jstr(p, "name");
		if (strlen(own) == len && strncmp(own, name, len) == 0)
			return p;
	}
	return NULL;
}

static const char *
properties_bad(json_t *list)
{
	const char *name;
	json_t *p;
	size_t i, queryable = 0;

	json_array_foreach(list, i, p) {
		name = jstr(p, "name");
		if (property_find(list, name, strlen(name)) != p)
			return "two properties of one name";
		if (!jtrue(p, "queryable"))
			continue;
		queryable++;
		if (!jtrue(p, "required") || jtrue(p, "secret"))
			return "a queryable property must be required and not "
			    "secret";
	}
	return queryable > 1 ? "more than one queryable property" : NULL;
}

/* A template may name a property that is required and not secret. */
static const char *
template_bad(const char *url, const char *other, json_t *properties)
{
	const char *end;
	json_t *p;

	for (; (url = strchr(url, '{')) != NULL; url = end) {
		if ((end = strchr(++url, '}')) == NULL)
			return "a URL template has no '}' after its '{'";
		if (strncmp(url, "Config:", 7) != 0) {
			if (strlen(other) != (size_t)(end - url) ||
			    strncmp(url, other, strlen(other)) != 0)
				return "a URL template has a placeholder that "
				    "is not documented for it";
			continue;
		}
		url += 7;
		p = property_find(properties, url, (size_t)(end - url));
		if (p == NULL || !jtrue(p, "required") || jtrue(p, "secret"))
			return "a URL template names a property that is not "
			    "both required and not secret";
	}
	return NULL;
}

static const char *
templates_bad(json_t *input)
{
	static const struct {
		const char *name, *placeholder;
	} templates[] = {
		{ "entityUrlTemplate", "" },
		{ "executionUrlTemplate", "ExternalExecutionId" },
		{ "revisionUrlTemplate", "RevisionId" },
	};
	json_t *settings = json_object_get(input, "settings");
	const char *why = NULL, *url;
	size_t i;

	for (i = 0; i < 3 && why == NULL; i++)
		if ((url = jstr(settings, templates[i].name)) != NULL)
			why = template_bad(url, templates[i].placeholder,
			    json_object_get(input, "configurationProperties"));
	return why;
}

static const char *
input_bad(json_t *input)
{
	static const char *const details[] = { "inputArtifactDetails",
	    "outputArtifactDetails" };
	const char *why;
	json_t *d;
	size_t i;

	for (i = 0; i < 2; i++) {
		d = json_object_get(input, details[i]);
		if (jint(d, "minimumCount", 0) > jint(d, "maximumCount", 0))
			return "minimumCount is above maximumCount";
	}
	why = properties_bad(json_object_get(input,
	    "configurationProperties"));
	return why != NULL ? why : templates_bad(input);
}

/* What an existing type of this version says to the new one. AWS does not
 * document what an identical one gets. */
static const char *
version_bad(json_t *t, json_t *input)
{
	if (t == NULL)
		return NULL;
	if (!json_equal(json_object_get(t, "input"), input))
		return "this version is used for another definition";
	if (!jtrue(t, "deleted") && strcmp(set_str("codepipeline",
	    "create_identical"), "refused") == 0)
		return "this version exists already";
	return NULL;
}

static size_t
types_count(void)
{
	size_t i, n = 0;
	json_t *t;

	json_array_foreach(types, i, t)
		n += !jtrue(t, "deleted");
	return n;
}

void
actiontype_create(struct req *r)
{
	json_t *t = type_find(r->json), *answer, *tags;
	const char *why = input_bad(r->json);

	if (why == NULL)
		why = version_bad(t, r->json);
	if (why != NULL) {
		req_why(r, "%s", why);
		codepipeline_error(r, 400, "ValidationException", why);
		return;
	}
	if ((t == NULL || jtrue(t, "deleted")) && types_count() >= TYPES_MAX) {
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
