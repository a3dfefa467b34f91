/*
 * Credentials that a program prints: the profile's credential_process
 * (aws-contract 5.6, aws-2026 1.6).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "chain.h"

#ifndef PROCESS_LIMIT_MS		/* tests set a shorter one */
#define PROCESS_LIMIT_MS	60000	/* then it is killed */
#endif
#define PROCESS_OUT_MAX		(64 * 1024)	/* bytes of its stdout */
#define PROCESS_SAID_MAX	1024	/* last bytes kept of its stderr */

enum verdict	process_look(const struct chain *, const char *profile,
		    struct aws_found *, struct fail *);

/* Split a command line as a POSIX shell would, but without running one: blanks,
 * quotes and backslashes count, nothing else (Python's shlex.split). New list,
 * NULL at its end, freed with process_free; it may hold secrets. NULL: a quote
 * or backslash lacks what must follow. */
char	**process_split(const char *line);
void	  process_free(char **);

/* Take what the program printed. The text of a fault is a predicate without a
 * subject and holds nothing of the answer. now: wall clock in seconds. */
int	process_take(struct aws_found *, const char *text, size_t len,
	    const char *where, int64_t now, struct fail *);

#endif
