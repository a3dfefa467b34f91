/*
 * What AWS lets the worker do, and whether its action types are registered.
 */
#ifndef CHECK_RIGHTS_H
#define CHECK_RIGHTS_H

#include "api.h"
#include "checking.h"

/* Adds a line for each permission, for the clock and for the action types. Asks
 * for a job that cannot exist; polls only where no job can be lost. */
void	check_rights(struct checking *, struct api *);

#endif
