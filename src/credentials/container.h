/*
 * Credentials of a container: ECS, EKS Pod Identity, and agents that do as they
 * do (aws-contract 5.7 as corrected by aws-2026 1.3).
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "chain.h"

/* Ask the endpoint that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI names, else
 * _FULL_URI, which must be https or have a host among loopback addresses,
 * "localhost" and the addresses of ECS and EKS: no name is looked up, so nobody
 * can move it. The token comes from AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
 * read anew each time, else from AWS_CONTAINER_AUTHORIZATION_TOKEN. Takes at
 * most 8 s. NOT_CONFIGURED: neither URI is set. No text shows a token, or the
 * path of a relative URI, which lets other containers of the host ask, too. */
enum verdict	container_look(const struct chain *, struct aws_found *,
		    struct fail *);

#endif
