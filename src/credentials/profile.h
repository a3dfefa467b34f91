/*
 * Credentials of a profile in the shared files.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "chain.h"

enum verdict	profile_look(const struct chain *, struct aws_found *,
		    struct fail *);

#endif
