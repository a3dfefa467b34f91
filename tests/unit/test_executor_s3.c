/*
 * One object from or to S3: what it retries, what it corrects first, and what
 * ends a transfer. Here S3 is a list of answers, and pauses take no time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/executor/s3_transfer.h"
#include "sys.h"

#define STEPS_MAX	16
#define CODE(code)	"<Error><Code>" code "</Code><Message>m</Message>" \
			"</Error>"

/* What S3 does with each request; the last one is repeated. */
struct step {
	long		 status;	/* 0: the call fails */
	const char	*body;
	const char	*headers;
	enum fail_kind	 kind;		/* of the failing call */
	bool		 too_big;
};

static struct {
	struct step	 steps[STEPS_MAX];
	int		 requests;
	char		 url[512];	/* of the last request */
	char		 id[64];	/* of its call */
	char		 number[64];	/* of its attempt */
	char		 agent[64];
	bool		 renewed_key;	/* it was signed with the new key */
	int		 calls, attempt;	/* that were told of */
	int		 renewals;
	enum fail_kind	 no_renewal;
	int		 pauses;
	int64_t		 paused_ms;	/* the last pause */
	bool		 each;		/* check each attempt: */
	char		 numbers[STEPS_MAX][64];
	int64_t		 pause_max_ms[STEPS_MAX];
	bool		 stop;		/* in a pause */
} s3;

static struct credentials creds;
static struct s3_access reach;
static char bucket[] = "artifacts", key[] = "a/b";
static const struct job_artifact object = { .bucket = bucket, .key = key };

static void
take_header(const char *line, const char *name, char value[64])
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) == 0)
		(void)strlcpy(value, line + n, 64);
}

int
http_perform(struct http_client *client, const struct http_request *req,
    struct http_answer *a, struct fail *fail)
{
	const struct step *step = &s3.steps[s3.requests];

	(void)client;
	if (s3.requests + 1 < STEPS_MAX && step[1].status + step[1].kind != 0)
		s3.requests++;
	(void)strlcpy(s3.url, req->url, sizeof(s3.url));
	s3.renewed_key = false;
	(void)strlcpy(s3.agent, req->user_agent, sizeof(s3.agent));
	for (size_t i = 0; req->headers[i] != NULL; i++) {
		if (strstr(req->headers[i], "Credential=NEW/") != NULL)
			s3.renewed_key = true;
		take_header(req->headers[i], "amz-sdk-invocation-id: ",
		    s3.id);
		take_header(req->headers[i], "amz-sdk-request: ", s3.number);
	}
	buf_init(&a->body, req->answer_max);
	buf_init(&a->headers, HTTP_HEADERS_MAX);
	a->status = step->status;
	a->too_big = step->too_big;
	if (step->body != NULL)
		assert_int_equal(buf_adds(&a->body, step->body), 0);
	if (step->headers != NULL)
		assert_int_equal(buf_adds(&a->headers, step->headers), 0);
	if (step->status == 0)
		return fail_set(fail, step->kind, "no answer");
	return 0;
}

static int
renew(void *arg, struct fail *fail)
{
	assert_ptr_equal(arg, &s3);
	s3.renewals++;
	if (s3.no_renewal != FAIL_NONE)
		return fail_set(fail, s3.no_renewal, "none to be had");
	free(creds.access_key_id);
	creds.access_key_id = strdup("NEW");
	return 0;
}

static int
pause_ms(int64_t ms, void *arg, struct fail *fail)
{
	assert_ptr_equal(arg, &s3);
	if (s3.each)
		assert_in_range(ms, 0, s3.pause_max_ms[s3.pauses]);
	s3.pauses++;
	s3.paused_ms = ms;
	return s3.stop ? fail_set(fail, FAIL_STOPPED, "stopped") : 0;
}

static void
called(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	(void)method;
	(void)ms;
	assert_ptr_equal(arg, &s3);
	assert_null(strchr(where, '?'));
	assert_int_equal(status == 0, error != NULL);
	if (s3.each)
		assert_string_equal(s3.number, s3.numbers[s3.calls]);
	s3.calls++;
	s3.attempt = attempt;
}

static int
setup(void **state)
{
	(void)state;
	memset(&s3, 0, sizeof(s3));
	credentials_free(&creds);
	creds.access_key_id = strdup("OLD");
	creds.secret_key = secret_text("secret");
	creds.token = secret_text("token");
	reach = (struct s3_access) {
		.region = "us-east-2",
		.credentials = &creds,
		.credentials_ms = sys_now_ms(),
		.deadline_ms = sys_now_ms() + 3600000,
		.renew = renew,
		.pause = pause_ms,
		.called = called,
		.arg = &s3,
	};
	aws_retry_init(&reach.retry, 0);
	return 0;
}

