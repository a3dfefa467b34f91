/*
 * What answers of CodePipeline and S3 mean, by the tables of aws-contract 1.3,
 * 3.3, 3.6 and 7.1.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_error.h"
#include "codepipeline_answer.h"
#include "json.h"
#include "mem.h"
#include "s3_error.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NOW		1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */

typedef void	(*classifier)(const struct http_answer *, int64_t,
		    struct aws_error *);

/* headers: lines with LF; the status line is put before. */
static void
classify(classifier fn, long status, const char *headers, const char *body,
    struct aws_error *e)
{
	struct http_answer a;

	memset(&a, 0, sizeof(a));
	a.status = status;
	buf_init(&a.body, AWS_ANSWER_MAX);
	buf_init(&a.headers, HTTP_HEADERS_MAX);
	assert_int_equal(buf_adds(&a.body, body), 0);
	assert_int_equal(buf_addf(&a.headers, "HTTP/1.1 %ld X\r\n%s\r\n",
	    status, headers), 0);
	memset(e, 0x55, sizeof(*e));
	fn(&a, NOW, e);
	http_answer_free(&a);
}

static void
test_json_codes(void **state)
{
	static const struct {
		long status;
		const char *code;
		enum aws_class class;
	} cases[] = {
		{ 400, "ValidationException", AWS_FINAL },
		{ 400, "ActionTypeNotFoundException", AWS_FINAL },
		{ 400, "InvalidNonceException", AWS_FINAL },
		{ 400, "JobNotFoundException", AWS_FINAL },
		{ 400, "InvalidJobStateException", AWS_FINAL },
		{ 400, "OutputVariablesSizeExceededException", AWS_FINAL },
		{ 400, "LimitExceededException", AWS_FINAL },
		{ 400, "ConcurrentModificationException", AWS_TRANSIENT },
		{ 400, "RequestFailedException", AWS_TRANSIENT },
		{ 400, "AccessDeniedException", AWS_FINAL },
		{ 400, "ThrottlingException", AWS_THROTTLED },
		{ 429, "ThrottlingException", AWS_THROTTLED },
		{ 503, "ThrottlingException", AWS_THROTTLED },
		{ 400, "Throttling", AWS_THROTTLED },
		{ 400, "ThrottledException", AWS_THROTTLED },
		{ 400, "RequestThrottledException", AWS_THROTTLED },
		{ 400, "RequestThrottled", AWS_THROTTLED },
		{ 400, "TooManyRequestsException", AWS_THROTTLED },
		{ 400, "ProvisionedThroughputExceededException",
		    AWS_THROTTLED },
		{ 400, "TransactionInProgressException", AWS_THROTTLED },
		{ 400, "RequestLimitExceeded", AWS_THROTTLED },
		{ 400, "BandwidthLimitExceeded", AWS_THROTTLED },
		{ 503, "SlowDown", AWS_THROTTLED },
		{ 400, "PriorRequestNotComplete", AWS_THROTTLED },
		{ 400, "EC2ThrottledException", AWS_THROTTLED },
		{ 500, "InternalFailure", AWS_TRANSIENT },
		{ 500, "InternalServerError", AWS_TRANSIENT },
		{ 503, "ServiceUnavailable", AWS_TRANSIENT },
		{ 503, "ServiceUnavailableException", AWS_TRANSIENT },
		{ 400, "RequestTimeout", AWS_TRANSIENT },
		{ 400, "RequestTimeoutException", AWS_TRANSIENT },
		{ 400, "UnrecognizedClientException", AWS_CREDENTIALS },
		{ 403, "InvalidClientTokenId", AWS_CREDENTIALS },
		{ 400, "ExpiredTokenException", AWS_CREDENTIALS },
		{ 403, "ExpiredToken", AWS_CREDENTIALS },
		{ 400, "InvalidSignatureException", AWS_FINAL },
		{ 403, "SignatureDoesNotMatch", AWS_FINAL },
		{ 400, "RequestExpired", AWS_SKEW },
		{ 403, "RequestTimeTooSkewed", AWS_SKEW },
		{ 403, "RequestInTheFuture", AWS_SKEW },
		{ 400, "IncompleteSignature", AWS_FINAL },
		{ 403, "MissingAuthenticationTokenException", AWS_FINAL },
		{ 400, "SerializationException", AWS_FINAL },
		{ 400, "UnknownOperationException", AWS_FINAL },
		{ 403, "OptInRequired", AWS_FINAL },
		{ 400, "SomethingNew", AWS_FINAL },
		{ 500, "SomethingNew", AWS_TRANSIENT },
		{ 502, "SomethingNew", AWS_TRANSIENT },
		{ 504, "SomethingNew", AWS_TRANSIENT },
		{ 501, "SomethingNew", AWS_FINAL },
		{ 509, "SomethingNew", AWS_FINAL },
	};
	struct aws_error e;
	char body[200];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		snprintf(body, sizeof(body), "{\"__type\":\"%s\","
		    "\"message\":\"why\"}", cases[i].code);
		classify(aws_error_json, cases[i].status, "", body, &e);
		if (e.class != cases[i].class)
			fail_msg("%s %ld: %d, not %d", cases[i].code,
			    cases[i].status, e.class, cases[i].class);
		assert_true(e.coded);
		assert_string_equal(e.code, cases[i].code);
		assert_string_equal(e.message, "why");
		assert_int_equal(e.skew_s, 0);
	}
}

