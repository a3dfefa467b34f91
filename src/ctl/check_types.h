/*
 * The action types that the worker polls for against those of the account.
 */
#ifndef CHECK_TYPES_H
#define CHECK_TYPES_H

#include <jansson.h>
#include <stdbool.h>

#include "chosen.h"
#include "findings.h"

/* Add the lines "actions". types: a list as account_types makes it. compare:
 * its entries are whole, not only ids. */
void	check_types(struct findings *, const struct choice *,
	    const json_t *types, bool compare);

#endif
