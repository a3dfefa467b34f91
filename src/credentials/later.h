/*
 * Providers that later versions will know.
 */
#ifndef LATER_H
#define LATER_H

#include "chain.h"

/* BROKEN if one of them is configured. */
enum verdict	later_look(const struct chain *, struct aws_found *,
		    struct fail *);

#endif
