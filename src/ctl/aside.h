/*
 * Work done by a child process, side by side with this one.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <jansson.h>
#include <stdint.h>

#define ASIDE_ANSWER_MAX	(1024 * 1024)	/* bytes of JSON */

struct aside;

/* Fork a child that calls work and hands its value over. It ends with this
 * process and prints nothing. NULL: there can be no child. */
struct aside	*aside_start(json_t *(*work)(void *), void *arg);

/* Wait for the value, which the caller frees. NULL: the child died, or did not
 * end within limit_ms and was killed. Frees the struct. */
json_t		*aside_end(struct aside *, int64_t limit_ms);

#endif
