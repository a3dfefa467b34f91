/*
 * Patterns of AWS's service models (aws-contract 1.4, 5.4).
 */
#include <ctype.h>
#include <string.h>

#include "model.h"

bool
cp_chars_valid(const char *text, const char *extra)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!isascii((unsigned char)*text) ||
		    (!isalnum((unsigned char)*text) &&
		    strchr(extra, *text) == NULL))
			return false;
	return true;
}
