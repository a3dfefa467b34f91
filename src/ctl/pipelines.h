/*
 * Which pipelines use an action type.
 */
#ifndef PIPELINES_H
#define PIPELINES_H

#include <jansson.h>
#include <stdbool.h>

#include "api.h"
#include "codepipeline.h"

#define PIPELINES_MAX	200	/* looked into */
#define PIPELINES_MS	60000	/* and for how long */

/* New list of {"pipeline", "stage", "action", "provider", "version"}: the
 * actions that have one of n types. *whole: all pipelines were looked into;
 * else there are more than PIPELINES_MAX, or time was up. NULL: errors as of
 * api_call. */
json_t	*pipelines_using(struct api *, const struct cp_action_type *, size_t n,
	    bool *whole, struct fail *);

#endif
