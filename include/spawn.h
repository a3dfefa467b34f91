/*
 * Running a program to its end: bounded in time and output. It blocks.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* What to run; borrowed. */
struct spawn {
	const char	*path;		/* NULL: not found */
	char *const	*argv;
	char *const	*env;
	bool		 no_new_privs;
	int64_t		 limit_ms;	/* then it is killed */
	struct buf	*out;		/* gets its stdout, all of it */
	struct buf	*errors;	/* gets the last bytes of its stderr */
};

enum spawn_how {
	SPAWN_ENDED,		/* by itself; value is its exit status */
	SPAWN_DIED,		/* value is the signal */
	SPAWN_LATE,		/* killed at the limit */
	SPAWN_TOO_MUCH,		/* killed: it wrote more than out holds */
	SPAWN_FAILED,		/* could not be run; value is an errno */
};

struct spawn_end {
	enum spawn_how	 how;
	int		 value;
};

/* Run it in a process group of its own, with an empty stdin, no other
 * descriptor and signals as usual, and wait for its end, which a child of it
 * that holds its pipes does not delay; then the whole group is killed, so that
 * nothing it started stays. */
struct spawn_end	spawn_wait(const struct spawn *);

#endif
