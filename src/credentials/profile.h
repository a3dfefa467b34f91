/*
 * Credentials of a profile in the shared files.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "chain.h"

/* What the chain's profile holds or leads to. NOT_CONFIGURED: no credentials of
 * any kind. */
enum verdict	profile_look(const struct chain *, struct aws_found *,
		    struct fail *);

#endif
