/*
 * PutJobSuccessResult and PutJobFailureResult: how a job ends.
 */
#include <string.h>

#include "state.h"

#define VARIABLES_MAX	122880

static void
result_note(struct req *r, struct job *job, const char *kind, bool accepted)
{
	json_array_append_new(job->results, json_pack("{ss sO sb sI}", "kind",
	    kind, "body", r->json, "accepted", accepted, "seq",
	    (json_int_t)note_next()));
}

static void
console_set(struct job *job, const char *name, json_t *value)
{
	if (value != NULL)
		json_object_set(job->execution->console, name, value);
}

static bool
job_takes_result(struct req *r, struct job *job, const char *kind)
{
	if (job->state == JOB_IN_PROGRESS)
		return true;
	result_note(r, job, kind, false);
	codepipeline_refuse(r, "InvalidJobStateException",
	    "The job is not in a state that takes a result.");
	return false;
}

static bool
variables_good(struct req *r, json_t *variables)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	if (variables != NULL &&
	    json_object_get(r->json, "continuationToken") != NULL) {
		codepipeline_refuse(r, "ValidationException",
		    "Output variables cannot be given with a continuation "
		    "token.");
		return false;
	}
	json_object_foreach(variables, name, value)
		n += strlen(name) + json_string_length(value);
	if (n <= VARIABLES_MAX)
		return true;
	codepipeline_refuse(r, "OutputVariablesSizeExceededException",
	    "Exceeded the total size limit for all variables.");
	return false;
}

void
result_success(struct req *r)
{
	json_t *details = json_object_get(r->json, "executionDetails");
	json_t *variables = json_object_get(r->json, "outputVariables");
	const char *token = jstr(r->json, "continuationToken");
	struct job *job = codepipeline_job(r);

	if (job == NULL)
		return;
	if (!variables_good(r, variables)) {
		result_note(r, job, "success", false);
		return;
	}
	if (!job_takes_result(r, job, "success"))
		return;
	result_note(r, job, "success", true);
	console_set(job, "summary", json_object_get(details, "summary"));
	console_set(job, "externalExecutionId",
	    json_object_get(details, "externalExecutionId"));
	console_set(job, "percentComplete",
	    json_object_get(details, "percentComplete"));
	console_set(job, "variables", variables);
	if (token != NULL)
		job_continue(job, token);
	else
		job_finish(job, JOB_SUCCEEDED);
	codepipeline_answer(r, NULL);
}

void
result_failure(struct req *r)
{
	json_t *details = json_object_get(r->json, "failureDetails");
	struct job *job = codepipeline_job(r);

	if (job == NULL || !job_takes_result(r, job, "failure"))
		return;
	result_note(r, job, "failure", true);
	console_set(job, "type", json_object_get(details, "type"));
	console_set(job, "message", json_object_get(details, "message"));
	console_set(job, "externalExecutionId",
	    json_object_get(details, "externalExecutionId"));
	job_finish(job, JOB_FAILED);
	codepipeline_answer(r, NULL);
}
