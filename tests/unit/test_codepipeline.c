/*
 * CodePipeline's wire forms: requests against the signed vectors, answers
 * against the limits of the service's model.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_request.h"
#include "codepipeline.h"
#include "codepipeline_answer.h"
#include "endpoint.h"
#include "json.h"
#include "mem.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ID		"01234567-89ab-cdef-0123-456789abcdef"
#define WALL		1795435200	/* 20261123T120000Z */
#define SECRET		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN		"IQoJb3JpZ2luX2VjEXAMPLE//////////" \
			"wEaCXVzLWVhc3QtMiJHMEUCIQDexample+token/with=signs=="

static void
creds_make(struct credentials *c, const char *token)
{
	memset(c, 0, sizeof(*c));
	c->access_key_id = xstrdup("ASIAEXAMPLEEXAMPLE00");
	c->secret_key = secret_text(SECRET);
	c->token = secret_text(token);
}

static bool
has_header(const struct aws_request *req, const char *line)
{
	size_t i;

	for (i = 0; i < req->nheaders; i++)
		if (strcmp(req->headers[i], line) == 0)
			return true;
	return false;
}

/* Make the request of a vector again: the signature must be the published
 * one. */
static void
request_expect(const char *region, const char *token, const char *operation,
    const char *body, const char *signature)
{
	struct aws_endpoint ep;
	struct aws_request req;
	struct credentials creds;
	struct fail fail;
	json_t *input;
	const char *last;

	creds_make(&creds, token);
	input = json_parse(body, strlen(body), NULL);
	assert_int_equal(aws_endpoint_find("codepipeline", region, NULL, false,
	    false, &ep, &fail), 0);
	assert_int_equal(cp_request(&req, &ep, region, &creds, NULL, WALL,
	    operation, input, &fail), 0);
	assert_string_equal(req.method, "POST");
	assert_string_equal(buf_text(&req.body), body);
	assert_null(req.headers[req.nheaders]);
	assert_true(has_header(&req,
	    "Content-Type: application/x-amz-json-1.1"));
	last = req.headers[req.nheaders - 1];
	assert_non_null(strstr(last, "Authorization: AWS4-HMAC-SHA256 "));
	assert_string_equal(strstr(last, "Signature=") + 10, signature);
	aws_request_free(&req);
	json_decref(input);
	credentials_free(&creds);
}

static void
test_request_vectors(void **state)
{
	static const char poll[] = "{\"actionTypeId\":{\"category\":\"Build\","
	    "\"owner\":\"Custom\",\"provider\":\"MyBuildProvider\","
	    "\"version\":\"1\"},\"maxBatchSize\":1,"
	    "\"queryParam\":{\"ProjectName\":\"MyProject\"}}";

	(void)state;
	request_expect("us-east-2", NULL, "PollForJobs", poll, "951bb4680eb65a"
	    "c72feee79546d60b539c31021d424872adbde1cb778d1a9157");
	request_expect("us-east-2", TOKEN, "PollForJobs", poll, "0718e934941c"
	    "b804ca951c7a399e6cd3a0fafc21c891cbd36bb1cf7291954811");
}

static void
test_request_base_path(void **state)
{
	struct aws_endpoint ep;
	struct aws_request req;
	struct credentials creds;
	struct fail fail;
	json_t *input = json_object();

	(void)state;
	creds_make(&creds, TOKEN);
	assert_int_equal(aws_endpoint_find("codepipeline", "us-east-1",
	    "http://[::1]:8080/base/", false, false, &ep, &fail), 0);
	assert_int_equal(cp_request(&req, &ep, "us-east-1", &creds, NULL, WALL,
	    "PollForJobs", input, &fail), 0);
	assert_string_equal(req.url, "http://[::1]:8080/base/");
	assert_string_equal(buf_text(&req.body), "{}");
	assert_true(has_header(&req, "X-Amz-Date: 20261123T120000Z"));
	assert_true(has_header(&req, "X-Amz-Security-Token: " TOKEN));
	assert_true(has_header(&req,
	    "X-Amz-Target: CodePipeline_20150709.PollForJobs"));
	aws_request_free(&req);
	json_decref(input);
	credentials_free(&creds);
}

