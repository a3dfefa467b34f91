/*
 * One call to CodePipeline: what is sent, what an answer means, and when it is
 * sent again. Transfers and credentials are played, and time passes only when
 * the test says so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_loop.h"

#include "src/supervisor/aws_call.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "tests/unit/records.h"

#define SECRET	"hush/secret+key"
#define TOKEN	"long/session+token"
#define REGION	"eu-central-1"
#define HEADERS_MAX	24

/* --- the parts, played --- */

struct aws_keys {
	struct credentials	 present;
	bool			 have;
	const char		*error, *region, *endpoint, *ca_bundle;
	bool			 fips, dualstack;
	int			 refreshed;
};

static struct aws_keys keys;

const struct credentials *
aws_keys_get(const struct aws_keys *k)
{
	return k->have ? &k->present : NULL;
}

const char *
aws_keys_error(const struct aws_keys *k)
{
	return k->error;
}

const char *
aws_keys_region(const struct aws_keys *k)
{
	return k->region;
}

const char *
aws_keys_endpoint(const struct aws_keys *k, enum aws_service service)
{
	assert_int_equal(service, AWS_CODEPIPELINE);
	return k->endpoint;
}

const char *
aws_keys_ca_bundle(const struct aws_keys *k)
{
	return k->ca_bundle;
}

bool
aws_keys_use_fips(const struct aws_keys *k)
{
	return k->fips;
}

bool
aws_keys_use_dualstack(const struct aws_keys *k)
{
	return k->dualstack;
}

const char *
aws_keys_user_agent(const struct aws_keys *k)
{
	(void)k;
	return "quali-job-worker/1 test";
}

void
aws_keys_refresh(struct aws_keys *k)
{
	k->refreshed++;
}

/* The last transfer, with copies of what was asked for. */
struct transfer {
	transfer_done	 done;
	void		*arg;
};

static struct {
	struct transfer	*now;
	int		 started, cancelled;
	const char	*fails;
	char		 url[256], method[8], agent[128], ca_file[64];
	char		 headers[HEADERS_MAX][1024];
	size_t		 nheaders;
	char		*body;
	size_t		 answer_max;
	int64_t		 timeout_ms;
	bool		 once, private_answer, verify;
} sent;

struct transfer *
transfer_start(struct transfers *all, const struct http_request *request,
    transfer_done done, void *arg, struct fail *fail)
{
	(void)all;
	if (sent.fails != NULL) {
		(void)fail_set(fail, FAIL_SYSTEM, "%s", sent.fails);
		return NULL;
	}
	assert_null(sent.now);
	sent.started++;
	sent.nheaders = 0;
	for (const char *const *h = request->headers; *h != NULL; h++)
		(void)strlcpy(sent.headers[sent.nheaders++], *h,
		    sizeof(sent.headers[0]));
	(void)strlcpy(sent.url, request->url, sizeof(sent.url));
	(void)strlcpy(sent.method, request->method, sizeof(sent.method));
	(void)strlcpy(sent.agent, request->user_agent, sizeof(sent.agent));
	(void)strlcpy(sent.ca_file, request->tls->ca_file != NULL ?
	    request->tls->ca_file : "", sizeof(sent.ca_file));
	sent.verify = request->tls->verify;
	free(sent.body);
	sent.body = xstrndup(request->body, request->body_len);
	sent.answer_max = request->answer_max;
	sent.timeout_ms = request->timeout_ms;
	sent.once = request->once;
	sent.private_answer = request->private_answer;
	sent.now = xcalloc(1, sizeof(*sent.now));
	sent.now->done = done;
	sent.now->arg = arg;
	return sent.now;
}

void
transfer_cancel(struct transfer *transfer)
{
	assert_ptr_equal(transfer, sent.now);
	sent.now = NULL;
	sent.cancelled++;
	free(transfer);
}

static const char *
header(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sent.nheaders; i++)
		if (strncasecmp(sent.headers[i], name, n) == 0 &&
		    sent.headers[i][n] == ':')
			return sent.headers[i] + n + 2;
	return "";
}

