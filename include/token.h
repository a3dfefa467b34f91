/*
 * Continuation tokens: what a job that is handed back to the queue carries to
 * the worker that takes it next (aws-contract 2.4): its facts and the time it
 * has left, no secret. A token is input, so it carries a MAC: HMAC-SHA-256
 * with a key that only those can make who know the CloudShell password, over
 * all its members and the action that it belongs to. A token of another action
 * or pipeline execution, or one that somebody made up, does not verify.
 * quali-job-protocol(7) has the format.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "job.h"

#define TOKEN_KEY_SIZE	32

/* Key of the MAC; token_key.c of the supervisor makes it. */
struct token_key {
	bool		known;
	unsigned char	bytes[TOKEN_KEY_SIZE];
	char		why[256];	/* it is not known */
};

/* What the MAC binds a token to. */
struct token_owner {
	enum job_action	 action;
	const char	*execution;	/* of the pipeline */
	const char	*pipeline, *stage;
	const char	*name;		/* of the pipeline's action */
};

/* Facts and remaining time as a token, freed by the caller. NULL if the key is
 * not known, if something is open (a start or a command announced, a sandbox
 * looked for) or the facts are none of this action, or if it had more than
 * JOB_TOKEN_MAX bytes. */
char	*token_encode(const struct job_facts *, int64_t remaining_ms,
	    const struct token_owner *, const struct token_key *);

/* FAIL_CONFIG if the token was not made for this action by a worker with the
 * same CloudShell user and password, or holds what token_encode does not write:
 * the text is for the pipeline's author and names the sandbox that the token
 * speaks of. The facts are zeroed then. */
int	token_decode(const char *, const struct token_owner *,
	    const struct token_key *, struct job_facts *,
	    int64_t *remaining_ms, struct fail *);

#endif
