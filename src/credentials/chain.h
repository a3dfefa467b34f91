/*
 * aws-credentials: one look-up of the worker's own AWS credentials and of the
 * AWS settings with them. The program prints its answer and exits.
 *
 * This is what the providers share.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>

#include "aws_found.h"
#include "fail.h"

/* Options of the command line; NULL: not given. */
struct options {
	const char	*profile;
	const char	*config_file;
	const char	*credentials_file;
	const char	*region;
	const char	*ca_file;	/* of the worker's settings */
	bool		 metadata_v1;	/* of EC2, too */
};

struct aws_files;

struct chain {
	const struct options	*options;
	const struct aws_files	*files;
	const char		*profile;	/* never NULL */
	int			 attempts;	/* of one call, 0: not said */
	const char		*app_id;	/* for the User-Agent; NULL:
						   none */
	bool			 last;		/* take the files as they are,
						   even if they are fresh */
};

enum verdict {
	FOUND,
	NOT_CONFIGURED,	/* ask the next provider */
	BROKEN,		/* configured but does not work: the search ends, since
			   another provider would be another identity */
};

typedef enum verdict	(*provider)(const struct chain *, struct aws_found *,
			    struct fail *);

#endif
