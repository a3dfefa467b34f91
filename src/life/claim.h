/*
 * From the offer until the job is ours and its data is at hand.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "flow.h"

LIFE_HANDLER(claim_offered);
LIFE_HANDLER(claim_offered_again);
LIFE_HANDLER(claim_answered);	/* AcknowledgeJob */
LIFE_HANDLER(claim_details);	/* GetJobDetails */

/* Read the continuation token of the job's data, NULL: none. facts: the life
 * begins with the token's facts. */
void	claim_token(struct life *, const char *token, bool facts,
	    const struct life_now *);

#endif
