/*
 * What an answer of an AWS service means, whatever its format. CodePipeline
 * sends every error of its model with status 400, so the code decides, and the
 * status only where the code is unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify.h"
#include "mem.h"
#include "utf8.h"

#define PIECE_MAX	200		/* bytes shown of a body not
					   understood */
#define RETRY_AFTER_MAX_MS	(15 * 60 * 1000)	/* obey a hint only up
						   to this */
#define SKEW_SURE_S	240		/* beyond this the clock explains a bad
					   signature */

static const struct code_class common[] = {
	{ "Throttling",				AWS_THROTTLED },
	{ "ThrottlingException",		AWS_THROTTLED },
	{ "ThrottledException",			AWS_THROTTLED },
	{ "RequestThrottledException",		AWS_THROTTLED },
	{ "RequestThrottled",			AWS_THROTTLED },
	{ "TooManyRequestsException",		AWS_THROTTLED },
	{ "ProvisionedThroughputExceededException", AWS_THROTTLED },
	{ "TransactionInProgressException",	AWS_THROTTLED },
	{ "RequestLimitExceeded",		AWS_THROTTLED },
	{ "BandwidthLimitExceeded",		AWS_THROTTLED },
	{ "SlowDown",				AWS_THROTTLED },
	{ "PriorRequestNotComplete",		AWS_THROTTLED },
	{ "EC2ThrottledException",		AWS_THROTTLED },
	{ "RequestTimeout",			AWS_TRANSIENT },
	{ "RequestTimeoutException",		AWS_TRANSIENT },
	{ "InternalFailure",			AWS_TRANSIENT },
	{ "InternalServerError",		AWS_TRANSIENT },
	{ "ServiceUnavailable",			AWS_TRANSIENT },
	{ "ServiceUnavailableException",	AWS_TRANSIENT },
	{ "ExpiredToken",			AWS_CREDENTIALS },
	{ "ExpiredTokenException",		AWS_CREDENTIALS },
	{ "UnrecognizedClientException",	AWS_CREDENTIALS },
	{ "InvalidClientTokenId",		AWS_CREDENTIALS },
	{ "RequestExpired",			AWS_SKEW },
	{ "RequestTimeTooSkewed",		AWS_SKEW },
	{ "RequestInTheFuture",			AWS_SKEW },
	{ NULL, AWS_FINAL },
};

void
classify_text(char *dst, size_t size, const char *src)
{
	char *copy = xstrndup(src, size + 4);

	utf8_cut(copy, size - 1);
	utf8_clean(copy, false);
	strlcpy(dst, copy, size);
	free(copy);
}

static int64_t
header_time(const struct http_answer *answer, const char *name)
{
	char text[64];
	time_t t;

	if (!http_header(answer, name, text, sizeof(text)))
		return 0;
	t = curl_getdate(text, NULL);
	return t == (time_t)-1 ? 0 : (int64_t)t;
}

/* x-amz-retry-after is in milliseconds. */
static int64_t
retry_after(const struct http_answer *answer, int64_t now)
{
	char text[64];
	const char *error;
	int64_t ms;

	if (http_header(answer, "x-amz-retry-after", text, sizeof(text))) {
		ms = strtonum(text, 0, INT64_MAX, &error);
		if (error == NULL)
			return ms < RETRY_AFTER_MAX_MS ? ms :
			    RETRY_AFTER_MAX_MS;
	}
	return http_retry_after(answer, now, RETRY_AFTER_MAX_MS);
}

void
classify_headers(const struct http_answer *answer, int64_t now,
    struct aws_error *e)
{
	memset(e, 0, sizeof(*e));
	e->server_wall = header_time(answer, "Date");
	e->retry_after_ms = retry_after(answer,
	    e->server_wall != 0 ? e->server_wall : now);
}

bool
classify_success(const struct http_answer *answer, int64_t now,
    struct aws_error *e)
{
	char id[256];

	classify_headers(answer, now, e);
	if (http_header(answer, "x-amzn-RequestId", id, sizeof(id)))
		classify_text(e->request_id, sizeof(e->request_id), id);
	if (answer->status < 200 || answer->status >= 300)
		return false;
	e->class = AWS_OK;
	return true;
}

void
classify_piece(const struct http_answer *answer, struct aws_error *e)
{
	char piece[PIECE_MAX * 2];
	const char *body = buf_text(&answer->body);
	size_t n = 0;

	/* one blank for a run of them: HTML is mostly indentation */
	for (; *body != '\0' && n < sizeof(piece) - 1; body++) {
		if ((unsigned char)*body > ' ')
			piece[n++] = *body;
		else if (n > 0 && piece[n - 1] != ' ')
			piece[n++] = ' ';
	}
	piece[n] = '\0';
	classify_text(e->message, PIECE_MAX + 1, piece);
}

static bool
code_find(const struct code_class *table, const char *code,
    enum aws_class *class)
{
	for (; table->code != NULL; table++)
		if (strcmp(table->code, code) == 0) {
			*class = table->class;
			return true;
		}
	return false;
}

/* A refused signature may be right but late. */
static bool
maybe_skewed(const struct aws_error *e, int64_t now)
{
	static const char *const codes[] = {
		"InvalidSignatureException", "SignatureDoesNotMatch",
		"AuthFailure",
	};
	int64_t diff = e->server_wall - now;
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(e->code, codes[i]) == 0)
			break;
	if (i == sizeof(codes) / sizeof(codes[0]))
		return false;
	if (strncmp(e->message, "Signature expired:", 18) == 0 ||
	    strncmp(e->message, "Signature not yet current:", 26) == 0)
		return true;
	return e->server_wall != 0 &&
	    (diff > SKEW_SURE_S || diff < -SKEW_SURE_S);
}

void
classify_name(struct aws_error *e, long status)
{
	e->coded = e->code[0] != '\0';
	if (!e->coded && status == 0)
		strlcpy(e->code, "no answer", sizeof(e->code));
	else if (!e->coded)
		(void)snprintf(e->code, sizeof(e->code), "HTTP %ld", status);
}

/* A proxy's page says nothing about the service, whatever its status. */
enum aws_class
classify_other(long status, bool coded)
{
	if (status == 429 || (status == 509 && !coded))
		return AWS_THROTTLED;
	if (!coded)
		return AWS_TRANSIENT;
	return status == 500 || (status >= 502 && status <= 504) ?
	    AWS_TRANSIENT : AWS_FINAL;
}

void
classify_code(struct aws_error *e, long status, int64_t now,
    const struct code_class *own, enum aws_class (*other)(long, bool))
{
	classify_name(e, status);
	if (maybe_skewed(e, now))
		e->class = AWS_SKEW;
	else if (!code_find(own, e->code, &e->class) &&
	    !code_find(common, e->code, &e->class))
		e->class = other(status, e->coded);
	if (e->class == AWS_SKEW && e->server_wall != 0)
		e->skew_s = e->server_wall - now;
}
