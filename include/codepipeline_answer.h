/*
 * CodePipeline's answers (aws-contract 1.2, 1.5-1.9). Only the supervisor links
 * them.
 */
#ifndef CODEPIPELINE_ANSWER_H
#define CODEPIPELINE_ANSWER_H

#include <stddef.h>

#include "buf.h"
#include "fail.h"
#include "job.h"

#define AWS_ANSWER_MAX		(8 * 1024 * 1024)	/* PollForJobs: jobs of
					   up to 100 KB configuration each */

/* Read PollForJobs' answer: *jobs and *n, freed by the caller with
 * cp_jobs_free; at most 256. A job whose data breaks the model has unread set,
 * and what could be read. One without a usable id or nonce, which nobody can
 * claim, is left out and counted in *broken; fail then holds the last reason
 * (the member's name), although it returns 0. FAIL_SYSTEM if the whole is not
 * such an answer. */
int	cp_poll_parse(const struct buf *, struct job_data **jobs, size_t *n,
	    size_t *broken, struct fail *);
void	cp_jobs_free(struct job_data *, size_t n);
/* GetJobDetails' answer, likewise; the caller frees the job. FAIL_SYSTEM: the
 * answer holds no job with an id. */
int	cp_details_parse(const struct buf *, struct job_data *, struct fail *);
/* The status word of AcknowledgeJob, cut to size; "" on failure. */
int	cp_acknowledge_parse(const struct buf *, char *status, size_t,
	    struct fail *);

#endif
