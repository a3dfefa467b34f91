/*
 * AWS: credentials, region, the way to CodePipeline, identity.
 */
#ifndef CHECK_AWS_H
#define CHECK_AWS_H

#include "checking.h"

/* Adds a line for each, and those of check_rights. */
void	check_aws(struct checking *);

#endif
