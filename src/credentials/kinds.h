/*
 * The kinds of credentials that a profile can hold, and which of them counts.
 */
#ifndef KINDS_H
#define KINDS_H

#include "chain.h"

enum kind {
	KIND_ROLE, KIND_STATIC, KIND_WEB_IDENTITY, KIND_PROCESS, KIND_SSO,
	KIND_LOGIN,
	KIND_NONE
};

/* Which kind counts (aws-2026 1.9): in the profile that the worker uses, a role
 * comes first; in a profile that a role names as its source, keys do. Single
 * sign-on and login sessions come last, since they are not for a service. The
 * kinds that are ignored become a warning. */
enum kind	kinds_choose(const struct chain *, const char *profile,
		    bool source, struct aws_found *);

/* The fault of KIND_SSO and KIND_LOGIN, with what to write instead. Returns
 * -1. */
int	kinds_refuse(const struct chain *, const char *profile, enum kind,
	    struct fail *);

/* "profile ci of /etc/x", by the file that has a key; new text. */
char	*kinds_where(const struct chain *, const char *profile,
	    const char *key);

#endif