/* All attempts of a call have one id, of the form that UUIDs have. */
static void
test_request_attempts(void **state)
{
	struct aws_attempt attempt, other;
	struct aws_endpoint ep;
	struct aws_request req;
	struct credentials creds;
	struct fail fail;
	json_t *input = json_object();
	char first[64], wanted[64];
	size_t i;

	(void)state;
	creds_make(&creds, NULL);
	assert_int_equal(aws_endpoint_find("codepipeline", "us-east-1", NULL,
	    false, false, &ep, &fail), 0);
	aws_attempt_init(&attempt, 2);
	aws_attempt_init(&other, 2);
	assert_string_not_equal(attempt.invocation, other.invocation);
	for (i = 0; i < 36; i++)
		assert_non_null(strchr(i == 8 || i == 13 || i == 18 ||
		    i == 23 ? "-" : i == 14 ? "4" : i == 19 ? "89ab" :
		    "0123456789abcdef", attempt.invocation[i]));
	assert_int_equal(strlen(attempt.invocation), 36);
	snprintf(first, sizeof(first), "amz-sdk-invocation-id: %s",
	    attempt.invocation);
	for (i = 1; i <= 3; i++, aws_attempt_next(&attempt)) {
		assert_int_equal(cp_request(&req, &ep, "us-east-1", &creds,
		    &attempt, WALL, "PollForJobs", input, &fail), 0);
		assert_true(has_header(&req, first));
		snprintf(wanted, sizeof(wanted), "amz-sdk-request: attempt=%zu;"
		    " max=%d", i, i > 2 ? 3 : 2);
		assert_true(has_header(&req, wanted));
		assert_non_null(strstr(req.headers[req.nheaders - 1],
		    "SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;"
		    "content-type;host;x-amz-date;x-amz-target, "));
		aws_request_free(&req);
	}
	credentials_free(&creds);
	json_decref(input);
}

