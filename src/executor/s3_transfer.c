/*
 * One object to or from S3 with the credentials of the job. They live some 15
 * minutes, so that old ones are renewed first; what passes is tried again, what
 * can be mended (credentials, region, clock) is mended once.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "sys.h"

#define RETRIES		5
#define BACKOFF_MS	250
#define BACKOFF_MAX_MS	20000
#define LATER		"Retry the stage, and tell the worker's operator if " \
			"it goes on"
#define USER_AGENT	"quali-job-worker/" VERSION

struct transfer {
	struct exec			*x;
	const struct job_artifact	*artifact;
	const void			*body;		/* NULL: GET */
	size_t				 len;
	char				 region[AWS_REGION_SIZE];
	unsigned			 faults;	/* passing ones */
	int				 attempt;
	bool				 renewed, redirected, skewed;
	int64_t				 after_ms;	/* said by the server */
};

static const char *
doing(const struct transfer *t)
{
	return t->body == NULL ? "reading the input artifact" :
	    "writing the output artifact";
}

/* Ask the supervisor for fresh credentials. */
static int
renew(struct exec *x, struct fail *f)
{
	struct orders *o = &x->orders;

	o->answered = false;
	report_need_credentials();
	if (orders_await(o, &o->answered, f) == -1)
		return -1;
	if (o->error != NULL || o->credentials.access_key_id == NULL) {
		(void)fail_set(f, FAIL_SYSTEM, "no new credentials for the "
		    "artifacts could be had from CodePipeline%s%.1000s",
		    o->error != NULL ? ": " : "",
		    o->error != NULL ? o->error : "");
		return fail_add(f, LATER);
	}
	credentials_free(&x->order.data.credentials);
	x->order.data.credentials = o->credentials;
	memset(&o->credentials, 0, sizeof(o->credentials));
	x->credentials_ms = sys_now_ms();
	return 0;
}

static int
build(const struct transfer *t, struct aws_request *req, struct fail *f)
{
	const struct exec *x = t->x;
	const struct job_data *data = &x->order.data;
	const struct s3_place place = {
		.region = t->region,
		.endpoint = x->order.s3.endpoint,
		.fips = x->order.s3.use_fips,
		.dualstack = x->order.s3.use_dualstack,
		.bucket = t->artifact->bucket,
		.key = t->artifact->key,
	};
	int64_t wall = sys_wall() + x->skew_s;

	if (t->body == NULL)
		return s3_get_request(req, &place, &data->credentials, wall, f);
	return s3_put_request(req, &place, &data->credentials, wall, t->body,
	    t->len, "application/zip", data->encryption_key, f);
}

static int
perform(struct transfer *t, const struct aws_request *req,
    struct http_answer *a, struct fail *f)
{
	const struct http_tls tls = { .ca = t->x->order.s3.ca,
		.verify = true, .settings = AWS_TLS_SETTINGS };
	const struct http_request http = {
		.method = req->method,
		.url = req->url,
		.headers = (const char *const *)req->headers,
		.body = t->body,
		.body_len = t->len,
		.answer_max = t->body == NULL ? ARTIFACT_MAX : AWS_ERROR_MAX,
		.tls = &tls,
		.user_agent = USER_AGENT,
	};
	char where[1024];
	int rv;

	rv = http_perform(t->x->http, &http, a, f);
	t->x->peer = "S3";
	t->attempt++;
	report_call(req->method, http_url_show(where, sizeof(where), req->url),
	    a->status, a->ms, t->attempt, rv == -1 ? f->text : NULL);
	return rv;
}

/* Refusals by their codes, or their beginnings; the hint is for the pipeline's
 * author, and says what is the worker's operator's to do. */
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
	{ "RequestTimeTooSkewed", FAIL_SYSTEM, FAIL_SYSTEM, "The worker's "
	    "operator sets the machine's clock" },
	{ "SignatureDoesNotMatch", FAIL_SYSTEM, FAIL_SYSTEM, NULL },
	{ NULL, FAIL_SYSTEM, FAIL_SYSTEM, NULL },
};

static const char credentials_hint[] = "The credentials that CodePipeline "
    "gave for this job were refused twice: retry the stage; if it goes on, "
    "the worker's operator checks the machine's clock";
static const char get_hint[] = "The role of the pipeline needs s3:GetObject "
    "on the artifact bucket and kms:Decrypt on its key; an object that is "
    "missing is answered in the same way";
static const char put_hint[] = "The role of the pipeline needs s3:PutObject "
    "on the artifact bucket and kms:GenerateDataKey on its key";
static const char proxy_hint[] = "The answer is none of S3's: a proxy between "
    "the worker and S3 may have sent it, which is for the worker's operator "
    "to check";

static bool
is_redirect(long status, const char *code)
{
	return status == 301 || status == 302 || status == 307 ||
	    strcmp(code, "PermanentRedirect") == 0 ||
	    strcmp(code, "TemporaryRedirect") == 0;
}

/* The kind of a final refusal, and its hint or NULL. */
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
    const struct aws_error *e, struct fail *f)
{
	const char *hint, *gap = e->message[0] != '\0' ? ": " : "";
	enum fail_kind kind = judge(t, a->status, e, &hint);

	(void)fail_set(f, kind, "S3 answered %s%s%s", e->code, gap,
	    e->message);
	if (is_redirect(a->status, e->code)) {
		f->kind = FAIL_SYSTEM;
		(void)fail_add(f, "Bucket %.100s is not found in region %s: "
		    "the worker's operator checks AWS_ENDPOINT_URL_S3 and the "
		    "region in [aws]", t->artifact->bucket, t->region);
	} else if (hint != NULL)
		(void)fail_add(f, "%s", hint);
	return -1;
}