static void
test_json_forms(void **state)
{
	static const struct {
		long status;
		const char *headers, *body, *code, *message;
	} cases[] = {
		{ 400, "", "{\"__type\":\"com.amazonaws.codepipeline#"
		    "JobNotFoundException\",\"Message\":\"m\"}",
		    "JobNotFoundException", "m" },
		{ 400, "", "{\"__type\":\"JobNotFoundException:http://internal"
		    ".amazon.com/coral/x#y\",\"message\":null}",
		    "JobNotFoundException", "" },
		{ 400, "", "{\"__type\":\"a#b#C:http://x\",\"message\":\"1\","
		    "\"Message\":\"2\"}", "C", "1" },
		{ 400, "x-amzn-ErrorType: ValidationException:http://x/\r\n",
		    "{\"code\":\"Other\"}", "ValidationException", "" },
		{ 400, "X-Amzn-Errortype: Header\r\n",
		    "{\"__type\":\"Body\"}", "Body", "" },
		{ 400, "", "{\"code\":\"x#Coded\"}", "Coded", "" },
		{ 400, "", "{\"code\":5}", "HTTP 400", "" },
		{ 400, "", "{\"__type\":\"\"}", "HTTP 400", "" },
		{ 400, "", "{\"__type\":\":x\"}", "HTTP 400", "" },
		{ 400, "", "[1]", "HTTP 400", "[1]" },
		{ 503, "", "", "HTTP 503", "" },
		{ 502, "", "<html>\r\n  <h1>Bad\tGateway</h1>\r\n</html>\n",
		    "HTTP 502", "<html> <h1>Bad Gateway</h1> </html> " },
		{ 503, "x-amzn-ErrorType: Down\r\n", "<p>", "Down", "<p>" },
		{ 400, "", "{\"__type\":\"A\\u001b[1mB\",\"message\":"
		    "\"x\\r\\ny\\u0007\"}", "A [1mB", "x  y " },
	};
	struct aws_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		classify(aws_error_json, cases[i].status, cases[i].headers,
		    cases[i].body, &e);
		assert_string_equal(e.code, cases[i].code);
		assert_string_equal(e.message, cases[i].message);
	}
}

