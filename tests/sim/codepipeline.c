/*
 * CodePipeline's side of the wire: JSON 1.1 over POST /, one function per
 * operation, errors in the service's form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "state.h"

#define BATCH_MAX	1000
#define TARGET		"CodePipeline_20150709."

void
codepipeline_error(struct req *r, int status, const char *code,
    const char *message)
{
	answer_clear(r);
	answer_amazon(r, NULL);
	answer_json(r, status, json_pack("{ss ss}", "__type", code, "message",
	    message));
}

void
codepipeline_refuse(struct req *r, const char *code, const char *message)
{
	req_why(r, "%s: %s", code, message);
	codepipeline_error(r, 400, code, message);
}

/* Takes over body; NULL is the empty answer of operations without output. */
void
codepipeline_answer(struct req *r, json_t *body)
{
	answer_amazon(r, NULL);
	if (body != NULL)
		answer_json(r, 200, body);
	else
		answer_text(r, 200, "application/x-amz-json-1.1", "%s", "");
}

/* --- PollForJobs, GetJobDetails --- */

static json_t *
artifacts_json(struct artifact *a, int n)
{
	json_t *all = json_array();
	int i;

	for (i = 0; i < n; i++)
		json_array_append_new(all, json_pack(
		    "{ss sn s{ss s{ss ss}}}", "name", a[i].name, "revision",
		    "location", "type", "S3", "s3Location", "bucketName",
		    a[i].bucket, "objectKey", a[i].key));
	return all;
}

static json_t *
context_json(struct execution *x)
{
	char arn[256];

	snprintf(arn, sizeof(arn), "arn:aws:codepipeline:%s:%s:%s",
	    set_str("codepipeline", "region"),
	    set_str("codepipeline", "account"), x->pipeline);
	return json_pack("{ss s{ss} s{ss ss} ss ss}",
	    "pipelineName", x->pipeline, "stage", "name", x->stage,
	    "action", "name", x->name, "actionExecutionId", x->id,
	    "pipelineArn", arn, "pipelineExecutionId", x->pipeline_execution);
}

/* Each answer has new artifact credentials. */
static json_t *
data_json(struct job *job)
{
	struct execution *x = job->execution;
	struct cred *c;
	json_t *data;

	data = json_pack("{s{ss ss ss ss} s{sO} so so so}", "actionTypeId",
	    "category", x->category, "owner", "Custom", "provider",
	    x->provider, "version", x->version, "actionConfiguration",
	    "configuration", x->configuration, "pipelineContext",
	    context_json(x), "inputArtifacts",
	    artifacts_json(x->inputs, x->ninputs), "outputArtifacts",
	    artifacts_json(x->outputs, x->noutputs));
	if (x->ninputs + x->noutputs > 0) {
		c = cred_issue(job);
		json_object_set_new(data, "artifactCredentials", json_pack(
		    "{ss ss ss}", "accessKeyId", c->id, "secretAccessKey",
		    c->secret, "sessionToken", c->token));
	}
	if (job->token != NULL)
		json_object_set_new(data, "continuationToken",
		    json_string(job->token));
	if (x->encryption_key != NULL)
		json_object_set_new(data, "encryptionKey", json_pack(
		    "{ss ss}", "id", x->encryption_key, "type", "KMS"));
	return data;
}

/* queryable: name of the action type's property, or NULL. */
static bool
query_fits(struct req *r, const char *queryable, json_t *query)
{
	const char *why = NULL;

	if (queryable == NULL && json_object_size(query) > 0)
		why = "The action type has no queryable property.";
	if (queryable != NULL && json_object_get(query, queryable) == NULL)
		why = "The queryable property of the action type must be "
		    "given.";
	if (why != NULL)
		codepipeline_refuse(r, "ValidationException", why);
	return why == NULL;
}

