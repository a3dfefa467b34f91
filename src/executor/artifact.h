/*
 * The artifacts of the job.
 */
#ifndef ARTIFACT_H
#define ARTIFACT_H

#include <stddef.h>

#include "fail.h"
#include "task.h"

/* Copies the id of the sandbox from the input artifact to the facts, unless
 * they name one. FAIL_CONFIG: the action has no input artifact, or that names
 * no sandbox; else as s3_get. */
int	artifact_sandbox(struct task *, struct fail *);

/* Writes the output artifact, a ZIP archive with one member; does nothing if
 * the action has none. Errors as zip_write's and s3_put's. */
int	artifact_write(struct task *, const char *member, const void *, size_t,
	    struct fail *);

#endif
