/*
 * What an answer of an AWS service means (aws-contract 1.3, 7.1).
 */
#ifndef AWS_ERROR_H
#define AWS_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"
#include "http.h"

#define AWS_ERROR_TEXT_MAX	1200	/* bytes of aws_error_show */
#define AWS_ERROR_MAX		(64 * 1024)	/* bytes read of an error */

enum aws_class {
	AWS_OK,
	AWS_FINAL,
	AWS_THROTTLED,
	AWS_TRANSIENT,
	AWS_CREDENTIALS,	/* refresh them, once */
	AWS_SKEW,		/* correct the clock, once */
	AWS_REDIRECT,		/* S3: another region, once */
};

struct aws_error {
	enum aws_class	 class;
	bool		 coded;		/* the service named the error; else the
					   answer may be a proxy's */
	char		 code[128];	/* if coded, else for people: "HTTP
					   503", "no answer" */
	char		 message[1024];	/* cleaned; may name resources */
	char		 request_id[128];
	char		 region[AWS_REGION_SIZE];	/* with AWS_REDIRECT */
	int64_t		 retry_after_ms; /* 0: not said; at most 15 min */
	int64_t		 skew_s;	/* with AWS_SKEW: server's time less
					   now; 0 if that is not known: then
					   only a new signature may help */
	int64_t		 server_wall;	/* server's time in seconds, 0: none */
};

/* Classify an answer of a JSON service. now: the local wall clock in seconds,
 * without a clock offset. AWS_OK for 2xx. An answer without a code, even a
 * redirection or refusal, is AWS_TRANSIENT or AWS_THROTTLED: it does not say
 * whether the service acted on the request. */
void	aws_error_json(const struct http_answer *, int64_t now,
	    struct aws_error *);

/* "PollForJobs: AccessDeniedException: text (request ID)", cut to size.
 * Returns dst. */
char	*aws_error_show(const struct aws_error *, const char *operation,
	    char *dst, size_t size);

#endif
