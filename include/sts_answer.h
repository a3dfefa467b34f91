/*
 * Answers of AWS's Security Token Service (aws-contract 5.4): XML, or JSON from
 * services that imitate it. No I/O.
 */
#ifndef STS_ANSWER_H
#define STS_ANSWER_H

#include <stdint.h>

#include "aws_error.h"
#include "credentials.h"
#include "fail.h"
#include "http.h"

#define STS_ANSWER_MAX	(64 * 1024)	/* bytes of an answer's body */

/* Who credentials belong to. Texts are cleaned; "": not said. */
struct sts_identity {
	char	account[13];	/* 12 digits */
	char	arn[2049];
	char	user_id[129];
};

/* Read a 2xx answer to AssumeRole or AssumeRoleWithWebIdentity: the credentials
 * into a zeroed struct, and the role's session. FAIL_SYSTEM: not understood, or
 * keys or a future expiry are missing; the text holds nothing of the answer.
 * now: wall clock in seconds. */
int	sts_read_credentials(const struct http_answer *, const char *operation,
	    int64_t now, struct credentials *, struct sts_identity *,
	    struct fail *);
/* Read a 2xx answer to GetCallerIdentity. */
int	sts_read_identity(const struct http_answer *, struct sts_identity *,
	    struct fail *);

/* Classify an answer, as aws_error_json does it. */
void	sts_error(const struct http_answer *, int64_t now, struct aws_error *);

/* The account in an ARN, 12 digits into a buffer of 13 bytes, "": none. */
void	sts_arn_account(const char *arn, char *account);

#endif
