/*
 * Region, endpoints and the like (aws-contract 6).
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "chain.h"

/* Each borrowed, NULL if not set. */
const char	*settings_region(const struct chain *);
const char	*settings_ca_bundle(const struct chain *);
bool		 settings_flag(const struct chain *, const char *name,
		    const char *key);
/* Take how calls to AWS are made: attempts, application id. What is not
 * understood becomes a warning. */
void	settings_calls(const struct chain *, struct aws_found *);
/* Whether STS's global host serves the first regions. -1: neither "regional"
 * nor "legacy". */
int	settings_sts_legacy(const struct chain *, bool *, struct fail *);
/* -1: the profile names a services section that does not exist. */
int	settings_endpoint(const struct chain *, const char *service,
	    const char *name, const char **url, struct fail *);

#endif