static void
test_request_refused(void **state)
{
	struct aws_endpoint ep;
	struct aws_request req;
	struct credentials creds;
	struct fail fail;
	json_t *input = json_object();

	(void)state;
	assert_int_equal(aws_endpoint_find("codepipeline", "us-east-1", NULL,
	    false, false, &ep, &fail), 0);
	memset(&creds, 0, sizeof(creds));
	assert_int_equal(cp_request(&req, &ep, "us-east-1", &creds, NULL, WALL,
	    "PollForJobs", input, &fail), -1);
	assert_int_equal(fail.kind, FAIL_AUTH);
	assert_int_equal(req.nheaders, 0);
	creds_make(&creds, "token\r\nX-Evil: 1");
	assert_int_equal(cp_request(&req, &ep, "us-east-1", &creds, NULL, WALL,
	    "PollForJobs", input, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	assert_null(strstr(fail.text, "Evil"));
	credentials_free(&creds);
	json_decref(input);
}

static void
expect_json(json_t *got, const char *want)
{
	char *line = json_line(got);

	assert_string_equal(line, want);
	xfree_secret(line);
	json_decref(got);
}

static void
test_inputs(void **state)
{
	static const struct cp_action_type type = {
		"Deploy", "Quali-Start-Sandbox", "10", ""
	};

	(void)state;
	expect_json(cp_poll_input(&type, NULL, 3), "{\"actionTypeId\":"
	    "{\"category\":\"Deploy\",\"owner\":\"Custom\",\"provider\":"
	    "\"Quali-Start-Sandbox\",\"version\":\"10\"},\"maxBatchSize\":3}");
	expect_json(cp_acknowledge_input(ID, "3"),
	    "{\"jobId\":\"" ID "\",\"nonce\":\"3\"}");
	expect_json(cp_details_input(ID), "{\"jobId\":\"" ID "\"}");
}

static void
test_poll_with_query(void **state)
{
	static const struct cp_action_type type = {
		"Test", "Quali-Run-Command", "10s", "Server"
	};

	(void)state;
	expect_json(cp_poll_input(&type, "lab-a", 0), "{\"actionTypeId\":"
	    "{\"category\":\"Test\",\"owner\":\"Custom\",\"provider\":"
	    "\"Quali-Run-Command\",\"version\":\"10s\"},\"maxBatchSize\":1,"
	    "\"queryParam\":{\"Server\":\"lab-a\"}}");
}

static void
expect_result(const struct job_result *r, bool bare, const char *op,
    const char *want)
{
	const char *operation;
	json_t *input = cp_result_input(ID, r, bare, &operation);

	assert_string_equal(operation, op);
	expect_json(input, want);
}

static void
test_success(void **state)
{
	struct job_result r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.outcome = OUTCOME_SUCCESS;
	expect_result(&r, false, "PutJobSuccessResult",
	    "{\"jobId\":\"" ID "\"}");
	r.text = xstrdup("Ready\x1b[1m\n.");
	r.external_id = xstrdup("abc\xff");
	r.variables = json_pack("{s:s, s:s, s:s, s:s, s:i}", "SandboxId", "abc",
	    "bad key", "x", "", "x", "Empty", "", "Number", 1);
	expect_result(&r, true, "PutJobSuccessResult",
	    "{\"jobId\":\"" ID "\"}");
	expect_result(&r, false, "PutJobSuccessResult",
	    "{\"executionDetails\":{\"externalExecutionId\":\"abc?\","
	    "\"summary\":\"Ready [1m\\n.\"},\"jobId\":\"" ID "\","
	    "\"outputVariables\":{\"Empty\":\"\",\"SandboxId\":\"abc\"}}");
	job_result_free(&r);
}

static void
test_continue(void **state)
{
	struct job_result r;
	char *longer;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.outcome = OUTCOME_CONTINUE;
	r.continuation = xstrdup("t1");
	r.text = xstrdup("waiting");
	r.variables = json_pack("{s:s}", "A", "b");
	expect_result(&r, false, "PutJobSuccessResult",
	    "{\"continuationToken\":\"t1\",\"executionDetails\":"
	    "{\"summary\":\"waiting\"},\"jobId\":\"" ID "\"}");
	expect_result(&r, true, "PutJobSuccessResult",
	    "{\"continuationToken\":\"t1\",\"jobId\":\"" ID "\"}");
	free(r.continuation);
	longer = xcalloc(1, JOB_TOKEN_MAX + 2);
	memset(longer, 't', JOB_TOKEN_MAX + 1);
	r.continuation = longer;
	expect_result(&r, true, "PutJobFailureResult",
	    "{\"failureDetails\":{\"message\":\"The job could not be handed "
	    "back to the queue: its continuation token is missing or too "
	    "long.\",\"type\":\"SystemUnavailable\"},\"jobId\":\"" ID "\"}");
	job_result_free(&r);
}

static void
test_failure(void **state)
{
	static const struct {
		enum job_outcome outcome;
		enum fail_kind kind;
		const char *text, *type, *message;
	} cases[] = {
		{ OUTCOME_FAILURE, FAIL_JOB, "It broke.", "JobFailed",
		    "It broke." },
		{ OUTCOME_FAILURE, FAIL_CONFIG, "x", "ConfigurationError",
		    "x" },
		{ OUTCOME_FAILURE, FAIL_PERMISSION, "", "PermissionError",
		    "The job failed without a message." },
		{ OUTCOME_FAILURE, FAIL_REVISION, " \n", "RevisionUnavailable",
		    "The job failed without a message." },
		{ OUTCOME_FAILURE, FAIL_UNSURE, NULL, "SystemUnavailable",
		    "The job failed without a message." },
		{ OUTCOME_FAILURE, FAIL_NONE, "x", "SystemUnavailable", "x" },
		{ OUTCOME_STOPPED, FAIL_NONE, NULL, "SystemUnavailable",
		    "The job was stopped." },
		{ OUTCOME_STOPPED, FAIL_JOB, "undone", "JobFailed", "undone" },
		{ OUTCOME_NONE, FAIL_NONE, NULL, "SystemUnavailable",
		    "The job failed without a message." },
	};
	struct job_result r;
	const char *operation;
	json_t *input, *details;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&r, 0, sizeof(r));
		r.outcome = cases[i].outcome;
		r.kind = cases[i].kind;
		r.text = xstrdup(cases[i].text);
		r.external_id = xstrdup("e1");
		input = cp_result_input(ID, &r, i % 2, &operation);
		assert_string_equal(operation, "PutJobFailureResult");
		assert_string_equal(json_text(input, "jobId"), ID);
		details = json_object_get(input, "failureDetails");
		assert_string_equal(json_text(details, "type"), cases[i].type);
		assert_string_equal(json_text(details, "message"),
		    cases[i].message);
		assert_int_equal(json_text(details, "externalExecutionId") ==
		    NULL, i % 2);
		json_decref(input);
		job_result_free(&r);
	}
}

