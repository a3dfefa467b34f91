/*
 * What the service uses, for those who look at it from outside: its unit gives
 * it a home folder, an environment file and a password.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

#include "fail.h"

#define SERVICE_DIR	SYSCONFDIR "/quali-job-worker"	/* its home folder */

struct service {
	char	**env;		/* "NAME=value" of AWS_*, CLOUDSHELL_*, proxies
				   and certificates; NULL at its end; what it
				   starts with gets no more */
	char	*password_file;	/* from which systemd makes the credential */
	bool	 env_unread;	/* there is an environment file, but not for
				   us */
	struct fail why;	/* then: FAIL_PERMISSION, or FAIL_CONFIG; names
				   the file */
};

/* dir: SERVICE_DIR. Never fails; service_free wipes. */
struct service	*service_load(const char *dir);
void		 service_free(struct service *);	/* NULL is fine */

/* Make its environment that of this process, before anything reads a variable:
 * libraries find the service's proxies. It is borrowed. */
void		 service_enter(const struct service *);

#endif
