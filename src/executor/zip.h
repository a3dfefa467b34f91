/*
 * ZIP archives in memory: the form of the artifacts.
 */
#ifndef ZIP_H
#define ZIP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "cloudshell.h"
#include "fail.h"

#define ARTIFACT_MAX		(64 * 1024 * 1024)	/* bytes as stored */
#define ARTIFACT_MEMBERS_MAX	16	/* members of an archive to read */
#define ARTIFACT_DETAILS	"sandbox.json"	/* member with the details */
#define ARTIFACT_DETAILS_MAX	CS_ANSWER_MAX	/* bytes unpacked: Start writes
						   an answer of CloudShell,
						   compact if it must; see
						   details_text */

/* Whether the bytes begin like an archive. */
bool	zip_detect(const void *, size_t);

/* Finds the JSON object that holds a sandbox's details: member sandbox.json, or
 * the only .json member with an "id". The caller frees it. NULL with
 * FAIL_CONFIG: there is none, or the archive is broken, over a limit or
 * unsafe. */
json_t	*zip_read_details(const void *, size_t, struct fail *);

/* Appends a new archive with one member. FAIL_SYSTEM: it does not fit. */
int	zip_write(struct buf *, const char *member, const void *, size_t,
	    struct fail *);

#endif
