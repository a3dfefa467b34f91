/*
 * Enumerations as words.
 */
#include <string.h>

#include "names.h"

int
name_find(const char *const *names, int n, const char *name, int otherwise)
{
	for (int i = 0; name != NULL && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return otherwise;
}
