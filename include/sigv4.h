/*
 * AWS Signature Version 4 (aws-contract 4). After sodium_init.
 */
#ifndef SIGV4_H
#define SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "credentials.h"
#include "fail.h"

#define SIGV4_HEADERS_MAX	64
#define SIGV4_PARAMS_MAX	64	/* of a query */

struct sigv4_header {
	const char	*name;		/* any case */
	const char	*value;		/* as sent; folded lines allowed */
};

struct sigv4_input {
	const char	*method;
	const char	*path;		/* as on the wire, percent-encoded, not
					   normalised: only S3's may hold "//",
					   "." and ".." segments */
	const char	*query;		/* as on the wire without '?', or "" */
	bool		 double_encode;	/* all services but S3 */
	const struct sigv4_header *headers;	/* all of them are signed */
	size_t		 nheaders;
	const char	*payload_hash;	/* hex SHA-256 or UNSIGNED-PAYLOAD */
	const char	*date;		/* YYYYMMDDTHHMMSSZ */
	const char	*region;
	const char	*service;
};

/* Append the canonical request, the string to sign. FAIL_SYSTEM: something
 * exceeds a limit, such as the buffer's, or the date is malformed. The
 * canonical request holds the session token. */
int	sigv4_canonical(const struct sigv4_input *, struct buf *,
	    struct fail *);
int	sigv4_string_to_sign(const struct sigv4_input *, struct buf *,
	    struct fail *);

/* The value of the Authorization header. Also fails with FAIL_AUTH: no usable
 * credentials. */
int	sigv4_authorization(const struct sigv4_input *,
	    const struct credentials *, struct buf *, struct fail *);
/* Only the 64 hex digits. */
int	sigv4_signature(const struct sigv4_input *, const struct credentials *,
	    char hex[65], struct fail *);

void	sigv4_sha256_hex(const void *, size_t, char hex[65]);
/* YYYYMMDDTHHMMSSZ of seconds since the epoch, "" if there is no such form. */
void	sigv4_date(int64_t wall, char out[17]);

#endif
