/*
 * Calls to STS that wait for the answer, with retries: for aws-credentials and
 * qualictl.
 */
#ifndef STS_CALL_H
#define STS_CALL_H

#include "aws_client.h"
#include "sts.h"
#include "sts_answer.h"

/* All return 0, or -1 with error and fail as aws_client_call fills them; fail
 * alone counts when an answer with 2xx is not understood (FAIL_SYSTEM; error's
 * class is AWS_OK). */

/* Assume a role with credentials; its own come into a zeroed struct. */
int	sts_call_role(struct aws_client *, const struct sts_place *,
	    const struct sts_role *, const struct credentials *source,
	    struct credentials *, struct sts_identity *, struct aws_error *,
	    struct fail *);

/* The same with the token of a web identity, which token returns, freed with
 * xfree_secret, for each attempt anew; or NULL, having filled fail. */
struct sts_token {
	char	*(*token)(void *, struct fail *);
	void	*arg;
};
int	sts_call_web_identity(struct aws_client *, const struct sts_place *,
	    const struct sts_role *, const struct sts_token *,
	    struct credentials *, struct sts_identity *, struct aws_error *,
	    struct fail *);

/* GetCallerIdentity: whose the credentials are. It needs no permission. */
int	sts_call_identity(struct aws_client *, const struct sts_place *,
	    const struct credentials *, struct sts_identity *,
	    struct aws_error *, struct fail *);

#endif
