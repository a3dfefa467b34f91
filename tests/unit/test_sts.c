/*
 * Requests to STS and its answers, by aws-contract 5.4 and 5.5.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sts.h"
#include "sts_answer.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NOW		1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */
#define ARN		"arn:aws:iam::123456789012:role/Worker"

static const struct aws_attempt first = { .invocation =
    "0f0e0d0c-0b0a-4908-8706-050403020100", .attempt = 1, .max = 3 };

static void
request_free(struct aws_request *req)
{
	aws_request_free(req);
	assert_null(req->url);
}

static const char *
header(const struct aws_request *req, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < req->nheaders; i++)
		if (strncmp(req->headers[i], name, n) == 0 &&
		    req->headers[i][n] == ':')
			return req->headers[i] + n + 2;
	return NULL;
}

static void
test_place(void **state)
{
	static const struct {
		const char *region;
		bool fips, dualstack, legacy;
		const char *custom, *url, *signed_for;
	} cases[] = {
		{ "us-east-2", false, false, false, NULL,
		    "https://sts.us-east-2.amazonaws.com", "us-east-2" },
		{ "us-east-2", false, false, true, NULL,
		    "https://sts.amazonaws.com", "us-east-1" },
		{ "us-east-2", true, false, true, NULL,
		    "https://sts-fips.us-east-2.amazonaws.com", "us-east-2" },
		{ "us-east-2", false, true, true, NULL,
		    "https://sts.us-east-2.api.aws", "us-east-2" },
		{ "us-east-2", false, false, true, "http://127.0.0.1:1/x/",
		    "http://127.0.0.1:1/x", "us-east-2" },
		{ "il-central-1", false, false, true, NULL,
		    "https://sts.il-central-1.amazonaws.com", "il-central-1" },
		{ "us-gov-west-1", true, false, false, NULL,
		    "https://sts.us-gov-west-1.amazonaws.com",
		    "us-gov-west-1" },
		{ "cn-north-1", false, false, true, NULL,
		    "https://sts.cn-north-1.amazonaws.com.cn", "cn-north-1" },
	};
	struct sts_place place = { 0 };
	struct aws_endpoint ep;
	struct fail f = { 0 };
	char region[AWS_REGION_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		place = (struct sts_place){ cases[i].region, cases[i].custom,
		    cases[i].fips, cases[i].dualstack, cases[i].legacy };
		assert_int_equal(sts_place_find(&place, &ep, region, &f), 0);
		assert_string_equal(ep.url, cases[i].url);
		assert_string_equal(region, cases[i].signed_for);
	}
	place = (struct sts_place){ 0 };
	assert_int_equal(sts_place_find(&place, &ep, region, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "region"));
}

static struct credentials
some_keys(void)
{
	return (struct credentials){ .access_key_id = xstrdup("AKIDEXAMPLE"),
	    .secret_key = secret_text("wJalrXUtnFEMI/K7MDENG/bPxRfiCY"),
	    .token = secret_text("tok") };
}

static void
test_assume_role(void **state)
{
	struct sts_place place = { .region = "us-east-2" };
	struct sts_role role = { .arn = ARN, .session = "a=b,c.d@e-f_g+h",
	    .external_id = "x:/y", .duration_s = 900 };
	struct credentials keys = some_keys();
	struct aws_request req = { 0 };
	struct fail f = { 0 };

	(void)state;
	assert_int_equal(sts_assume_role(&req, &place, &role, &keys, &first,
	    NOW, &f), 0);
	assert_string_equal(req.method, "POST");
	assert_string_equal(req.url, "https://sts.us-east-2.amazonaws.com/");
	assert_string_equal(buf_text(&req.body), "Action=AssumeRole&Version="
	    "2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
	    "Worker&RoleSessionName=a%3Db%2Cc.d%40e-f_g%2Bh&DurationSeconds="
	    "900&ExternalId=x%3A%2Fy");
	assert_string_equal(header(&req, "Content-Type"),
	    "application/x-www-form-urlencoded; charset=utf-8");
	assert_string_equal(header(&req, "amz-sdk-request"),
	    "attempt=1; max=3");
	assert_string_equal(header(&req, "amz-sdk-invocation-id"),
	    first.invocation);
	assert_string_equal(header(&req, "X-Amz-Security-Token"), "tok");
	assert_non_null(strstr(header(&req, "Authorization"),
	    "/us-east-2/sts/aws4_request"));
	request_free(&req);
	role.duration_s = 0;
	role.external_id = NULL;
	assert_int_equal(sts_assume_role(&req, &place, &role, &keys, &first,
	    NOW, &f), 0);
	assert_null(strstr(buf_text(&req.body), "DurationSeconds"));
	assert_null(strstr(buf_text(&req.body), "ExternalId"));
	request_free(&req);
	credentials_free(&keys);
}

