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
#include "aws_retry.h"
#include "buf.h"
#include "fail.h"
#include "transfer.h"

/* Who sends a call again that failed for now, and whether libcurl may. */
enum aws_sending {
	AWS_ONCE,	/* must not happen twice: it has a connection of its
			   own, and its caller knows what an unknown outcome
			   means */
	AWS_SINGLE,	/* its caller comes back anyway */
	AWS_REPEATED,	/* aws_call itself, as the SDKs' standard mode does */
};

/* What every call needs; outlives them all. */
struct aws {
	sd_event		*event;
	struct transfers	*transfers;
	struct aws_keys		*keys;
	int64_t			 timeout_ms;	/* of one call */
	int64_t			 skew_s;	/* AWS's clock less ours, by its
						   answers */
	struct aws_retry	 retry;		/* the owner keeps its limit
						   as the keys say */
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
	char	 text[AWS_ERROR_TEXT_MAX];	/* what went wrong, for
						   people */
};

/* Called from the loop, never from within aws_call_start; the reply is
 * borrowed, and the call is freed already. */
typedef void	(*aws_call_done)(const struct aws_reply *, void *);

/* Sign and send; takes over input; operation is a constant. NULL with fail:
 * FAIL_AGAIN while there are no credentials or no region, FAIL_CONFIG for an
 * impossible endpoint. If AWS refuses the credentials it looks up new ones, if
 * it refuses the time it corrects the clock, both before calling done. With
 * AWS_REPEATED done hears of the last attempt only. */
struct aws_call	*aws_call_start(struct aws *, const char *operation,
		    json_t *input, enum aws_sending, aws_call_done, void *,
		    struct fail *);
/* done is not called; NULL is fine. */
void		 aws_call_cancel(struct aws_call *);

#endif