/* Fetches the object, whose bytes are then in text. */
static int
get(char text[64], struct fail *fail)
{
	struct buf out;
	int rv;

	memset(fail, 0, sizeof(*fail));
	s3.requests = 0;
	buf_init(&out, 1024 * 1024);
	rv = s3_get(&reach, &object, &out, fail);
	(void)strlcpy(text, buf_text(&out), 64);
	buf_free(&out);
	return rv;
}

static void
expect_failure(enum fail_kind kind, const char *piece)
{
	struct fail fail;
	char text[64];

	assert_int_equal(get(text, &fail), -1);
	if (fail.kind != kind || strstr(fail.text, piece) == NULL)
		fail_msg("%s: %s; not %s: %s", fail_kind_name(fail.kind),
		    fail.text, fail_kind_name(kind), piece);
	assert_string_equal(text, "");
}

static void
passing_faults(void **state)
{
	struct fail fail;
	char text[64];

	(void)state;
	reach.user_agent = "agent/1";
	reach.retry.attempts = 4;
	s3.steps[0] = (struct step) { .kind = FAIL_AGAIN };
	s3.steps[1] = (struct step) { .kind = FAIL_UNSURE };
	s3.steps[2] = (struct step) { 503, CODE("SlowDown"),
	    "HTTP/1.1 503 Slow\r\nRetry-After: 7\r\n\r\n", 0, false };
	s3.steps[3] = (struct step) { .status = 200, .body = "object" };
	assert_int_equal(get(text, &fail), 0);
	assert_string_equal(text, "object");
	assert_int_equal(s3.calls, 4);
	assert_int_equal(s3.attempt, 4);
	assert_int_equal(s3.pauses, 3);
	/* 0 to 4 s by itself, and the server may add 5 s */
	assert_in_range(s3.paused_ms, 5000, 7000);
	assert_int_equal(s3.renewals, 0);
	assert_string_equal(s3.number, "attempt=4; max=4");
	assert_string_equal(s3.agent, "agent/1");
	/* the last repeat, of throttling, is given back */
	assert_int_equal(reach.retry.quota, AWS_RETRY_QUOTA - 14 - 14);
}

/* One call has one id; pauses grow as the standard mode's. */
static void
attempts(void **state)
{
	struct fail fail;
	char text[64], id[64], wanted[64];

	(void)state;
	reach.retry.attempts = 5;
	for (int i = 0; i < 4; i++)
		s3.steps[i] = (struct step) { .status = 500,
		    .body = CODE("InternalError") };
	s3.steps[4] = (struct step) { .status = 200, .body = "object" };
	s3.each = true;
	for (int i = 0; i < 5; i++) {
		(void)snprintf(wanted, sizeof(wanted), "attempt=%d; max=5",
		    i + 1);
		(void)strlcpy(s3.numbers[i], wanted, sizeof(s3.numbers[i]));
		s3.pause_max_ms[i] = 50 << i;
	}
	assert_int_equal(get(text, &fail), 0);
	assert_int_equal(s3.calls, 5);
	(void)strlcpy(id, s3.id, sizeof(id));
	s3.each = false;
	s3.steps[0] = s3.steps[4];
	assert_int_equal(get(text, &fail), 0);
	assert_string_equal(s3.number, "attempt=1; max=5");
	assert_string_not_equal(s3.id, id);
}

/* Transfers share a quota: the later ones are repeated less. */
static void
quota(void **state)
{
	int requests = 0;

	(void)state;
	reach.retry.attempts = 30;
	s3.steps[0] = (struct step) { .status = 500,
	    .body = CODE("InternalError") };
	for (int i = 0; i < 10; i++)
		expect_failure(FAIL_SYSTEM, "InternalError");
	requests = s3.calls - 10;
	assert_int_equal(requests, AWS_RETRY_QUOTA / 14);
}

static void
faults_that_stay(void **state)
{
	(void)state;
	s3.steps[0] = (struct step) { .status = 500,
	    .body = CODE("InternalError") };
	expect_failure(FAIL_SYSTEM, "reading the input artifact "
	    "s3://artifacts/a/b: tried 3 times: S3 answered InternalError: m");
	assert_int_equal(s3.calls, 3);
	/* none beyond the deadline, and none after a stop */
	(void)setup(NULL);
	s3.steps[0] = (struct step) { .kind = FAIL_AGAIN };
	reach.deadline_ms = sys_now_ms();
	expect_failure(FAIL_SYSTEM, "s3://artifacts/a/b: no answer. Retry");
	assert_int_equal(s3.pauses, 0);
	(void)setup(NULL);
	s3.steps[0] = (struct step) { .kind = FAIL_AGAIN };
	s3.stop = true;
	expect_failure(FAIL_STOPPED, "stopped");
	assert_int_equal(s3.calls, 1);
}

