/*
 * The definition files of the action types.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codepipeline.h"
#include "definition.h"
#include "definition_model.h"
#include "json.h"
#include "mem.h"
#include "model.h"
#include "sys.h"
#include "utf8.h"

/* --- reading --- */

static int
unreadable(const char *path, int errnum, struct fail *fail)
{
	return fail_set(fail, FAIL_CONFIG, "%s: %s", path,
	    sys_read_error(errnum, DEFINITION_FILE_MAX));
}

/* Copy a member that the model limits to letters, digits, '_' and '-'. */
static int
member_word(const struct definition *d, const char *key, char *dst, size_t size,
    struct fail *fail)
{
	const char *text = json_text(d->input, key);

	if (text == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: missing or not a "
		    "text", d->path, key);
	if (!cp_chars_valid(text, "-_") || strlcpy(dst, text, size) >= size)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: must be 1 to %zu "
		    "letters, digits, '_' or '-'", d->path, key, size - 1);
	return 0;
}

/* definition_check says what is wrong with the property. */
static void
take_queryable(struct definition *d)
{
	const json_t *p;
	const char *name;
	size_t i;

	json_array_foreach(json_array_of(d->input, "configurationProperties"),
	    i, p) {
		name = json_text(p, "name");
		if (!json_flag(p, "queryable", false) || name == NULL ||
		    utf8_count(name) > CP_PROPERTY_MAX)
			continue;
		(void)strlcpy(d->type.property, name,
		    sizeof(d->type.property));
		return;
	}
}

static int
take(struct definition *d, const char *text, size_t len, struct fail *fail)
{
	struct cp_action_type *type = &d->type;

	if ((d->input = json_parse(text, len, fail)) == NULL) {
		(void)fail_prefix(fail, "%s: ", d->path);
		fail->kind = FAIL_CONFIG;
		return -1;
	}
	if (member_word(d, "category", type->category, sizeof(type->category),
	    fail) != 0)
		return -1;
	if (!model_category_valid(type->category))
		return fail_set(fail, FAIL_CONFIG, "%s: category: CodePipeline "
		    "has no category %s", d->path, type->category);
	if (member_word(d, "provider", type->provider, sizeof(type->provider),
	    fail) != 0)
		return -1;
	take_queryable(d);
	return member_word(d, "version", type->version, sizeof(type->version),
	    fail);
}

/* Takes path and text. */
static int
finish(struct definition *d, char *path, char *text, size_t len,
    struct fail *fail)
{
	int rc;

	memset(d, 0, sizeof(*d));
	d->path = path;
	rc = take(d, text, len, fail);
	xfree_secret(text);
	if (rc != 0)
		definition_free(d);
	return rc;
}

int
definition_read(struct definition *d, const char *path, struct fail *fail)
{
	size_t len;
	char *text = sys_read_file(path, DEFINITION_FILE_MAX, &len);

	memset(d, 0, sizeof(*d));
	if (text == NULL)
		return unreadable(path, errno, fail);
	return finish(d, xstrdup(path), text, len, fail);
}

int
definition_load(struct definition *d, const char *own_dir,
    const char *data_dir, const char *name, struct fail *fail)
{
	char *path = NULL, *text;
	size_t len;

	memset(d, 0, sizeof(*d));
	if (own_dir != NULL) {
		path = xasprintf("%s/%s.json", own_dir, name);
		text = sys_read_file(path, DEFINITION_FILE_MAX, &len);
		if (text != NULL)
			return finish(d, path, text, len, fail);
		if (errno != ENOENT && errno != ENOTDIR)
			goto bad;
		free(path);
	}
	path = xasprintf("%s/actions/%s.json", data_dir, name);
	text = sys_read_file(path, DEFINITION_FILE_MAX, &len);
	if (text != NULL)
		return finish(d, path, text, len, fail);
bad:
	(void)unreadable(path, errno, fail);
	free(path);
	return -1;
}

void
definition_free(struct definition *d)
{
	free(d->path);
	json_decref(d->input);
	memset(d, 0, sizeof(*d));
}

