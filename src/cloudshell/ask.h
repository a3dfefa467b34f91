/*
 * What every call but login and logout goes through.
 */
#ifndef ASK_H
#define ASK_H

#include "types.h"

/* cs_retry, logging in where the rule says so. */
int	cs_ask(struct cs_client *, const struct cs_request *,
	    struct cs_answer *, struct fail *);

#endif
