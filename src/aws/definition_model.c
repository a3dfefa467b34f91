/*
 * The model of CreateCustomActionType's input, as a table, and the rules that
 * its texts add.
 */
#include <stdio.h>
#include <string.h>

#include "definition_model.h"
#include "json.h"
#include "model.h"
#include "utf8.h"

#define PATH_MAX_BYTES	256	/* of a member's path in texts */

enum kind { TEXT, WORD, CHOICE, FLAG, COUNT, OBJECT, LIST };

/* One member of an object. */
struct member {
	const char		*name;		/* NULL ends the list */
	enum kind		 kind;
	bool			 required;
	int			 least, most;	/* characters of a text, entries
						   of a list, value of a
						   count */
	const char *const	*choices;
	const struct member	*members;	/* of an object, or of a list's
						   objects */
};

static const char *const categories[] = { "Source", "Build", "Deploy", "Test",
	"Invoke", "Approval", "Compute", NULL };
static const char *const types[] = { "String", "Number", "Boolean", NULL };

static const struct member settings[] = {
	{ "entityUrlTemplate", TEXT, false, 1, 2048, NULL, NULL },
	{ "executionUrlTemplate", TEXT, false, 1, 2048, NULL, NULL },
	{ "revisionUrlTemplate", TEXT, false, 1, 2048, NULL, NULL },
	{ "thirdPartyConfigurationUrl", TEXT, false, 1, 2048, NULL, NULL },
	{ NULL, TEXT, false, 0, 0, NULL, NULL },
};

static const struct member property[] = {
	{ "name", TEXT, true, 1, 50, NULL, NULL },
	{ "required", FLAG, true, 0, 0, NULL, NULL },
	{ "key", FLAG, true, 0, 0, NULL, NULL },
	{ "secret", FLAG, true, 0, 0, NULL, NULL },
	{ "queryable", FLAG, false, 0, 0, NULL, NULL },
	{ "description", TEXT, false, 1, 160, NULL, NULL },
	{ "type", CHOICE, false, 0, 0, types, NULL },
	{ NULL, TEXT, false, 0, 0, NULL, NULL },
};

static const struct member artifacts[] = {
	{ "minimumCount", COUNT, true, 0, 5, NULL, NULL },
	{ "maximumCount", COUNT, true, 0, 5, NULL, NULL },
	{ NULL, TEXT, false, 0, 0, NULL, NULL },
};

static const struct member tag[] = {
	{ "key", TEXT, true, 1, 128, NULL, NULL },
	{ "value", TEXT, true, 0, 256, NULL, NULL },
	{ NULL, TEXT, false, 0, 0, NULL, NULL },
};

static const struct member definition[] = {
	{ "category", CHOICE, true, 0, 0, categories, NULL },
	{ "provider", WORD, true, 1, 35, NULL, NULL },
	{ "version", WORD, true, 1, 9, NULL, NULL },
	{ "settings", OBJECT, false, 0, 0, NULL, settings },
	{ "configurationProperties", LIST, false, 0, 10, NULL, property },
	{ "inputArtifactDetails", OBJECT, true, 0, 0, NULL, artifacts },
	{ "outputArtifactDetails", OBJECT, true, 0, 0, NULL, artifacts },
	{ "tags", LIST, false, 0, 50, NULL, tag },
	{ NULL, TEXT, false, 0, 0, NULL, NULL },
};

static int	check_object(const json_t *, const struct member *,
		    const char *path, struct fail *);

static int
bad(struct fail *fail, const char *path, const char *why)
{
	return fail_set(fail, FAIL_CONFIG, "%s: %s", path, why);
}

/* --- single values --- */

static bool
is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

bool
model_category_valid(const char *text)
{
	return is_one_of(text, categories);
}

static int
check_text(const char *text, const struct member *m, const char *path,
    struct fail *fail)
{
	size_t n = utf8_count(text);

	if (n < (size_t)m->least)
		return bad(fail, path, "empty: leave it out or write a text");
	if (n > (size_t)m->most)
		return fail_set(fail, FAIL_CONFIG, "%s: longer than %d "
		    "characters", path, m->most);
	for (const char *p = text; *p != '\0'; p++)
		if (utf8_control(p) != 0)
			return bad(fail, path, "holds a control character");
	if (m->kind == WORD && !cp_chars_valid(text, "-_"))
		return bad(fail, path, "only letters, digits, '_' and '-' are "
		    "allowed");
	return 0;
}

static int
check_choice(const char *text, const struct member *m, const char *path,
    struct fail *fail)
{
	char list[128] = "";

	if (is_one_of(text, m->choices))
		return 0;
	for (size_t i = 0; m->choices[i] != NULL; i++) {
		(void)strlcat(list, i == 0 ? "" : ", ", sizeof(list));
		(void)strlcat(list, m->choices[i], sizeof(list));
	}
	return fail_set(fail, FAIL_CONFIG, "%s: must be one of %s", path,
	    list);
}

static int
check_list(const json_t *list, const struct member *m, const char *path,
    struct fail *fail)
{
	char at[PATH_MAX_BYTES + 24];
	const json_t *v;
	size_t i;

	if (json_array_size(list) > (size_t)m->most)
		return fail_set(fail, FAIL_CONFIG, "%s: %zu of them: at most "
		    "%d are allowed", path, json_array_size(list), m->most);
	json_array_foreach(list, i, v) {
		(void)snprintf(at, sizeof(at), "%s[%zu]", path, i);
		if (!json_is_object(v))
			return bad(fail, at, "must be an object");
		if (check_object(v, m->members, at, fail) != 0)
			return -1;
	}
	return 0;
}

