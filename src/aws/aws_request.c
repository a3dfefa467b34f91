/*
 * A request with its headers and signature, ready for http.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_request.h"
#include "mem.h"
#include "sigv4.h"

void
aws_request_init(struct aws_request *req, const char *method)
{
	memset(req, 0, sizeof(*req));
	req->method = method;
}

void
aws_request_free(struct aws_request *req)
{
	size_t i;

	for (i = 0; i < req->nheaders; i++)
		xfree_secret(req->headers[i]);
	free(req->url);
	buf_free(&req->body);
	memset(req, 0, sizeof(*req));
}

int
aws_request_header(struct aws_request *req, const char *name, const char *value,
    struct fail *fail)
{
	const char *p;

	if (req->nheaders == AWS_HEADERS_MAX)
		return fail_set(fail, FAIL_SYSTEM, "request: more than %d "
		    "headers", AWS_HEADERS_MAX);
	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return fail_set(fail, FAIL_SYSTEM,
			    "request: control character in header %s", name);
	if (p == value)
		return fail_set(fail, FAIL_SYSTEM, "request: header %s is "
		    "empty", name);
	req->headers[req->nheaders++] = xasprintf("%s: %s", name, value);
	return 0;
}

void
aws_attempt_init(struct aws_attempt *attempt, unsigned max)
{
	unsigned char r[16];

	arc4random_buf(r, sizeof(r));
	r[6] = (r[6] & 0x0f) | 0x40;	/* version 4: at random */
	r[8] = (r[8] & 0x3f) | 0x80;
	(void)snprintf(attempt->invocation, sizeof(attempt->invocation),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5],
	    r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
	attempt->attempt = 1;
	attempt->max = max;
}

void
aws_attempt_next(struct aws_attempt *attempt)
{
	if (++attempt->attempt > attempt->max)
		attempt->max = attempt->attempt;
}

int
aws_request_attempt(struct aws_request *req, const struct aws_attempt *attempt,
    struct fail *fail)
{
	char text[64];

	if (attempt == NULL)
		return 0;
	(void)snprintf(text, sizeof(text), "attempt=%u; max=%u",
	    attempt->attempt, attempt->max);
	if (aws_request_header(req, "amz-sdk-invocation-id",
	    attempt->invocation, fail) != 0)
		return -1;
	return aws_request_header(req, "amz-sdk-request", text, fail);
}

static int
token_add(struct aws_request *req, const struct credentials *creds,
    struct fail *fail)
{
	int rc;

	if (creds == NULL || creds->token == NULL)
		return 0;
	rc = aws_request_header(req, "X-Amz-Security-Token",
	    secret_open(creds->token), fail);
	secret_close(creds->token);
	return rc;
}

int
aws_request_sign(struct aws_request *req, const struct aws_request_scope *scope,
    const struct credentials *creds, int64_t wall, struct fail *fail)
{
	struct sigv4_header headers[AWS_HEADERS_MAX + 1];
	struct sigv4_input in;
	struct buf line;
	char *names[AWS_HEADERS_MAX];
	const char *colon;
	char date[17];
	size_t i, n;
	int rc = -1;

	sigv4_date(wall, date);
	if (aws_request_header(req, "X-Amz-Date", date, fail) != 0 ||
	    token_add(req, creds, fail) != 0)
		return -1;
	n = req->nheaders;
	for (i = 0; i < n; i++) {
		colon = strchr(req->headers[i], ':');
		names[i] = xstrndup(req->headers[i],
		    (size_t)(colon - req->headers[i]));
		headers[i].name = names[i];
		headers[i].value = colon + 2;
	}
	headers[n].name = "host";
	headers[n].value = scope->host;
	in = (struct sigv4_input){
		.method = req->method, .path = scope->path, .query = "",
		.double_encode = scope->double_encode, .headers = headers,
		.nheaders = n + 1, .payload_hash = scope->payload_hash,
		.date = date, .region = scope->region,
		.service = scope->service,
	};
	buf_init(&line, 8192);
	if (sigv4_authorization(&in, creds, &line, fail) == 0)
		rc = aws_request_header(req, "Authorization", buf_text(&line),
		    fail);
	buf_free(&line);
	for (i = 0; i < n; i++)
		free(names[i]);
	return rc;
}
