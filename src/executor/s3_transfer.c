/*
 * One object to or from S3 with the credentials of the job. They live some 15
 * minutes, so it first renews old ones. It repeats passing faults, and corrects
 * credentials, region and clock once.
 */
#include <string.h>

#include "s3.h"
#include "s3_error.h"
#include "s3_transfer.h"
#include "secret.h"
#include "sys.h"

/* Renew older credentials first (aws-contract 3.1). */
#define FRESH_MS	(10 * 60 * 1000)

#define LATER		"Retry the stage; if it happens again, tell the " \
			"worker's operator"
#define USER_AGENT	"quali-job-worker/" VERSION

struct transfer {
	struct s3_access		*access;
	const struct job_artifact	*artifact;
	const void			*body;		/* NULL: GET */
	size_t				 len;
	struct buf			*out;		/* of a GET */
	char				 region[AWS_REGION_SIZE];
	struct aws_attempt		 number;
	struct aws_retry_call		 retry;
	struct aws_error		 error;		/* of the last attempt
							   that failed */
	bool				 renewed, redirected, skewed;
};

static const char *
doing(const struct transfer *t)
{
	return t->body == NULL ? "reading the input artifact" :
	    "writing the output artifact";
}

static int
renew(struct s3_access *access, struct fail *fail)
{
	if (access->renew(access->arg, fail) != 0)
		return fail->kind == FAIL_STOPPED ? -1 : fail_add(fail, LATER);
	access->credentials_ms = sys_now_ms();
	return 0;
}

static int
build(const struct transfer *t, struct aws_request *req, struct fail *fail)
{
	const struct s3_access *access = t->access;
	const struct s3_place place = {
		.region = t->region,
		.endpoint = access->endpoint,
		.fips = access->fips,
		.dualstack = access->dualstack,
		.bucket = t->artifact->bucket,
		.key = t->artifact->key,
	};
	int64_t wall = sys_wall() + access->skew_s;

	if (t->body == NULL)
		return s3_get_request(req, &place, access->credentials,
		    &t->number, wall, fail);
	return s3_put_request(req, &place, access->credentials, &t->number,
	    wall, t->body, t->len, "application/zip", access->encryption_key,
	    fail);
}

static int
perform(struct transfer *t, const struct aws_request *req,
    struct http_answer *a, struct fail *fail)
{
	const struct http_tls tls = { .ca = t->access->ca,
		.verify = true, .settings = AWS_TLS_SETTINGS };
	const struct http_request http = {
		.method = req->method,
		.url = req->url,
		.headers = (const char *const *)req->headers,
		.body = t->body,
		.body_len = t->len,
		.answer_max = t->body == NULL ? t->out->max : AWS_ERROR_MAX,
		.tls = &tls,
		.user_agent = t->access->user_agent != NULL ?
		    t->access->user_agent : USER_AGENT,
	};
	char where[1024];
	int rv;

	rv = http_perform(t->access->http, &http, a, fail);
	if (rv != 0)
		t->error = (struct aws_error){ .class = AWS_TRANSIENT };
	t->access->called(req->method,
	    http_url_show(where, sizeof(where), req->url), a->status, a->ms,
	    (int)t->number.attempt, rv != 0 ? fail->text : NULL,
	    t->access->arg);
	return rv;
}

/* Refusals by their codes, or how these begin; the hint is for the pipeline's
 * author and also says what the worker's operator must do. */
static const struct refusal {
	const char	*code;
	enum fail_kind	 get, put;
	const char	*hint;
} refusals[] = {
	{ "KMS.", FAIL_CONFIG, FAIL_CONFIG,
	    "Check the encryption key of the artifact bucket" },
	{ "NoSuchKey", FAIL_REVISION, FAIL_CONFIG, "The artifact was deleted "
	    "or has expired (the bucket's lifecycle rules): release the "
	    "change again" },
	{ "NoSuch", FAIL_REVISION, FAIL_CONFIG, NULL },
	{ "RequestTimeTooSkewed", FAIL_SYSTEM, FAIL_SYSTEM, "Ask the worker's "
	    "operator to set the machine's clock" },
	{ "SignatureDoesNotMatch", FAIL_SYSTEM, FAIL_SYSTEM, NULL },
	{ NULL, FAIL_SYSTEM, FAIL_SYSTEM, NULL },
};