/* --- the caller --- */

static struct aws aws;
static struct got {
	int		 calls;
	struct aws_reply reply;
	char		 body[256];
	int		 refreshed;	/* by then */
	int64_t		 skew_s;
	bool		 again;		/* start another one from within */
} got;

static void	done(const struct aws_reply *, void *);

static struct aws_call *
start(enum aws_sending sending, struct fail *fail)
{
	return aws_call_start(&aws, "PollForJobs", json_pack("{s:s}", "a",
	    "b"), sending, done, &got, fail);
}

static struct aws_call *
start_as(enum aws_sending sending)
{
	struct fail fail;
	struct aws_call *call;
	int calls = got.calls;

	call = start(sending, &fail);
	if (call == NULL)
		fail_msg("%s", fail.text);
	assert_int_equal(got.calls, calls);	/* not from within */
	return call;
}

static struct aws_call *
start_ok(void)
{
	return start_as(AWS_SINGLE);
}

static void
done(const struct aws_reply *reply, void *arg)
{
	struct got *g = arg;

	g->calls++;
	g->reply = *reply;
	g->refreshed = keys.refreshed;
	g->skew_s = aws.skew_s;
	if (reply->body != NULL)
		(void)strlcpy(g->body, buf_text(reply->body),
		    sizeof(g->body));
	assert_int_equal(reply->ok, reply->body != NULL);
	assert_false(reply->ok && reply->passing);
	assert_false(reply->unsure && !reply->passing);
	if (g->again) {
		g->again = false;
		(void)start_ok();
	}
}

static int
setup(void **state)
{
	(void)state;
	memset(&sent, 0, sizeof(sent));
	memset(&got, 0, sizeof(got));
	keys = (struct aws_keys){ .have = true, .error = "",
	    .region = REGION };
	keys.present.access_key_id = xstrdup("AKIDEXAMPLE");
	keys.present.secret_key = secret_text(SECRET);
	keys.present.token = secret_text(TOKEN);
	aws = (struct aws){ .keys = &keys, .timeout_ms = 4321 };
	aws_retry_init(&aws.retry, 0);
	records_clear();
	fake_loop_reset(1000000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(sent.body);
	credentials_free(&keys.present);
	free(sent.now);
	assert_int_equal(fake_loop_sources(), 0);
	return 0;
}

/* An answer comes: headers are lines with LF. */
static void
answer(long status, const char *headers, const char *body)
{
	struct http_answer a = { .status = status };
	struct transfer *transfer = sent.now;

	assert_non_null(transfer);
	buf_init(&a.body, AWS_ANSWER_MAX);
	buf_init(&a.headers, HTTP_HEADERS_MAX);
	assert_int_equal(buf_adds(&a.body, body), 0);
	assert_int_equal(buf_addf(&a.headers, "HTTP/1.1 %ld X\r\n%s\r\n",
	    status, headers), 0);
	sent.now = NULL;
	transfer->done(0, &a, NULL, transfer->arg);
	free(transfer);
	http_answer_free(&a);
}

static void
answer_code(const char *code)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"__type\":\"com.amazonaws."
	    "codepipeline#%s\",\"message\":\"told\"}", code);
	answer(400, "x-amzn-RequestId: rq-1\n", body);
}

/* None comes. */
static void
transport_fails(enum fail_kind kind)
{
	struct http_answer a = { 0 };
	struct transfer *transfer = sent.now;
	struct fail fail;

	assert_non_null(transfer);
	(void)fail_set(&fail, kind, "the wire is cut");
	sent.now = NULL;
	transfer->done(-1, &a, &fail, transfer->arg);
	free(transfer);
}

/* --- what is sent --- */

