/*
 * Running a program that prints credentials: bounded in time and output.
 */
#ifndef RUN_H
#define RUN_H

#include <stdint.h>

#include "buf.h"
#include "fail.h"

/* Run argv[0], looked for in PATH, in a process group of its own, and wait for
 * its end; then the whole group is killed, so that nothing it started stays.
 * out gets its stdout, errors the last bytes of its stderr, each up to its
 * maximum; stdin is empty. -1: it could not be run (FAIL_CONFIG), ended with
 * another status than 0 or by a signal, took longer than limit_ms or wrote more
 * than out holds (FAIL_SYSTEM); the text is a predicate without a subject:
 * "ended with status 1". */
int	run_program(char *const argv[], int64_t limit_ms, struct buf *out,
	    struct buf *errors, struct fail *);

#endif