int
definition_check(const struct definition *d, struct fail *fail)
{
	if (model_check(d->input, fail) == 0)
		return 0;
	return fail_prefix(fail, "%s", d->path);
}

/* --- what the worker polls for --- */

static bool
known(const struct cp_action_type *list, size_t n, const char *version)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].version, version) == 0)
			return true;
	return false;
}

int
definition_versions(const char *setting, const struct cp_action_type *type,
    struct cp_action_type *list, size_t *n, struct fail *fail)
{
	static const char separators[] = " ";
	struct cp_action_type one;
	size_t len;

	*n = 0;
	if (setting == NULL || setting[strspn(setting, separators)] == '\0')
		setting = type->version;
	for (const char *p = setting;; p += len) {
		p += strspn(p, separators);
		if ((len = strcspn(p, separators)) == 0)
			return 0;
		one = *type;
		memset(one.version, 0, sizeof(one.version));
		if (len < sizeof(one.version))
			memcpy(one.version, p, len);
		if (!cp_chars_valid(one.version, "-_"))
			return fail_set(fail, FAIL_CONFIG, "worker.versions: a "
			    "version is 1 to %zu letters, digits, '_' or '-'",
			    sizeof(one.version) - 1);
		if (*n == DEFINITION_VERSIONS_MAX)
			return fail_set(fail, FAIL_CONFIG, "worker.versions: "
			    "more than %d versions", DEFINITION_VERSIONS_MAX);
		if (!known(list, *n, one.version))
			list[(*n)++] = one;
	}
}

/* CodePipeline refuses polls without a value where the type has a queryable
 * property, and polls with one where it has none (aws-contract 1.5). */
int
definition_query(const struct definition *d, const char *query,
    const struct cp_action_type *versions, size_t n, struct fail *fail)
{
	const char *property = d->type.property;

	if (query == NULL && property[0] == '\0')
		return 0;
	if (query == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: "
		    "configurationProperties: %s is queryable, so polls must "
		    "give a value for it: set query in section [worker]",
		    d->path, property);
	if (property[0] == '\0')
		return fail_set(fail, FAIL_CONFIG, "worker.query: %s has no "
		    "queryable property: put definitions that have one into "
		    "worker.actions_dir, or leave query out", d->path);
	if (known(versions, n, d->type.version))
		return 0;
	return fail_set(fail, FAIL_CONFIG, "worker.versions: the queryable "
	    "property %s belongs to version %s (%s): write versions = %s",
	    property, d->type.version, d->path, d->type.version);
}

/* --- what is sent --- */

/* New text, or NULL: the template is left out. */
static json_t *
template_fill(const char *template, const char *portal_url)
{
	size_t len = strlen(DEFINITION_PORTAL);
	json_t *v;
	char *text;

	if (template == NULL || strncmp(template, DEFINITION_PORTAL,
	    len) != 0 || (template[len] != '/' && template[len] != '\0'))
		return json_string(template);
	if (portal_url == NULL)
		return NULL;
	text = xasprintf("%s%s", portal_url, template + len);
	v = json_string(text);
	free(text);
	return v;
}

static json_t *
settings_fill(json_t *settings, const char *portal_url)
{
	json_t *out = json_object(), *v;
	const char *name;

	json_object_foreach(settings, name, v)
		if ((v = template_fill(json_string_value(v),
		    portal_url)) != NULL)
			(void)json_object_set_new(out, name, v);
	return out;
}

static bool
is_empty(const json_t *v)
{
	return (json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0);
}

json_t *
definition_input(const struct definition *d, const char *portal_url)
{
	json_t *out = json_object(), *v;
	const char *name;

	json_object_foreach(d->input, name, v) {
		v = strcmp(name, "settings") == 0 ?
		    settings_fill(v, portal_url) : json_incref(v);
		if (!is_empty(v))
			(void)json_object_set(out, name, v);
		json_decref(v);
	}
	return out;
}
