/*
 * Blocking calls to AWS with retries.
 */
#include <stdlib.h>
#include <string.h>

#include "aws_client.h"
#include "sys.h"

void
aws_client_open(struct aws_client *c)
{
	c->http = http_client_new(NULL);
	aws_retry_init(&c->retry, c->attempts);
}

void
aws_client_close(struct aws_client *c)
{
	http_client_free(c->http);
	c->http = NULL;
}

/* Milliseconds that an attempt may take; 0 would be for ever. */
static int64_t
time_limit(const struct aws_client *c)
{
	int64_t left = c->until_ms - sys_now_ms();

	if (c->until_ms == 0 || left >= c->timeout_ms)
		return c->timeout_ms;
	return left > 0 ? left : 1;
}

/* One attempt. -1: no answer, or the request cannot be built. */
static int
attempt(struct aws_client *c, const struct aws_exchange *x,
    const struct aws_attempt *number, struct http_answer *answer,
    struct fail *fail)
{
	struct aws_request request = { 0 };
	struct http_tls tls = { .ca_file = c->ca_file, .verify = true,
	    .settings = AWS_TLS_SETTINGS };
	struct http_request http = { .timeout_ms = time_limit(c),
	    .answer_max = x->answer_max, .private_answer = true,
	    .tls = &tls, .user_agent = c->user_agent };
	int rc;

	if (x->build(&request, number, sys_wall() + c->skew_s, x->arg,
	    fail) != 0)
		return -1;
	http.method = request.method;
	http.url = request.url;
	http.headers = (const char *const *)request.headers;
	http.body = request.body.data;
	http.body_len = request.body.len;
	rc = http_perform(c->http, &http, answer, fail);
	aws_request_free(&request);
	return rc;
}

static enum fail_kind
kind_of(const struct aws_error *e)
{
	switch (e->class) {
	case AWS_THROTTLED:
	case AWS_TRANSIENT:
		return FAIL_AGAIN;
	case AWS_CREDENTIALS:
		return FAIL_AUTH;
	case AWS_SKEW:
		return FAIL_SYSTEM;
	default:
		return strncmp(e->code, "AccessDenied", 12) == 0 ?
		    FAIL_PERMISSION : FAIL_CONFIG;
	}
}

static int
refused(const struct aws_exchange *x, const struct aws_error *e,
    struct fail *fail)
{
	char text[AWS_ERROR_TEXT_MAX];

	return fail_set(fail, kind_of(e), "%s", aws_error_show(e,
	    x->operation, text, sizeof(text)));
}

/* Faults on the way that may pass, by what http_perform says of them. */
static bool
may_pass(const struct fail *fail)
{
	return fail->kind == FAIL_AGAIN || fail->kind == FAIL_UNSURE;
}

int
aws_client_call(struct aws_client *c, const struct aws_exchange *x,
    struct http_answer *answer, struct aws_error *e, struct fail *fail)
{
	struct aws_attempt number = { .attempt = 0 };
	struct aws_retry_call call = { 0 };
	bool corrected = false;
	struct fail why = { 0 };
	int64_t ms;

	memset(answer, 0, sizeof(*answer));
	aws_attempt_init(&number, (unsigned)c->retry.attempts);
	for (;; aws_attempt_next(&number)) {
		http_answer_free(answer);
		memset(e, 0, sizeof(*e));
		if (attempt(c, x, &number, answer, &why) == 0) {
			x->classify(answer, sys_wall(), e);
			if (e->class == AWS_OK) {
				aws_retry_over(&c->retry, &call);
				return 0;
			}
			x->mask(e->message, x->arg);
			(void)refused(x, e, &why);
		} else {
			e->class = may_pass(&why) ? AWS_TRANSIENT : AWS_FINAL;
			(void)fail_prefix(&why, "%s", x->operation);
		}
		if (e->class == AWS_SKEW && e->server_wall != 0 &&
		    !corrected) {
			c->skew_s = e->skew_s;
			corrected = true;
			continue;
		}
		ms = aws_retry_next(&c->retry, &call, e, arc4random());
		if (ms < 0 || (c->until_ms != 0 &&
		    sys_now_ms() + ms >= c->until_ms))
			break;
		sys_pause_ms(ms);
	}
	return fail_set(fail, why.kind == FAIL_UNSURE ? FAIL_AGAIN : why.kind,
	    "%s", why.text);
}
