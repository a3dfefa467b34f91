/*
 * Credentials and region of somebody who calls qualictl, as for AWS's own
 * tools.
 */
#ifndef SESSION_H
#define SESSION_H

#include "api.h"
#include "command.h"
#include "sts_answer.h"

struct session {
	struct aws_found found;
	struct api	 api;
	bool		 of_service;	/* credentials: not the caller's own */
};

/* All need http_init. */

/* The caller's own credentials: --profile, environment, ~/.aws. If nothing
 * there configures any, those of the service, as stderr then says. The region
 * is that of --region, else of the settings, else theirs. */
int	session_keys(struct ctl *, struct session *, struct fail *);
/* The same, ready for calls. */
int	session_open(struct ctl *, struct session *, struct fail *);
/* Whose the credentials are, by GetCallerIdentity. */
int	session_identity(const struct ctl *, const struct session *,
	    struct sts_identity *, struct fail *);
void	session_close(struct session *);	/* also a zeroed one */

#endif
