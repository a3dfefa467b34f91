/*
 * Credentials in environment variables (aws-contract 5.2).
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "chain.h"

enum verdict	environment_look(const struct chain *, struct aws_found *,
		    struct fail *);
/* The same even if an option names the profile: for a role whose source is the
 * environment. */
enum verdict	environment_keys(const struct chain *, struct aws_found *,
		    struct fail *);

/* Value of a variable, NULL if unset or empty. */
const char	*variable(const char *name);

#endif
