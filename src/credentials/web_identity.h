/*
 * Roles of a web identity: service accounts of EKS, OpenID Connect
 * (aws-contract 5.5).
 */
#ifndef WEB_IDENTITY_H
#define WEB_IDENTITY_H

#include "chain.h"

/* By AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME. The
 * file is read anew for each attempt. */
enum verdict	web_identity_look(const struct chain *, struct aws_found *,
		    struct fail *);
/* By web_identity_token_file, role_arn and role_session_name of a profile that
 * has the first. */
enum verdict	web_identity_profile(const struct chain *, const char *profile,
		    struct aws_found *, struct fail *);

#endif