static void
test_web_identity(void **state)
{
	struct sts_place place = { .region = "us-east-2" };
	struct sts_role role = { .arn = ARN, .session = "ab" };
	struct aws_request req = { 0 };
	struct fail f = { 0 };
	char *token = xcalloc(1, STS_TOKEN_MAX + 2);

	(void)state;
	assert_int_equal(sts_web_identity(&req, &place, &role, "a.b+c=",
	    &first, &f), 0);
	assert_string_equal(buf_text(&req.body), "Action="
	    "AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws"
	    "%3Aiam%3A%3A123456789012%3Arole%2FWorker&RoleSessionName=ab&"
	    "WebIdentityToken=a.b%2Bc%3D");
	assert_null(header(&req, "Authorization"));
	request_free(&req);
	memset(token, '%', STS_TOKEN_MAX);
	assert_int_equal(sts_web_identity(&req, &place, &role, token, &first,
	    &f), 0);
	request_free(&req);
	token[STS_TOKEN_MAX] = 'x';
	assert_int_equal(sts_web_identity(&req, &place, &role, token, &first,
	    &f), -1);
	assert_int_equal(sts_web_identity(&req, &place, &role, "abc", &first,
	    &f), -1);
	assert_non_null(strstr(f.text, "4 to 20000"));
	request_free(&req);
	free(token);
}

static void
test_identity(void **state)
{
	struct sts_place place = { .region = "us-east-2", .legacy = true };
	struct credentials keys = some_keys();
	struct aws_request req = { 0 };
	struct fail f = { 0 };

	(void)state;
	assert_int_equal(sts_caller_identity(&req, &place, &keys, &first, NOW,
	    &f), 0);
	assert_string_equal(buf_text(&req.body),
	    "Action=GetCallerIdentity&Version=2011-06-15");
	assert_string_equal(req.url, "https://sts.amazonaws.com/");
	assert_non_null(strstr(header(&req, "Authorization"),
	    "/us-east-1/sts/aws4_request"));
	request_free(&req);
	place.region = "Not one";
	assert_int_equal(sts_caller_identity(&req, &place, &keys, &first, NOW,
	    &f), -1);
	request_free(&req);
	credentials_free(&keys);
}