static void
poll_for_jobs(struct req *r)
{
	json_t *type = json_object_get(r->json, "actionTypeId"), *list;
	json_t *query = json_object_get(r->json, "queryParam");
	int64_t limit = set_int("codepipeline", "poll_limit"), n;
	struct job *job = NULL;
	char name[256], text[128];

	if (strcmp(jstr(type, "owner"), "Custom") != 0) {
		snprintf(text, sizeof(text), "ActionType with owner '%s' is "
		    "not supported", jstr(type, "owner"));
		codepipeline_refuse(r, "ValidationException", text);
		return;
	}
	if (!actiontype_known(type)) {
		codepipeline_refuse(r, "ActionTypeNotFoundException",
		    "The specified action type could not be found.");
		return;
	}
	if (!query_fits(r, actiontype_queryable(type), query))
		return;
	n = jint(r->json, "maxBatchSize", 1);
	if (limit > 0 && n > limit)
		n = limit;
	if (n > BATCH_MAX)
		n = BATCH_MAX;
	snprintf(name, sizeof(name), "%s/%s/%s", jstr(type, "category"),
	    jstr(type, "provider"), jstr(type, "version"));
	list = json_array();
	while (n-- > 0 && (job = job_poll(name, query, now_ms())) != NULL) {
		json_array_append_new(list, json_pack("{ss ss ss so}", "id",
		    job->id, "nonce", job->nonce, "accountId",
		    set_str("codepipeline", "account"), "data",
		    data_json(job)));
		if (json_array_size(list) == 1)
			memcpy(r->job, job->id, ID_MAX);
	}
	codepipeline_answer(r, json_pack("{so}", "jobs", list));
}

/* The job that the request names; otherwise answers with the error and returns
 * NULL. */
struct job *
codepipeline_job(struct req *r)
{
	const char *id = jstr(r->json, "jobId");
	struct job *job = job_find(id);

	snprintf(r->job, sizeof(r->job), "%s", id);
	if (job == NULL)
		codepipeline_refuse(r, "JobNotFoundException",
		    "The specified job could not be found.");
	else
		job_tick(job, now_ms());
	return job;
}

static void
get_job_details(struct req *r)
{
	struct job *job = codepipeline_job(r);

	if (job == NULL)
		return;
	job->details_calls++;
	codepipeline_answer(r, json_pack("{s{ss ss so}}", "jobDetails", "id",
	    job->id, "accountId", set_str("codepipeline", "account"), "data",
	    data_json(job)));
}

/* --- AcknowledgeJob --- */

static void
acknowledge_job(struct req *r)
{
	struct job *job = codepipeline_job(r);
	const char *status = NULL;

	if (job == NULL)
		return;
	if (job->nonce[0] == '\0' ||
	    strcmp(jstr(r->json, "nonce"), job->nonce) != 0) {
		job->refused_acks++;
		codepipeline_refuse(r, "InvalidNonceException",
		    "The nonce is stale.");
		return;
	}
	if (job->state == JOB_QUEUED || job->state == JOB_DISPATCHED) {
		job_unlist(job);
		job->state = JOB_IN_PROGRESS;
		job->acknowledged++;
		status = "InProgress";
	} else if (job->state == JOB_IN_PROGRESS &&
	    !set_bool("codepipeline", "nonce_strict"))
		status = "InProgress";
	else if (job->acknowledged == 0 && job->state != JOB_IN_PROGRESS)
		status = job->state == JOB_TIMED_OUT ? "TimedOut" :
		    job->state == JOB_SUCCEEDED ? "Succeeded" : "Failed";
	if (status == NULL) {
		job->refused_acks++;
		codepipeline_refuse(r, "InvalidNonceException",
		    "The job has been claimed already.");
		return;
	}
	if (strcmp(status, "InProgress") != 0)
		job->refused_acks++;
	codepipeline_answer(r, json_pack("{ss}", "status", status));
}

/* --- the request --- */