static void
credentials_are_renewed(void **state)
{
	struct fail fail;
	char text[64];

	(void)state;
	/* refused: once, at once */
	s3.steps[0] = (struct step) { .status = 400,
	    .body = CODE("ExpiredToken") };
	s3.steps[1] = (struct step) { .status = 200, .body = "object" };
	assert_int_equal(get(text, &fail), 0);
	assert_int_equal(s3.renewals, 1);
	assert_int_equal(s3.pauses, 0);
	assert_true(s3.renewed_key);
	s3.steps[1] = s3.steps[0];
	s3.renewals = 0;
	expect_failure(FAIL_PERMISSION, "S3 twice refused the");
	assert_int_equal(s3.renewals, 1);
	/* old: before the request, and not again for the next one */
	(void)setup(NULL);
	reach.credentials_ms = sys_now_ms() - 11 * 60 * 1000;
	s3.steps[0] = (struct step) { .status = 200, .body = "object" };
	assert_int_equal(get(text, &fail), 0);
	assert_true(s3.renewed_key);
	assert_int_equal(get(text, &fail), 0);
	assert_int_equal(s3.renewals, 1);
	assert_int_equal(s3.calls, 2);
}

static void
no_new_credentials(void **state)
{
	(void)state;
	reach.credentials_ms = sys_now_ms() - 11 * 60 * 1000;
	s3.no_renewal = FAIL_SYSTEM;
	expect_failure(FAIL_SYSTEM, "none to be had. Retry the stage");
	assert_int_equal(s3.calls, 0);
	s3.no_renewal = FAIL_STOPPED;
	expect_failure(FAIL_STOPPED, "none to be had");
	assert_int_equal(s3.calls, 0);
}

/* A skew larger than S3 allows is corrected once, and stays corrected. */
static void
clock_is_mended(void **state)
{
	struct fail fail;
	char text[64], body[200];
	time_t now = (time_t)sys_wall() + 7200;
	struct tm tm;

	(void)state;
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
	    gmtime_r(&now, &tm));
	(void)snprintf(body, sizeof(body), "<Error><Code>RequestTimeTooSkewed"
	    "</Code><ServerTime>%s</ServerTime></Error>", text);
	s3.steps[0] = (struct step) { .status = 403, .body = body };
	s3.steps[1] = (struct step) { .status = 200, .body = "object" };
	assert_int_equal(get(text, &fail), 0);
	assert_in_range(reach.skew_s, 7100, 7300);
	s3.steps[1] = s3.steps[0];
	expect_failure(FAIL_SYSTEM, "RequestTimeTooSkewed");
	assert_int_equal(s3.calls, 4);
}

static void
region_is_mended(void **state)
{
	struct fail fail;
	char text[64];

	(void)state;
	s3.steps[0] = (struct step) { .status = 301,
	    .body = "<Error><Code>PermanentRedirect</Code><Region>eu-west-1"
	    "</Region></Error>" };
	s3.steps[1] = (struct step) { .status = 200, .body = "object" };
	assert_int_equal(get(text, &fail), 0);
	assert_non_null(strstr(s3.url, "eu-west-1"));
	assert_int_equal(s3.calls, 2);
	/* the next transfer goes there at once */
	s3.steps[0] = s3.steps[1];
	assert_int_equal(s3_put(&reach, &object, "PK", 2, &fail), 0);
	assert_non_null(strstr(s3.url, "eu-west-1"));
	assert_int_equal(s3.calls, 3);
	/* S3 sends us where we are */
	s3.steps[0] = (struct step) { .status = 301,
	    .body = "<Error><Code>PermanentRedirect</Code><Region>eu-west-1"
	    "</Region></Error>" };
	s3.steps[1] = s3.steps[0];
	expect_failure(FAIL_SYSTEM, "Bucket artifacts is not found in region "
	    "eu-west-1");
	assert_int_equal(s3.calls, 4);
}

