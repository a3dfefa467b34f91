/*
 * S3's requests for artifacts (aws-contract 3). Only the executor links them.
 */
#ifndef S3_H
#define S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws_request.h"
#include "credentials.h"
#include "fail.h"

/* The bucket stands in the host name where the certificate covers that, else
 * and behind a custom endpoint in the path. FIPS endpoints know no buckets in
 * the path. */
struct s3_place {
	const char	*region;	/* of the bucket; gives the partition */
	const char	*endpoint;	/* custom, NULL: the real one */
	bool		 fips, dualstack;
	const char	*bucket;
	const char	*key;
};

/* attempt: NULL leaves its headers out. wall: seconds, corrected by the clock's
 * offset. */
int	s3_get_request(struct aws_request *, const struct s3_place *,
	    const struct credentials *, const struct aws_attempt *,
	    int64_t wall, struct fail *);
/* PUT, always with SSE-KMS, and with the key id unless it is NULL. The body
 * stays the caller's; its hash is signed and sent as the checksum. FAIL_CONFIG:
 * bucket, key or endpoint not valid, or a bucket that FIPS endpoints cannot
 * reach; FAIL_AUTH; FAIL_SYSTEM: over a limit, or a
 * control character in a header. */
int	s3_put_request(struct aws_request *, const struct s3_place *,
	    const struct credentials *, const struct aws_attempt *,
	    int64_t wall, const void *body, size_t len,
	    const char *content_type, const char *kms_key, struct fail *);

#endif
