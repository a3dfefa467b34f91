/*
 * What the two local services that hand out credentials have in common, a
 * container's endpoint and EC2's metadata service: bounded requests and their
 * repetition, and the JSON that holds credentials (aws-contract 5.7, 5.8).
 */
#ifndef METADATA_H
#define METADATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chain.h"
#include "http_client.h"
#include "secret.h"

#define METADATA_ANSWER_MAX	(32 * 1024)	/* bytes of an answer */
#define METADATA_SAID_SIZE	201	/* what a service says of an error, cut
					   to 200 characters */

/* One service. Pointers are borrowed. */
struct metadata {
	struct http_client	*http;
	const struct http_tls	*tls;
	const char		*what;		/* its name in texts */
	int			 attempts;	/* of one request, the first
						   included */
	int64_t			 timeout_ms;	/* of each attempt */
	int64_t			 pause_ms;	/* between two attempts */
	int64_t			 until_ms;	/* of SYS_CLOCK: no attempt
						   begins or lasts beyond it */
};

struct metadata_request {
	const char		*method;
	const char		*url;
	const char		*shown;		/* the URL in texts */
	const char *const	*headers;	/* NULL at the end */
	const struct secret	*secret;	/* what the headers hold and no
						   text may show; NULL: none */
};

/* How the last attempt ended. */
struct metadata_end {
	long	status;		/* 0: no answer came */
	bool	connected;	/* the request went out */
	bool	late;		/* its time ran out */
};

/* Look at the body of a 200. -1 with FAIL_AGAIN repeats the request. */
typedef int	(*metadata_take)(const struct http_answer *, void *,
		    struct fail *);

/* Send a request, without proxy and without following redirects, and repeat it
 * after faults on the way, 5xx, 429, an empty answer, and as take asks. -1: the
 * last attempt's fault, which names the service and shows its error's code and
 * message; FAIL_AGAIN if it may pass. */
int	metadata_get(const struct metadata *, const struct metadata_request *,
	    metadata_take, void *arg, struct metadata_end *, struct fail *);

/* A metadata_take: parse a JSON object into *(json_t **)arg. */
int	metadata_take_json(const struct http_answer *, void *arg,
	    struct fail *);

/* "code: message" of an object, whatever the case of these keys, in one clean
 * line without the secret (or NULL); "" if it has neither. */
void	metadata_said(const json_t *, const struct secret *,
	    char said[METADATA_SAID_SIZE]);

/* How to read credentials. */
struct metadata_keys {
	const char	*source;	/* as aws_found.source */
	const char	*where;		/* as aws_found.origin */
	bool		 token_needed;
	bool		 expired_too;	/* take expired ones, with a warning */
};

/* Take AccessKeyId, SecretAccessKey, Token, Expiration, AccountId (or the
 * account in RoleArn). Keys that are missing or empty, and an Expiration that
 * is missing, no time, or past, are faults: a look-alike of EC2's service has
 * sent these with "Code": "Success" (aws-2026 1.7). The text names members,
 * and no value but the time. */
int	metadata_keys(const json_t *, const struct metadata_keys *,
	    struct aws_found *, struct fail *);

#endif
