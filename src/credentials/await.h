/*
 * Shared files that somebody may be writing.
 */
#ifndef AWAIT_H
#define AWAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "files.h"

#define AWAIT_FRESH_MS	3000	/* so old a file is whole */
#define AWAIT_MS	10000	/* then wait no longer, whatever happens */

/* Whether one of the files was written a moment ago. */
bool	await_fresh(const struct aws_files *);

/* Wait until one of the files is another than it was when it was read, and
 * return true; false when all of them have been as they are for
 * AWAIT_FRESH_MS, or at until_ms of SYS_CLOCK. */
bool	await_change(const struct aws_files *, int64_t until_ms);

#endif
