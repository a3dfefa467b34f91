/*
 * The only writer of the report pipe. Each function writes one whole line; all
 * end the process if the supervisor no longer reads (IPC_EXIT_REPORT), and
 * those whose line is essential also if it is too long (IPC_EXIT_PROTOCOL).
 * quali-job-protocol(7) describes the lines.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "ipc.h"
#include "job.h"

/* Takes over the pipe's end. Call it first. */
void	report_open(int fd);
void	report_hello(void);

/* Writes IPC_INTENT or IPC_FACT with all facts. */
void	report_facts(enum ipc_type, const struct job_facts *);

/* Progress and calls are dropped after too many lines and after the result.
 * text is for people, NULL: none. */
void	report_progress(enum ipc_step, const char *text);

/* One HTTP call: where is host and path; status 0 and an error if no answer
 * came, else error is NULL; attempt counts from 1. */
/* From now on what is logged is told as progress: an executor has no standard
 * error. Not before the order has been waited for. */
void	report_words(void);
void	report_call(const char *method, const char *where, long status,
	    int64_t ms, int attempt, const char *error);
void	report_need_credentials(void);

/* The last line. Leaves the variables out if the line would be too long. */
void	report_result(const struct job_result *);

#endif
