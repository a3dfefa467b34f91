/*
 * A role that a profile names (aws-contract 5.4).
 */
#ifndef ROLE_H
#define ROLE_H

#include "chain.h"
#include "sts.h"

struct role {
	struct sts_role	 sts;
	const char	*source_profile;	/* this ... */
	const char	*credential_source;	/* ... or this, else NULL */
};

/* Read it out of a profile and check it, before anybody is asked. Pointers are
 * borrowed from the files. FAIL_CONFIG. */
int	role_read(const struct chain *, const char *profile, struct role *,
	    struct fail *);

/* Assume it with the credentials of its source. */
enum verdict	role_assume(const struct chain *, const char *profile,
		    const struct role *, const struct credentials *source,
		    struct aws_found *, struct fail *);

#endif