/* What the limits of the model refuse, and the key that the text names. */
static void
test_role_limits(void **state)
{
	char longest[STS_EXTERNAL_MAX + 2], arn[STS_ARN_MAX + 2];
	struct sts_role good = { .arn = ARN, .session = "worker" };
	struct {
		const char *arn, *session, *external;
		int duration_s;
		const char *word;
	} bad[] = {
		{ "arn:aws:iam::1:role", NULL, NULL, 0, "role_arn" },
		{ arn, NULL, NULL, 0, "role_arn" },
		{ "role/Worker/of/the/account", NULL, NULL, 0, "role_arn" },
		{ ARN " x", NULL, NULL, 0, "role_arn" },
		{ NULL, "a", NULL, 0, "role_session_name" },
		{ NULL, longest, NULL, 0, "role_session_name" },
		{ NULL, "a b", NULL, 0, "role_session_name" },
		{ NULL, "a:b", NULL, 0, "role_session_name" },
		{ NULL, NULL, "x", 0, "external_id" },
		{ NULL, NULL, longest, 0, "external_id" },
		{ NULL, NULL, "a&b", 0, "external_id" },
		{ NULL, NULL, NULL, 899, "duration_seconds" },
		{ NULL, NULL, NULL, 43201, "duration_seconds" },
	};
	struct sts_role role;
	struct fail f;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memset(arn, 'x', sizeof(arn));
	memcpy(arn, ARN, strlen(ARN));
	arn[sizeof(arn) - 1] = '\0';
	assert_int_equal(sts_role_check(&good, &f), 0);
	good.duration_s = 43200;
	assert_int_equal(sts_role_check(&good, &f), 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		role = (struct sts_role){
		    bad[i].arn != NULL ? bad[i].arn : ARN,
		    bad[i].session != NULL ? bad[i].session : "worker",
		    bad[i].external, bad[i].duration_s };
		memset(&f, 0, sizeof(f));
		assert_int_equal(sts_role_check(&role, &f), -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		if (strstr(f.text, bad[i].word) == NULL)
			fail_msg("%zu: %s", i, f.text);
	}
}

/* --- answers --- */

static void
answer_make(struct http_answer *a, long status, const char *headers,
    const char *body)
{
	memset(a, 0, sizeof(*a));
	a->status = status;
	buf_init(&a->body, STS_ANSWER_MAX + 1);
	buf_init(&a->headers, HTTP_HEADERS_MAX);
	assert_int_equal(buf_adds(&a->body, body), 0);
	assert_int_equal(buf_addf(&a->headers, "HTTP/1.1 %ld X\r\n%s\r\n",
	    status, headers), 0);
}

#define XML(credentials) "<AssumeRoleResponse xmlns=\"https://sts.amazonaws." \
	"com/doc/2011-06-15/\">\n <AssumeRoleResult><AssumedRoleUser>" \
	"<AssumedRoleId>AROA:n</AssumedRoleId><Arn>arn:aws:sts::123456789012:" \
	"assumed-role/Worker/n</Arn></AssumedRoleUser><Credentials>" \
	credentials "</Credentials></AssumeRoleResult><ResponseMetadata>" \
	"<RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>"
#define KEYS "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>se/&#99;ret" \
	"</SecretAccessKey><SessionToken>to&#107;en=</SessionToken>"
#define UNTIL(time) "<Expiration>" time "</Expiration>"
#define JSON(expiration) "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{" \
	"\"Credentials\":{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":" \
	"\"se/cret\",\"SessionToken\":\"token=\",\"Expiration\":" expiration \
	"},\"AssumedRoleUser\":{\"Arn\":\"arn:aws:sts::123456789012:" \
	"assumed-role/Worker/n\"}},\"ResponseMetadata\":{\"RequestId\":\"r\"}}}"

static int
read_role(const char *body, struct credentials *keys, struct sts_identity *who,
    struct fail *f)
{
	struct http_answer a;
	int rc;

	memset(f, 0, sizeof(*f));
	memset(keys, 0, sizeof(*keys));
	answer_make(&a, 200, "", body);
	rc = sts_read_credentials(&a, "AssumeRole", NOW, keys, who, f);
	http_answer_free(&a);
	return rc;
}

static void
test_credentials(void **state)
{
	static const char *const bodies[] = {
		XML(KEYS UNTIL("2026-11-23T13:00:00Z")),
		"\n" XML(KEYS UNTIL("2026-11-23T14:00:00.5+01:00")),
		JSON("1795438800"), JSON("1.7954388E9"),
		" " JSON("\"2026-11-23T13:00:00Z\""),
	};
	struct credentials keys;
	struct sts_identity who;
	struct fail f;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		if (read_role(bodies[i], &keys, &who, &f) != 0)
			fail_msg("%zu: %s", i, f.text);
		assert_string_equal(keys.access_key_id, "ASIA");
		assert_string_equal(secret_open(keys.secret_key), "se/cret");
		secret_close(keys.secret_key);
		assert_string_equal(secret_open(keys.token), "token=");
		secret_close(keys.token);
		assert_int_equal(keys.expires, NOW + 3600);
		assert_string_equal(who.account, "123456789012");
		assert_string_equal(who.arn,
		    "arn:aws:sts::123456789012:assumed-role/Worker/n");
		credentials_free(&keys);
	}
}

