/*
 * One object from or to S3.
 */
#ifndef S3_TRANSFER_H
#define S3_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws_retry.h"
#include "buf.h"
#include "credentials.h"
#include "fail.h"
#include "http_client.h"
#include "job.h"

/* Attempts of a transfer unless max_attempts says otherwise: more than the SDKs
 * make, since what the job has done by then may have taken an hour. */
#define S3_ATTEMPTS	8

/* How a job reaches its objects. All that it points to must outlive it.
 * Transfers note in it what the next ones need: the credentials' age, the skew,
 * where a bucket is, and what is left of the quota of retries. */
struct s3_access {
	struct http_client *http;
	const char	*region;	/* NULL: not known */
	const char	*endpoint;	/* NULL: the real one */
	bool		 fips, dualstack;
	const char	*ca;		/* PEM text, NULL: the system's */
	const char	*user_agent;	/* NULL: the program's name */
	const char	*encryption_type;	/* "KMS", NULL: not said */
	const char	*encryption_key;	/* NULL: the default key */
	struct credentials *credentials;	/* replaced by renew */
	int64_t		 credentials_ms;	/* of SYS_CLOCK: when they
						   came */
	int64_t		 deadline_ms;	/* of SYS_CLOCK: no retry after it */
	int64_t		 skew_s;	/* S3's clock less ours */
	struct aws_retry retry;
	char		 moved_bucket[S3_BUCKET_MAX + 1];	/* that S3 sent
					   us elsewhere for, "": none */
	char		 moved_region[AWS_REGION_SIZE];
	/* Replaces the credentials with fresh ones. -1: FAIL_STOPPED, or
	 * FAIL_SYSTEM if there are none. */
	int		(*renew)(void *, struct fail *);
	/* Pauses for ms. -1 with FAIL_STOPPED when the job is to stop. */
	int		(*pause)(int64_t ms, void *, struct fail *);
	/* Hears of every HTTP call; error is NULL if an answer came. */
	void		(*called)(const char *method, const char *where,
			    long status, int64_t ms, int attempt,
			    const char *error, void *);
	void		*arg;
};

/* Read an object into an empty buffer, whose maximum is the limit, or write an
 * object of len bytes (type application/zip, encrypted with KMS). They repeat
 * passing faults as the SDKs' standard mode does, renew credentials that are
 * old or refused, and correct region and clock once. FAIL_STOPPED, else
 * FAIL_CONFIG, FAIL_PERMISSION, FAIL_REVISION (no such object) or FAIL_SYSTEM,
 * with a text that names the object. */
int	s3_get(struct s3_access *, const struct job_artifact *, struct buf *,
	    struct fail *);
int	s3_put(struct s3_access *, const struct job_artifact *, const void *,
	    size_t len, struct fail *);

#endif