static const char credentials_hint[] = "S3 twice refused the credentials that "
    "CodePipeline gave for this job: retry the stage; if it happens again, ask "
    "the worker's operator to check the machine's clock";
static const char get_hint[] = "The role of the pipeline needs s3:GetObject on "
    "the artifact bucket and kms:Decrypt on its key; S3 also answers this if "
    "the object does not exist";
static const char put_hint[] = "The role of the pipeline needs s3:PutObject "
    "on the artifact bucket and kms:GenerateDataKey on its key";
static const char proxy_hint[] = "S3 did not send this answer; a proxy between "
    "the worker and S3 may have: tell the worker's operator";

static bool
is_redirect(long status, const char *code)
{
	return status == 301 || status == 302 || status == 307 ||
	    strcmp(code, "PermanentRedirect") == 0 ||
	    strcmp(code, "TemporaryRedirect") == 0;
}

/* Finds the kind of a final refusal, and its hint or NULL. */
static enum fail_kind
judge(const struct transfer *t, long status, const struct aws_error *e,
    const char **hint)
{
	bool get = t->body == NULL;
	const struct refusal *r = refusals;

	*hint = credentials_hint;
	if (e->class == AWS_CREDENTIALS)
		return FAIL_PERMISSION;
	*hint = proxy_hint;
	if (!e->coded)
		return FAIL_SYSTEM;
	while (r->code != NULL && strncmp(e->code, r->code,
	    strlen(r->code)) != 0)
		r++;
	*hint = r->hint;
	if (r->code != NULL)
		return get ? r->get : r->put;
	if (status == 404)
		return get ? FAIL_REVISION : FAIL_CONFIG;
	if (status != 403)
		return FAIL_SYSTEM;
	*hint = get ? get_hint : put_hint;
	return FAIL_PERMISSION;
}

static int
refuse(const struct transfer *t, const struct http_answer *a,
    const struct aws_error *e, struct fail *fail)
{
	const char *hint, *gap = e->message[0] != '\0' ? ": " : "";
	enum fail_kind kind = judge(t, a->status, e, &hint);

	(void)fail_set(fail, kind, "S3 answered %s%s%s", e->code, gap,
	    e->message);
	if (e->class == AWS_REDIRECT || is_redirect(a->status, e->code)) {
		fail->kind = FAIL_SYSTEM;
		(void)fail_add(fail, "Bucket %.100s is not found in region %s: "
		    "ask the worker's operator to check AWS_ENDPOINT_URL_S3 "
		    "and the region in [aws]", t->artifact->bucket, t->region);
	} else if (hint != NULL)
		(void)fail_add(fail, "%s", hint);
	return -1;
}

/* Go where S3 says that the bucket is: once, and not into another partition,
 * where nobody knows these credentials. */
static bool
move(struct transfer *t)
{
	struct s3_access *access = t->access;

	if (t->redirected || strcmp(t->region, t->error.region) == 0 ||
	    !aws_region_near(t->region, t->error.region))
		return false;
	t->redirected = true;
	(void)strlcpy(t->region, t->error.region, sizeof(t->region));
	(void)strlcpy(access->moved_bucket, t->artifact->bucket,
	    sizeof(access->moved_bucket));
	(void)strlcpy(access->moved_region, t->region,
	    sizeof(access->moved_region));
	return true;
}

/* Corrects what a failed answer complains of: 1: try again at once, -1: do
 * not. */
static int
mend(struct transfer *t, const struct http_answer *a, struct fail *fail)
{
	struct aws_error *e = &t->error;

	aws_error_s3(a, sys_wall() + t->access->skew_s, e);
	secret_mask(e->message, t->access->credentials->secret_key);
	secret_mask(e->message, t->access->credentials->token);
	switch (e->class) {
	case AWS_CREDENTIALS:
		if (t->renewed)
			break;
		t->renewed = true;
		return renew(t->access, fail) != 0 ? -1 : 1;
	case AWS_REDIRECT:
		if (!move(t))
			break;
		return 1;
	case AWS_SKEW:
		if (t->skewed)
			break;
		t->skewed = true;
		t->access->skew_s += e->skew_s;
		return 1;
	case AWS_THROTTLED:
	case AWS_TRANSIENT:
		(void)fail_set(fail, FAIL_AGAIN, "S3 answered %s%s%s", e->code,
		    e->message[0] != '\0' ? ": " : "", e->message);
		return -1;
	default:
		break;
	}
	return refuse(t, a, e, fail);
}