static int
check_count(const json_t *v, const struct member *m, const char *path,
    struct fail *fail)
{
	if (json_is_integer(v) && json_integer_value(v) >= m->least &&
	    json_integer_value(v) <= m->most)
		return 0;
	return fail_set(fail, FAIL_CONFIG, "%s: must be a number from %d to "
	    "%d", path, m->least, m->most);
}

static int
check_value(const json_t *v, const struct member *m, const char *path,
    struct fail *fail)
{
	switch (m->kind) {
	case TEXT:
	case WORD:
		return json_is_string(v) ? check_text(json_string_value(v), m,
		    path, fail) : bad(fail, path, "must be a text");
	case CHOICE:
		return json_is_string(v) ? check_choice(json_string_value(v),
		    m, path, fail) : bad(fail, path, "must be a text");
	case FLAG:
		return json_is_boolean(v) ? 0 :
		    bad(fail, path, "must be true or false");
	case COUNT:
		return check_count(v, m, path, fail);
	case OBJECT:
		return json_is_object(v) ? check_object(v, m->members, path,
		    fail) : bad(fail, path, "must be an object");
	default:
		return json_is_array(v) ? check_list(v, m, path, fail) :
		    bad(fail, path, "must be a list");
	}
}

/* --- objects --- */

static void
join(char path[PATH_MAX_BYTES], const char *outer, const char *name)
{
	(void)snprintf(path, PATH_MAX_BYTES, "%s%s%.64s", outer,
	    *outer != '\0' ? "." : "", name);
	utf8_trim(path);
	utf8_clean(path, false);
}

static int
check_unknown(const json_t *o, const struct member *members, const char *outer,
    struct fail *fail)
{
	char path[PATH_MAX_BYTES];
	const struct member *m;
	const json_t *v;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)o, name, v) {
		for (m = members; m->name != NULL; m++)
			if (strcmp(m->name, name) == 0)
				break;
		if (m->name == NULL) {
			join(path, outer, name);
			return bad(fail, path, "CodePipeline has no such "
			    "member");
		}
	}
	return 0;
}

static int
check_object(const json_t *o, const struct member *members, const char *outer,
    struct fail *fail)
{
	char path[PATH_MAX_BYTES];
	const json_t *v;

	if (check_unknown(o, members, outer, fail) != 0)
		return -1;
	for (; members->name != NULL; members++) {
		join(path, outer, members->name);
		v = json_object_get(o, members->name);
		if (v == NULL && members->required)
			return bad(fail, path, "missing");
		if (v != NULL && check_value(v, members, path, fail) != 0)
			return -1;
	}
	return 0;
}

/* --- rules between members --- */

static const json_t *
property_named(const json_t *list, const char *name, size_t len)
{
	const json_t *p;
	size_t i;

	json_array_foreach(list, i, p) {
		const char *known = json_text(p, "name");

		if (strlen(known) == len && strncmp(known, name, len) == 0)
			return p;
	}
	return NULL;
}

static int
check_properties(const json_t *list, struct fail *fail)
{
	static const char all[] = "configurationProperties";
	const char *query = NULL, *name;
	const json_t *p;
	size_t i;

	json_array_foreach(list, i, p) {
		name = json_text(p, "name");
		if (property_named(list, name, strlen(name)) != p)
			return fail_set(fail, FAIL_CONFIG, "%s[%zu].name: %s "
			    "occurs twice", all, i, name);
		if (!json_flag(p, "queryable", false))
			continue;
		if (query != NULL)
			return fail_set(fail, FAIL_CONFIG, "%s[%zu].queryable: "
			    "only one property may be queryable, and %s is",
			    all, i, query);
		if (!json_flag(p, "required", false) ||
		    json_flag(p, "secret", false))
			return fail_set(fail, FAIL_CONFIG, "%s[%zu].queryable: "
			    "a queryable property must be required and not "
			    "secret", all, i);
		query = name;
	}
	return 0;
}

static int
check_counts(const json_t *input, const char *name, struct fail *fail)
{
	const json_t *o = json_object_get(input, name);

	if (json_int(o, "minimumCount", 0) <= json_int(o, "maximumCount", 0))
		return 0;
	return fail_set(fail, FAIL_CONFIG, "%s.minimumCount: larger than "
	    "maximumCount", name);
}

/* {Config:X} needs a property X that is required and not secret. */
static int
check_template(const json_t *input, const char *key, const char *text,
    struct fail *fail)
{
	static const char opening[] = "{Config:";
	const json_t *properties = json_array_of(input,
	    "configurationProperties"), *p;

	while ((text = strstr(text, opening)) != NULL) {
		text += strlen(opening);
		p = property_named(properties, text, strcspn(text, "}"));
		if (p == NULL || !json_flag(p, "required", false) ||
		    json_flag(p, "secret", false))
			return fail_set(fail, FAIL_CONFIG, "settings.%s: "
			    "%s%.*s}: must name a property that is required "
			    "and not secret", key, opening,
			    (int)strcspn(text, "}"), text);
	}
	return 0;
}

static int
check_templates(const json_t *input, struct fail *fail)
{
	json_t *list = json_object_of(input, "settings"), *v;
	const char *key;

	json_object_foreach(list, key, v)
		if (check_template(input, key, json_string_value(v),
		    fail) != 0)
			return -1;
	return 0;
}

int
model_check(const json_t *input, struct fail *fail)
{
	if (!json_is_object(input))
		return fail_set(fail, FAIL_CONFIG, "must be an object");
	if (check_object(input, definition, "", fail) != 0 ||
	    check_properties(json_array_of(input, "configurationProperties"),
	    fail) != 0 || check_counts(input, "inputArtifactDetails",
	    fail) != 0 || check_counts(input, "outputArtifactDetails",
	    fail) != 0)
		return -1;
	return check_templates(input, fail);
}
