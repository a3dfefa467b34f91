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

/* The number of an attempt, for the header amz-sdk-request (aws-2026 1.8). */
struct aws_attempt {
	unsigned	 attempt;	/* from 1 */
	unsigned	 max;
};

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

/* The last step: add the date, the token if there is one, and the signature
 * over Host and every header so far. wall: seconds, corrected by the clock's
 * offset. */
int	aws_request_sign(struct aws_request *, const struct aws_request_scope *,
	    const struct credentials *, int64_t wall, struct fail *);

#endif
