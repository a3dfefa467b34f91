/*
 * One call to CodePipeline from the supervisor: endpoint, signature, transfer,
 * what its answer means, and whether it is sent again.
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
#include "timer.h"

struct aws_call {
	struct aws	*aws;
	struct transfer	*transfer;	/* NULL between two attempts */
	sd_event_source	*timer;		/* for the next one */
	aws_call_done	 done;
	void		*arg;
	const char	*operation;
	json_t		*input;
	enum aws_sending sending;
	struct aws_attempt attempt;
	struct aws_retry_call retry;
	bool		 corrected;	/* the clock, for this call */
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
	(void)aws_error_show(&reply->error, call->operation, reply->text,
	    sizeof(reply->text));
}

static void
call_free(struct aws_call *call)
{
	(void)sd_event_source_disable_unref(call->timer);
	json_decref(call->input);
	credentials_free(&call->keys);
	free(call);
}

/* No answer came. The name of an endpoint may be well formed and not exist. */
static void
read_failure(const struct aws_call *call, const struct fail *fail,
    struct aws_reply *reply)
{
	const struct aws_keys *keys = call->aws->keys;
	const char *variant = aws_endpoint_variant(aws_keys_use_fips(keys),
	    aws_keys_use_dualstack(keys));

	reply->passing = true;
	reply->unsure = fail->kind != FAIL_AGAIN && fail->kind != FAIL_CONFIG;
	if (fail->kind == FAIL_AGAIN || fail->kind == FAIL_UNSURE)
		reply->error.class = AWS_TRANSIENT;
	else
		reply->error.class = AWS_FINAL;
	(void)snprintf(reply->text, sizeof(reply->text), "%s: %.1000s%s%s",
	    call->operation, fail->text,
	    fail->kind == FAIL_AGAIN && variant != NULL ? "; " : "",
	    fail->kind == FAIL_AGAIN && variant != NULL ? variant : "");
}

/* The call ends. */
static void
deliver(struct aws_call *call, struct aws_reply *reply)
{
	aws_call_done callback = call->done;
	void *arg = call->arg;

	if (reply->ok)
		aws_retry_over(&call->aws->retry, &call->retry);
	call_free(call);
	callback(reply, arg);
}

/* --- one more attempt --- */

static int	send_call(struct aws_call *, struct fail *);

static int
on_again(sd_event_source *source, uint64_t usec, void *arg)
{
	struct aws_call *call = arg;
	struct aws_reply *reply;
	struct fail fail;

	(void)source, (void)usec;
	if (send_call(call, &fail) == 0)
		return 0;
	reply = xcalloc(1, sizeof(*reply));
	reply->passing = true;
	(void)snprintf(reply->text, sizeof(reply->text), "%s: %.1100s",
	    call->operation, fail.text);
	deliver(call, reply);
	free(reply);
	return 0;
}

/* Whether the call is sent again. A refused time is corrected once, at once;
 * refused credentials are renewed, which takes longer than a call may wait. */
static bool
again(struct aws_call *call, const struct aws_reply *reply)
{
	struct aws *aws = call->aws;
	int64_t ms;

	if (call->sending != AWS_REPEATED || reply->ok)
		return false;
	if (reply->error.class == AWS_SKEW && reply->error.server_wall != 0 &&
	    !call->corrected) {
		call->corrected = true;
		ms = 0;
	} else
		ms = aws_retry_next(&aws->retry, &call->retry, &reply->error,
		    arc4random());
	if (ms < 0)
		return false;
	journal_event(JOURNAL_AWS, LOG_DEBUG, "%s; attempt %u of %u in %lld "
	    "ms", reply->text, call->attempt.attempt + 1, call->attempt.max,
	    (long long)ms);
	aws_attempt_next(&call->attempt);
	timer_in(aws->event, &call->timer, ms, on_again, call);
	return true;
}

static void
transferred(int code, const struct http_answer *answer, const struct fail *fail,
    void *arg)
{
	struct aws_call *call = arg;
	struct aws_reply *reply = xcalloc(1, sizeof(*reply));

	call->transfer = NULL;
	if (code != 0)
		read_failure(call, fail, reply);
	else
		read_answer(call, answer, reply);
	if (!again(call, reply))
		deliver(call, reply);
	free(reply);
}

/* --- sending --- */

static int
build(struct aws_call *call, struct aws_request *request,
    struct http_request *http, struct http_tls *tls, struct fail *fail)
{
	const struct aws *aws = call->aws;
	const struct credentials *keys = aws_keys_get(aws->keys);
	const char *error = aws_keys_error(aws->keys);
	const char *region = aws_keys_region(aws->keys);
	struct aws_endpoint endpoint;

	tls->ca_file = aws_keys_ca_bundle(aws->keys);
	http->user_agent = aws_keys_user_agent(aws->keys);
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
	credentials_free(&call->keys);
	credentials_copy(&call->keys, keys);
	return cp_request(request, &endpoint, region, keys, &call->attempt,
	    sys_wall() + aws->skew_s, call->operation, call->input, fail);
}

/* Sign and send one attempt. */
static int
send_call(struct aws_call *call, struct fail *fail)
{
	struct aws *aws = call->aws;
	struct aws_request request = { 0 };
	struct http_tls tls = { .verify = true, .settings = AWS_TLS_SETTINGS };
	struct http_request http = { .answer_max = AWS_ANSWER_MAX,
	    .timeout_ms = aws->timeout_ms, .once = call->sending == AWS_ONCE,
	    .private_answer = true, .tls = &tls };

	if (build(call, &request, &http, &tls, fail) == 0) {
		http.method = request.method;
		http.url = request.url;
		http.headers = (const char *const *)request.headers;
		http.body = request.body.data;
		http.body_len = request.body.len;
		call->transfer = transfer_start(aws->transfers, &http,
		    transferred, call, fail);
	}
	aws_request_free(&request);
	return call->transfer != NULL ? 0 : -1;
}

struct aws_call *
aws_call_start(struct aws *aws, const char *operation, json_t *input,
    enum aws_sending sending, aws_call_done callback, void *arg,
    struct fail *fail)
{
	struct aws_call *call = xcalloc(1, sizeof(*call));

	call->aws = aws;
	call->done = callback;
	call->arg = arg;
	call->operation = operation;
	call->input = input;
	call->sending = sending;
	aws_attempt_init(&call->attempt, sending == AWS_REPEATED ?
	    (unsigned)aws->retry.attempts : 1);
	if (send_call(call, fail) == 0)
		return call;
	call_free(call);
	return NULL;
}

void
aws_call_cancel(struct aws_call *call)
{
	if (call == NULL)
		return;
	if (call->transfer != NULL)
		transfer_cancel(call->transfer);
	call_free(call);
}
