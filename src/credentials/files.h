/*
 * The shared files of AWS's tools (aws-contract 5.3).
 */
#ifndef FILES_H
#define FILES_H

#include <sys/stat.h>

#include "chain.h"

#define AWS_FILE_MAX	(1024 * 1024)	/* bytes of a shared file */

enum aws_file { FILE_CREDENTIALS, FILE_CONFIG, FILE_MAX };

/* Read both files. A file that an option or variable names must exist; a
 * default one may be missing. FAIL_CONFIG names file and line, never contents.
 * What was read so far is there in either case, and must be freed. */
int	files_load(struct aws_files **, const struct options *, struct fail *);
void	files_free(struct aws_files *);	/* wipes; NULL is fine */

/* NULL if it was not looked for. */
const char	*files_path(const struct aws_files *, enum aws_file);
/* What the file was just before it was read; zeroed: it was not there. */
const struct stat *files_seen(const struct aws_files *, enum aws_file);
bool		 files_has_profile(const struct aws_files *, const char *name);
/* Property of a profile in one file, whatever the key's case; NULL if absent or
 * empty. */
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

#endif
