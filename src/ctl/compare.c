/*
 * A definition against what an account has, member by member.
 */
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "json.h"
#include "mem.h"
#include "out.h"

/* A member of an object with the value that stands for an absent one. */
static json_t *
value_of(const json_t *o, const char *key, json_t *fallback)
{
	json_t *v = json_object_get(o, key);

	return v != NULL && !json_is_null(v) ? v : fallback;
}

static void
note(json_t *list, const char *member, const json_t *ours,
    const json_t *theirs)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "member", out_text(member));
	(void)json_object_set_new(o, "file", json_deep_copy(ours));
	(void)json_object_set_new(o, "account", json_deep_copy(theirs));
	(void)json_array_append_new(list, o);
}

static void
compare_member(json_t *list, const char *outer, const char *key,
    const json_t *ours, const json_t *theirs, json_t *fallback)
{
	json_t *a = value_of(ours, key, fallback);
	json_t *b = value_of(theirs, key, fallback);
	char member[256];

	if (json_equal(a, b))
		return;
	(void)snprintf(member, sizeof(member), "%s.%s", outer, key);
	note(list, member, a, b);
}

static void
compare_all(json_t *list, const char *outer, const char *const *keys,
    const json_t *ours, const json_t *theirs)
{
	for (; *keys != NULL; keys++)
		compare_member(list, outer, *keys, ours, theirs, json_null());
}

/* --- properties --- */

static json_t *
property_named(const json_t *list, const char *name)
{
	json_t *p;
	size_t i;

	json_array_foreach(list, i, p) {
		const char *known = json_text(p, "name");

		if (known != NULL && name != NULL && strcmp(known, name) == 0)
			return p;
	}
	return NULL;
}

static void
compare_property(json_t *list, const char *outer, const json_t *ours,
    const json_t *theirs)
{
	static const char *const flags[] = { "required", "key", "secret",
	    "description", NULL };
	json_t *string = json_string("String");

	compare_all(list, outer, flags, ours, theirs);
	compare_member(list, outer, "queryable", ours, theirs, json_false());
	if (json_text(theirs, "type") != NULL)
		compare_member(list, outer, "type", ours, theirs, string);
	json_decref(string);
}

static void
compare_properties(json_t *list, const json_t *ours, const json_t *theirs)
{
	char outer[160];
	json_t *p, *other;
	size_t i;

	json_array_foreach(ours, i, p) {
		other = property_named(theirs, json_text(p, "name"));
		(void)snprintf(outer, sizeof(outer),
		    "configurationProperties[%s]", json_text(p, "name"));
		if (other == NULL)
			note(list, outer, p, json_null());
		else
			compare_property(list, outer, p, other);
	}
	json_array_foreach(theirs, i, p) {
		const char *name = json_text(p, "name");

		if (name == NULL || property_named(ours, name) != NULL)
			continue;
		(void)snprintf(outer, sizeof(outer),
		    "configurationProperties[%.50s]", name);
		note(list, outer, json_null(), p);
	}
}

json_t *
compare_types(const json_t *input, const json_t *type)
{
	static const char *const settings[] = { "entityUrlTemplate",
	    "executionUrlTemplate", "revisionUrlTemplate",
	    "thirdPartyConfigurationUrl", NULL };
	static const char *const counts[] = { "minimumCount", "maximumCount",
	    NULL };
	static const char *const artifacts[] = { "inputArtifactDetails",
	    "outputArtifactDetails" };
	json_t *list = json_array();

	compare_all(list, "settings", settings, json_object_of(input,
	    "settings"), json_object_of(type, "settings"));
	compare_properties(list, json_array_of(input,
	    "configurationProperties"), json_array_of(type,
	    "actionConfigurationProperties"));
	for (size_t i = 0; i < 2; i++)
		compare_all(list, artifacts[i], counts, json_object_of(input,
		    artifacts[i]), json_object_of(type, artifacts[i]));
	return list;
}

char *
compare_text(const json_t *v)
{
	return v == NULL || json_is_null(v) ? xstrdup("absent") : json_line(v);
}
