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

/* Read the continuation token of the job's data, NULL: it has none. A job that
 * has not begun takes its facts and its time from there, or unfit says why it
 * cannot; one that has needs no token. Returns whether it took them. */
bool	claim_token(struct life *, const char *token, const struct life_now *);

/* What of the job cannot be read, as in struct job_data: it fails as soon as it
 * is ours. */
void	claim_unread(struct life *, const char *what, enum fail_kind);

#endif
