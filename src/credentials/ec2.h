/*
 * Credentials of an EC2 instance's role, and its region (aws-contract 5.8 as
 * corrected by aws-2026 1.4).
 */
#ifndef EC2_H
#define EC2_H

#include "chain.h"

/* Ask the instance metadata service for the role and its credentials, within
 * IMDS_TOTAL_MS. NOT_CONFIGURED: AWS_EC2_METADATA_DISABLED, no such service at
 * AWS's own addresses, or an instance without a role; fail says which.
 *
 * While AWS cannot renew a role's credentials, the service goes on offering the
 * last ones past their end, and AWS goes on taking them. So expired ones that
 * come from AWS's own addresses are FOUND, with a warning: a worker that starts
 * in such an outage works, too. From an endpoint that somebody named they are
 * BROKEN, since the one of Roles Anywhere offers its old ones when it cannot
 * renew them, and AWS refuses those. Either way, and while the service is away,
 * the supervisor keeps what it has, looks again with growing pauses, and lets
 * AWS decide. */
enum verdict	ec2_look(const struct chain *, struct aws_found *,
		    struct fail *);

/* The instance's region as new text, NULL if the service does not tell. If it
 * gave the credentials it gets IMDS_TOTAL_MS, and its faults become a warning;
 * else IMDS_BRIEF_MS, and nothing is said. */
char	*ec2_region(const struct chain *, struct aws_found *);

#endif
