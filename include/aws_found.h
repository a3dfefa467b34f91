/*
 * What one look-up of aws-credentials found: credentials and the AWS settings
 * that go with them. aws-credentials prints it as one line of JSON, a
 * credential_process answer with members of our own; the supervisor and
 * qualictl read it.
 */
#ifndef AWS_FOUND_H
#define AWS_FOUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "credentials.h"
#include "fail.h"

#define AWS_FOUND_MAX		(64 * 1024)	/* bytes of the line */
#define AWS_WARNINGS_MAX	8		/* of one look-up */
#define AWS_ATTEMPTS_MAX	10		/* max_attempts goes so far */

enum aws_service { AWS_CODEPIPELINE, AWS_S3, AWS_STS, AWS_SERVICE_MAX };

/* Texts are NULL when not said. */
struct aws_found {
	struct credentials	 keys;
	char			*account;	/* 12 digits */
	char			*source;	/* a word: "environment",
						   "profile", "role",
						   "web-identity", "process",
						   "container", "ec2" */
	char			*origin;	/* for people: "profile ci of
						   /etc/x" */
	char			*region;
	char			*ca_bundle;
	char			*app_id;	/* for the User-Agent */
	char			*endpoint[AWS_SERVICE_MAX];
	bool			 use_fips, use_dualstack;
	int			 max_attempts;	/* of one call; 0: not said */
	char			*warning[AWS_WARNINGS_MAX];	/* for people */
	size_t			 nwarnings;
};

/* "codepipeline", "s3", "sts": as in names of variables and hosts. */
const char	*aws_service_name(enum aws_service);

void	aws_found_free(struct aws_found *);	/* members; zeroes, wipes */

/* Note a sentence for people, once; beyond AWS_WARNINGS_MAX it is dropped. */
void	aws_found_warn(struct aws_found *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* New object, owned by the caller; dump it with json_line. */
json_t	*aws_found_json(const struct aws_found *);
/* The other way, over a zeroed struct. FAIL_SYSTEM: not the line of this
 * version; the text holds no value of it. */
int	 aws_found_read(struct aws_found *, const char *, size_t len,
	    struct fail *);

#endif
