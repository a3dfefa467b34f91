/*
 * One call to CodePipeline from the supervisor: endpoint, signature, transfer,
 * and what its answer means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_call.h"
#include "aws_error.h"
#include "aws_request.h"
#include "codepipeline.h"
#include "codepipeline_answer.h"
#include "endpoint.h"
#include "http_tls.h"
#include "journal.h"
#include "mem.h"
#include "sys.h"

struct aws_call {
	struct aws	*aws;
	struct transfer	*transfer;
	aws_call_done	 done;
	void		*arg;
	const char	*operation;
	struct credentials keys;	/* it is signed with */
};

static bool
may_pass(enum aws_class class)
{
	switch (class) {
	case AWS_THROTTLED:
	case AWS_TRANSIENT:
	case AWS_CREDENTIALS:
	case AWS_SKEW:
		return true;
	default:
		return false;
	}
}

/* An answer without a time only says that ours is wrong; the known difference
 * stays. */
static void
correct_clock(struct aws *aws, const struct aws_error *error)
{
	if (error->server_wall == 0) {
		journal_event(JOURNAL_AWS, LOG_WARNING, "AWS refuses the time "
		    "of a signature but does not send its own: check the clock "
		    "(%s)", error->code);
		return;
	}
	aws->skew_s = error->skew_s;
	journal_event(JOURNAL_AWS, LOG_WARNING, "the clock differs from AWS's "
	    "by %lld s: signatures are corrected, but set the clock",
	    (long long)aws->skew_s);
}

static void
read_answer(const struct aws_call *call, const struct http_answer *answer,
    struct aws_reply *reply)
{
	struct aws *aws = call->aws;

	aws_error_json(answer, sys_wall(), &reply->error);
	if (reply->error.class == AWS_OK) {
		reply->ok = true;
		reply->body = &answer->body;
		return;
	}
	secret_mask(reply->error.message, call->keys.secret_key);
	secret_mask(reply->error.message, call->keys.token);
	reply->passing = may_pass(reply->error.class);
	/* A proxy's refusal, "too many requests" included, may stand for an
	 * answer that it did not let through. */
	reply->unsure = reply->error.class == AWS_TRANSIENT ||
	    !reply->error.coded;
	if (reply->error.class == AWS_SKEW)
		correct_clock(aws, &reply->error);
	if (reply->error.class == AWS_CREDENTIALS)
		aws_keys_refresh(aws->keys);
	(void)snprintf(reply->text, sizeof(reply->text), "%s: %.100s%s%.700s "
	    "(request %.100s)", call->operation, reply->error.code,
	    reply->error.message[0] != '\0' ? ": " : "",
	    reply->error.message, reply->error.request_id[0] != '\0' ?
	    reply->error.request_id : "without id");
}

static void
call_free(struct aws_call *call)
{
	credentials_free(&call->keys);
	free(call);
}

static void
done(int code, const struct http_answer *answer, const struct fail *fail,
    void *arg)
{
	struct aws_call *call = arg;
	struct aws_reply *reply = xcalloc(1, sizeof(*reply));
	aws_call_done callback = call->done;
	void *callback_arg = call->arg;

	if (code != 0) {
		reply->passing = true;
		reply->unsure = fail->kind != FAIL_AGAIN &&
		    fail->kind != FAIL_CONFIG;
		(void)snprintf(reply->text, sizeof(reply->text), "%s: %.1100s",
		    call->operation, fail->text);
	} else {
		read_answer(call, answer, reply);
	}
	call_free(call);
	callback(reply, callback_arg);
	free(reply);
}

static int
build(struct aws *aws, const char *operation, const json_t *input,
    struct aws_request *request, struct http_tls *tls, struct fail *fail)
{
	const struct credentials *keys = aws_keys_get(aws->keys);
	const char *error = aws_keys_error(aws->keys);
	const char *region = aws_keys_region(aws->keys);
	struct aws_attempt attempt;
	struct aws_endpoint endpoint;

	tls->ca_file = aws_keys_ca_bundle(aws->keys);
	if (keys == NULL)
		return fail_set(fail, FAIL_AGAIN, "no AWS credentials%s%s",
		    error[0] != '\0' ? ": " : " yet", error);
	if (region[0] == '\0')
		return fail_set(fail, FAIL_AGAIN, "no AWS region: set "
		    "aws.region or AWS_REGION");
	if (aws_endpoint_find("codepipeline", region,
	    aws_keys_endpoint(aws->keys, AWS_CODEPIPELINE),
	    aws_keys_use_fips(aws->keys), aws_keys_use_dualstack(aws->keys),
	    &endpoint, fail) != 0)
		return -1;
	aws_attempt_init(&attempt, 1);
	return cp_request(request, &endpoint, region, keys, &attempt,
	    sys_wall() + aws->skew_s, operation, input, fail);
}

struct aws_call *
aws_call_start(struct aws *aws, const char *operation, json_t *input,
    bool once, aws_call_done callback, void *arg, struct fail *fail)
{
	struct aws_request request = { 0 };
	struct aws_call *call = NULL;
	struct http_tls tls = { .verify = true, .settings = AWS_TLS_SETTINGS };
	struct http_request http = { .answer_max = AWS_ANSWER_MAX,
	    .timeout_ms = aws->timeout_ms, .once = once,
	    .private_answer = true, .tls = &tls, 
	    .user_agent = aws_keys_user_agent(aws->keys) };

	if (build(aws, operation, input, &request, &tls, fail) != 0)
		goto out;
	http.method = request.method;
	http.url = request.url;
	http.headers = (const char *const *)request.headers;
	http.body = request.body.data;
	http.body_len = request.body.len;

	call = xcalloc(1, sizeof(*call));
	call->aws = aws;
	call->done = callback;
	call->arg = arg;
	call->operation = operation;
	credentials_copy(&call->keys, aws_keys_get(aws->keys));
	call->transfer = transfer_start(aws->transfers, &http, done, call,
	    fail);
	if (call->transfer == NULL) {
		call_free(call);
		call = NULL;
	}
 out:
	aws_request_free(&request);
	json_decref(input);
	return call;
}

void
aws_call_cancel(struct aws_call *call)
{
	if (call == NULL)
		return;
	transfer_cancel(call->transfer);
	call_free(call);
}
