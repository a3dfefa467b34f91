/*
 * Credentials in environment variables (aws-contract 5.2).
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "chain.h"

enum verdict	environment_look(const struct chain *, struct aws_found *,
		    struct fail *);

/* Value of a variable, NULL if unset or empty. */
const char	*variable(const char *name);

#endif
