/*
 * CodePipeline's requests (aws-contract 1.2, 1.5-1.9). Only the supervisor
 * links them.
 */
#ifndef CODEPIPELINE_H
#define CODEPIPELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "aws_request.h"
#include "credentials.h"
#include "endpoint.h"
#include "fail.h"
#include "job.h"

#define CP_PROPERTY_MAX		50	/* characters of a property's name */
#define CP_PROPERTY_SIZE	(4 * CP_PROPERTY_MAX + 1)	/* its bytes as
						   UTF-8, NUL included */

struct cp_action_type {
	char	category[16];
	char	provider[36];
	char	version[JOB_VERSION_SIZE];
	char	property[CP_PROPERTY_SIZE];	/* the queryable one, or "" */
};

/* Build and sign POST / of one operation; the caller keeps everything. input is
 * the JSON body, at most 1 MiB as text. attempt: NULL leaves its headers out.
 * wall: seconds, corrected by the clock's offset. FAIL_AUTH: no usable
 * credentials; FAIL_SYSTEM: over a limit. */
int	cp_request(struct aws_request *, const struct aws_endpoint *,
	    const char *region, const struct credentials *,
	    const struct aws_attempt *, int64_t wall, const char *operation,
	    const json_t *input, struct fail *);

/* query: the value that the queryable property of the jobs must have (1 to 50
 * letters, digits, '_' or '-'); NULL exactly if the type has no such
 * property. */
json_t	*cp_poll_input(const struct cp_action_type *, const char *query,
	    int batch);
json_t	*cp_acknowledge_input(const char *id, const char *nonce);
json_t	*cp_details_input(const char *id);
/* PutJobSuccessResult's or PutJobFailureResult's input, by the outcome; texts
 * are cleaned and cut to the model's limits in bytes, empty ones left out;
 * variables that break the model or exceed JOB_VARIABLES_MAX are dropped. bare
 * leaves out all that is optional (a continuation token is not). Continuing
 * without a usable token becomes a failure, since CodePipeline would take it
 * for success. *operation names the call. */
json_t	*cp_result_input(const char *id, const struct job_result *, bool bare,
	    const char **operation);

#endif
