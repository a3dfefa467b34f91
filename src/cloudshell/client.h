/*
 * One request, sent once.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "types.h"

/* Send once, whatever comes. attempt counts from 1. */
void	cs_exchange(struct cs_client *, const struct cs_request *, int attempt,
	    struct cs_answer *);

/* Build "/api/v2" and the parts, each percent-encoded, '/' between; NULL ends
 * the list. -1 with FAIL_CONFIG: a part is empty, "." or "..", or too long. */
int	cs_path(struct buf *, struct fail *, ...) __attribute__((sentinel));

#endif
