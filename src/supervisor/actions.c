/*
 * The definition files of the action types, which the supervisor polls for and
 * qualictl registers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "codepipeline.h"
#include "json.h"
#include "mem.h"
#include "sys.h"
#include "utf8.h"

#define ACTIONS_FILE_MAX	(64 * 1024)	/* bytes of a definition file */
#define ACTIONS_VERSIONS_MAX	16		/* versions polled */

static const char word_characters[] = "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

static const char *const categories[] = { "Source", "Build", "Deploy", "Test",
	"Invoke", "Approval", "Compute" };

/* The file's text and its path, which the caller frees in any case. */
static char *
definition_read(const struct conf *conf, enum job_action action, char **path,
    size_t *len, struct fail *fail)
{
	char *text;

	*path = NULL;
	if (conf->worker.actions_dir != NULL) {
		*path = xasprintf("%s/%s.json", conf->worker.actions_dir,
		    job_action_name(action));
		text = sys_read_file(*path, ACTIONS_FILE_MAX, len);
		if (text != NULL)
			return text;
		if (errno != ENOENT && errno != ENOTDIR)
			goto bad;
		free(*path);
	}
	*path = xasprintf("%s/actions/%s.json", conf->worker.data_dir,
	    job_action_name(action));
	text = sys_read_file(*path, ACTIONS_FILE_MAX, len);
	if (text != NULL)
		return text;
bad:
	(void)fail_set(fail, FAIL_CONFIG, "%s: %s", *path,
	    sys_read_error(errno, ACTIONS_FILE_MAX));
	return NULL;
}

/* Copy a member that the model limits to letters, digits, '_' and '-'. */
static int
member_word(const json_t *o, const char *key, char *dst, size_t size,
    const char *path, struct fail *fail)
{
	const char *text = json_text(o, key);

	if (text == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: missing or not a "
		    "text", path, key);
	if (*text == '\0' || text[strspn(text, word_characters)] != '\0' ||
	    strlcpy(dst, text, size) >= size)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: must be 1 to %zu "
		    "letters, digits, '_' or '-'", path, key, size - 1);
	return 0;
}

static int
category_check(const char *category, const char *path, struct fail *fail)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
		if (strcmp(category, categories[i]) == 0)
			return 0;
	return fail_set(fail, FAIL_CONFIG, "%s: category: CodePipeline has no "
	    "category %s", path, category);
}

/* The one property that a poll gives a value of (aws-contract 1.10). */
static int
queryable_load(const json_t *o, struct cp_action_type *type, const char *path,
    struct fail *fail)
{
	json_t *list = json_array_of(o, "configurationProperties"), *p;
	const char *name;
	size_t i;

	json_array_foreach(list, i, p) {
		if (!json_flag(p, "queryable", false))
			continue;
		name = json_text(p, "name");
		if (name == NULL || *name == '\0' ||
		    utf8_count(name) > CP_PROPERTY_MAX)
			return fail_set(fail, FAIL_CONFIG, "%s: "
			    "configurationProperties: the name of a queryable "
			    "property must be a text of 1 to %d characters",
			    path, CP_PROPERTY_MAX);
		if (type->property[0] != '\0')
			return fail_set(fail, FAIL_CONFIG, "%s: "
			    "configurationProperties: %s and %s are queryable, "
			    "but CodePipeline allows only one", path,
			    type->property, name);
		if (!json_flag(p, "required", false) ||
		    json_flag(p, "secret", false))
			return fail_set(fail, FAIL_CONFIG, "%s: "
			    "configurationProperties: %s is queryable, so it "
			    "must be required and must not be secret", path,
			    name);
		(void)strlcpy(type->property, name, sizeof(type->property));
	}
	return 0;
}

static bool
versions_have(const char *versions, const char *version)
{
	size_t len;

	for (const char *p = versions; *p != '\0'; p += len) {
		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len == strlen(version) && strncmp(p, version, len) == 0)
			return true;
	}
	return false;
}

/* CodePipeline refuses polls without a value where the type has a queryable
 * property, and polls with one where it has none (aws-contract 1.5). */