static void
request(void **state)
{
	struct fail fail;

	(void)state;
	keys.ca_bundle = "/ca.pem";
	assert_non_null(start(AWS_ONCE, &fail));
	assert_string_equal(sent.url,
	    "https://codepipeline." REGION ".amazonaws.com/");
	assert_string_equal(sent.method, "POST");
	assert_string_equal(sent.body, "{\"a\":\"b\"}");
	assert_string_equal(header("X-Amz-Target"),
	    "CodePipeline_20150709.PollForJobs");
	assert_string_equal(header("X-Amz-Security-Token"), TOKEN);
	assert_non_null(strstr(header("Authorization"),
	    "Credential=AKIDEXAMPLE/"));
	assert_non_null(strstr(header("Authorization"), REGION));
	assert_int_equal(sent.timeout_ms, 4321);
	assert_int_equal(sent.answer_max, AWS_ANSWER_MAX);
	assert_true(sent.once);
	assert_true(sent.private_answer);
	assert_true(sent.verify);
	assert_string_equal(sent.ca_file, "/ca.pem");
	assert_true(strncmp(sent.agent, "quali-job-worker/", 17) == 0);
	answer(200, "", "{}");
	assert_non_null(start(AWS_SINGLE, &fail));
	assert_false(sent.once);
	answer(200, "", "{}");
}

static void
endpoints(void **state)
{
	(void)state;
	keys.endpoint = "http://127.0.0.1:8000/base";
	(void)start_ok();
	assert_string_equal(sent.url, "http://127.0.0.1:8000/base/");
	answer(200, "", "{}");
	keys.endpoint = NULL;
	keys.fips = true;
	(void)start_ok();
	assert_string_equal(sent.url,
	    "https://codepipeline-fips." REGION ".amazonaws.com/");
	answer(200, "", "{}");
}

/* --- what cannot be sent --- */

static void
assert_unsent(enum fail_kind kind, const char *text)
{
	json_t *input = json_object();
	struct fail fail = { 0 };

	json_incref(input);
	assert_null(aws_call_start(&aws, "PollForJobs", input, AWS_SINGLE,
	    done, &got, &fail));
	assert_int_equal(fail.kind, kind);
	assert_string_equal(fail.text, text);
	assert_int_equal(input->refcount, 1);	/* it was taken over */
	json_decref(input);
	assert_int_equal(got.calls, 0);
}

static void
nothing_to_sign_with(void **state)
{
	(void)state;
	keys.have = false;
	assert_unsent(FAIL_AGAIN, "no AWS credentials yet");
	keys.error = "no provider has any";
	assert_unsent(FAIL_AGAIN, "no AWS credentials: no provider has any");
	keys.have = true;
	keys.region = "";
	assert_unsent(FAIL_AGAIN, "no AWS region: set aws.region or "
	    "AWS_REGION");
	assert_int_equal(sent.started, 0);
}

