/*
 * Runs aws-credentials and waits for what it finds.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws_found.h"
#include "aws_lookup.h"
#include "fail.h"

/* How to look; borrowed. */
struct keys_place {
	struct aws_lookup lookup;
	char *const	*env;		/* the child gets what the supervisor
					   would hand on of it */
	int64_t		 limit_ms;	/* 0: AWS_LOOKUP_MS */
};

/* Over a zeroed struct, which the caller frees. *none, if it fails: nothing
 * there configures credentials; else something is configured but does not
 * work. FAIL_CONFIG with what the program said, FAIL_SYSTEM. */
int	keys_find(const struct keys_place *, struct aws_found *, bool *none,
	    struct fail *);

#endif