/* What to do with an answer that is no success: 1 try again, -1 give up. */
static int
mend(struct transfer *t, const struct http_answer *a, struct fail *f)
{
	struct aws_error e;

	aws_error_s3(a, sys_wall() + t->x->skew_s, &e);
	secret_mask(e.message, t->x->order.data.credentials.secret_key);
	secret_mask(e.message, t->x->order.data.credentials.token);
	t->after_ms = e.retry_after_ms;
	switch (e.class) {
	case AWS_CREDENTIALS:
		if (t->renewed)
			break;
		t->renewed = true;
		return renew(t->x, f) == -1 ? -1 : 1;
	case AWS_REDIRECT:
		if (t->redirected)
			break;
		t->redirected = true;
		(void)strlcpy(t->region, e.region, sizeof(t->region));
		return 1;
	case AWS_SKEW:
		if (t->skewed)
			break;
		t->skewed = true;
		t->x->skew_s += e.skew_s;
		return 1;
	case AWS_THROTTLED:
	case AWS_TRANSIENT:
		(void)fail_set(f, FAIL_AGAIN, "S3 answered %s%s%s", e.code,
		    e.message[0] != '\0' ? ": " : "", e.message);
		return -1;
	default:
		break;
	}
	return refuse(t, a, &e, f);
}

static int
too_large(struct fail *f)
{
	return fail_set(f, FAIL_CONFIG, "it is larger than %d MiB: use the "
	    "output artifact of Quali-Start-Sandbox as this action's input",
	    ARTIFACT_MAX / (1024 * 1024));
}

/* One attempt: 0 done, 1 mended and to be tried at once, -1. */
static int
attempt(struct transfer *t, struct buf *out, struct fail *f)
{
	struct http_answer a = { 0 };
	struct aws_request req = { 0 };
	int rv = -1;

	if (sys_now_ms() - t->x->credentials_ms > ARTIFACT_FRESH_MS &&
	    renew(t->x, f) == -1)
		return -1;
	if (build(t, &req, f) == -1)
		return -1;
	if (perform(t, &req, &a, f) == -1) {
		if (a.too_big && t->body == NULL)
			(void)too_large(f);
	} else if (a.status >= 200 && a.status < 300) {
		rv = 0;
		if (out != NULL && buf_add(out, a.body.data, a.body.len) == -1)
			rv = too_large(f);
	} else
		rv = mend(t, &a, f);
	http_answer_free(&a);
	aws_request_free(&req);
	return rv;
}

/* Wait before a passing fault is tried again; -1 if it is not to be. */
static int
back_off(struct transfer *t, struct fail *f)
{
	int64_t ms;
	struct fail stopped;

	ms = sys_backoff_ms(t->faults, BACKOFF_MS, BACKOFF_MAX_MS);
	if (t->after_ms > ms)
		ms = t->after_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS :
		    t->after_ms;
	if (++t->faults > RETRIES ||
	    sys_now_ms() + ms >= t->x->deadline_ms) {
		(void)fail_prefix(f, "tried %d times", t->attempt);
		(void)fail_add(f, LATER);
		f->kind = FAIL_SYSTEM;
		return -1;
	}
	if (orders_pause(&t->x->orders, ms, &stopped) == -1) {
		*f = stopped;
		return -1;
	}
	return 0;
}

static int
transfer(struct transfer *t, struct buf *out, struct fail *f)
{
	int rv;

	if (t->artifact->bucket == NULL || t->artifact->key == NULL)
		return fail_set(f, FAIL_CONFIG, "%s: CodePipeline names no S3 "
		    "object for it; only artifacts in S3 are read and written",
		    doing(t));
	(void)strlcpy(t->region, t->x->order.s3.region == NULL ? "" :
	    t->x->order.s3.region, sizeof(t->region));
	do {
		t->after_ms = 0;
		rv = attempt(t, out, f);
		if (rv == -1 && (f->kind == FAIL_AGAIN ||
		    f->kind == FAIL_UNSURE))
			rv = back_off(t, f) == -1 ? -1 : 1;
	} while (rv == 1);
	if (rv == -1 && f->kind != FAIL_STOPPED)
		(void)fail_prefix(f, "%s s3://%.100s/%.300s", doing(t),
		    t->artifact->bucket, t->artifact->key);
	return rv;
}

int
s3_get(struct exec *x, const struct job_artifact *a, struct buf *out,
    struct fail *f)
{
	struct transfer t = { .x = x, .artifact = a };

	return transfer(&t, out, f);
}

int
s3_put(struct exec *x, const struct job_artifact *a, const void *data,
    size_t len, struct fail *f)
{
	struct transfer t = { .x = x, .artifact = a, .body = data,
	    .len = len };

	if (x->order.data.encryption_type != NULL &&
	    strcmp(x->order.data.encryption_type, "KMS") != 0)
		return fail_set(f, FAIL_CONFIG, "%s: the pipeline's artifact "
		    "encryption is of type %.50s; only KMS is supported",
		    doing(&t), x->order.data.encryption_type);
	return transfer(&t, NULL, f);
}
