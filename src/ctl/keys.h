/*
 * Runs aws-credentials and waits for what it finds.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>

#include "aws_found.h"
#include "fail.h"

#define KEYS_LIMIT_MS	60000	/* as long as the supervisor waits */

/* Where to look; texts are borrowed, NULL: not given. */
struct keys_place {
	const char	*program;	/* path of aws-credentials */
	const char	*profile;
	const char	*region;
	const char	*config_file;
	const char	*credentials_file;
	bool		 metadata_v1;	/* of EC2, too */
	char *const	*env;		/* the child gets what the supervisor
					   would hand on of it */
	int64_t		 limit_ms;	/* 0: KEYS_LIMIT_MS */
};

/* Over a zeroed struct, which the caller frees. *none, if it fails: nothing
 * there configures credentials; else something is configured but does not
 * work. FAIL_CONFIG with what the program said, FAIL_SYSTEM. */
int	keys_find(const struct keys_place *, struct aws_found *, bool *none,
	    struct fail *);

#endif
