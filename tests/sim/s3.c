/*
 * S3, for the two or three requests that a job worker sends with artifact
 * credentials, and the policy of an artifact bucket. The bucket stands in the
 * path, or before ".s3." and the like in the Host header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "state.h"

#define SSE		"x-amz-server-side-encryption"
#define SSE_KEY		SSE "-aws-kms-key-id"

static void
http_date(char *text, size_t size, time_t t)
{
	struct tm tm;

	strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
}

/* What every answer of S3 has. */
static void
common_headers(struct req *r, char *id, size_t size)
{
	char date[40], id2[77];

	random_text(id, size, "0123456789ABCDEF");
	random_text(id2, sizeof(id2), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef");
	http_date(date, sizeof(date), time(NULL) +
	    (time_t)set_int("s3", "clock_offset_s"));
	answer_header(r, "x-amz-request-id", id);
	answer_header(r, "x-amz-id-2", id2);
	answer_header(r, "Date", date);
	answer_header(r, "Server", "AmazonS3");
}

/* extra: more elements, as XML text; or NULL. */
static void
s3_error_more(struct req *r, int status, const char *code,
    const char *message, const char *extra)
{
	struct buf b = { NULL, 0, 0 };
	char id[17];

	answer_clear(r);
	common_headers(r, id, sizeof(id));
	buf_str(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<Error><Code>");
	buf_xml(&b, code);
	buf_str(&b, "</Code><Message>");
	buf_xml(&b, message);
	buf_fmt(&b, "</Message>%s<RequestId>%s</RequestId>"
	    "<HostId>sim</HostId></Error>", extra == NULL ? "" : extra, id);
	answer_text(r, status, "application/xml", "%s",
	    strcmp(r->method, "HEAD") == 0 ? "" : b.data);
	buf_free(&b);
}

static void
s3_error(struct req *r, int status, const char *code, const char *message)
{
	s3_error_more(r, status, code, message, NULL);
}

static void
denied(struct req *r, const char *why)
{
	req_why(r, "%s", why);
	s3_error(r, 403, "AccessDenied", "Access Denied");
}

/* How long the bucket's name in the Host header is; 0: the path has it. */
static size_t
host_bucket(struct req *r)
{
	const char *host = req_header(r, "Host"), *end;

	if (host == NULL)
		return 0;
	if ((end = strstr(host, ".s3.")) == NULL)
		end = strstr(host, ".s3-fips.");
	return end == NULL ? 0 : (size_t)(end - host);
}

static void
classify(struct req *r)
{
	const char *op = "Unknown";
	bool key = host_bucket(r) > 0 ? strlen(r->path) > 1 :
	    strchr(r->path + 1, '/') != NULL;

	if (strcmp(r->method, "GET") == 0)
		op = key ? "GetObject" : "ListObjects";
	else if (strcmp(r->method, "PUT") == 0)
		op = key ? "PutObject" : "CreateBucket";
	else if (strcmp(r->method, "HEAD") == 0)
		op = key ? "HeadObject" : "HeadBucket";
	else if (strcmp(r->method, "DELETE") == 0)
		op = "DeleteObject";
	snprintf(r->operation, sizeof(r->operation), "%s", op);
	sigv4_check(r, "s3");
	if (r->cred != NULL && r->cred->job != NULL)
		memcpy(r->job, r->cred->job->id, ID_MAX);
}

static void
too_skewed(struct req *r)
{
	struct buf b = { NULL, 0, 0 };
	const char *date = req_header(r, "x-amz-date");
	struct tm tm;
	char now_text[32];
	time_t now = time(NULL) + (time_t)set_int("s3", "clock_offset_s");

	strftime(now_text, sizeof(now_text), "%Y-%m-%dT%H:%M:%SZ",
	    gmtime_r(&now, &tm));
	buf_str(&b, "<RequestTime>");
	buf_xml(&b, date == NULL ? "" : date);
	buf_fmt(&b, "</RequestTime><ServerTime>%s</ServerTime>"
	    "<MaxAllowedSkewMilliseconds>900000"
	    "</MaxAllowedSkewMilliseconds>", now_text);
	s3_error_more(r, 403, "RequestTimeTooSkewed", "The difference between"
	    " the request time and the current time is too large.", b.data);
	buf_free(&b);
}

static bool
signature_good(struct req *r)
{
	switch (r->sig) {
	case SIG_OK:
		return true;
	case SIG_NONE:
		s3_error(r, 403, "AccessDenied", r->sig_text);
		break;
	case SIG_KEY:
		s3_error(r, 403, "InvalidAccessKeyId", "The AWS Access Key Id "
		    "you provided does not exist in our records.");
		break;
	case SIG_SKEW:
		too_skewed(r);
		break;
	case SIG_EXPIRED:
		s3_error(r, 400, "ExpiredToken", r->sig_text);
		break;
	case SIG_TOKEN:
		s3_error(r, 400, "InvalidToken", "The provided token is "
		    "malformed or otherwise invalid.");
		break;
	case SIG_HEADER:
		s3_error(r, 403, "AccessDenied", r->sig_text);
		break;
	case SIG_HASH:
		s3_error(r, 400, "XAmzContentSHA256Mismatch", r->sig_text);
		break;
	case SIG_MISMATCH:
		s3_error(r, 403, "SignatureDoesNotMatch", r->sig_text);
		break;
	default:
		s3_error(r, 400, "AuthorizationHeaderMalformed", r->sig_text);
		break;
	}
	return false;
}

static bool
region_good(struct req *r)
{
	const char *region = set_str("s3", "bucket_region");
	struct buf b = { NULL, 0, 0 };

	if (*region == '\0')
		region = set_str("codepipeline", "region");
	if (strcmp(region, r->sig_region) == 0)
		return true;
	buf_str(&b, "<Region>");
	buf_xml(&b, region);
	buf_str(&b, "</Region>");
	req_why(r, "signed for region %s", r->sig_region);
	s3_error_more(r, 301, "PermanentRedirect", "The bucket you are "
	    "attempting to access must be addressed using the specified "
	    "endpoint.", b.data);
	answer_header(r, "x-amz-bucket-region", region);
	buf_free(&b);
	return false;
}

static bool
artifact_listed(const struct artifact *a, int n, const char *bucket,
    const char *key)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(a[i].bucket, bucket) == 0 &&
		    strcmp(a[i].key, key) == 0)
			return true;
	return false;
}

