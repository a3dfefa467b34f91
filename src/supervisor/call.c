/*
 * One call to CodePipeline from the supervisor: endpoint, signature, transfer,
 * and what its answer means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codepipeline_answer.h"
#include "mem.h"
#include "sys.h"
#include "worker.h"

#define USER_AGENT	"quali-job-worker/" VERSION " ua/2.1 os/linux lang/c"

struct aws_call {
	struct worker	*worker;
	struct transfer	*transfer;
	aws_done	 done;
	void		*arg;
	const char	*operation;
};

bool
call_passing(const struct aws_reply *reply)
{
	if (reply->transport != FAIL_NONE)
		return true;
	switch (reply->error.class) {
	case AWS_THROTTLED:
	case AWS_TRANSIENT:
	case AWS_CREDENTIALS:
	case AWS_SKEW:
		return true;
	default:
		return false;
	}
}

/* An answer without its time says only that ours is wrong; what is known of
 * the difference stays. */
static void
correct_clock(struct worker *worker, const struct aws_error *error)
{
	if (error->server_wall == 0) {
		journal_event(JOURNAL_AWS, LOG_WARNING, "AWS finds the time of "
		    "a signature wrong and tells no time of its own: check "
		    "the clock (%s)", error->code);
		return;
	}
	worker->skew_s = error->skew_s;
	journal_event(JOURNAL_AWS, LOG_WARNING, "the clock differs from AWS "
	    "by %lld s: corrected in signatures, set the clock",
	    (long long)worker->skew_s);
}

static void
read_error(struct worker *worker, const struct aws_call *call,
    const struct http_answer *answer, struct aws_reply *reply)
{
	const struct credentials *keys =
	    credentials_get(worker->credentials);

	aws_error_json(answer, sys_wall(), &reply->error);
	if (keys != NULL) {
		secret_mask(reply->error.message, keys->secret_key);
		secret_mask(reply->error.message, keys->token);
	}
	if (reply->error.class == AWS_OK) {
		reply->ok = true;
		return;
	}
	if (reply->error.class == AWS_SKEW)
		correct_clock(worker, &reply->error);
	if (reply->error.class == AWS_CREDENTIALS)
		credentials_refresh(worker->credentials);
	(void)snprintf(reply->text, sizeof(reply->text), "%s: %.100s%s%.700s "
	    "(request %.100s)", call->operation, reply->error.code,
	    reply->error.message[0] != '\0' ? ": " : "",
	    reply->error.message, reply->error.request_id[0] != '\0' ?
	    reply->error.request_id : "without id");
}

static void
done(int code, const struct http_answer *answer, const struct fail *fail,
    void *arg)
{
	struct aws_call *call = arg;
	struct aws_reply *reply = xcalloc(1, sizeof(*reply));

	if (code != 0) {
		reply->transport = fail->kind;
		(void)snprintf(reply->text, sizeof(reply->text), "%s: %.1100s",
		    call->operation, fail->text);
	} else {
		reply->body = &answer->body;
		read_error(call->worker, call, answer, reply);
	}
	call->done(reply, call->arg);
	free(reply);
	free(call);
}

static int
build(struct worker *worker, const char *operation, const json_t *input,
    struct aws_request *request, struct fail *fail)
{
	struct credential_source *source = worker->credentials;
	const struct credentials *keys = credentials_get(source);
	const char *region = worker_region(worker);
	struct aws_endpoint endpoint;

	if (keys == NULL)
		return fail_set(fail, FAIL_AGAIN, "no AWS credentials%s%s",
		    credentials_error(source)[0] != '\0' ? ": " : " yet",
		    credentials_error(source));
	if (region[0] == '\0')
		return fail_set(fail, FAIL_AGAIN, "no AWS region: set "
		    "aws.region or AWS_REGION");
	if (aws_endpoint_find("codepipeline", region,
	    credentials_endpoint(source, "codepipeline"),
	    credentials_use_fips(source), credentials_use_dualstack(source),
	    &endpoint, fail) != 0)
		return -1;
	return cp_request(request, &endpoint, region, keys,
	    sys_wall() + worker->skew_s, operation, input, fail);
}

struct aws_call *
call_start(struct worker *worker, const char *operation, json_t *input,
    bool once, aws_done callback, void *arg, struct fail *fail)
{
	struct aws_request request = { 0 };
	struct aws_call *call = NULL;
	struct http_tls tls = { .verify = true, .settings = AWS_TLS_SETTINGS };
	struct http_request http = { 0 };

	tls.ca_file = credentials_ca_bundle(worker->credentials);
	if (build(worker, operation, input, &request, fail) != 0)
		goto out;
	http.method = request.method;
	http.url = request.url;
	http.headers = (const char *const *)request.headers;
	http.body = request.body.data;
	http.body_len = request.body.len;
	http.answer_max = AWS_ANSWER_MAX;
	http.timeout_ms = worker->conf.worker.http_timeout;
	http.once = once;
	http.private_answer = true;
	http.tls = &tls;
	http.user_agent = USER_AGENT;

	call = xcalloc(1, sizeof(*call));
	call->worker = worker;
	call->done = callback;
	call->arg = arg;
	call->operation = operation;
	call->transfer = transfer_start(worker->transfers, &http, done, call,
	    fail);
	if (call->transfer == NULL) {
		free(call);
		call = NULL;
	}
 out:
	aws_request_free(&request);
	json_decref(input);
	return call;
}

void
call_cancel(struct aws_call *call)
{
	if (call == NULL)
		return;
	transfer_cancel(call->transfer);
	free(call);
}
