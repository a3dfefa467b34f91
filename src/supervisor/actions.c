/*
 * The action types that the supervisor polls for.
 */
#include <stdlib.h>

#include "actions.h"
#include "definition.h"
#include "mem.h"

/* Add the versions of one action. */
static int
versions_add(const struct conf *conf, enum job_action action,
    struct action_type *list, size_t *n, struct fail *fail)
{
	struct cp_action_type versions[DEFINITION_VERSIONS_MAX];
	struct definition d;
	size_t found;
	int rc;

	if (definition_load(&d, conf->worker.actions_dir,
	    conf->worker.data_dir, job_action_name(action), fail) != 0)
		return -1;
	rc = definition_versions(conf->worker.versions, &d.type, versions,
	    &found, fail);
	if (rc == 0)
		rc = definition_query(&d, conf->worker.query, versions, found,
		    fail);
	definition_free(&d);
	if (rc != 0)
		return -1;
	for (size_t i = 0; i < found; i++) {
		list[*n].action = action;
		list[*n].query = conf->worker.query;
		list[(*n)++].type = versions[i];
	}
	return 0;
}

int
actions_load(const struct conf *conf, struct action_type **list, size_t *n,
    struct fail *fail)
{
	struct action_type *all;
	size_t used = 0;

	all = xcalloc(ACTION_MAX * DEFINITION_VERSIONS_MAX, sizeof(*all));
	for (int i = 0; i < ACTION_MAX; i++)
		if (conf->action[i].poll && versions_add(conf,
		    (enum job_action)i, all, &used, fail) != 0) {
			free(all);
			return -1;
		}
	*list = all;
	*n = used;
	return 0;
}
