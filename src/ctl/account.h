/*
 * The custom action types of an account and region (aws-contract 1.10).
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <jansson.h>
#include <stdbool.h>

#include "api.h"
#include "codepipeline.h"

/* New list of ActionType with owner Custom, all pages. Errors as of api_call,
 * with what to do. */
json_t	*account_types(struct api *, struct fail *);
/* Borrowed; NULL: not among them. */
json_t	*account_find(const json_t *types, const struct cp_action_type *);

/* Errors as of api_call, with what to do; the change may have happened if the
 * answer got lost: list the types again. */
int	account_create(struct api *, const json_t *input, struct fail *);
int	account_delete(struct api *, const struct cp_action_type *,
	    struct fail *);

/* List the types after a change, until this one is there, or is not, as wanted:
 * a change may take a moment to show, and one whose answer got lost may have
 * been made. why: how the change ended, FAIL_NONE if well. New list. NULL: it
 * did not come about, as why says, or the listing failed, or the list does not
 * show it. */
json_t	*account_await(struct api *, const struct cp_action_type *, bool there,
	    const struct fail *why, struct fail *);

#endif
