/*
 * What qualictl prints: lines with everything from outside escaped, and JSON.
 */
#ifndef OUT_H
#define OUT_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

#define OUT_LINE_MAX	8192	/* bytes of a line; more is cut */

/* A line to stdout; to stderr with "qualictl: " before it. */
void	out_line(const char *, ...) __attribute__((format(printf, 1, 2)));
void	out_error(const char *, ...) __attribute__((format(printf, 1, 2)));

/* A value to stdout, indented, members in the order in which they were put,
 * ASCII only. */
void	out_json(const json_t *);

/* New text or null of a text that may be NULL; bytes that are not UTF-8 become
 * '?'. */
json_t	*out_text(const char *);
/* New {"kind", "text"}, or null if fail is NULL: the member "error" of every
 * object that a command prints. */
json_t	*out_fail(const struct fail *);

/* The exit status for a failure. */
int	out_status(const struct fail *);

/* The end of a command: with json print o, with its member "error" from fail;
 * print the failure to stderr, too. fail NULL: none. Releases o. Returns the
 * exit status. */
int	out_result(bool json, json_t *o, const struct fail *fail);

/* Status, unless stdout could not be written: then CTL_FAILED. */
int	out_close(int status);

#endif