/* Texts of two-byte characters: cut to the limit in bytes, never inside one. */
static void
test_result_limits(void **state)
{
	struct job_result r;
	const char *operation, *name;
	json_t *input, *details, *variables, *value;
	char *text = xcalloc(1, 200001), key[16];
	size_t i, total = 0;

	(void)state;
	for (i = 0; i < 100000; i++)
		memcpy(text + 2 * i, "\xc3\xbc", 2);
	memset(&r, 0, sizeof(r));
	r.outcome = OUTCOME_SUCCESS;
	r.text = xasprintf("x%s", text);
	r.external_id = xstrdup(r.text);
	r.variables = json_object();
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "V%zu", i);
		text[40000] = '\0';
		json_put_text(r.variables, key, text);
	}
	json_put_text(r.variables, "small", "s");
	input = cp_result_input(ID, &r, false, &operation);
	details = json_object_get(input, "executionDetails");
	assert_int_equal(strlen(json_text(details, "summary")),
	    JOB_SUMMARY_MAX - 1);
	assert_int_equal(strlen(json_text(details, "externalExecutionId")),
	    1499);
	variables = json_object_get(input, "outputVariables");
	json_object_foreach(variables, name, value)
		total += strlen(name) + json_string_length(value);
	assert_true(total <= JOB_VARIABLES_MAX);
	assert_int_equal(json_object_size(variables), 3);
	assert_string_equal(json_text(variables, "small"), "s");
	json_decref(input);
	r.outcome = OUTCOME_FAILURE;
	input = cp_result_input(ID, &r, false, &operation);
	details = json_object_get(input, "failureDetails");
	assert_int_equal(strlen(json_text(details, "message")),
	    JOB_MESSAGE_MAX - 1);
	json_decref(input);
	job_result_free(&r);
	free(text);
}

#define DATA \
	"{\"actionTypeId\":{\"category\":\"Build\",\"owner\":\"Custom\"," \
	"\"provider\":\"My_Provider-1\",\"version\":\"1\",\"future\":[]}," \
	"\"actionConfiguration\":{\"configuration\":{" \
	"\"Blueprint\":\"B \\u00fc\"," \
	"\"Unset\":null,\"Empty\":\"\"}}," \
	"\"pipelineContext\":{\"pipelineName\":\"P.1@x\",\"stage\":" \
	"{\"name\":\"S\"},\"action\":{\"name\":\"A\",\"actionExecutionId\":" \
	"\"x\"},\"pipelineArn\":\"arn:aws:x\"," \
	"\"pipelineExecutionId\":\"" ID "\"}," \
	"\"inputArtifacts\":[{\"name\":\"In\",\"revision\":null,\"location\":" \
	"{\"type\":\"S3\",\"s3Location\":{\"bucketName\":\"b-1\"," \
	"\"objectKey\":\"P/In/k\"}}}],\"outputArtifacts\":[]," \
	"\"artifactCredentials\":{\"accessKeyId\":\"ASIA1\"," \
	"\"secretAccessKey\":\"s3cr3t\",\"sessionToken\":\"t0k3n\"}," \
	"\"continuationToken\":\"ct\",\"encryptionKey\":{\"id\":" \
	"\"arn:aws:kms:x\",\"type\":\"KMS\"},\"unknown\":{\"a\":1}}"
#define JOB	"{\"id\":\"" ID "\",\"nonce\":\"3\",\"accountId\":" \
		"\"111122223333\",\"new\":1.5,\"data\":" DATA "}"

static void
buf_of(struct buf *b, const char *text)
{
	buf_init(b, AWS_ANSWER_MAX);
	assert_int_equal(buf_adds(b, text), 0);
}