static void
test_json_status(void **state)
{
	static const struct {
		long status;
		enum aws_class class;
	} cases[] = {
		{ 0, AWS_TRANSIENT }, { 200, AWS_OK }, { 204, AWS_OK },
		{ 301, AWS_TRANSIENT }, { 302, AWS_TRANSIENT },
		{ 400, AWS_TRANSIENT }, { 403, AWS_TRANSIENT },
		{ 404, AWS_TRANSIENT }, { 407, AWS_TRANSIENT },
		{ 408, AWS_TRANSIENT }, { 429, AWS_THROTTLED },
		{ 500, AWS_TRANSIENT }, { 501, AWS_TRANSIENT },
		{ 502, AWS_TRANSIENT }, { 503, AWS_TRANSIENT },
		{ 504, AWS_TRANSIENT }, { 505, AWS_TRANSIENT },
		{ 509, AWS_THROTTLED }, { 520, AWS_TRANSIENT },
	};
	struct aws_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		classify(aws_error_json, cases[i].status, "", "", &e);
		assert_int_equal(e.class, cases[i].class);
		classify(aws_error_json, cases[i].status, "",
		    "<html>proxy</html>", &e);
		assert_int_equal(e.class, cases[i].class);
		assert_false(e.coded);
	}
	classify(aws_error_json, 200, "x-amzn-RequestId: r-1\r\n",
	    "{\"__type\":\"NotAnError\"}", &e);
	assert_int_equal(e.class, AWS_OK);
	assert_string_equal(e.code, "");
	assert_string_equal(e.request_id, "r-1");
}

static void
test_json_long(void **state)
{
	struct aws_error e;
	char *body = xcalloc(1, 3 * AWS_ERROR_MAX), *text;
	size_t i;

	(void)state;
	for (i = 0; i < AWS_ERROR_MAX; i++)
		memcpy(body + 2 * i, "\xc3\xbc", 2);
	classify(aws_error_json, 400, "", body, &e);
	assert_int_equal(strlen(e.message), 200);
	body[3001] = '\0';
	text = xasprintf("{\"__type\":\"x%.2000s\",\"message\":\"x%.2000s\"}",
	    body, body);
	classify(aws_error_json, 400, "", text, &e);
	assert_int_equal(strlen(e.code), sizeof(e.code) - 1);
	assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
	free(text);
	free(body);
}

static void
test_skew(void **state)
{
	static const struct {
		const char *date, *code, *message;
		enum aws_class class;
		int64_t skew;
	} cases[] = {
		{ "Date: Mon, 23 Nov 2026 12:10:00 GMT\r\n",
		    "InvalidSignatureException", "Signature expired: A is now "
		    "earlier than B", AWS_SKEW, 600 },
		{ "Date: Mon, 23 Nov 2026 11:50:00 GMT\r\n",
		    "SignatureDoesNotMatch", "Signature not yet current: A is "
		    "still later than B", AWS_SKEW, -600 },
		{ "", "InvalidSignatureException", "Signature expired: A",
		    AWS_SKEW, 0 },
		{ "Date: Mon, 23 Nov 2026 12:04:01 GMT\r\n",
		    "InvalidSignatureException", "The request signature we "
		    "calculated does not match", AWS_SKEW, 241 },
		{ "Date: Mon, 23 Nov 2026 12:04:00 GMT\r\n",
		    "InvalidSignatureException", "does not match", AWS_FINAL,
		    0 },
		{ "Date: Mon, 23 Nov 2026 11:00:00 GMT\r\n", "AuthFailure",
		    "", AWS_SKEW, -3600 },
		{ "Date: Mon, 23 Nov 2026 11:00:00 GMT\r\n",
		    "AccessDeniedException", "Signature expired: no", AWS_FINAL,
		    0 },
		{ "Date: Mon, 23 Nov 2026 12:20:00 GMT\r\n",
		    "RequestExpired", "", AWS_SKEW, 1200 },
		{ "Date: yesterday or so\r\n", "RequestTimeTooSkewed", "",
		    AWS_SKEW, 0 },
	};
	struct aws_error e;
	char body[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		snprintf(body, sizeof(body), "{\"__type\":\"%s\","
		    "\"message\":\"%s\"}", cases[i].code, cases[i].message);
		classify(aws_error_json, 400, cases[i].date, body, &e);
		assert_int_equal(e.class, cases[i].class);
		assert_int_equal(e.skew_s, cases[i].skew);
		snprintf(body, sizeof(body), "<Error><Code>%s</Code>"
		    "<Message>%s</Message></Error>", cases[i].code,
		    cases[i].message);
		classify(aws_error_s3, 403, cases[i].date, body, &e);
		assert_int_equal(e.class, cases[i].class);
		assert_int_equal(e.skew_s, cases[i].skew);
	}
	classify(aws_error_s3, 403, "", "<Error><Code>RequestTimeTooSkewed"
	    "</Code><ServerTime>2026-11-23T12:30:00Z</ServerTime></Error>",
	    &e);
	assert_int_equal(e.class, AWS_SKEW);
	assert_int_equal(e.skew_s, 1800);
	assert_int_equal(e.server_wall, NOW + 1800);
}