/* From one region to the next: it follows once. */
static void
region_that_changes(void **state)
{
	(void)state;
	s3.steps[0] = (struct step) { .status = 307, .headers =
	    "HTTP/1.1 307 X\r\nx-amz-bucket-region: eu-west-1\r\n\r\n" };
	s3.steps[1] = (struct step) { .status = 400, .body =
	    "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-2"
	    "</Region></Error>" };
	expect_failure(FAIL_SYSTEM, "Bucket artifacts is not found in region "
	    "eu-west-1");
	assert_int_equal(s3.calls, 2);
	/* in the other order */
	(void)setup(NULL);
	s3.steps[0] = (struct step) { .status = 400, .body =
	    "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-2"
	    "</Region></Error>" };
	s3.steps[1] = (struct step) { .status = 301, .headers =
	    "HTTP/1.1 301 X\r\nx-amz-bucket-region: eu-west-1\r\n\r\n" };
	expect_failure(FAIL_SYSTEM, "Bucket artifacts is not found in region "
	    "eu-west-2");
	assert_int_equal(s3.calls, 2);
}

/* A FIPS endpoint need not exist in the region. */
static void
unreachable_variant(void **state)
{
	(void)state;
	reach.fips = true;
	s3.steps[0] = (struct step) { .kind = FAIL_AGAIN };
	expect_failure(FAIL_SYSTEM, "AWS may have no FIPS endpoint in this "
	    "region: see AWS_USE_FIPS_ENDPOINT");
	s3.steps[0] = (struct step) { .status = 503, .body = "<html>" };
	expect_failure(FAIL_SYSTEM, "tried 3 times: S3 answered HTTP 503: "
	    "<html>. Retry");
}

/* The job's credentials are worth nothing there. */
static void
region_of_another_partition(void **state)
{
	(void)state;
	s3.steps[0] = (struct step) { .status = 301,
	    .body = "<Error><Code>PermanentRedirect</Code><Region>cn-north-1"
	    "</Region></Error>" };
	expect_failure(FAIL_SYSTEM, "Bucket artifacts is not found in region "
	    "us-east-2");
	assert_int_equal(s3.calls, 1);
}

static void
refusals(void **state)
{
	static const struct {
		struct step	 step;
		enum fail_kind	 kind;
		const char	*piece;
	} cases[] = {
		{ { 404, CODE("NoSuchKey"), NULL, 0, false }, FAIL_REVISION,
		    "lifecycle rules" },
		{ { 404, CODE("NoSuchBucket"), NULL, 0, false }, FAIL_REVISION,
		    "NoSuchBucket" },
		{ { 403, CODE("AccessDenied"), NULL, 0, false },
		    FAIL_PERMISSION, "s3:GetObject" },
		{ { 400, CODE("KMS.DisabledException"), NULL, 0, false },
		    FAIL_CONFIG, "encryption key" },
		{ { 403, "<html>", NULL, 0, false }, FAIL_SYSTEM,
		    "a proxy between" },
		{ { 0, NULL, NULL, FAIL_SYSTEM, true }, FAIL_CONFIG,
		    "it is larger than" },
		{ { 0, NULL, NULL, FAIL_CONFIG, false }, FAIL_CONFIG,
		    "no answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)setup(NULL);
		s3.steps[0] = cases[i].step;
		expect_failure(cases[i].kind, cases[i].piece);
		assert_int_equal(s3.calls, 1);
	}
}

static void
writing(void **state)
{
	const struct job_artifact nowhere = { .key = key };
	struct fail fail = { 0 };

	(void)state;
	s3.steps[0] = (struct step) { .status = 200 };
	assert_int_equal(s3_put(&reach, &object, "PK", 2, &fail), 0);
	assert_int_equal(s3.calls, 1);
	s3.steps[0] = (struct step) { .status = 404,
	    .body = CODE("NoSuchKey") };
	assert_int_equal(s3_put(&reach, &object, "PK", 2, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "writing the output artifact"));
	/* nothing is sent without a place to send it to */
	s3.calls = 0;
	assert_int_equal(s3_put(&reach, &nowhere, "PK", 2, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	reach.encryption_type = "SSE-C";
	assert_int_equal(s3_put(&reach, &object, "PK", 2, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_int_equal(s3.calls, 0);
}

static int
finish(void **state)
{
	(void)state;
	credentials_free(&creds);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(passing_faults, setup),
		cmocka_unit_test_setup(attempts, setup),
		cmocka_unit_test_setup(quota, setup),
		cmocka_unit_test_setup(faults_that_stay, setup),
		cmocka_unit_test_setup(credentials_are_renewed, setup),
		cmocka_unit_test_setup(no_new_credentials, setup),
		cmocka_unit_test_setup(clock_is_mended, setup),
		cmocka_unit_test_setup(region_is_mended, setup),
		cmocka_unit_test_setup(region_that_changes, setup),
		cmocka_unit_test_setup(region_of_another_partition, setup),
		cmocka_unit_test_setup(unreachable_variant, setup),
		cmocka_unit_test_setup(refusals, setup),
		cmocka_unit_test_setup(writing, setup),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, finish);
}
