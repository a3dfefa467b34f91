/*
 * How near two names are.
 */
#include <string.h>
#include <strings.h>

#include "near.h"

#define NAME_SIZE	48	/* longer names get no hint */

/* How many letters to add, drop or change between two names. */
static unsigned
distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned row[NAME_SIZE + 1];

	if (na > NAME_SIZE || nb > NAME_SIZE)
		return NAME_SIZE;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned least = diagonal +
			    (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);

			diagonal = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[nb];
}

/* Near enough to be meant; changing most of a short name is not. */
bool
near_enough(const char *given, const char *known, unsigned *best)
{
	unsigned d = distance(given, known);

	if (d >= NEAR_NONE || d * 2 >= strlen(known) || d >= *best)
		return false;
	*best = d;
	return true;
}
