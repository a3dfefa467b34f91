/*
 * The details of a sandbox, which one action hands to the next in an artifact.
 */
#ifndef DETAILS_H
#define DETAILS_H

#include <jansson.h>
#include <stddef.h>

#include "fail.h"
#include "job.h"

/* New text of a sandbox's details for details_read, at most
 * ARTIFACT_DETAILS_MAX bytes: indented, else compact, else only id and name.
 * NULL if they cannot be written. Freed with xfree_secret. */
char	*details_text(const json_t *);

/* Reads the id of the sandbox that an artifact names: a ZIP archive or bare
 * JSON. FAIL_CONFIG: it names none; id stays as before. */
int	details_read(const void *, size_t, char id[SANDBOX_ID_SIZE],
	    struct fail *);

#endif
