/*
 * Prints what src/aws would send, so that tests can compare it with botocore.
 * Each line of stdin is an object with "service", "region" and, as needed,
 * "endpoint", "fips" and "dualstack"; the answer has the endpoint's "url".
 *
 * With "bucket" and "key" it is a request to S3, signed at "wall" with "id",
 * "secret" and "token": a GET, or with "body" a PUT; the answer has "url" and
 * "headers". "answer" {"status", "headers", "body"} is what S3 says to a first
 * request: the one that is printed follows its redirect.
 *
 * What cannot be is answered with "error" and "kind".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "aws_request.h"
#include "endpoint.h"
#include "json.h"
#include "mem.h"
#include "s3.h"
#include "s3_error.h"

#define LINE_SIZE	65536

static json_t *
refusal(const struct fail *fail)
{
	return json_pack("{s:s, s:s}", "error", fail->text, "kind",
	    fail_kind_name(fail->kind));
}

static json_t *
endpoint(const json_t *ask)
{
	struct aws_endpoint ep;
	struct fail fail;

	if (aws_endpoint_find(json_text(ask, "service"),
	    json_text(ask, "region"), json_text(ask, "endpoint"),
	    json_flag(ask, "fips", false), json_flag(ask, "dualstack", false),
	    &ep, &fail) != 0)
		return refusal(&fail);
	return json_pack("{s:s}", "url", ep.url);
}

/* The region that an answer sends to, or NULL. */
static const char *
redirect(const json_t *told, const char *region, struct aws_error *e)
{
	struct http_answer answer = {
	    .status = json_int(told, "status", 0) };
	const char *body = json_text(told, "body");
	const char *headers = json_text(told, "headers");

	buf_init(&answer.body, AWS_ERROR_MAX);
	buf_init(&answer.headers, HTTP_HEADERS_MAX);
	if (body != NULL)
		(void)buf_adds(&answer.body, body);
	if (headers != NULL)
		(void)buf_adds(&answer.headers, headers);
	aws_error_s3(&answer, 0, e);
	http_answer_free(&answer);
	return e->class == AWS_REDIRECT && aws_region_near(region, e->region) ?
	    e->region : NULL;
}

static json_t *
request(const json_t *ask)
{
	struct s3_place place = { .region = json_text(ask, "region"),
	    .endpoint = json_text(ask, "endpoint"),
	    .fips = json_flag(ask, "fips", false),
	    .dualstack = json_flag(ask, "dualstack", false),
	    .bucket = json_text(ask, "bucket"), .key = json_text(ask, "key") };
	struct credentials keys = {
	    .access_key_id = xstrdup(json_text(ask, "id")),
	    .secret_key = secret_text(json_text(ask, "secret")),
	    .token = secret_text(json_text(ask, "token")) };
	const json_t *told = json_object_of(ask, "answer");
	const char *body = json_text(ask, "body");
	int64_t wall = json_int(ask, "wall", 0);
	struct aws_request req = { 0 };
	struct aws_attempt attempt;
	struct aws_error e;
	struct fail fail;
	json_t *out, *headers;
	int rc;

	aws_attempt_init(&attempt, 3);
	if (told != NULL)
		place.region = redirect(told, place.region, &e);
	if (place.region == NULL)
		return json_pack("{s:s}", "error", "no redirect");
	rc = body == NULL ?
	    s3_get_request(&req, &place, &keys, &attempt, wall, &fail) :
	    s3_put_request(&req, &place, &keys, &attempt, wall, body,
	    strlen(body), "application/zip", NULL, &fail);
	credentials_free(&keys);
	if (rc != 0)
		return refusal(&fail);
	headers = json_array();
	for (size_t i = 0; i < req.nheaders; i++)
		(void)json_array_append_new(headers,
		    json_string(req.headers[i]));
	out = json_pack("{s:s, s:s, s:o}", "method", req.method, "url",
	    req.url, "headers", headers);
	aws_request_free(&req);
	return out;
}

int
main(void)
{
	static char line[LINE_SIZE];
	json_t *ask, *answer;
	char *text;

	json_init();
	if (sodium_init() == -1)
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if ((ask = json_parse(line, strlen(line), NULL)) == NULL)
			return 1;
		answer = json_text(ask, "bucket") != NULL ? request(ask) :
		    endpoint(ask);
		text = json_line(answer);
		(void)puts(text);
		xfree_secret(text);
		json_decref(answer);
		json_decref(ask);
	}
	return 0;
}
