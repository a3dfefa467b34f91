/*
 * qualictl actions validate: check definition files, without AWS.
 */
#include <string.h>

#include "actions_validate.h"
#include "definition.h"
#include "job.h"
#include "out.h"

/* A file by its path, or an action's; -1: the definition is wrong, or there is
 * no such action. */
static int
check(const struct conf *conf, const char *word, struct definition *d,
    struct fail *fail)
{
	int rc;

	if (strchr(word, '/') != NULL || strchr(word, '.') != NULL)
		rc = definition_read(d, word, fail);
	else if (job_action_parse(word) != ACTION_MAX)
		rc = definition_load(d, conf->worker.actions_dir,
		    conf->worker.data_dir, word, fail);
	else
		return fail_set(fail, FAIL_CONFIG, "%.100s: name a file, or "
		    "start-sandbox, run-command or end-sandbox", word);
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
	bool good = true;

	for (int i = 0; i < argc; i++)
		good = check_one(ctl, argv[i], rows) && good;
	for (int i = 0; argc == 0 && i < ACTION_MAX; i++)
		good = check_one(ctl, job_action_name((enum job_action)i),
		    rows) && good;
	(void)json_object_set_new(o, "files", rows);
	(void)out_result(ctl->json, o, NULL);
	return good ? CTL_OK : CTL_FAILED;
}