static void
test_bad_credentials(void **state)
{
	static const struct {
		const char *body, *word;
	} cases[] = {
		{ "", "not one of STS" },
		{ "<html>se/cret</html>", "not one of STS" },
		{ "<!DOCTYPE x>" XML(KEYS UNTIL("2026-11-23T13:00:00Z")),
		    "not one of STS" },
		{ "<AssumeRoleResponse><AssumeRoleResult><Credentials>" KEYS,
		    "not one of STS" },
		{ "<GetCallerIdentityResponse/>", "not one of STS" },
		{ "{\"a\":", "not one of STS" },
		{ "{\"AssumeRoleResponse\":[]}", "not one of STS" },
		{ XML(""), "AccessKeyId" },
		{ XML("<AccessKeyId/>"), "AccessKeyId" },
		{ XML("<AccessKeyId>A B</AccessKeyId>"), "AccessKeyId" },
		{ XML("<AccessKeyId>A</AccessKeyId>"), "SecretAccessKey" },
		{ XML("<AccessKeyId>A</AccessKeyId><SecretAccessKey>se/cret"
		    "</SecretAccessKey>"), "SessionToken" },
		{ XML(KEYS), "Expiration" },
		{ XML(KEYS UNTIL("tomorrow")), "Expiration" },
		{ XML(KEYS UNTIL("2026-11-23T12:00:00Z")), "has passed" },
		{ JSON("0"), "Expiration" },
		{ JSON("1e300"), "Expiration" },
		{ JSON("null"), "Expiration" },
		/* keys elsewhere in the tree are not the credentials */
		{ "<AssumeRoleResponse><AssumeRoleResult><X><Credentials>" KEYS
		    UNTIL("2026-11-23T13:00:00Z") "</Credentials></X>"
		    "</AssumeRoleResult></AssumeRoleResponse>",
		    "AccessKeyId" },
	};
	struct credentials keys;
	struct sts_identity who;
	struct fail f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_role(cases[i].body, &keys, &who, &f),
		    -1);
		assert_int_equal(f.kind, FAIL_SYSTEM);
		if (strstr(f.text, cases[i].word) == NULL ||
		    strstr(f.text, "se/cret") != NULL)
			fail_msg("%zu: %s", i, f.text);
		assert_null(keys.access_key_id);
	}
}

/* Too long a text is a fault, not a part of it. */
static void
test_long_token(void **state)
{
	struct credentials keys;
	struct sts_identity who;
	struct buf body;
	struct fail f;

	(void)state;
	buf_init(&body, STS_ANSWER_MAX);
	assert_int_equal(buf_adds(&body, "<AssumeRoleResponse>"
	    "<AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
	    "<SecretAccessKey>s</SecretAccessKey><Expiration>"
	    "2026-11-23T13:00:00Z</Expiration><SessionToken>"), 0);
	for (int i = 0; i < 16 * 1024 + 1; i++)
		assert_int_equal(buf_adds(&body, "x"), 0);
	assert_int_equal(buf_adds(&body, "</SessionToken></Credentials>"
	    "</AssumeRoleResult></AssumeRoleResponse>"), 0);
	assert_int_equal(read_role(buf_text(&body), &keys, &who, &f), -1);
	assert_non_null(strstr(f.text, "not one of STS"));
	buf_free(&body);
}

static void
test_who(void **state)
{
	static const char *const bodies[] = {
		"<GetCallerIdentityResponse xmlns=\"x\">"
		"<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a"
		"</Arn><UserId>AIDA</UserId><Account>123456789012</Account>"
		"</GetCallerIdentityResult></GetCallerIdentityResponse>",
		"{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
		"\"Arn\":\"arn:aws:iam::123456789012:user/a\",\"UserId\":"
		"\"AIDA\",\"Account\":\"123456789012\"}}}",
		/* without the account: the ARN's */
		"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>"
		"AIDA</UserId><Arn>arn:aws:iam::123456789012:user/a</Arn>"
		"</GetCallerIdentityResult></GetCallerIdentityResponse>",
	};
	struct sts_identity who;
	struct http_answer a;
	struct fail f = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		answer_make(&a, 200, "", bodies[i]);
		assert_int_equal(sts_read_identity(&a, &who, &f), 0);
		assert_string_equal(who.arn,
		    "arn:aws:iam::123456789012:user/a");
		assert_string_equal(who.account, "123456789012");
		assert_string_equal(who.user_id, "AIDA");
		http_answer_free(&a);
	}
	answer_make(&a, 200, "", "<GetCallerIdentityResponse/>");
	assert_int_equal(sts_read_identity(&a, &who, &f), -1);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	http_answer_free(&a);
}

