/*
 * The keys that a profile itself holds.
 */
#ifndef STATIC_H
#define STATIC_H

#include "chain.h"

/* Keys and token from either file; the credentials file wins for each. */
enum verdict	static_look(const struct chain *, const char *profile,
		    struct aws_found *, struct fail *);

#endif
