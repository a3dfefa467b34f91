/*
 * What an id may be made of.
 */
#include <string.h>

#include "id.h"

bool
id_plain(const char *id)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(id);

	return n > 0 && n < ID_SIZE && id[0] != '.' && strspn(id, plain) == n;
}