static void
job_expect(const struct job_data *d)
{
	assert_string_equal(d->id, ID);
	assert_string_equal(d->category, "Build");
	assert_string_equal(d->provider, "My_Provider-1");
	assert_string_equal(d->version, "1");
	assert_string_equal(d->pipeline, "P.1@x");
	assert_string_equal(d->stage, "S");
	assert_string_equal(d->action, "A");
	assert_string_equal(d->execution, ID);
	assert_int_equal(json_object_size(d->configuration), 2);
	assert_string_equal(json_text(d->configuration, "Blueprint"),
	    "B \xc3\xbc");
	assert_int_equal(d->ninputs, 1);
	assert_int_equal(d->noutputs, 0);
	assert_string_equal(d->inputs[0].name, "In");
	assert_string_equal(d->inputs[0].bucket, "b-1");
	assert_string_equal(d->inputs[0].key, "P/In/k");
	assert_string_equal(d->credentials.access_key_id, "ASIA1");
	assert_string_equal(secret_open(d->credentials.secret_key), "s3cr3t");
	secret_close(d->credentials.secret_key);
	assert_string_equal(secret_open(d->credentials.token), "t0k3n");
	secret_close(d->credentials.token);
	assert_string_equal(d->encryption_key, "arn:aws:kms:x");
	assert_string_equal(d->encryption_type, "KMS");
	assert_string_equal(d->continuation, "ct");
}

static void
test_poll_full(void **state)
{
	struct job_data *jobs;
	struct buf b;
	struct fail fail = { FAIL_NONE, "" };
	size_t n, broken;

	(void)state;
	buf_of(&b, "{\"jobs\":[" JOB ",7," JOB "],\"x\":null}");
	assert_int_equal(cp_poll_parse(&b, &jobs, &n, &broken, &fail), 0);
	buf_free(&b);
	assert_int_equal(n, 2);
	assert_int_equal(broken, 1);
	job_expect(&jobs[0]);
	job_expect(&jobs[1]);
	assert_string_equal(jobs[1].nonce, "3");
	cp_jobs_free(jobs, n);
}

