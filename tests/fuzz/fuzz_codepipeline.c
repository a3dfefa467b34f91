/*
 * Answers of PollForJobs, GetJobDetails and AcknowledgeJob: each input is
 * tried as all three.
 */
#include <string.h>

#include "codepipeline_answer.h"
#include "fuzz.h"
#include "ipc_order.h"

/* A job that could be read can be handed to an executor and reaches it whole;
 * of another one it is known what is wrong. */
static void
check_job(const struct job_data *job)
{
	struct ipc_order order = { .action = ACTION_RUN, .data = *job,
		.cloudshell = { .url = (char *)"https://x.example",
		    .user = (char *)"x" } };
	struct ipc_order again;
	struct fail fail = { 0 };
	struct buf line;

	if (job->unread != NULL) {
		fail.kind = job->unread_kind;
		(void)strlcpy(fail.text, job->unread, sizeof(fail.text));
		fuzz_fail_check(&fail, CANARY);
		return;
	}
	MUST(job->id[0] != '\0' && strnlen(job->id, JOB_ID_SIZE) <
	    JOB_ID_SIZE);
	MUST(job->ninputs <= JOB_ARTIFACTS_MAX);
	MUST(job->noutputs <= JOB_ARTIFACTS_MAX);
	buf_init(&line, IPC_ORDER_MAX);
	MUST(ipc_order_encode(&line, &order) == 0);
	MUST(ipc_order_decode(line.data, line.len - 1, &again, &fail) == 0);
	MUST(strcmp(again.data.id, job->id) == 0);
	ipc_order_free(&again);
	buf_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_data *jobs = NULL, job = { 0 };
	struct fail f = { 0 };
	size_t n = 0, broken = 0;
	char status[16];
	struct buf body;

	if (size > 64 * 1024)
		return 0;
	buf_init(&body, AWS_ANSWER_MAX);
	(void)buf_add(&body, data, size);
	if (cp_poll_parse(&body, &jobs, &n, &broken, &f) == -1) {
		fuzz_fail_check(&f, CANARY);
	} else {
		MUST(n <= 256);
		if (broken > 0)
			fuzz_fail_check(&f, CANARY);
		for (size_t i = 0; i < n; i++)
			check_job(&jobs[i]);
		cp_jobs_free(jobs, n);
	}
	memset(&f, 0, sizeof(f));
	if (cp_details_parse(&body, &job, &f) == -1)
		fuzz_fail_check(&f, CANARY);
	else
		check_job(&job);
	job_data_free(&job);
	memset(&f, 0, sizeof(f));
	if (cp_acknowledge_parse(&body, status, sizeof(status), &f) == -1) {
		fuzz_fail_check(&f, CANARY);
		MUST(status[0] == '\0');
	}
	MUST(strnlen(status, sizeof(status)) < sizeof(status));
	buf_free(&body);
	return 0;
}
