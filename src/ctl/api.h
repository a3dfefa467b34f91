/*
 * Calls to CodePipeline that wait for the answer.
 */
#ifndef API_H
#define API_H

#include <jansson.h>

#include "aws_client.h"
#include "aws_error.h"
#include "aws_found.h"
#include "conf.h"
#include "endpoint.h"
#include "fail.h"

#define API_TIMEOUT_MS	30000	/* of one attempt of a call */
#define API_ANSWER_MAX	(8 * 1024 * 1024)	/* bytes of an answer */

struct api {
	struct aws_client	 client;
	struct aws_endpoint	 endpoint;
	const struct aws_found	*found;
	const char		*region;
	char			*agent;
};

/* http_init comes before. conf and found are borrowed until api_close.
 * FAIL_CONFIG: there is no region, or the endpoint is wrong. */
int	api_open(struct api *, const struct conf *, const struct aws_found *,
	    struct fail *);
void	api_close(struct api *);

/* One call, repeated as AWS's standard mode has it. Returns a new object, empty
 * for an empty answer; NULL: e and fail say why, as aws_client_call has it. */
json_t	*api_call(struct api *, const char *operation, const json_t *input,
	    struct aws_error *, struct fail *);

#endif