static void
no_such_endpoint(void **state)
{
	struct fail fail = { 0 };

	(void)state;
	keys.endpoint = "http://example.com/";	/* not loopback */
	assert_null(start(AWS_SINGLE, &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_null(strstr(fail.text, "example.com"));
	keys.endpoint = NULL;
	sent.fails = "no more handles";
	assert_unsent(FAIL_SYSTEM, "no more handles");
}

/* --- what comes back --- */

static void
taken(void **state)
{
	(void)state;
	(void)start_ok();
	answer(200, "", "{\"jobs\":[]}");
	assert_int_equal(got.calls, 1);
	assert_true(got.reply.ok);
	assert_string_equal(got.body, "{\"jobs\":[]}");
	assert_string_equal(got.reply.error.code, "");
	assert_int_equal(keys.refreshed, 0);
	assert_int_equal(records_with(""), 0);
}

static void
refused(void **state)
{
	(void)state;
	(void)start_ok();
	answer_code("JobNotFoundException");
	assert_false(got.reply.ok);
	assert_false(got.reply.passing);
	assert_false(got.reply.unsure);
	assert_string_equal(got.reply.error.code, "JobNotFoundException");
	assert_string_equal(got.reply.text, "PollForJobs: "
	    "JobNotFoundException: told (request rq-1)");
	(void)start_ok();
	answer(400, "", "{\"__type\":\"X\"}");
	assert_string_equal(got.reply.text, "PollForJobs: X (request without "
	    "id)");
	assert_int_equal(keys.refreshed, 0);
}

/* Passing ones, and whether the call may have taken effect: what CodePipeline
 * itself says of throttling is sure, a proxy's word never is. */
static void
passing(void **state)
{
	static const struct {
		long		 status;
		const char	*body;
		bool		 unsure;
	} cases[] = {
		{ 400, "{\"__type\":\"ThrottlingException\"}", false },
		{ 400, "{\"__type\":\"ExpiredTokenException\"}", false },
		{ 400, "{\"__type\":\"ConcurrentModificationException\"}",
		    true },
		{ 500, "{\"__type\":\"InternalFailure\"}", true },
		{ 503, "{\"__type\":\"ServiceUnavailable\"}", true },
		{ 503, "<html>", true },
		{ 502, "", true },
		{ 403, "<html>blocked", true },
		{ 302, "", true },
		{ 429, "<html>too many", true },
		{ 509, "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)start_ok();
		answer(cases[i].status, "", cases[i].body);
		assert_false(got.reply.ok);
		assert_true(got.reply.passing);
		if (got.reply.unsure != cases[i].unsure)
			fail_msg("%ld %s", cases[i].status, cases[i].body);
	}
}

static void
retry_after(void **state)
{
	(void)state;
	(void)start_ok();
	answer(429, "Retry-After: 17\n", "{\"__type\":"
	    "\"ThrottlingException\"}");
	assert_int_equal(got.reply.error.retry_after_ms, 17000);
}

static void
transport(void **state)
{
	static const struct {
		enum fail_kind	kind;
		bool		unsure;
	} cases[] = {
		{ FAIL_AGAIN, false }, { FAIL_UNSURE, true },
		{ FAIL_CONFIG, false }, { FAIL_SYSTEM, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)start_ok();
		transport_fails(cases[i].kind);
		assert_false(got.reply.ok);
		assert_true(got.reply.passing);
		assert_int_equal(got.reply.unsure, cases[i].unsure);
		assert_string_equal(got.reply.error.code, "");
		assert_string_equal(got.reply.text,
		    "PollForJobs: the wire is cut");
	}
}

/* --- the clock --- */

static void
date_header(int64_t wall, char *dst, size_t size)
{
	time_t t = (time_t)wall;
	struct tm tm;

	assert_non_null(gmtime_r(&t, &tm));
	assert_true(strftime(dst, size, "Date: %a, %d %b %Y %H:%M:%S GMT\n",
	    &tm) > 0);
}

/* Seconds since the epoch of the signature that was sent last. */
static int64_t
signed_at(void)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(header("X-Amz-Date"), "%Y%m%dT%H%M%SZ", &tm));
	return (int64_t)timegm(&tm);
}

#define EXPIRED	"{\"__type\":\"RequestExpired\"}"

static void
skew_is_corrected(void **state)
{
	static const int64_t skews[] = { 7200, -7200, 0 };
	char date[64];

	(void)state;
	(void)start_ok();
	assert_in_range(signed_at(), sys_wall() - 60, sys_wall());
	for (size_t i = 0; i < sizeof(skews) / sizeof(skews[0]); i++) {
		date_header(sys_wall() + skews[i], date, sizeof(date));
		answer(400, date, EXPIRED);
		assert_true(got.reply.passing);
		assert_false(got.reply.unsure);
		/* before it is told */
		assert_in_range(got.skew_s + 10000, skews[i] + 9940,
		    skews[i] + 10060);
		assert_int_equal(records_with("signatures are corrected"),
		    i + 1);
		/* from the clock, not from the last correction */
		(void)start_ok();
		assert_in_range(signed_at() - skews[i], sys_wall() - 60,
		    sys_wall() + 60);
	}
	answer(200, "", "{}");
}

/* Nothing is known then but that ours is wrong. */
static void
skew_without_a_time(void **state)
{
	(void)state;
	aws.skew_s = 300;
	(void)start_ok();
	answer(400, "", EXPIRED);
	assert_int_equal(aws.skew_s, 300);
	assert_true(got.reply.passing);
	assert_int_equal(records_with("does not send its own"), 1);
	assert_int_equal(records_with(""), 1);
}

/* --- sent again --- */

#define BUSY	"{\"__type\":\"InternalFailure\"}"
#define SLOWER	"{\"__type\":\"ThrottlingException\"}"

/* The attempt under way is this one of so many. */
static void
assert_attempt(int number, int max)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "attempt=%d; max=%d", number,
	    max);
	assert_non_null(sent.now);
	assert_string_equal(header("amz-sdk-request"), wanted);
}

