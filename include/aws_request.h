/*
 * A signed request to an AWS service, ready for http.h.
 */
#ifndef AWS_REQUEST_H
#define AWS_REQUEST_H

#include <stddef.h>

#include "buf.h"

#define AWS_HEADERS_MAX		24	/* headers of one request */
#define AWS_TLS_SETTINGS	"ca_file in [aws]"	/* http_tls.settings */

struct aws_request {
	const char	*method;
	char		*url;
	char		*headers[AWS_HEADERS_MAX + 1];	/* "Name: value", at
					   the end NULL */
	size_t		 nheaders;
	struct buf	 body;		/* empty: none; S3 PUT gives its own */
};

/* Wipes; a zeroed one is fine. Calls that fill a request leave it freed when
 * they fail. */
void	aws_request_free(struct aws_request *);

#endif
