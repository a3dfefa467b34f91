/*
 * Enumerations as words: tables of names, indexed by the constants.
 */
#ifndef NAMES_H
#define NAMES_H

/* Index of a name among n, all of which are set; otherwise if it is NULL or
 * none of them. */
int	name_find(const char *const *names, int n, const char *name,
	    int otherwise);

#endif
