/*
 * A signed request to an AWS service, ready for http.h.
 */
#ifndef AWS_REQUEST_H
#define AWS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "credentials.h"
#include "fail.h"

#define AWS_HEADERS_MAX		24	/* headers of one request */
#define AWS_TLS_SETTINGS	"ca_file in [aws]"	/* http_tls.settings */

struct aws_request {
	const char	*method;
	char		*url;
	char		*headers[AWS_HEADERS_MAX + 1];	/* "Name: value"; NULL
					   ends the list */
	size_t		 nheaders;
	struct buf	 body;		/* empty: none; an S3 PUT brings its
					   own */
};

#define AWS_INVOCATION_SIZE	37	/* a UUID */

/* One attempt of a call, as two headers that all SDKs send tell it
 * (aws-contract 6, aws-2026 1.8): AWS's support finds calls by them. */
struct aws_attempt {
	char		 invocation[AWS_INVOCATION_SIZE];	/* the same for
					   all attempts of a call */
	unsigned	 attempt;	/* from 1 */
	unsigned	 max;
};

/* The first of at most max attempts, with an id of its own. */
void	aws_attempt_init(struct aws_attempt *, unsigned max);
/* The next one. A correction (of clock, region, credentials) may go beyond
 * max, which grows then. */
void	aws_attempt_next(struct aws_attempt *);

/* Wipes. The request may be zeroed. Calls that fill a request free it when they
 * fail. */
void	aws_request_free(struct aws_request *);

/* --- building one: for codepipeline.c and s3.c --- */

/* What the signature needs besides method and headers. */
struct aws_request_scope {
	const char	*service;
	const char	*region;
	const char	*host;		/* as libcurl sends it */
	const char	*path;		/* of the URL */
	const char	*payload_hash;
	bool		 double_encode;
};

/* method is borrowed, a constant. */
void	aws_request_init(struct aws_request *, const char *method);

/* Add a header. FAIL_SYSTEM: the value is empty (libcurl would drop the header)
 * or holds control characters (libcurl would send them), or there are too many
 * headers. The text names only the header. */
int	aws_request_header(struct aws_request *, const char *name,
	    const char *value, struct fail *);

/* Add amz-sdk-invocation-id and amz-sdk-request; NULL adds neither. */
int	aws_request_attempt(struct aws_request *, const struct aws_attempt *,
	    struct fail *);

/* The last step: add the date, the token if there is one, and the signature
 * over Host and every header so far. wall: seconds, corrected by the clock's
 * offset. */
int	aws_request_sign(struct aws_request *, const struct aws_request_scope *,
	    const struct credentials *, int64_t wall, struct fail *);

#endif
