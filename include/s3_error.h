/*
 * What an answer of S3 means (aws-contract 3.6): XML, read by Expat. Only the
 * executor links it.
 */
#ifndef S3_ERROR_H
#define S3_ERROR_H

#include <stdint.h>

#include "aws_error.h"

/* Classify an answer of S3. The request id is both of S3's. A redirect that
 * names no region is final, as is a refusal without a code. */
void	aws_error_s3(const struct http_answer *, int64_t now,
	    struct aws_error *);

#endif
