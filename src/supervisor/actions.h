/*
 * The definition files of the action types.
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include <stddef.h>

#include "codepipeline.h"
#include "conf.h"
#include "fail.h"
#include "job.h"

struct action_type {
	enum job_action		 action;
	struct cp_action_type	 type;
	const char		*query;	/* value of type.property to poll with,
					   of the configuration; NULL: the type
					   has no such property */
};

/* Read start-sandbox.json, run-command.json, end-sandbox.json from
 * worker.actions_dir, else worker.data_dir/actions: category, provider,
 * version, queryable property. Yields one entry per action with poll = yes and
 * version of worker.versions; worker.query must be set exactly if the
 * definitions have a queryable property, and outlives the entries. FAIL_CONFIG
 * names file and member, or setting. */
int	actions_load(const struct conf *, struct action_type **, size_t *,
	    struct fail *);

#endif
