/*
 * What a job asks of CodePipeline: acknowledge, details, put. Answers become
 * events of the job; what they mean to it, its life decides.
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

/* From within an effect. One that cannot even begin is answered by an event
 * that is posted. An answer with a job's data leaves it in the entry: data, or
 * fresh when it was asked for its credentials. */
void	requests_acknowledge(struct requests *, struct entry *);
void	requests_details(struct requests *, struct entry *);
void	requests_put(struct requests *, struct entry *);
/* Give up details, or details and put: no event comes of them. */
void	requests_cancel_details(struct entry *);
void	requests_cancel(struct entry *);

#endif