static void
test_retry_after(void **state)
{
	static const struct {
		const char *headers;
		int64_t ms;
	} cases[] = {
		{ "", 0 },
		{ "x-amz-retry-after: 1500\r\n", 1500 },
		{ "Retry-After: 7\r\n", 7000 },
		{ "Retry-After: 7\r\nX-Amz-Retry-After: 20\r\n", 20 },
		{ "Retry-After: 7\r\nx-amz-retry-after: soon\r\n", 7000 },
		{ "x-amz-retry-after: 99999999999\r\n", 900000 },
		{ "Retry-After: 99999\r\n", 900000 },
		{ "Retry-After: -3\r\n", 0 },
		{ "Retry-After: soon\r\n", 0 },
		{ "Retry-After: Mon, 23 Nov 2026 12:00:30 GMT\r\n", 30000 },
		{ "Retry-After: Mon, 23 Nov 2026 11:00:30 GMT\r\n", 0 },
		{ "Retry-After: Mon, 23 Nov 2026 12:00:30 GMT\r\n"
		    "Date: Mon, 23 Nov 2026 12:00:10 GMT\r\n", 20000 },
		{ "Retry-After: Tue, 24 Nov 2026 12:00:30 GMT\r\n", 900000 },
	};
	struct aws_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		classify(aws_error_json, 503, cases[i].headers, "", &e);
		assert_int_equal(e.retry_after_ms, cases[i].ms);
	}
}

