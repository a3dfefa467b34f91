/*
 * One call to CodePipeline from the supervisor.
 */
#ifndef AWS_CALL_H
#define AWS_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "aws_error.h"
#include "aws_keys.h"
#include "buf.h"
#include "fail.h"
#include "transfer.h"

/* What every call needs; outlives them all. */
struct aws {
	struct transfers	*transfers;
	struct aws_keys		*keys;
	int64_t			 timeout_ms;	/* of one call */
	int64_t			 skew_s;	/* AWS's clock less ours, by its
						   answers */
};

struct aws_call;

/* ok, passing, or neither: refused for good. */
struct aws_reply {
	bool			 ok;		/* 2xx */
	const struct buf	*body;		/* with ok */
	bool			 passing;	/* the same call may succeed
						   later */
	bool			 unsure;	/* no proper answer: the call
						   may have taken effect */
	struct aws_error	 error;		/* code "" if there was no
						   answer */
	char			 text[1200];	/* what went wrong, for
						   people */
};

/* Called from the loop, never from within aws_call_start; the reply is
 * borrowed, and the call is freed already. */
typedef void	(*aws_call_done)(const struct aws_reply *, void *);

/* Sign and send; takes over input. once: libcurl must not repeat it. NULL with
 * fail: FAIL_AGAIN while there are no credentials or no region, FAIL_CONFIG for
 * an impossible endpoint. If AWS refuses the credentials it looks up new ones,
 * if it refuses the time it corrects the clock, both before calling done. */
struct aws_call	*aws_call_start(struct aws *, const char *operation,
		    json_t *input, bool once, aws_call_done, void *,
		    struct fail *);
/* done is not called; NULL is fine. */
void		 aws_call_cancel(struct aws_call *);

#endif
