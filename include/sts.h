/*
 * Requests to AWS's Security Token Service (aws-contract 5.4, 5.5). No I/O.
 */
#ifndef STS_H
#define STS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws_request.h"
#include "credentials.h"
#include "endpoint.h"
#include "fail.h"

#define STS_ARN_MIN		20	/* characters of a role's ARN */
#define STS_ARN_MAX		2048
#define STS_SESSION_MIN		2	/* of a session's name */
#define STS_SESSION_MAX		64
#define STS_EXTERNAL_MIN	2	/* of an external id */
#define STS_EXTERNAL_MAX	1224
#define STS_DURATION_MIN_S	900
#define STS_DURATION_MAX_S	43200
#define STS_TOKEN_MIN		4	/* of a web identity's token */
#define STS_TOKEN_MAX		20000

/* Which STS to ask. Pointers are borrowed. */
struct sts_place {
	const char	*region;	/* NULL: not known */
	const char	*endpoint;	/* configured URL, or NULL */
	bool		 fips, dualstack;
	bool		 legacy;	/* sts_regional_endpoints = legacy: the
					   global host for the first regions */
};

/* Where that is and for which region to sign, a region's name in a buffer of
 * AWS_REGION_SIZE. FAIL_CONFIG: no region, or as aws_endpoint_find. */
int	sts_place_find(const struct sts_place *, struct aws_endpoint *,
	    char *region, struct fail *);

/* A role to be assumed. Pointers are borrowed. */
struct sts_role {
	const char	*arn;
	const char	*session;	/* name of the session */
	const char	*external_id;	/* NULL: none */
	int		 duration_s;	/* 0: STS's own, an hour */
};

/* FAIL_CONFIG: something of the role is outside the limits above; the text
 * names it as a profile's key does. */
int	sts_role_check(const struct sts_role *, struct fail *);

/* Fill a zeroed request. FAIL_CONFIG as sts_place_find and sts_role_check.
 * wall: seconds, corrected by the clock's offset. */
int	sts_assume_role(struct aws_request *, const struct sts_place *,
	    const struct sts_role *, const struct credentials *,
	    const struct aws_attempt *, int64_t wall, struct fail *);
/* Not signed: the token is the proof. It is a secret and has STS_TOKEN_MIN to
 * STS_TOKEN_MAX characters. The external id is ignored. */
int	sts_web_identity(struct aws_request *, const struct sts_place *,
	    const struct sts_role *, const char *token,
	    const struct aws_attempt *, struct fail *);
int	sts_caller_identity(struct aws_request *, const struct sts_place *,
	    const struct credentials *, const struct aws_attempt *,
	    int64_t wall, struct fail *);

#endif