static int
too_large(const struct transfer *t, struct fail *fail)
{
	return fail_set(fail, FAIL_CONFIG, "it is larger than %zu MiB: use the "
	    "output artifact of Quali-Start-Sandbox as this action's input",
	    t->out->max / (1024 * 1024));
}

/* Makes one attempt: 0: done, 1: corrected, try again at once, -1. */
static int
attempt(struct transfer *t, struct fail *fail)
{
	struct http_answer a = { 0 };
	struct aws_request req = { 0 };
	int rv = -1;

	if (sys_now_ms() - t->access->credentials_ms > FRESH_MS &&
	    renew(t->access, fail) != 0)
		return -1;
	if (build(t, &req, fail) != 0)
		return -1;
	if (perform(t, &req, &a, fail) != 0) {
		if (a.too_big && t->body == NULL)
			(void)too_large(t, fail);
	} else if (a.status >= 200 && a.status < 300) {
		rv = 0;
		if (t->out != NULL &&
		    buf_add(t->out, a.body.data, a.body.len) != 0)
			rv = too_large(t, fail);
	} else
		rv = mend(t, &a, fail);
	http_answer_free(&a);
	aws_request_free(&req);
	return rv;
}

/* Pauses before the next attempt after a passing fault; -1 if there must be
 * none. */
static int
back_off(struct transfer *t, struct fail *fail)
{
	const char *variant = aws_endpoint_variant(t->access->fips,
	    t->access->dualstack);
	struct fail stopped;
	int64_t ms;

	ms = aws_retry_next(&t->access->retry, &t->retry, &t->error,
	    arc4random());
	if (ms < 0 || sys_now_ms() + ms >= t->access->deadline_ms) {
		if (t->number.attempt > 1)
			(void)fail_prefix(fail, "tried %u times",
			    t->number.attempt);
		if (t->error.code[0] == '\0' && variant != NULL)
			(void)fail_add(fail, "%s", variant);
		(void)fail_add(fail, LATER);
		fail->kind = FAIL_SYSTEM;
		return -1;
	}
	if (t->access->pause(ms, t->access->arg, &stopped) != 0) {
		*fail = stopped;
		return -1;
	}
	return 0;
}

static int
transfer(struct transfer *t, struct fail *fail)
{
	const char *region = t->access->region;
	int rv = 1;

	if (t->artifact->bucket == NULL || t->artifact->key == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: CodePipeline names no "
		    "S3 object for it; the worker reads and writes only "
		    "artifacts in S3", doing(t));
	if (strcmp(t->artifact->bucket, t->access->moved_bucket) == 0)
		region = t->access->moved_region;
	(void)strlcpy(t->region, region == NULL ? "" : region,
	    sizeof(t->region));
	aws_attempt_init(&t->number, (unsigned)t->access->retry.attempts);
	while (rv == 1) {
		rv = attempt(t, fail);
		if (rv == -1 && (fail->kind == FAIL_AGAIN ||
		    fail->kind == FAIL_UNSURE))
			rv = back_off(t, fail) != 0 ? -1 : 1;
		if (rv == 1)
			aws_attempt_next(&t->number);
	}
	if (rv == 0)
		aws_retry_over(&t->access->retry, &t->retry);
	if (rv == -1 && fail->kind != FAIL_STOPPED)
		(void)fail_prefix(fail, "%s s3://%.100s/%.300s", doing(t),
		    t->artifact->bucket, t->artifact->key);
	return rv;
}

int
s3_get(struct s3_access *access, const struct job_artifact *a,
    struct buf *out, struct fail *fail)
{
	struct transfer t = { .access = access, .artifact = a, .out = out };

	return transfer(&t, fail);
}

int
s3_put(struct s3_access *access, const struct job_artifact *a,
    const void *data, size_t len, struct fail *fail)
{
	struct transfer t = { .access = access, .artifact = a, .body = data,
	    .len = len };

	if (access->encryption_type != NULL &&
	    strcmp(access->encryption_type, "KMS") != 0)
		return fail_set(fail, FAIL_CONFIG, "%s: the pipeline's "
		    "artifact encryption is of type %.50s; only KMS is "
		    "supported", doing(&t), access->encryption_type);
	return transfer(&t, fail);
}
