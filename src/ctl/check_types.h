/*
 * The action types that the worker polls for against those of the account.
 */
#ifndef CHECK_TYPES_H
#define CHECK_TYPES_H

#include <jansson.h>
#include <stdbool.h>

#include "chosen.h"
#include "conf.h"
#include "findings.h"

/* Add the lines "actions". types: a list as account_types makes it, of region.
 * compare: its entries are whole, not only ids. By default the worker also
 * polls for the version of Quali's former worker: that need not be
 * registered. */
void	check_types(struct findings *, const struct conf *,
	    const struct choice *, const char *region, const json_t *types,
	    bool compare);

#endif