/* The next attempt is sent between so many milliseconds from now. */
static void
assert_again(int64_t least, int64_t most)
{
	int64_t now = fake_now_ms();

	assert_null(sent.now);
	assert_in_range(fake_loop_due(), now + least, now + most);
	fake_loop_pass(most);
	assert_non_null(sent.now);
}

static void
repeated(void **state)
{
	char id[64];

	(void)state;
	(void)start_as(AWS_REPEATED);
	assert_attempt(1, 3);
	(void)strlcpy(id, header("amz-sdk-invocation-id"), sizeof(id));
	answer(500, "", BUSY);
	assert_again(0, 50);
	assert_attempt(2, 3);
	transport_fails(FAIL_UNSURE);
	assert_again(0, 100);
	assert_attempt(3, 3);
	assert_string_equal(header("amz-sdk-invocation-id"), id);
	assert_string_equal(sent.body, "{\"a\":\"b\"}");
	assert_int_equal(got.calls, 0);
	answer(500, "", BUSY);
	assert_int_equal(got.calls, 1);
	assert_true(got.reply.passing);
	assert_int_equal(sent.started, 3);
	(void)start_as(AWS_REPEATED);
	assert_attempt(1, 3);
	assert_string_not_equal(header("amz-sdk-invocation-id"), id);
	answer(500, "", BUSY);
	assert_again(0, 50);
	answer(200, "", "{}");
	assert_int_equal(got.calls, 2);
	assert_true(got.reply.ok);
}

/* A later attempt is signed for its own time, with what keys there are. */
static void
repeated_with_new_keys(void **state)
{
	int64_t began = fake_wall();

	(void)state;
	(void)start_as(AWS_REPEATED);
	answer(400, "Retry-After: 9\n", SLOWER);
	free(keys.present.access_key_id);
	keys.present.access_key_id = xstrdup("AKIDNEXT");
	assert_again(5000, 6000);
	assert_in_range(signed_at(), began + 5, began + 6);
	assert_non_null(strstr(header("Authorization"),
	    "Credential=AKIDNEXT/"));
	answer(400, "x-amz-retry-after: 1700\n", SLOWER);
	keys.have = false;
	assert_int_equal(got.calls, 0);
	assert_in_range(fake_loop_due(), fake_now_ms() + 1700,
	    fake_now_ms() + 2000);
	fake_loop_pass(2000);
	assert_int_equal(got.calls, 1);
	assert_true(got.reply.passing);
	assert_false(got.reply.unsure);
	assert_string_equal(got.reply.text, "PollForJobs: no AWS credentials "
	    "yet");
}

static void
as_often_as_configured(void **state)
{
	(void)state;
	aws_retry_limit(&aws.retry, 5);
	(void)start_as(AWS_REPEATED);
	for (int i = 1; i < 5; i++) {
		assert_attempt(i, 5);
		answer(503, "", "{\"__type\":\"ServiceUnavailable\"}");
		assert_again(0, 50 << (i - 1));
	}
	answer(503, "", "");
	assert_int_equal(got.calls, 1);
	aws_retry_limit(&aws.retry, 1);
	(void)start_as(AWS_REPEATED);
	assert_attempt(1, 1);
	answer(503, "", "");
	assert_int_equal(got.calls, 2);
}

