/*
 * Which component of a sandbox a ComponentName means.
 */
#ifndef MATCH_H
#define MATCH_H

#include <stddef.h>

#include "cloudshell.h"
#include "fail.h"

/* The index of the only one of n components whose name is the text or, if none
 * is, which matches it as a regular expression from its start. -1 with
 * FAIL_CONFIG, which lists the candidates, or FAIL_SYSTEM (out of memory). */
int	component_match(const char *, const struct cs_component *, size_t n,
	    struct fail *);

#endif
