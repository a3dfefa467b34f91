/*
 * qualictl actions validate: check definition files, without AWS.
 */
#include <string.h>
#include <unistd.h>

#include "actions_validate.h"
#include "definition.h"
#include "job.h"
#include "out.h"
#include "settings.h"

/* Whether a word stands for a file, be it there or not. */
static bool
is_file(const char *word)
{
	return strpbrk(word, "/.") != NULL || access(word, F_OK) == 0;
}

/* -1: a word names neither an action nor a file. */
static int
words_good(int argc, char **argv, struct fail *fail)
{
	for (int i = 0; i < argc; i++)
		if (job_action_parse(argv[i]) == ACTION_MAX &&
		    !is_file(argv[i]))
			return fail_set(fail, FAIL_CONFIG, "%.100s: no such "
			    "action or file: there are the actions "
			    "start-sandbox, run-command and end-sandbox",
			    argv[i]);
	return 0;
}

/* A file by its path, or an action's; -1: the definition is wrong. */
static int
check(const struct conf *conf, const char *word, struct definition *d,
    struct fail *fail)
{
	int rc;

	if (job_action_parse(word) != ACTION_MAX)
		rc = definition_load(d, conf->worker.actions_dir,
		    conf->worker.data_dir, word, fail);
	else
		rc = definition_read(d, word, fail);
	return rc != 0 ? rc : definition_check(d, fail);
}

/* Returns whether it is right. */
static bool
check_one(const struct ctl *ctl, const char *word, json_t *rows)
{
	struct definition d = { .path = NULL };
	struct fail fail;
	json_t *o = json_object();
	bool good = check(&ctl->conf, word, &d, &fail) == 0;

	(void)json_object_set_new(o, "name", out_text(word));
	(void)json_object_set_new(o, "file", out_text(d.path));
	(void)json_object_set_new(o, "valid", json_boolean(good));
	(void)json_object_set_new(o, "fault", good ? json_null() :
	    out_text(fail.text));
	(void)json_array_append_new(rows, o);
	if (!good)
		out_error("%s", fail.text);
	else if (!ctl->json)
		out_line("%s: %s %s %s: good", d.path, d.type.category,
		    d.type.provider, d.type.version);
	definition_free(&d);
	return good;
}

int
actions_validate(struct ctl *ctl, int argc, char **argv)
{
	json_t *o = json_object(), *rows = json_array();
	struct fail fail;
	bool no_such = words_good(argc, argv, &fail) != 0, good = true;
	bool known = !no_such && settings_good(ctl, &fail) == 0;
	int status;

	for (int i = 0; known && i < argc; i++)
		good = check_one(ctl, argv[i], rows) && good;
	for (int i = 0; known && argc == 0 && i < ACTION_MAX; i++)
		good = check_one(ctl, job_action_name((enum job_action)i),
		    rows) && good;
	(void)json_object_set_new(o, "files", rows);
	status = out_result(ctl->json, o, known ? NULL : &fail);
	if (no_such)
		return CTL_USAGE;
	return good ? status : CTL_FAILED;
}