/* What may not be repeated is not, whatever the answer. */
static void
sent_once(void **state)
{
	static const enum aws_sending sendings[] = { AWS_ONCE, AWS_SINGLE };

	(void)state;
	aws_retry_limit(&aws.retry, 9);
	for (int i = 0; i < 2; i++) {
		(void)start_as(sendings[i]);
		assert_attempt(1, 1);
		answer(500, "", BUSY);
		assert_int_equal(got.calls, 3 * i + 1);
		(void)start_as(sendings[i]);
		answer(400, "Date: Sat, 28 Nov 2026 22:00:00 GMT\n", EXPIRED);
		assert_int_equal(got.calls, 3 * i + 2);
		(void)start_as(sendings[i]);
		transport_fails(FAIL_AGAIN);
		assert_int_equal(got.calls, 3 * i + 3);
	}
}

static void
final_answers(void **state)
{
	static const char *const codes[] = { "JobNotFoundException",
	    "AccessDeniedException", "ExpiredTokenException",
	    "LimitExceededException", "ValidationException" };
	static const enum fail_kind kinds[] = { FAIL_CONFIG, FAIL_SYSTEM };
	int calls = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		(void)start_as(AWS_REPEATED);
		answer_code(codes[i]);
		assert_int_equal(got.calls, ++calls);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)start_as(AWS_REPEATED);
		transport_fails(kinds[i]);
		assert_int_equal(got.calls, ++calls);
	}
}

/* A refused time is corrected at once, and once. */
static void
repeated_with_the_right_time(void **state)
{
	char date[64];

	(void)state;
	(void)start_as(AWS_REPEATED);
	date_header(sys_wall() + 7200, date, sizeof(date));
	answer(400, date, EXPIRED);
	assert_again(0, 0);
	assert_attempt(2, 3);
	assert_int_equal(signed_at(), fake_wall() + 7200);
	answer(400, date, EXPIRED);
	assert_int_equal(got.calls, 1);
	assert_true(got.reply.passing);
}

/* All calls share the quota: when it is spent each is sent once, until others
 * succeed. */
static void
quota_ends_repeats(void **state)
{
	int repeats;

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)start_as(AWS_REPEATED);
		while (sent.now != NULL) {
			answer(500, "", BUSY);
			fake_loop_pass(1000);
		}
		assert_int_equal(got.calls, i + 1);
	}
	repeats = sent.started - 40;
	assert_int_equal(repeats, AWS_RETRY_QUOTA / 14);
	for (int i = 0; i < 14; i++) {
		(void)start_as(AWS_ONCE);
		answer(200, "", "{}");
	}
	(void)start_as(AWS_REPEATED);
	answer(500, "", BUSY);
	assert_again(0, 50);
	answer(200, "", "{}");
}

static void
cancelled_between_attempts(void **state)
{
	struct aws_call *call = start_as(AWS_REPEATED);

	(void)state;
	answer(500, "", BUSY);
	aws_call_cancel(call);
	assert_int_equal(sent.cancelled, 0);
	fake_loop_pass(60000);
	assert_int_equal(sent.started, 1);
	assert_int_equal(got.calls, 0);
}

/* A name that AWS's rules give need not exist. */
static void
unreachable_variant(void **state)
{
	(void)state;
	keys.dualstack = true;
	(void)start_ok();
	transport_fails(FAIL_AGAIN);
	assert_non_null(strstr(got.reply.text, "AWS_USE_DUALSTACK_ENDPOINT"));
	keys.fips = true;
	(void)start_ok();
	transport_fails(FAIL_AGAIN);
	assert_string_equal(got.reply.text, "PollForJobs: the wire is cut; "
	    "AWS may have no FIPS endpoint in this region: see "
	    "AWS_USE_FIPS_ENDPOINT or use_fips_endpoint");
	(void)start_ok();
	transport_fails(FAIL_UNSURE);
	assert_string_equal(got.reply.text, "PollForJobs: the wire is cut");
}

