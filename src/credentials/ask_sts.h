/*
 * Asking STS with the settings of a look-up.
 */
#ifndef ASK_STS_H
#define ASK_STS_H

#include "chain.h"
#include "sts_call.h"

#define STS_TIMEOUT_MS	10000	/* of one attempt */
#define STS_CALL_MS	25000	/* of all: a look-up has 90 s, of which a
				   credential_process may take 60 */
#define STS_SESSION	"quali-job-worker"	/* name of a role's session
						   unless one is set */

struct sts_way {
	struct aws_client	 client;
	struct sts_place	 place;
	char			*user_agent;
	char			*region;
};

/* Fill it from options, variables and the profile. -1: one of them has an
 * invalid value. Close it in every case; it may be zeroed. */
int	sts_way_open(struct sts_way *, const struct chain *,
	    struct aws_found *, struct fail *);
void	sts_way_close(struct sts_way *);

/* Take what STS handed out, or explain why it did not: rc is the call's result.
 * where is the origin. */
enum verdict	sts_way_end(int rc, struct credentials *,
		    const struct sts_identity *, const struct aws_error *,
		    const char *source, const char *where, struct aws_found *,
		    struct fail *);

#endif
