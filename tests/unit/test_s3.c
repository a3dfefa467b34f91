/*
 * S3's requests: styles of address, key encoding, headers, signatures of the
 * published vectors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "aws_request.h"
#include "mem.h"
#include "s3.h"
#include "sigv4.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define WALL		1795435200	/* 20261123T120000Z */
#define BUCKET		"codepipeline-us-east-2-123456789012"
#define HOST		BUCKET ".s3.us-east-2.amazonaws.com"
#define EMPTY_HASH	"e3b0c44298fc1c149afbf4c8996fb924" \
			"27ae41e4649b934ca495991b7852b855"
#define TOKEN		"IQoJb3JpZ2luX2VjEXAMPLE//////////" \
			"wEaCXVzLWVhc3QtMiJHMEUCIQDexample+token/with=signs=="

static struct credentials creds;

static const char *
header(const struct aws_request *req, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < req->nheaders; i++)
		if (strncasecmp(req->headers[i], name, len) == 0 &&
		    strncmp(req->headers[i] + len, ": ", 2) == 0)
			return req->headers[i] + len + 2;
	return NULL;
}

static void
expect_header(const struct aws_request *req, const char *name,
    const char *want)
{
	const char *got = header(req, name);

	if (got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", name, got == NULL ? "none" : got,
		    want);
}

static const char *
signature(const struct aws_request *req)
{
	return strstr(header(req, "Authorization"), "Signature=") + 10;
}

/* The vectors worker/s3-get-*: key in, URL and signature out. */
static void
test_get_vectors(void **state)
{
	static const struct {
		const char *bucket, *key, *url, *signature;
	} cases[] = {
		{ BUCKET, "MyPipeline/SourceArti/AbC1dEf",
		    "https://" HOST "/MyPipeline/SourceArti/AbC1dEf",
		    "c7d59ad42effdbafa1c80203b4fc3c7651b45028006c052b1e73ba75"
		    "d8150545" },
		{ BUCKET, "My Pipe/App+Out/a b=\xc3\xbc&~(1)!*':@$,.zip",
		    "https://" HOST "/My%20Pipe/App%2BOut/a%20b%3D%C3%BC%26~"
		    "%281%29%21%2A%27%3A%40%24%2C.zip",
		    "3858b8f94120d17623e489b01f05ce8973f13a4ff2ec5573e4046363"
		    "faac07b9" },
		{ BUCKET, "a/./b//../c", "https://" HOST "/a/./b//../c",
		    "8d0078624acbd13cddada5d7bc0de963079023e42f5b3a0aa2e2588f"
		    "c229ffe2" },
		{ BUCKET, "MyPipeline/100%25.zip",
		    "https://" HOST "/MyPipeline/100%2525.zip",
		    "87d70800a83d8a81857be73de5eee7c10a2e52c2d56f478418121902"
		    "048a0c4a" },
		{ BUCKET, "/k", "https://" HOST "//k", NULL },
		{ "my.artifact.bucket", "k", "https://s3.us-east-2.amazonaws"
		    ".com/my.artifact.bucket/k", NULL },
		{ "Bucket_1", "k",
		    "https://s3.us-east-2.amazonaws.com/Bucket_1/k", NULL },
		{ "-bucket", "k",
		    "https://s3.us-east-2.amazonaws.com/-bucket/k", NULL },
	};
	struct aws_request req;
	struct fail fail;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct s3_place place = { .region = "us-east-2",
		    .bucket = cases[i].bucket, .key = cases[i].key };

		assert_int_equal(s3_get_request(&req, &place, &creds, NULL,
		    WALL, &fail), 0);
		assert_string_equal(req.method, "GET");
		assert_string_equal(req.url, cases[i].url);
		expect_header(&req, "x-amz-content-sha256", EMPTY_HASH);
		expect_header(&req, "X-Amz-Security-Token", TOKEN);
		assert_null(header(&req, "x-amz-server-side-encryption"));
		assert_null(header(&req, "Host"));
		if (cases[i].signature != NULL)
			assert_string_equal(signature(&req),
			    cases[i].signature);
		assert_null(req.headers[req.nheaders]);
		aws_request_free(&req);
	}
}

