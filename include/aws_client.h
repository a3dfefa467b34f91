/*
 * Blocking calls to AWS, for programs that ask and end: aws-credentials and
 * qualictl. The supervisor does not link it.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include <stdint.h>

#include "aws_error.h"
#include "aws_request.h"
#include "aws_retry.h"
#include "fail.h"
#include "http_client.h"

/* Zero it, set what is needed, then aws_client_open. Pointers are borrowed. */
struct aws_client {
	const char	*ca_file;	/* NULL: the system's */
	const char	*user_agent;
	int64_t		 timeout_ms;	/* of one attempt */
	int64_t		 until_ms;	/* of SYS_CLOCK: no attempt begins or
					   lasts beyond it; 0: none is too
					   late */
	int		 attempts;	/* 0: AWS_ATTEMPTS */
	struct http_client *http;
	struct aws_retry retry;
	int64_t		 skew_s;	/* AWS's clock less ours, by its
						   answers */
};

void	aws_client_open(struct aws_client *);
void	aws_client_close(struct aws_client *);

/* One call: how to build its request and how to read its errors. */
struct aws_exchange {
	const char	*operation;	/* for texts */
	/* Build and sign over a zeroed request, anew for each attempt. wall:
	 * seconds, corrected. Frees the request when it fails. */
	int	(*build)(struct aws_request *, const struct aws_attempt *,
		    int64_t wall, void *arg, struct fail *);
	void	(*classify)(const struct http_answer *, int64_t now,
		    struct aws_error *);
	/* Hide in the error's message what the request held of secrets, since
	 * AWS repeats headers when a signature does not match. */
	void	(*mask)(char *message, void *arg);
	void	*arg;
	size_t	 answer_max;		/* bytes of the body */
};

/* Send and repeat as the SDKs' standard mode does; a signature refused for its
 * time is made once more with the server's. 0: 2xx. -1: error says what the
 * service answered (class and code; AWS_TRANSIENT without code if it did not
 * answer), fail the same for people: FAIL_AUTH for refused credentials,
 * FAIL_PERMISSION for a denied operation, FAIL_AGAIN for what may pass,
 * FAIL_CONFIG, FAIL_SYSTEM. The caller frees the answer in every case. */
int	aws_client_call(struct aws_client *, const struct aws_exchange *,
	    struct http_answer *, struct aws_error *, struct fail *);

#endif