static const struct operation {
	const char *name;
	void (*run)(struct req *);
} operations[] = {
	{ "PollForJobs", poll_for_jobs },
	{ "AcknowledgeJob", acknowledge_job },
	{ "GetJobDetails", get_job_details },
	{ "PutJobSuccessResult", result_success },
	{ "PutJobFailureResult", result_failure },
	{ "CreateCustomActionType", actiontype_create },
	{ "DeleteCustomActionType", actiontype_delete },
	{ "ListActionTypes", actiontype_list },
	{ "ListPipelines", declaration_list },
	{ "GetPipeline", declaration_get },
};

static const struct operation *
operation_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	return NULL;
}

static void
classify(struct req *r)
{
	const char *target = req_header(r, "X-Amz-Target");
	const char *id;

	if (target != NULL && strncmp(target, TARGET, strlen(TARGET)) == 0)
		target += strlen(TARGET);
	snprintf(r->operation, sizeof(r->operation), "%s",
	    target == NULL ? "Unknown" : target);
	sigv4_check(r, "codepipeline");
	r->json = json_loadb(r->body.data, r->body.len,
	    JSON_REJECT_DUPLICATES, NULL);
	if ((id = jstr(r->json, "jobId")) != NULL)
		snprintf(r->job, sizeof(r->job), "%s", id);
}

static bool
signature_good(struct req *r)
{
	const char *code;

	switch (r->sig) {
	case SIG_OK:
		if (r->cred != NULL && r->cred->job != NULL) {
			codepipeline_refuse(r, "AccessDeniedException",
			    "Artifact credentials may not call CodePipeline.");
			return false;
		}
		if (strcmp(r->sig_region,
		    set_str("codepipeline", "region")) != 0) {
			codepipeline_refuse(r, "InvalidSignatureException",
			    "Credential should be scoped to a valid region.");
			return false;
		}
		return true;
	case SIG_NONE:
		code = "MissingAuthenticationTokenException";
		break;
	case SIG_FORMAT:
		code = "IncompleteSignatureException";
		break;
	case SIG_KEY:
	case SIG_TOKEN:
		code = "UnrecognizedClientException";
		break;
	case SIG_EXPIRED:
		code = "ExpiredTokenException";
		break;
	default:
		code = "InvalidSignatureException";
		break;
	}
	codepipeline_error(r, 400, code, r->sig_text);
	return false;
}

static bool
form_good(struct req *r)
{
	const char *type = req_header(r, "Content-Type");
	const char *target = req_header(r, "X-Amz-Target");

	if (strcmp(r->method, "POST") != 0 || strcmp(r->target, "/") != 0 ||
	    target == NULL || strncmp(target, TARGET, strlen(TARGET)) != 0)
		codepipeline_refuse(r, "UnknownOperationException",
		    "not POST / with a known X-Amz-Target");
	else if (type == NULL ||
	    strcmp(type, "application/x-amz-json-1.1") != 0)
		codepipeline_refuse(r, "SerializationException",
		    "Content-Type is not application/x-amz-json-1.1");
	else
		return true;
	return false;
}

static void
handle(struct req *r)
{
	const struct operation *op;
	struct buf denied = { NULL, 0, 0 };
	const char *code;
	char why[WHY_MAX];

	if (!signature_good(r) || !form_good(r))
		return;
	if ((op = operation_find(r->operation)) == NULL) {
		codepipeline_refuse(r, "UnknownOperationException",
		    "unknown operation");
		return;
	}
	if (r->json == NULL) {
		codepipeline_refuse(r, "SerializationException",
		    "body is not JSON");
		return;
	}
	if (validate(r->json, op->name, &code, why, sizeof(why)) == -1) {
		codepipeline_refuse(r, code, why);
		return;
	}
	if (permission_refuses(r, op->name, &denied))
		codepipeline_refuse(r, "AccessDeniedException", denied.data);
	else
		op->run(r);
	buf_free(&denied);
}

const struct service codepipeline_service = {
	.name = "codepipeline", .body_max = 1 << 20, .logged = true,
	.classify = classify, .handle = handle, .error = codepipeline_error,
};
