/*
 * AWS credentials, the worker's own or those of a job's artifacts.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdint.h>

#include "secret.h"

#define AWS_KEY_ID_MAX		128	/* bytes of an access key id (IAM's
					   model) */
#define AWS_SECRET_KEY_MAX	1024	/* of a secret access key: 40 today */

/* AWS credentials of any origin. Never printed, except for the last four
 * characters of the key id. */
struct credentials {
	char		*access_key_id;		/* NULL: none */
	struct secret	*secret_key;
	struct secret	*token;			/* NULL: none */
	int64_t		 expires;		/* wall clock in seconds, 0: not
						   said */
};

void	credentials_free(struct credentials *);	/* members only; zeroes */
void	credentials_copy(struct credentials *, const struct credentials *);

#endif