static void
test_details(void **state)
{
	struct job_data d;
	struct buf b;
	struct fail fail;

	(void)state;
	buf_of(&b, "{\"jobDetails\":{\"id\":\"" ID "\",\"accountId\":"
	    "\"111122223333\",\"data\":" DATA "}}");
	assert_int_equal(cp_details_parse(&b, &d, &fail), 0);
	job_expect(&d);
	assert_string_equal(d.nonce, "");
	job_data_free(&d);
	buf_free(&b);
	buf_of(&b, "{}");
	assert_int_equal(cp_details_parse(&b, &d, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	buf_free(&b);
}

static void
test_poll_whole(void **state)
{
	static const struct {
		const char *body;
		int rc;
	} cases[] = {
		{ "{}", 0 }, { "{\"jobs\":[]}", 0 }, { "{\"jobs\":null}", 0 },
		{ " {\"jobs\" : [ ] }\n", 0 }, { "", -1 }, { "[]", -1 },
		{ "null", -1 }, { "{\"jobs\":{}}", -1 },
		{ "{\"jobs\":\"hunter2\"}", -1 }, { "{\"jobs\":[", -1 },
		{ "<html>hunter2</html>", -1 },
		{ "{\"jobs\":[],\"jobs\":[]}", -1 },
	};
	struct job_data *jobs;
	struct buf b;
	struct fail fail;
	size_t i, n, broken;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_of(&b, cases[i].body);
		fail.kind = FAIL_NONE;
		fail.text[0] = '\0';
		assert_int_equal(cp_poll_parse(&b, &jobs, &n, &broken, &fail),
		    cases[i].rc);
		assert_int_equal(n, 0);
		assert_int_equal(broken, 0);
		assert_null(jobs);
		assert_int_equal(fail.kind, cases[i].rc == 0 ? FAIL_NONE :
		    FAIL_SYSTEM);
		assert_null(strstr(fail.text, "hunter2"));
		buf_free(&b);
	}
}

enum readable { WHOLE, UNREAD, LEFT_OUT };

/* A job with one piece replaced. */
static void
job_try(const char *old, const char *new, enum readable want)
{
	static const char body[] = "{\"jobs\":[" JOB "]}";
	struct job_data *jobs;
	const char *at = strstr(body, old);
	struct buf b;
	struct fail fail = { FAIL_NONE, "" };
	size_t n, broken;

	assert_non_null(at);
	buf_init(&b, AWS_ANSWER_MAX);
	assert_int_equal(buf_add(&b, body, (size_t)(at - body)), 0);
	assert_int_equal(buf_adds(&b, new), 0);
	assert_int_equal(buf_adds(&b, at + strlen(old)), 0);
	assert_int_equal(cp_poll_parse(&b, &jobs, &n, &broken, &fail), 0);
	if (n != (want != LEFT_OUT) || broken != (want == LEFT_OUT) ||
	    (n == 1 && (jobs[0].unread != NULL) != (want == UNREAD)))
		fail_msg("%s -> %.60s: %zu taken (%s%s)", old, new, n,
		    fail.text, n == 1 && jobs[0].unread != NULL ?
		    jobs[0].unread : "");
	assert_int_equal(fail.kind, want == LEFT_OUT ? FAIL_SYSTEM : FAIL_NONE);
	if (want == UNREAD) {
		assert_int_not_equal(jobs[0].unread_kind, FAIL_NONE);
		assert_null(strstr(jobs[0].unread, "hunter2"));
		assert_null(strstr(jobs[0].unread, "s3cr3t"));
	}
	assert_null(strstr(fail.text, "hunter2"));
	assert_null(strstr(fail.text, "s3cr3t"));
	cp_jobs_free(jobs, n);
	buf_free(&b);
}

static void
test_job_broken(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{ "{\"id\":\"" ID "\"", "{\"id\":null" },
		{ "{\"id\":\"" ID "\"", "{\"id\":\"" ID "0\"" },
		{ "89ab-cdef", "89AB-cdef" },
		{ "89ab-cdef", "89abXcdef" },
		{ "\"nonce\":\"3\"", "\"nonce\":\"\"" },
		{ "\"nonce\":\"3\"", "\"nonce\":3" },
		{ "\"nonce\":\"3\"", "\"nonce\":\"hunter2678901234567890123456"
		    "7890123456789012345678901\"" },
#define UNCLAIMABLE	7	/* of the cases: the id or nonce is bad */
		{ "\"data\":", "\"dat\":" },
		{ "\"version\":\"1\"", "\"version\":\"1234567890\"" },
		{ "\"Build\"", "\"Bu/ld\"" },
		{ "My_Provider-1", "My Provider" },
		{ "My_Provider-1", "" },
		{ "P.1@x", "P/hunter2" },
		{ "\"name\":\"S\"", "\"name\":\"hunter2\\n\"" },
		{ "pipelineExecutionId\":\"" ID, "pipelineExecutionId\":\"x" },
		{ "\"Empty\":\"\"", "\"Empty\":1" },
		{ "\"Empty\":\"\"", "\"\":\"x\"" },
		{ "\"Empty\":", "\"hunter2678901234567890123456789012345678901"
		    "2345678901\":" },
		{ "\"name\":\"In\"", "\"name\":null" },
		{ "\"name\":\"In\"", "\"name\":\"I.n\"" },
		{ "\"type\":\"S3\"", "\"type\":\"S4\"" },
		{ "\"s3Location\"", "\"s4Location\"" },
		{ "\"b-1\"", "\"\"" },
		{ "\"b-1\"", "\"b/hunter2\"" },
		{ "\"objectKey\"", "\"objectkey\"" },
		{ "P/In/k", "" },
		{ "P/In/k", "a\\nb" },
		{ "[{\"name\":\"In\"", "[5,{\"name\":\"In\"" },
		{ "\"ASIA1\"", "null" },
		{ "\"ASIA1\"", "\"ASIA\\r\\nX: hunter2\"" },
		{ "\"s3cr3t\"", "\"\"" },
		{ "\"sessionToken\":", "\"s\":" },
		{ "\"arn:aws:kms:x\"", "null" },
		{ "\"arn:aws:kms:x\"", "\"k\\r\\nX-Evil: 1\"" },
		{ "\"type\":\"KMS\"", "\"t\":\"KMS\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		job_try(cases[i].old, cases[i].new, i < UNCLAIMABLE ?
		    LEFT_OUT : UNREAD);
}

static void
test_job_lenient(void **state)
{
	static const struct {
		const char *old, *new;
	} cases[] = {
		{ "\"111122223333\"", "7" },
		{ "\"111122223333\"", "null" },
		{ "\"actionTypeId\":", "\"a\":" },
		{ "\"pipelineContext\":", "\"p\":" },
		{ "\"actionConfiguration\":", "\"c\":" },
		{ "\"stage\":{\"name\":\"S\"}", "\"stage\":null" },
		{ "\"inputArtifacts\":", "\"i\":" },
		{ "\"outputArtifacts\":[]", "\"outputArtifacts\":null" },
		{ "\"revision\":null", "\"revision\":{\"a\":[1,2]}" },
		{ "\"type\":\"S3\",", "" },
		{ "\"artifactCredentials\":", "\"ac\":" },
		{ "\"continuationToken\":\"ct\"",
		    "\"continuationToken\":null" },
		{ "\"continuationToken\":\"ct\"",
		    "\"continuationToken\":\"\"" },
		{ "\"encryptionKey\":", "\"ek\":" },
		{ "\"type\":\"KMS\"", "\"type\":\"Other\"" },
		{ "P/In/k", "/a//./b \\u00fc" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		job_try(cases[i].old, cases[i].new, WHOLE);
}

/* old replaced by a text with `count` repeats of unit between quotes. */
static void
job_try_long(const char *old, const char *before, const char *unit,
    size_t count, const char *after, bool good)
{
	struct buf b;
	size_t i;

	buf_init(&b, AWS_ANSWER_MAX);
	assert_int_equal(buf_adds(&b, before), 0);
	for (i = 0; i < count; i++)
		assert_int_equal(buf_adds(&b, unit), 0);
	assert_int_equal(buf_adds(&b, after), 0);
	job_try(old, buf_text(&b), good ? WHOLE : UNREAD);
	buf_free(&b);
}

static void
test_job_limits(void **state)
{
	static const char empty[] = "\"Empty\":\"\"";
	static const char art[] = "{\"name\":\"A\",\"location\":"
	    "{\"s3Location\":{\"bucketName\":\"bkt\",\"objectKey\":\"k\"}}},";
	static const char last[] = "{\"name\":\"A\",\"location\":"
	    "{\"s3Location\":{\"bucketName\":\"bkt\",\"objectKey\":\"k\"}}}]";
	struct buf b;
	int many, i;

	(void)state;
	job_try_long(empty, "\"E\":\"", "\xf0\x9f\x98\x80", 1000, "\"", true);
	job_try_long(empty, "\"E\":\"", "\xf0\x9f\x98\x80", 1001, "\"", false);
	job_try_long(empty, "\"", "\xc3\xbc", 50, "\":\"v\"", true);
	job_try_long(empty, "\"", "\xc3\xbc", 51, "\":\"v\"", false);
	job_try_long("P/In/k", "", "k", 1024, "", true);
	job_try_long("P/In/k", "", "k", 1025, "", false);
	job_try_long("\"t0k3n\"", "\"", "t", SECRET_MAX, "\"", true);
	job_try_long("\"t0k3n\"", "\"", "t", SECRET_MAX + 1, "\"", false);
	job_try_long("arn:aws:kms:x", "", "k", 400, "", true);
	job_try_long("arn:aws:kms:x", "", "k", 401, "", false);
	job_try_long("P.1@x", "", "p", 100, "", true);
	job_try_long("P.1@x", "", "p", 101, "", false);
	job_try_long("\"outputArtifacts\":[]", "\"outputArtifacts\":[", art, 4,
	    last, true);
	job_try_long("\"outputArtifacts\":[]", "\"outputArtifacts\":[", art, 5,
	    last, false);
	/* Blueprint and Unset are there: 62 more are 64 */
	for (many = 62; many <= 63; many++) {
		buf_init(&b, 10000);
		for (i = 0; i < many; i++)
			assert_int_equal(buf_addf(&b, "%s\"p%d\":\"v\"",
			    i > 0 ? "," : "", i), 0);
		job_try(empty, buf_text(&b), many == 62 ? WHOLE : UNREAD);
		buf_free(&b);
	}
}

/* The data of a job with this for its token. */
static struct job_data *
job_with_token(const char *token, size_t *n)
{
	static const char body[] = "{\"jobs\":[" JOB "]}";
	const char *at = strstr(body, "\"ct\"");
	struct job_data *jobs;
	struct fail fail;
	size_t broken;
	struct buf b;

	buf_init(&b, AWS_ANSWER_MAX);
	assert_int_equal(buf_add(&b, body, (size_t)(at - body)), 0);
	assert_int_equal(buf_adds(&b, token), 0);
	assert_int_equal(buf_adds(&b, at + strlen("\"ct\"")), 0);
	assert_int_equal(cp_poll_parse(&b, &jobs, n, &broken, &fail), 0);
	assert_int_equal(*n, 1);
	buf_free(&b);
	return jobs;
}

/* A token that is wrong is no reason to leave the job to itself: it must fail,
 * and must not begin anew as if it had none. */
static void
test_token_of_any_form(void **state)
{
	static const struct {
		const char *given, *taken;
	} rows[] = {
		{ "null", NULL }, { "\"\"", NULL },
		{ "\"a\\n\\u001f\\u007f\\u2028\"", "a\n\x1f\x7f\xe2\x80\xa8" },
		{ "7", "" }, { "{}", "" }, { "false", "" },
	};
	struct job_data *jobs;
	char text[JOB_TOKEN_MAX + 10];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		jobs = job_with_token(rows[i].given, &n);
		if (rows[i].taken == NULL)
			assert_null(jobs[0].continuation);
		else
			assert_string_equal(jobs[0].continuation,
			    rows[i].taken);
		cp_jobs_free(jobs, n);
	}
	for (size_t len = JOB_TOKEN_MAX - 1; len <= JOB_TOKEN_MAX + 5; len++) {
		memset(text, 't', sizeof(text));
		text[0] = text[len + 1] = '"';
		text[len + 2] = '\0';
		jobs = job_with_token(text, &n);
		assert_int_equal(strlen(jobs[0].continuation),
		    len > JOB_TOKEN_MAX ? JOB_TOKEN_MAX + 1 : len);
		cp_jobs_free(jobs, n);
	}
}

/* 1,000 four-byte characters each: 26 values are more than 100 KB. */
static void
test_configuration_total(void **state)
{
	struct buf value, b;
	int many, i;

	(void)state;
	buf_init(&value, 4000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(buf_adds(&value, "\xf0\x9f\x98\x80"), 0);
	for (many = 25; many <= 26; many++) {
		buf_init(&b, 200000);
		for (i = 0; i < many; i++)
			assert_int_equal(buf_addf(&b, "%s\"p%02d\":\"%s\"",
			    i > 0 ? "," : "", i, buf_text(&value)), 0);
		job_try("\"Empty\":\"\"", buf_text(&b), many == 25 ? WHOLE :
		    UNREAD);
		buf_free(&b);
	}
	buf_free(&value);
}

static void
test_poll_many(void **state)
{
	struct job_data *jobs;
	struct buf b;
	struct fail fail;
	size_t i, n, broken;

	(void)state;
	buf_of(&b, "{\"jobs\":[");
	for (i = 0; i < 300; i++)
		assert_int_equal(buf_adds(&b, i == 0 ? JOB : ",{}"), 0);
	assert_int_equal(buf_adds(&b, "]}"), 0);
	assert_int_equal(cp_poll_parse(&b, &jobs, &n, &broken, &fail), 0);
	assert_int_equal(n, 1);
	assert_int_equal(broken, 299);
	cp_jobs_free(jobs, n);
	buf_free(&b);
}

static void
test_acknowledge(void **state)
{
	static const struct {
		const char *body, *status;
		int rc;
	} cases[] = {
		{ "{\"status\":\"InProgress\"}", "InProgress", 0 },
		{ "{\"status\":\"TimedOut\",\"x\":1}", "TimedOut", 0 },
		{ "{\"status\":\"InProgressButVeryLong\"}", "InProgressBu",
		    0 },
		{ "{\"status\":\"In\\nProgress\"}", "", -1 },
		{ "{\"status\":\"\"}", "", -1 }, { "{\"status\":1}", "", -1 },
		{ "{}", "", -1 }, { "", "", -1 }, { "\"InProgress\"", "", -1 },
	};
	struct buf b;
	struct fail fail;
	char status[13];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_of(&b, cases[i].body);
		assert_int_equal(cp_acknowledge_parse(&b, status,
		    sizeof(status), &fail), cases[i].rc);
		assert_string_equal(status, cases[i].status);
		buf_free(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_vectors),
		cmocka_unit_test(test_request_base_path),
		cmocka_unit_test(test_request_attempts),
		cmocka_unit_test(test_request_refused),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_poll_with_query),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_result_limits),
		cmocka_unit_test(test_poll_full),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_poll_whole),
		cmocka_unit_test(test_job_broken),
		cmocka_unit_test(test_token_of_any_form),
		cmocka_unit_test(test_job_lenient),
		cmocka_unit_test(test_job_limits),
		cmocka_unit_test(test_configuration_total),
		cmocka_unit_test(test_poll_many),
		cmocka_unit_test(test_acknowledge),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