static void
test_s3_codes(void **state)
{
	static const struct {
		long status;
		const char *code;
		enum aws_class class;
	} cases[] = {
		{ 403, "AccessDenied", AWS_FINAL },
		{ 403, "AllAccessDisabled", AWS_FINAL },
		{ 400, "ExpiredToken", AWS_CREDENTIALS },
		{ 400, "InvalidToken", AWS_CREDENTIALS },
		{ 403, "InvalidAccessKeyId", AWS_CREDENTIALS },
		{ 403, "SignatureDoesNotMatch", AWS_FINAL },
		{ 404, "NoSuchKey", AWS_FINAL },
		{ 404, "NoSuchBucket", AWS_FINAL },
		{ 400, "BadDigest", AWS_TRANSIENT },
		{ 400, "XAmzContentSHA256Mismatch", AWS_TRANSIENT },
		{ 400, "IncompleteBody", AWS_TRANSIENT },
		{ 400, "InvalidArgument", AWS_FINAL },
		{ 400, "EntityTooLarge", AWS_FINAL },
		{ 400, "KeyTooLongError", AWS_FINAL },
		{ 400, "RequestTimeout", AWS_TRANSIENT },
		{ 411, "MissingContentLength", AWS_FINAL },
		{ 405, "MethodNotAllowed", AWS_FINAL },
		{ 409, "OperationAborted", AWS_TRANSIENT },
		{ 412, "PreconditionFailed", AWS_FINAL },
		{ 416, "InvalidRange", AWS_FINAL },
		{ 503, "SlowDown", AWS_THROTTLED },
		{ 503, "ServiceUnavailable", AWS_THROTTLED },
		{ 500, "InternalError", AWS_TRANSIENT },
		{ 501, "NotImplemented", AWS_FINAL },
		{ 400, "KMS.DisabledException", AWS_FINAL },
		{ 400, "KMS.ThrottlingException", AWS_THROTTLED },
		{ 408, "SomethingNew", AWS_TRANSIENT },
		{ 522, "SomethingNew", AWS_TRANSIENT },
		{ 403, "InvalidObjectState", AWS_FINAL },
		{ 301, "PermanentRedirect", AWS_FINAL },
	};
	struct aws_error e;
	char body[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		snprintf(body, sizeof(body), "<?xml version=\"1.0\" encoding="
		    "\"UTF-8\"?>\n<Error><Code>%s</Code><Message>a &amp; "
		    "&lt;b&gt;\nc</Message><Bucket>b</Bucket></Error>",
		    cases[i].code);
		classify(aws_error_s3, cases[i].status, "", body, &e);
		if (e.class != cases[i].class)
			fail_msg("%s: %d, not %d", cases[i].code, e.class,
			    cases[i].class);
		assert_string_equal(e.code, cases[i].code);
		assert_string_equal(e.message, "a & <b> c");
	}
}

static void
test_s3_redirect(void **state)
{
	static const struct {
		long status;
		const char *headers, *body, *region;
	} cases[] = {
		{ 301, "x-amz-bucket-region: eu-west-1\r\n",
		    "<Error><Code>PermanentRedirect</Code><Region>eu-west-2"
		    "</Region></Error>", "eu-west-1" },
		{ 301, "", "<Error><Code>PermanentRedirect</Code><Region>"
		    "eu-west-2</Region></Error>", "eu-west-2" },
		{ 307, "x-amz-bucket-region: eu-west-1\r\n", "", "eu-west-1" },
		{ 302, "x-amz-bucket-region: eu-west-1\r\n", "<html>",
		    "eu-west-1" },
		{ 400, "", "<Error><Code>AuthorizationHeaderMalformed</Code>"
		    "<Region>ap-south-1</Region></Error>", "ap-south-1" },
		{ 400, "x-amz-bucket-region: us-west-2\r\n", "<Error><Code>"
		    "IllegalLocationConstraintException</Code></Error>",
		    "us-west-2" },
		{ 400, "x-amz-bucket-region: us-west-2\r\n", "", "us-west-2" },
		{ 400, "x-amz-bucket-region: us-west-2\r\n",
		    "<Error><Code>InvalidRequest</Code></Error>", NULL },
		{ 403, "x-amz-bucket-region: us-west-2\r\n", "", NULL },
		{ 301, "", "", NULL },
		{ 301, "x-amz-bucket-region: evil.example/\r\n", "", NULL },
		{ 301, "", "<Error><Region>x.evil.example</Region></Error>",
		    NULL },
	};
	struct aws_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		classify(aws_error_s3, cases[i].status, cases[i].headers,
		    cases[i].body, &e);
		assert_int_equal(e.class,
		    cases[i].region != NULL ? AWS_REDIRECT : AWS_FINAL);
		assert_string_equal(e.region,
		    cases[i].region != NULL ? cases[i].region : "");
		assert_string_not_equal(e.code, "");
	}
}

