/*
 * CodePipeline's requests (aws-contract 1.2-1.9): the supervisor's side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_request.h"
#include "codepipeline.h"
#include "endpoint.h"
#include "json.h"
#include "mem.h"
#include "model.h"
#include "sigv4.h"
#include "utf8.h"

#define TARGET		"CodePipeline_20150709."
#define BODY_MAX	(1024 * 1024)	/* bytes of a request: output variables,
					   escaped */

#define DEFAULT_FAILURE	"The job failed without a message."
#define DEFAULT_STOP	"The job was stopped."
#define LOST_TOKEN	"The job could not be handed back to the queue: its " \
			"continuation token is missing or too long."

int
cp_request(struct aws_request *req, const struct aws_endpoint *ep,
    const char *region, const struct credentials *creds,
    const struct aws_attempt *attempt, int64_t wall, const char *operation,
    const json_t *input, struct fail *fail)
{
	struct aws_request_scope scope;
	char *line, target[128], path[sizeof(ep->base) + 1], hash[65];
	int rc = -1;

	aws_request_init(req, "POST");
	(void)snprintf(target, sizeof(target), TARGET "%s", operation);
	(void)snprintf(path, sizeof(path), "%s/", ep->base);
	req->url = xasprintf("%s/", ep->url);
	buf_init(&req->body, BODY_MAX);
	if ((line = json_line(input)) == NULL ||
	    buf_adds(&req->body, line) != 0) {
		fail_set(fail, FAIL_SYSTEM, "%s: the request is too long",
		    operation);
		goto out;
	}
	sigv4_sha256_hex(req->body.data, req->body.len, hash);
	scope = (struct aws_request_scope){
		.service = "codepipeline", .region = region, .host = ep->host,
		.path = path, .payload_hash = hash, .double_encode = true,
	};
	if (aws_request_header(req, "Content-Type",
	    "application/x-amz-json-1.1", fail) == 0 &&
	    aws_request_header(req, "X-Amz-Target", target, fail) == 0 &&
	    aws_request_attempt(req, attempt, fail) == 0)
		rc = aws_request_sign(req, &scope, creds, wall, fail);
out:
	xfree_secret(line);
	if (rc != 0)
		aws_request_free(req);
	return rc;
}

json_t *
cp_poll_input(const struct cp_action_type *type, const char *query, int batch)
{
	json_t *input = json_pack("{s:{s:s, s:s, s:s, s:s}, s:i}",
	    "actionTypeId", "category", type->category, "owner", "Custom",
	    "provider", type->provider, "version", type->version,
	    "maxBatchSize", batch < 1 ? 1 : batch);

	if (query != NULL)
		json_object_set_new(input, "queryParam", json_pack("{s:s}",
		    type->property, query));
	return input;
}

json_t *
cp_acknowledge_input(const char *id, const char *nonce)
{
	return json_pack("{s:s, s:s}", "jobId", id, "nonce", nonce);
}

json_t *
cp_details_input(const char *id)
{
	return json_pack("{s:s}", "jobId", id);
}

/* A copy, cleaned and cut to max bytes; NULL if nothing readable remains. */
static char *
text_clean(const char *text, size_t max)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = xstrdup(text);
	utf8_clean(copy, true);
	utf8_cut(copy, max);
	if (copy[strspn(copy, " \n")] != '\0')
		return copy;
	free(copy);
	return NULL;
}

static void
put_clean(json_t *o, const char *key, const char *text, size_t max)
{
	char *copy = text_clean(text, max);

	json_put_text(o, key, copy);
	free(copy);
}

/* The variables that the model allows, without names that break its pattern and
 * without those that exceed the total. */
static json_t *
variables_clean(const json_t *variables)
{
	json_t *out = json_object(), *value;
	const char *name;
	char *text;
	size_t size, total = 0;

	json_object_foreach((json_t *)(uintptr_t)variables, name, value) {
		if (!cp_chars_valid(name, "@-_") || !json_is_string(value))
			continue;
		text = xstrdup(json_string_value(value));
		utf8_clean(text, true);
		size = strlen(name) + strlen(text);
		if (size <= JOB_VARIABLES_MAX - total) {
			json_put_text(out, name, text);
			total += size;
		}
		xfree_secret(text);
	}
	return out;
}

static json_t *
success_input(const char *id, const struct job_result *r, bool bare)
{
	json_t *input = cp_details_input(id), *details, *variables;

	if (r->outcome == OUTCOME_CONTINUE)
		json_put_text(input, "continuationToken", r->continuation);
	if (bare)
		return input;
	details = json_object();
	put_clean(details, "summary", r->text, JOB_SUMMARY_MAX);
	put_clean(details, "externalExecutionId", r->external_id,
	    JOB_EXTERNAL_ID_MAX);
	if (json_object_size(details) > 0)
		json_object_set(input, "executionDetails", details);
	json_decref(details);
	if (r->outcome == OUTCOME_CONTINUE || r->variables == NULL)
		return input;
	variables = variables_clean(r->variables);
	if (json_object_size(variables) > 0)
		json_object_set(input, "outputVariables", variables);
	json_decref(variables);
	return input;
}

static json_t *
failure_input(const char *id, enum fail_kind kind, const char *text,
    const char *external_id)
{
	json_t *details = json_pack("{s:s}", "type", fail_type(kind));

	put_clean(details, "message", text, JOB_MESSAGE_MAX);
	if (json_text(details, "message") == NULL)
		json_put_text(details, "message", DEFAULT_FAILURE);
	put_clean(details, "externalExecutionId", external_id,
	    JOB_EXTERNAL_ID_MAX);
	return json_pack("{s:s, s:o}", "jobId", id, "failureDetails",
	    details);
}

json_t *
cp_result_input(const char *id, const struct job_result *r, bool bare,
    const char **operation)
{
	const char *external = bare ? NULL : r->external_id;
	const char *text = r->text;
	enum fail_kind kind = r->kind;
	size_t len;

	*operation = "PutJobSuccessResult";
	if (r->outcome == OUTCOME_SUCCESS)
		return success_input(id, r, bare);
	if (r->outcome == OUTCOME_CONTINUE) {
		len = r->continuation == NULL ? 0 : strlen(r->continuation);
		if (len > 0 && len <= JOB_TOKEN_MAX)
			return success_input(id, r, bare);
		/* Without the token the action would count as succeeded. */
		kind = FAIL_SYSTEM;
		text = LOST_TOKEN;
	}
	*operation = "PutJobFailureResult";
	if (r->outcome == OUTCOME_STOPPED) {
		if (kind == FAIL_NONE)
			kind = FAIL_STOPPED;
		if (text == NULL || text[0] == '\0')
			text = DEFAULT_STOP;
	}
	return failure_input(id, kind == FAIL_NONE ? FAIL_SYSTEM : kind, text,
	    external);
}
