/*
 * What somebody may have meant by a name that does not exist.
 */
#ifndef NEAR_H
#define NEAR_H

#include <stdbool.h>

#define NEAR_NONE	4	/* *best before the first look: letters changed
				   at most, and one */

/* Whether a known name is near enough to the given one to be meant, and nearer
 * than *best, which it then updates. Case does not count. */
bool	near_enough(const char *given, const char *known, unsigned *best);

#endif