static void
test_s3_bodies(void **state)
{
	static const struct {
		long status;
		const char *body, *code, *message;
		enum aws_class class;
	} cases[] = {
		{ 403, "", "HTTP 403", "", AWS_FINAL },
		{ 503, "", "HTTP 503", "", AWS_TRANSIENT },
		{ 502, "<html><body>Bad</body></html>", "HTTP 502",
		    "<html><body>Bad</body></html>", AWS_TRANSIENT },
		{ 404, "plain text", "HTTP 404", "plain text", AWS_FINAL },
		{ 408, "", "HTTP 408", "", AWS_TRANSIENT },
		{ 501, "", "HTTP 501", "", AWS_FINAL },
		{ 505, "", "HTTP 505", "", AWS_TRANSIENT },
		{ 520, "", "HTTP 520", "", AWS_TRANSIENT },
		{ 400, "<Error><Code>ExpiredToken</Code><Messa",
		    "ExpiredToken", "", AWS_CREDENTIALS },
		{ 400, "<Error><Inner><Code>No</Code></Inner></Error>",
		    "HTTP 400", "", AWS_FINAL },
		{ 400, "<Error><Code>A</Code><Code>B</Code></Error>", "A", "",
		    AWS_FINAL },
		{ 400, "<Error><Code><x/>A<y>no</y>B</Code></Error>", "AB", "",
		    AWS_FINAL },
		{ 400, "<!DOCTYPE Error [<!ENTITY a \"SlowDown\">]><Error>"
		    "<Code>&a;</Code></Error>", "HTTP 400", "<!DOCTYPE Error "
		    "[<!ENTITY a \"SlowDown\">]><Error><Code>&a;</Code>"
		    "</Error>", AWS_FINAL },
		{ 429, "", "HTTP 429", "", AWS_THROTTLED },
		{ 0, "", "no answer", "", AWS_TRANSIENT },
	};
	struct aws_error e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		classify(aws_error_s3, cases[i].status, "", cases[i].body, &e);
		assert_string_equal(e.code, cases[i].code);
		assert_string_equal(e.message, cases[i].message);
		assert_int_equal(e.class, cases[i].class);
		assert_int_equal(e.coded, strchr(cases[i].code, ' ') == NULL);
	}
	classify(aws_error_s3, 206, "", "<Error><Code>A</Code></Error>", &e);
	assert_int_equal(e.class, AWS_OK);
}

static void
test_s3_long(void **state)
{
	struct aws_error e;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, AWS_ANSWER_MAX);
	assert_int_equal(buf_adds(&b, "<Error><Code>C</Code><Message>x"), 0);
	for (i = 0; i < 100000; i++)
		assert_int_equal(buf_adds(&b, "\xc3\xbc"), 0);
	assert_int_equal(buf_adds(&b, "</Message><Region>r</Region>"), 0);
	classify(aws_error_s3, 400, "", buf_text(&b), &e);
	assert_string_equal(e.code, "C");
	assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
	buf_clear(&b);
	for (i = 0; i < 20000; i++)
		assert_int_equal(buf_adds(&b, "<Error>"), 0);
	classify(aws_error_s3, 500, "", buf_text(&b), &e);
	assert_int_equal(e.class, AWS_TRANSIENT);
	buf_free(&b);
}

static void
test_s3_ids(void **state)
{
	struct aws_error e;

	(void)state;
	classify(aws_error_s3, 403, "x-amz-request-id: R1\r\n"
	    "x-amz-id-2: abc/def=\r\n", "<Error><RequestId>R2</RequestId>"
	    "</Error>", &e);
	assert_string_equal(e.request_id, "R1 abc/def=");
	classify(aws_error_s3, 403, "", "<Error><RequestId>R2</RequestId>"
	    "</Error>", &e);
	assert_string_equal(e.request_id, "R2");
	classify(aws_error_s3, 200, "x-amz-id-2: i2\r\n", "", &e);
	assert_string_equal(e.request_id, "i2");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_codes),
		cmocka_unit_test(test_json_forms),
		cmocka_unit_test(test_json_status),
		cmocka_unit_test(test_json_long),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_s3_codes),
		cmocka_unit_test(test_s3_redirect),
		cmocka_unit_test(test_s3_bodies),
		cmocka_unit_test(test_s3_long),
		cmocka_unit_test(test_s3_ids),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