/* The session policy: read the job's artifacts, write its outputs. */
static bool
allowed(struct req *r, const char *bucket, const char *key)
{
	struct execution *x;

	if (r->cred == NULL || r->cred->job == NULL)
		return false;
	x = r->cred->job->execution;
	if (artifact_listed(x->outputs, x->noutputs, bucket, key))
		return true;
	return strcmp(r->method, "PUT") != 0 &&
	    artifact_listed(x->inputs, x->ninputs, bucket, key);
}

static void
object_read(struct req *r, const char *bucket, const char *key)
{
	struct object *o = object_get(bucket, key);
	char id[17], date[40];

	if (req_header(r, SSE) != NULL) {
		req_why(r, "SSE header on a read");
		s3_error(r, 400, "InvalidArgument", "x-amz-server-side-"
		    "encryption header is not supported for this operation.");
		return;
	}
	if (o == NULL) {
		if (set_bool("s3", "missing_denied"))
			s3_error(r, 403, "AccessDenied", "Access Denied");
		else
			s3_error(r, 404, "NoSuchKey",
			    "The specified key does not exist.");
		return;
	}
	if (o->kms && set_bool("s3", "kms_denied")) {
		s3_error(r, 403, "AccessDenied", "User is not authorized to "
		    "perform: kms:Decrypt on the resource associated with "
		    "this ciphertext");
		return;
	}
	common_headers(r, id, sizeof(id));
	http_date(date, sizeof(date), (time_t)o->wall);
	answer_header(r, "Last-Modified", date);
	answer_header(r, "ETag", o->etag);
	answer_header(r, "Content-Type", o->type);
	if (o->kms)
		answer_header(r, SSE, "aws:kms");
	if (o->kms && o->kms_key != NULL)
		answer_header(r, SSE_KEY, o->kms_key);
	if (o->checksum != NULL &&
	    req_header(r, "x-amz-checksum-mode") != NULL)
		answer_header(r, "x-amz-checksum-sha256", o->checksum);
	r->answer.status = 200;
	r->answer.blob = blob_ref(o->blob);
}

/* The bucket's policy, and the key the job data names. */
static bool
encryption_good(struct req *r)
{
	const char *sse = req_header(r, SSE), *id = req_header(r, SSE_KEY);
	const char *want = r->cred->job->execution->encryption_key;

	if (!set_bool("s3", "require_kms"))
		return true;
	if (sse == NULL || strcmp(sse, "aws:kms") != 0)
		denied(r, "PUT without " SSE ": aws:kms");
	else if (want != NULL && (id == NULL || strcmp(id, want) != 0))
		denied(r, "PUT with no or another KMS key id than the job's");
	else if (want == NULL && id != NULL)
		denied(r, "PUT with a KMS key id where the job has none");
	else if (set_bool("s3", "kms_denied"))
		s3_error(r, 403, "AccessDenied", "User is not authorized to "
		    "perform: kms:GenerateDataKey");
	else
		return true;
	return false;
}

