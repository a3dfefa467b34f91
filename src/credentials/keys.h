/*
 * What all providers share: checks of what they found.
 */
#ifndef KEYS_H
#define KEYS_H

#include "chain.h"

#define AWS_KEY_MAX	(16 * 1024)	/* bytes of a key or token; tokens take
					   kilobytes and have no known limit */

/* Check and take a key pair and a token (NULL: none) from one source, which
 * texts call where; source is its word for machines (aws_found.h). An id or
 * secret_key that is NULL is the fault. */
int	keys_take(struct aws_found *, const char *id, const char *secret_key,
	    const char *token, const char *source, const char *where,
	    struct fail *);
/* ISO 8601 with a time zone to seconds. -1: not understood. */
int	keys_expiry(const char *, int64_t *);

#endif
