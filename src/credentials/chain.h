/*
 * The private header of aws-credentials: one look-up of the worker's own AWS
 * credentials and of the AWS settings beside them. The program prints its
 * answer and ends.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "job.h"

#define AWS_FILE_MAX	(1024 * 1024)	/* bytes of a shared file */
#define AWS_KEY_MAX	(16 * 1024)	/* bytes of a key or token; tokens
					   have kilobytes, and no known limit */

/* --- options of the command line; NULL: not given --- */

struct options {
	const char	*profile;
	const char	*config_file;
	const char	*credentials_file;
	const char	*region;
};

/* --- files.c: the shared files (aws-contract 5.3) --- */

enum aws_file { FILE_CREDENTIALS, FILE_CONFIG, FILE_MAX };

struct aws_files;

/* Read both files. A file named by option or variable must be there; a default
 * one may be missing. FAIL_CONFIG names file and line, never contents. */
struct aws_files *files_load(const struct options *, struct fail *);
void		  files_free(struct aws_files *);	/* wipes */

const char	*files_path(const struct aws_files *, enum aws_file);
bool		 files_has_profile(const struct aws_files *, const char *name);
/* Property of a profile in one file, without case of the key; NULL if absent
 * or empty. */
const char	*files_get(const struct aws_files *, enum aws_file,
		    const char *profile, const char *key);
/* The same in both; the credentials file wins. *where tells which, unless
 * NULL. */
const char	*files_find(const struct aws_files *, const char *profile,
		    const char *key, enum aws_file *where);
bool		 files_has_services(const struct aws_files *, const char *name);
/* Nested property of a [services NAME] section. */
const char	*files_service(const struct aws_files *, const char *services,
		    const char *service, const char *key);

/* --- the chain --- */

struct chain {
	const struct options	*options;
	const struct aws_files	*files;
	const char		*profile;	/* never NULL */
	bool			 named;		/* by option or variable */
};

/* What a provider found. */
struct found {
	struct credentials	 keys;
	char			*account;	/* NULL: not said */
	char			*origin;	/* for people: "environment" */
};

enum verdict {
	FOUND,
	NOT_CONFIGURED,	/* ask the next provider */
	BROKEN,		/* configured, and does not work: the search ends, since
			   another provider would be another identity */
};

typedef enum verdict	(*provider)(const struct chain *, struct found *,
			    struct fail *);

enum verdict	environment_look(const struct chain *, struct found *,
		    struct fail *);
enum verdict	profile_look(const struct chain *, struct found *,
		    struct fail *);
enum verdict	later_look(const struct chain *, struct found *,
		    struct fail *);

/* Value of a variable, NULL if unset or empty. */
const char	*variable(const char *name);

/* --- keys.c: what all providers share --- */

/* Check and take a key pair and a token (NULL: none) of one source, which
 * texts name as where. secret_key or id may be NULL: then that is the fault. */
int	keys_take(struct found *, const char *id, const char *secret_key,
	    const char *token, const char *where, struct fail *);
/* ISO 8601 with a time zone to seconds. -1: not understood. */
int	keys_expiry(const char *, int64_t *);

/* --- settings.c: region, endpoints and the like (aws-contract 6) --- */

/* Each borrowed, NULL if not set. */
const char	*settings_region(const struct chain *);
const char	*settings_ca_bundle(const struct chain *);
bool		 settings_flag(const struct chain *, const char *name,
		    const char *key);
/* -1: the profile names a services section that is not there. */
int	settings_endpoint(const struct chain *, const char *service,
	    const char *name, const char **url, struct fail *);

#endif
