/*
 * Building one signed request: for codepipeline.c and s3.c.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "aws_request.h"
#include "credentials.h"
#include "fail.h"

/* What the signature needs beside method and headers. */
struct request_scope {
	const char	*service;
	const char	*region;
	const char	*host;		/* as libcurl sends it */
	const char	*path;		/* of the URL */
	const char	*payload_hash;
	bool		 double_encode;
};

/* method is borrowed, a constant. */
void	request_init(struct aws_request *, const char *method);

/* Add a header. FAIL_SYSTEM: value empty or with control characters (libcurl
 * would drop the one and send the other as it is), or too many. The text names
 * the header only. */
int	request_header(struct aws_request *, const char *name,
	    const char *value, struct fail *);

/* Add date, token if there is one, and the signature over Host and every
 * header so far: the last step. wall: seconds, the clock's offset included. */
int	request_sign(struct aws_request *, const struct request_scope *,
	    const struct credentials *, int64_t wall, struct fail *);

#endif
