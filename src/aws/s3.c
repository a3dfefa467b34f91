/*
 * S3's requests for artifacts: one GET, one PUT (aws-contract 3).
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "aws_request.h"
#include "endpoint.h"
#include "job.h"
#include "mem.h"
#include "s3.h"
#include "sigv4.h"

/* Whether the bucket may stand in the host name: the certificate covers one
 * label, of lower case letters, digits and hyphens. */
static bool
virtual_host(const char *bucket)
{
	size_t len = strlen(bucket);

	return len >= 3 && len <= 63 &&
	    strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
	    bucket[0] != '-' && bucket[len - 1] != '-';
}

static int
place_check(const struct s3_place *place, struct fail *fail)
{
	size_t len = strlen(place->bucket);

	if (len < 3 || len > S3_BUCKET_MAX || strspn(place->bucket,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "._-") != len)
		return fail_set(fail, FAIL_CONFIG, "S3: the artifact's bucket "
		    "name is not valid");
	len = strlen(place->key);
	if (len == 0 || len > S3_KEY_MAX)
		return fail_set(fail, FAIL_CONFIG, "S3: the artifact's key is "
		    "empty or longer than %d bytes", S3_KEY_MAX);
	return 0;
}

/* Host and path as sent, by the style of addressing; sets the URL. */
static int
place_address(const struct s3_place *place, struct aws_request *req,
    struct buf *path, struct aws_endpoint *ep, struct fail *fail)
{
	char *host;
	bool virtual;

	if (place_check(place, fail) != 0 || aws_endpoint_find("s3",
	    place->region, place->endpoint, place->fips, place->dualstack, ep,
	    fail) != 0)
		return -1;
	virtual = !ep->custom && virtual_host(place->bucket);
	if (!virtual && place->fips)
		return fail_set(fail, FAIL_CONFIG, "bucket %s cannot be "
		    "reached by S3's FIPS endpoints, which take only names of "
		    "lower-case letters, digits and hyphens: give the pipeline "
		    "another artifact bucket, or have the worker's operator "
		    "unset " AWS_FIPS_SETTING, place->bucket);
	if (virtual) {
		host = xasprintf("%s.%s", place->bucket, ep->host);
		strlcpy(ep->host, host, sizeof(ep->host));
		free(host);
	}
	if (buf_adds(path, ep->base) != 0 || buf_adds(path, "/") != 0 ||
	    (!virtual && (buf_adds(path, place->bucket) != 0 ||
	    buf_adds(path, "/") != 0)) ||
	    buf_add_encoded(path, place->key, "/") != 0)
		return fail_set(fail, FAIL_SYSTEM, "S3: the path is too long");
	req->url = xasprintf("%.*s://%s%s", (int)strcspn(ep->url, ":"),
	    ep->url, ep->host, buf_text(path));
	return 0;
}

static int
request_finish(struct aws_request *req, const struct s3_place *place,
    const struct credentials *creds, const struct aws_attempt *attempt,
    int64_t wall, const char *hash, struct fail *fail)
{
	struct aws_endpoint ep;
	struct aws_request_scope scope;
	struct buf path;
	int rc = -1;

	buf_init(&path, 8192);
	if (place_address(place, req, &path, &ep, fail) != 0 ||
	    aws_request_header(req, "x-amz-content-sha256", hash, fail) != 0 ||
	    aws_request_attempt(req, attempt, fail) != 0)
		goto out;
	scope = (struct aws_request_scope){
		.service = "s3", .region = place->region, .host = ep.host,
		.path = buf_text(&path), .payload_hash = hash,
		.double_encode = false,
	};
	rc = aws_request_sign(req, &scope, creds, wall, fail);
out:
	buf_free(&path);
	if (rc != 0)
		aws_request_free(req);
	return rc;
}

int
s3_get_request(struct aws_request *req, const struct s3_place *place,
    const struct credentials *creds, const struct aws_attempt *attempt,
    int64_t wall, struct fail *fail)
{
	char hash[65];

	sigv4_sha256_hex("", 0, hash);
	aws_request_init(req, "GET");
	return request_finish(req, place, creds, attempt, wall, hash, fail);
}

int
s3_put_request(struct aws_request *req, const struct s3_place *place,
    const struct credentials *creds, const struct aws_attempt *attempt,
    int64_t wall, const void *body, size_t len, const char *content_type,
    const char *kms_key, struct fail *fail)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char hash[65], checksum[64];

	aws_request_init(req, "PUT");
	crypto_hash_sha256(digest, body, len);
	sodium_bin2hex(hash, sizeof(hash), digest, sizeof(digest));
	sodium_bin2base64(checksum, sizeof(checksum), digest, sizeof(digest),
	    sodium_base64_VARIANT_ORIGINAL);
	if (aws_request_header(req, "Content-Type", content_type, fail) != 0 ||
	    aws_request_header(req, "x-amz-checksum-sha256", checksum,
	    fail) != 0 ||
	    aws_request_header(req, "x-amz-server-side-encryption", "aws:kms",
	    fail) != 0 || (kms_key != NULL && aws_request_header(req,
	    "x-amz-server-side-encryption-aws-kms-key-id", kms_key,
	    fail) != 0)) {
		aws_request_free(req);
		return -1;
	}
	return request_finish(req, place, creds, attempt, wall, hash, fail);
}