static void
test_variants(void **state)
{
	static const struct {
		struct s3_place place;
		const char *url;
	} cases[] = {
		{ { .region = "us-east-1", .dualstack = true },
		    "https://bkt.s3.dualstack.us-east-1.amazonaws.com/k" },
		{ { .region = "us-east-1", .dualstack = true,
		    .bucket = "my.bkt" },
		    "https://s3.dualstack.us-east-1.amazonaws.com/my.bkt/k" },
		{ { .region = "us-gov-west-1", .fips = true },
		    "https://bkt.s3-fips.us-gov-west-1.amazonaws.com/k" },
		{ { .region = "us-east-1", .fips = true, .dualstack = true },
		    "https://bkt.s3-fips.dualstack.us-east-1.amazonaws.com"
		    "/k" },
		{ { .region = "cn-north-1" },
		    "https://bkt.s3.cn-north-1.amazonaws.com.cn/k" },
		{ { .region = "us-east-1",
		    .endpoint = "http://127.0.0.1:9000/" },
		    "http://127.0.0.1:9000/bkt/k" },
		{ { .region = "us-east-1",
		    .endpoint = "https://S3.Internal:443/base/" },
		    "https://s3.internal/base/bkt/k" },
		{ { .region = "us-east-1", .endpoint = "http://[::1]:1" },
		    "http://[::1]:1/bkt/k" },
	};
	struct aws_request req;
	struct s3_place place;
	struct fail fail;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		place = cases[i].place;
		if (place.bucket == NULL)
			place.bucket = "bkt";
		place.key = "k";
		assert_int_equal(s3_get_request(&req, &place, &creds, NULL,
		    WALL, &fail), 0);
		assert_string_equal(req.url, cases[i].url);
		aws_request_free(&req);
	}
}

/* Sign the request's contents again, with Host from its URL. */
static void
expect_signed(const struct aws_request *req, const char *region)
{
	struct sigv4_header headers[AWS_HEADERS_MAX + 1];
	struct sigv4_input in = { .method = req->method, .query = "",
	    .region = region, .service = "s3" };
	char *copy[AWS_HEADERS_MAX], *host, *value, hex[65];
	const char *authority = strstr(req->url, "://") + 3;
	struct fail fail;
	size_t i, n = 0;

	for (i = 0; i < req->nheaders; i++) {
		copy[i] = xstrdup(req->headers[i]);
		value = strchr(copy[i], ':');
		*value = '\0';
		if (strcmp(copy[i], "Authorization") == 0)
			continue;
		headers[n].name = copy[i];
		headers[n++].value = value + 1;
	}
	host = xstrndup(authority, strcspn(authority, "/"));
	headers[n].name = "HOST";
	headers[n++].value = host;
	in.path = authority + strlen(host);
	in.headers = headers;
	in.nheaders = n;
	in.payload_hash = header(req, "x-amz-content-sha256");
	in.date = header(req, "X-Amz-Date");
	assert_int_equal(sigv4_signature(&in, &creds, hex, &fail), 0);
	assert_string_equal(hex, signature(req));
	for (i = 0; i < req->nheaders; i++)
		free(copy[i]);
	free(host);
}