static int
query_check(const struct conf *conf, const struct cp_action_type *type,
    const char *path, struct fail *fail)
{
	const char *versions = conf->worker.versions;

	if (conf->worker.query == NULL && type->property[0] == '\0')
		return 0;
	if (conf->worker.query == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: "
		    "configurationProperties: %s is queryable, so polls must "
		    "give a value for it: set query in section [worker]", path,
		    type->property);
	if (type->property[0] == '\0')
		return fail_set(fail, FAIL_CONFIG, "worker.query: %s has no "
		    "queryable property: put definitions that have one into "
		    "worker.actions_dir, or leave query out", path);
	if (versions != NULL && versions[strspn(versions, " ")] != '\0' &&
	    !versions_have(versions, type->version))
		return fail_set(fail, FAIL_CONFIG, "worker.versions: the "
		    "queryable property %s belongs to version %s (%s): write "
		    "versions = %s", type->property, type->version, path,
		    type->version);
	return 0;
}

static int
definition_load(const struct conf *conf, enum job_action action,
    struct cp_action_type *type, struct fail *fail)
{
	char *path, *text;
	json_t *o = NULL;
	size_t len;
	int rc = -1;

	if ((text = definition_read(conf, action, &path, &len, fail)) == NULL)
		goto out;
	if ((o = json_parse(text, len, fail)) == NULL) {
		(void)fail_prefix(fail, "%s: ", path);
		fail->kind = FAIL_CONFIG;
		goto out;
	}
	if (member_word(o, "category", type->category, sizeof(type->category),
	    path, fail) == 0 &&
	    category_check(type->category, path, fail) == 0 &&
	    member_word(o, "provider", type->provider, sizeof(type->provider),
	    path, fail) == 0 &&
	    member_word(o, "version", type->version, sizeof(type->version),
	    path, fail) == 0 &&
	    queryable_load(o, type, path, fail) == 0)
		rc = query_check(conf, type, path, fail);
out:
	json_decref(o);
	xfree_secret(text);
	free(path);
	return rc;
}

/* One entry per version of the setting; without the setting, the file's. */
static int
versions_add(const struct conf *conf, enum job_action action,
    const struct cp_action_type *type, struct action_type *list, size_t *n,
    struct fail *fail)
{
	const char *versions = conf->worker.versions;
	static const char separators[] = " ";
	size_t begin = *n, len;
	bool known;

	if (versions == NULL || versions[strspn(versions, separators)] == '\0')
		versions = type->version;
	for (const char *p = versions;; p += len) {
		struct action_type *a = &list[*n];

		p += strspn(p, separators);
		if ((len = strcspn(p, separators)) == 0)
			return 0;
		if (len >= sizeof(a->type.version) ||
		    strspn(p, word_characters) < len)
			return fail_set(fail, FAIL_CONFIG, "worker.versions: a "
			    "version is 1 to %zu letters, digits, '_' or '-'",
			    sizeof(a->type.version) - 1);
		if (*n - begin == ACTIONS_VERSIONS_MAX)
			return fail_set(fail, FAIL_CONFIG, "worker.versions: "
			    "more than %d versions", ACTIONS_VERSIONS_MAX);
		a->action = action;
		a->type = *type;
		a->query = conf->worker.query;
		memset(a->type.version, 0, sizeof(a->type.version));
		memcpy(a->type.version, p, len);
		known = false;
		for (size_t i = begin; i < *n; i++)
			known = known || strcmp(list[i].type.version,
			    a->type.version) == 0;
		if (!known)
			(*n)++;
	}
}

int
actions_load(const struct conf *conf, struct action_type **list, size_t *n,
    struct fail *fail)
{
	struct cp_action_type type;
	struct action_type *all;
	size_t used = 0;

	all = xcalloc(ACTION_MAX * ACTIONS_VERSIONS_MAX + 1, sizeof(*all));
	for (int i = 0; i < ACTION_MAX; i++) {
		if (!conf->action[i].poll)
			continue;
		memset(&type, 0, sizeof(type));
		if (definition_load(conf, (enum job_action)i, &type,
		    fail) != 0 || versions_add(conf,
		    (enum job_action)i, &type, all, &used, fail) != 0) {
			free(all);
			return -1;
		}
	}
	*list = all;
	*n = used;
	return 0;
}