static void
test_arn_account(void **state)
{
	static const struct {
		const char *arn, *account;
	} cases[] = {
		{ "arn:aws:sts::123456789012:assumed-role/a/b",
		    "123456789012" },
		{ "arn:aws-cn:iam::123456789012:root", "123456789012" },
		{ "arn:aws:s3:::bucket", "" }, { "", "" }, { "arn:aws", "" },
		{ "arn:aws:iam::1234567890123:x", "" },
		{ "arn:aws:iam::123456789012", "" },
	};
	char account[13];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		sts_arn_account(cases[i].arn, account);
		assert_string_equal(account, cases[i].account);
	}
}


/* The table of aws-contract 5.4. */
static void
test_errors(void **state)
{
	static const struct {
		long status;
		const char *code;
		enum aws_class class;
	} cases[] = {
		{ 403, "AccessDenied", AWS_FINAL },
		{ 403, "ExpiredToken", AWS_CREDENTIALS },
		{ 400, "ExpiredTokenException", AWS_CREDENTIALS },
		{ 403, "InvalidClientTokenId", AWS_CREDENTIALS },
		{ 400, "MalformedPolicyDocument", AWS_FINAL },
		{ 400, "PackedPolicyTooLarge", AWS_FINAL },
		{ 400, "ValidationError", AWS_FINAL },
		{ 403, "RegionDisabledException", AWS_FINAL },
		{ 400, "IDPCommunicationError", AWS_TRANSIENT },
		{ 400, "InvalidIdentityToken", AWS_TRANSIENT },
		{ 403, "IDPRejectedClaim", AWS_FINAL },
		{ 400, "Throttling", AWS_THROTTLED },
		{ 400, "RequestLimitExceeded", AWS_THROTTLED },
		{ 500, "InternalFailure", AWS_TRANSIENT },
		{ 503, "SomethingNew", AWS_TRANSIENT },
		{ 403, "SignatureDoesNotMatch", AWS_FINAL },
	};
	char body[512];
	struct http_answer a;
	struct aws_error e;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		size_t k = i / 2;

		if (i % 2 == 0)
			(void)snprintf(body, sizeof(body),
			    "<ErrorResponse xmlns=\"x\"><Error><Type>Sender"
			    "</Type><Code>%s</Code><Message>why &#x202e;not"
			    "</Message></Error><RequestId>req</RequestId>"
			    "</ErrorResponse>", cases[k].code);
		else
			(void)snprintf(body, sizeof(body), "{\"Error\":{"
			    "\"Code\":\"%s\",\"Message\":\"why \\u202enot\","
			    "\"Type\":\"Sender\"},\"RequestId\":\"req\"}",
			    cases[k].code);
		answer_make(&a, cases[k].status, "", body);
		memset(&e, 0x55, sizeof(e));
		sts_error(&a, NOW, &e);
		if (e.class != cases[k].class)
			fail_msg("%s: %d", cases[k].code, e.class);
		assert_true(e.coded);
		assert_string_equal(e.code, cases[k].code);
		assert_string_equal(e.message, "why    not");
		assert_string_equal(e.request_id, "req");
		http_answer_free(&a);
	}
}

static void
test_odd_errors(void **state)
{
	struct http_answer a;
	struct aws_error e;

	(void)state;
	answer_make(&a, 503, "", "<html>busy</html>");	/* a proxy's page */
	sts_error(&a, NOW, &e);
	assert_int_equal(e.class, AWS_TRANSIENT);
	assert_false(e.coded);
	assert_string_equal(e.message, "<html>busy</html>");
	http_answer_free(&a);
	answer_make(&a, 403, "Date: Mon, 23 Nov 2026 13:00:00 GMT\r\n"
	    "x-amzn-RequestId: head\r\n", "<ErrorResponse><Error><Code>"
	    "SignatureDoesNotMatch</Code><Message>Signature expired: x"
	    "</Message>");		/* cut off */
	sts_error(&a, NOW, &e);
	assert_int_equal(e.class, AWS_SKEW);
	assert_int_equal(e.skew_s, 3600);
	assert_string_equal(e.request_id, "head");
	http_answer_free(&a);
	answer_make(&a, 200, "", "<x/>");
	sts_error(&a, NOW, &e);
	assert_int_equal(e.class, AWS_OK);
	http_answer_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_assume_role),
		cmocka_unit_test(test_web_identity),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_role_limits),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_bad_credentials),
		cmocka_unit_test(test_long_token),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_arn_account),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_odd_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