static void
test_put(void **state)
{
	static const char arn[] = "arn:aws:kms:us-east-2:123456789012:key/1";
	struct s3_place place = { .region = "us-east-2", .bucket = BUCKET,
	    .key = "P/Out/x" };
	struct aws_request req;
	struct fail fail;
	const char *signing;

	(void)state;
	assert_int_equal(s3_put_request(&req, &place, &creds, NULL, WALL,
	    "data", 4, "application/zip", arn, &fail), 0);
	assert_string_equal(req.method, "PUT");
	assert_string_equal(req.url, "https://" HOST "/P/Out/x");
	assert_int_equal(req.body.len, 0);
	expect_header(&req, "Content-Type", "application/zip");
	expect_header(&req, "x-amz-server-side-encryption", "aws:kms");
	expect_header(&req, "x-amz-server-side-encryption-aws-kms-key-id",
	    arn);
	expect_header(&req, "x-amz-content-sha256", "3a6eb0790f39ac87c94f3856"
	    "b2dd2c5d110e6811602261a9a923d3bb23adc8b7");
	expect_header(&req, "x-amz-checksum-sha256",
	    "Om6weQ85rIfJTzhWst0sXREOaBFgImGpqSPTuyOtyLc=");
	signing = strstr(header(&req, "Authorization"), "SignedHeaders=");
	assert_int_equal(strncmp(signing, "SignedHeaders=content-type;host;"
	    "x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date;"
	    "x-amz-security-token;x-amz-server-side-encryption;"
	    "x-amz-server-side-encryption-aws-kms-key-id, ", 165), 0);
	expect_signed(&req, "us-east-2");
	aws_request_free(&req);
	place.endpoint = "http://localhost:9000";
	assert_int_equal(s3_put_request(&req, &place, &creds, NULL, WALL, "",
	    0, "application/zip", NULL, &fail), 0);
	expect_header(&req, "x-amz-server-side-encryption", "aws:kms");
	assert_null(header(&req,
	    "x-amz-server-side-encryption-aws-kms-key-id"));
	expect_header(&req, "x-amz-content-sha256", EMPTY_HASH);
	expect_signed(&req, "us-east-2");
	aws_request_free(&req);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *bucket, *key, *region, *endpoint;
		enum fail_kind kind;
	} cases[] = {
		{ "", "k", "us-east-1", NULL, FAIL_CONFIG },
		{ "ab", "k", "us-east-1", NULL, FAIL_CONFIG },
		{ "a/b/c", "k", "us-east-1", NULL, FAIL_CONFIG },
		{ "evil.example#", "k", "us-east-1", NULL, FAIL_CONFIG },
		{ "bkt", "", "us-east-1", NULL, FAIL_CONFIG },
		{ "bkt", "k", "", NULL, FAIL_CONFIG },
		{ "bkt", "k", "x.evil.example", NULL, FAIL_CONFIG },
		{ "bkt", "k", "us-east-1", "http://s3.example", FAIL_CONFIG },
	};
	static const char *const unreachable[] = { "my.bkt", "Bkt", "b_kt" };
	struct s3_place place;
	struct aws_request req;
	struct fail fail;
	char *key;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		place = (struct s3_place){ .bucket = cases[i].bucket,
		    .key = cases[i].key, .region = cases[i].region,
		    .endpoint = cases[i].endpoint };
		fail.kind = FAIL_NONE;
		assert_int_equal(s3_get_request(&req, &place, &creds, NULL,
		    WALL, &fail), -1);
		assert_int_equal(fail.kind, cases[i].kind);
		assert_null(req.url);
		assert_int_equal(req.nheaders, 0);
	}
	for (i = 0; i < COUNT(unreachable); i++) {
		place = (struct s3_place){ .bucket = unreachable[i],
		    .key = "k", .region = "us-east-1", .fips = true };
		assert_int_equal(s3_get_request(&req, &place, &creds, NULL,
		    WALL, &fail), -1);
		assert_int_equal(fail.kind, FAIL_CONFIG);
		assert_non_null(strstr(fail.text, unreachable[i]));
		assert_non_null(strstr(fail.text, "AWS_USE_FIPS_ENDPOINT"));
	}
	place = (struct s3_place){ .bucket = "bkt", .key = "k",
	    .region = "us-east-1" };
	assert_int_equal(s3_put_request(&req, &place, &creds, NULL, WALL, "x",
	    1, "application/zip", "key\r\nX-Evil: 1", &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	assert_int_equal(req.nheaders, 0);
	key = xcalloc(1, 1026);
	memset(key, 0xff, 1024);
	place.key = key;
	assert_int_equal(s3_get_request(&req, &place, &creds, NULL, WALL,
	    &fail), 0);
	aws_request_free(&req);
	memset(key, 'k', 1025);
	assert_int_equal(s3_get_request(&req, &place, &creds, NULL, WALL,
	    &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	free(key);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_vectors),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_refused),
	};
	int rc;

	if (sodium_init() < 0)
		return 1;
	creds.access_key_id = xstrdup("ASIAEXAMPLEEXAMPLE00");
	creds.secret_key =
	    secret_text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	creds.token = secret_text(TOKEN);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	free(creds.access_key_id);
	secret_free(creds.secret_key);
	secret_free(creds.token);
	return rc;
}
