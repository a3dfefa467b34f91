/*
 * Patterns of AWS's service models (aws-contract 1.4, 5.4).
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>

/* Whether a text is one or more letters, digits and extra characters, as the
 * patterns of the service's model have it. */
bool	cp_chars_valid(const char *, const char *extra);

#endif