static bool
upload_good(struct req *r, char *checksum)
{
	const char *sent = req_header(r, "x-amz-checksum-sha256");

	sodium_bin2base64(checksum, 45, r->hash, sizeof(r->hash),
	    sodium_base64_VARIANT_ORIGINAL);
	if (req_header(r, "Transfer-Encoding") != NULL ||
	    req_header(r, "Content-Length") == NULL) {
		req_why(r, "PUT without Content-Length");
		s3_error(r, 411, "MissingContentLength",
		    "You must provide the Content-Length HTTP header.");
	} else if (req_header(r, "x-amz-acl") != NULL) {
		req_why(r, "x-amz-acl sent");
		s3_error(r, 400, "AccessControlListNotSupported",
		    "The bucket does not allow ACLs");
	} else if (sent != NULL && strcmp(sent, checksum) != 0) {
		req_why(r, "x-amz-checksum-sha256 differs from the body");
		s3_error(r, 400, "BadDigest", "The SHA256 you specified did "
		    "not match the calculated checksum.");
	} else
		return encryption_good(r);
	return false;
}

static void
object_write(struct req *r, const char *bucket, const char *key)
{
	const char *sse = req_header(r, SSE);
	struct object *o;
	char id[17], checksum[45];
	bool kms;

	if (!upload_good(r, checksum))
		return;
	kms = sse != NULL && strcmp(sse, "aws:kms") == 0;
	o = object_put(bucket, key, blob_copy(r->body.data, r->body.len), kms,
	    req_header(r, SSE_KEY), req_header(r, "Content-Type"));
	if (req_header(r, "x-amz-checksum-sha256") != NULL)
		o->checksum = xstrdup(checksum);
	common_headers(r, id, sizeof(id));
	answer_header(r, "ETag", o->etag);
	if (kms)
		answer_header(r, SSE, "aws:kms");
	if (kms && o->kms_key != NULL)
		answer_header(r, SSE_KEY, o->kms_key);
	r->answer.status = 200;
}

/* A key may hold anything, even dot segments, so split at the first '/'. */
static char *
target_decode(struct req *r, const char *s, size_t len)
{
	struct buf b = { NULL, 0, 0 };
	const char *p = s, *end;

	for (;;) {
		end = memchr(p, '/', (size_t)(s + len - p));
		if (end == NULL)
			end = s + len;
		if (!percent_decode(&b, p, (size_t)(end - p))) {
			req_why(r, "path is not percent-encoded once");
			s3_error(r, 400, "InvalidURI",
			    "Couldn't parse the specified URI.");
			buf_free(&b);
			return NULL;
		}
		if (end == s + len)
			return b.data;
		buf_str(&b, "/");
		p = end + 1;
	}
}

static void
handle_object(struct req *r, const char *bucket, const char *key)
{
	if (!allowed(r, bucket, key))
		denied(r, r->cred == NULL || r->cred->job == NULL ?
		    "these credentials may not use the bucket" :
		    "not an artifact of the job the credentials are for");
	else if (strcmp(r->method, "PUT") == 0)
		object_write(r, bucket, key);
	else if (strcmp(r->method, "GET") == 0 ||
	    strcmp(r->method, "HEAD") == 0)
		object_read(r, bucket, key);
	else
		denied(r, "operation not in the session policy");
}

static void
handle(struct req *r)
{
	size_t hosted = host_bucket(r);
	const char *slash;
	char *bucket, *key;

	if (!signature_good(r) || !region_good(r))
		return;
	slash = hosted > 0 ? r->path : strchr(r->path + 1, '/');
	if (r->path[0] != '/' || slash == NULL || slash[1] == '\0') {
		denied(r, "no object named");
		return;
	}
	if (r->query != NULL) {
		req_why(r, "query not known to the simulator");
		s3_error(r, 501, "NotImplemented", "A header or query you "
		    "provided implies functionality that is not implemented");
		return;
	}
	bucket = hosted > 0 ? xstrndup(req_header(r, "Host"), hosted) :
	    xstrndup(r->path + 1, (size_t)(slash - r->path - 1));
	key = target_decode(r, slash + 1, strlen(slash + 1));
	if (key != NULL)
		handle_object(r, bucket, key);
	free(bucket);
	free(key);
}

const struct service s3_service = {
	.name = "s3", .body_max = 70UL << 20, .logged = true,
	.classify = classify, .handle = handle, .error = s3_error,
};
