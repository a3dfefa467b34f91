/*
 * How aws-credentials is started, by the supervisor and by qualictl: what one
 * of them finds the other finds, too.
 */
#ifndef AWS_LOOKUP_H
#define AWS_LOOKUP_H

#include <stdbool.h>

#define AWS_LOOKUP_MS		90000	/* of a look-up: a minute for a
					   credential_process, and the rest for
					   what is done with its keys */
#define AWS_LOOKUP_ARGUMENTS	14	/* the NULL at the end included */

/* Texts are borrowed; NULL: not given. */
struct aws_lookup {
	const char	*program;	/* of aws-credentials; never NULL */
	const char	*profile;
	const char	*region;
	const char	*config_file;
	const char	*credentials_file;
	const char	*ca_file;	/* PEM */
	bool		 metadata_v1;	/* of EC2, too */
};

/* The command line, NULL at its end. */
void	aws_lookup_arguments(const struct aws_lookup *,
	    const char *argv[AWS_LOOKUP_ARGUMENTS]);
/* What it may have of an environment (NULL: none): AWS's variables, home,
 * proxies, but no password of CloudShell. New list, freed with free, of the
 * texts in env. */
char	**aws_lookup_environment(char *const *env);

#endif
