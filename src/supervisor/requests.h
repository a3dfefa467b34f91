/*
 * Requests to CodePipeline for one job: acknowledge, details, put. Answers
 * become events of the job, whose life decides what they mean. An acknowledge
 * and a put go out once, since the life must know of each that it may have
 * landed. Details have no effect, so they are repeated within a second or two;
 * the life waits longer.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "aws_call.h"
#include "board.h"
#include "token_key.h"

struct requests {
	struct aws		*aws;
	struct token_source	*tokens;	/* fresh before a token is
						   read */
};

/* Called from within an effect. If a request cannot even begin, an event is
 * posted. An answer with the job's data leaves it in the entry: in data, or in
 * fresh when the request was for credentials. */
void	requests_acknowledge(struct requests *, struct entry *);
void	requests_details(struct requests *, struct entry *);
void	requests_put(struct requests *, struct entry *);
/* Give up details, or details and put; no event follows. */
void	requests_cancel_details(struct entry *);
void	requests_cancel(struct entry *);

#endif
