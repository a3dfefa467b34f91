/*
 * When a call to AWS is repeated: the SDKs' standard mode (aws-contract 7.1,
 * 7.2). Pure: the caller brings chance and waits itself.
 */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include <stdint.h>

#include "aws_error.h"

#define AWS_ATTEMPTS		3	/* of one call, the first included,
					   unless max_attempts says otherwise */
#define AWS_RETRY_QUOTA		500	/* of one client */

/* One client's quota; all its calls take from it and give back. */
struct aws_retry {
	int	 attempts;	/* at most, of one call */
	int	 quota;		/* left */
};

/* One call. Zero it before the first attempt. */
struct aws_retry_call {
	int	 retries;	/* so far */
	int	 taken;		/* from the quota by the last retry */
};

void	aws_retry_init(struct aws_retry *, int attempts);	/* 0: usual */
/* Another number of attempts, from the next failure on; the quota stays. */
void	aws_retry_limit(struct aws_retry *, int attempts);

/* Milliseconds to wait before the call is repeated, or -1: it is not. chance:
 * 0 up to, not including, 2^32, evenly spread. Takes from the quota. AWS_SKEW
 * and AWS_CREDENTIALS are not its matter: -1. */
int64_t	aws_retry_next(struct aws_retry *, struct aws_retry_call *,
	    const struct aws_error *, uint32_t chance);
/* The call succeeded: give back. */
void	aws_retry_over(struct aws_retry *, const struct aws_retry_call *);

#endif