/* --- credentials --- */

static void
credentials_refused(void **state)
{
	static const char *const codes[] = { "ExpiredTokenException",
	    "UnrecognizedClientException" };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		(void)start_ok();
		answer_code(codes[i]);
		assert_true(got.reply.passing);
		assert_int_equal(keys.refreshed, i + 1);
		assert_int_equal(got.refreshed, i + 1);	/* before done */
	}
}

#define ECHO	"{\"__type\":\"InvalidSignatureException\",\"message\":\"not " \
		SECRET " nor x-amz-security-token:" TOKEN " is\"}"

static void
assert_masked(void)
{
	assert_null(strstr(got.reply.text, SECRET));
	assert_null(strstr(got.reply.text, TOKEN));
	assert_null(strstr(got.reply.error.message, SECRET));
	assert_null(strstr(got.reply.error.message, TOKEN));
	assert_non_null(strstr(got.reply.text, "not *** nor "
	    "x-amz-security-token:*** is"));
}

static void
secrets_are_masked(void **state)
{
	(void)state;
	(void)start_ok();
	answer(400, "", ECHO);
	assert_masked();
	/* a token that is none */
	secret_free(keys.present.token);
	keys.present.token = NULL;
	(void)start_ok();
	answer(400, "", "{\"__type\":\"X\",\"message\":\"" SECRET "\"}");
	assert_null(strstr(got.reply.text, SECRET));
}

/* The secrets of the request count, whatever came in the meantime. */
static void
old_secrets_are_masked(void **state)
{
	(void)state;
	(void)start_ok();
	credentials_free(&keys.present);
	keys.present.access_key_id = xstrdup("AKIDOTHER");
	keys.present.secret_key = secret_text("another-secret");
	answer(400, "", ECHO);
	assert_masked();
	(void)start_ok();
	keys.have = false;
	answer(400, "", "{\"__type\":\"X\",\"message\":\"another-secret\"}");
	assert_null(strstr(got.reply.text, "another-secret"));
}

/* --- the rest --- */

static void
long_texts(void **state)
{
	static char body[8192];
	char *end;

	(void)state;
	end = body + strlcpy(body, "{\"__type\":\"X\",\"message\":\"",
	    sizeof(body));
	memset(end, 'm', 5000);
	(void)strlcat(body, "\"}", sizeof(body));
	(void)start_ok();
	answer(400, "x-amzn-RequestId: rq-1\n", body);
	assert_true(strlen(got.reply.text) < sizeof(got.reply.text));
	/* what matters to a reader is there */
	assert_non_null(strstr(got.reply.text, "mmm (request rq-1)"));
}

static void
cancelled(void **state)
{
	(void)state;
	aws_call_cancel(start_ok());
	assert_int_equal(sent.cancelled, 1);
	assert_int_equal(got.calls, 0);
	aws_call_cancel(NULL);
}

static void
started_from_within(void **state)
{
	(void)state;
	got.again = true;
	(void)start_ok();
	answer(200, "", "one");
	assert_int_equal(got.calls, 1);
	assert_int_equal(sent.started, 2);
	answer(200, "", "two");
	assert_string_equal(got.body, "two");
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(request),
		CASE(endpoints),
		CASE(nothing_to_sign_with),
		CASE(no_such_endpoint),
		CASE(taken),
		CASE(refused),
		CASE(passing),
		CASE(retry_after),
		CASE(transport),
		CASE(skew_is_corrected),
		CASE(skew_without_a_time),
		CASE(repeated),
		CASE(repeated_with_new_keys),
		CASE(as_often_as_configured),
		CASE(sent_once),
		CASE(final_answers),
		CASE(repeated_with_the_right_time),
		CASE(quota_ends_repeats),
		CASE(cancelled_between_attempts),
		CASE(unreachable_variant),
		CASE(credentials_refused),
		CASE(secrets_are_masked),
		CASE(old_secrets_are_masked),
		CASE(long_texts),
		CASE(cancelled),
		CASE(started_from_within),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
