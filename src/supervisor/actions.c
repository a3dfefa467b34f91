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
	    path, fail) == 0)
		rc = member_word(o, "version", type->version,
		    sizeof(type->version), path, fail);
out:
	json_decref(o);
	xfree_secret(text);
	free(path);
	return rc;
}

/* One entry per version of the setting; without the setting, the file's. */
static int
versions_add(const char *versions, enum job_action action,
    const struct cp_action_type *type, struct action_type *list, size_t *n,
    struct fail *fail)
{
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
		    fail) != 0 || versions_add(conf->worker.versions,
		    (enum job_action)i, &type, all, &used, fail) != 0) {
			free(all);
			return -1;
		}
	}
	*list = all;
	*n = used;
	return 0;
}
