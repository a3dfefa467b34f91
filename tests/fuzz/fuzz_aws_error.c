/*
 * Error answers of CodePipeline (JSON) and S3 (XML), with their headers: dates,
 * retry hints, redirects.
 */
#include <stdlib.h>
#include <string.h>

#include "aws_error.h"
#include "endpoint.h"
#include "fuzz.h"
#include "s3_error.h"

#define NOW	1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */

static void
check(const struct http_answer *a, const struct aws_error *e)
{
	MUST(e->class <= AWS_REDIRECT);
	MUST((e->class == AWS_OK) == (a->status >= 200 && a->status < 300));
	fuzz_text_check(e->code, sizeof(e->code), false);
	fuzz_text_check(e->message, sizeof(e->message), true);
	fuzz_text_check(e->request_id, sizeof(e->request_id), false);
	MUST(e->class == AWS_OK || e->code[0] != '\0');
	MUST(e->retry_after_ms >= 0 && e->retry_after_ms <= 15 * 60 * 1000);
	MUST(e->class == AWS_SKEW || e->skew_s == 0);
	MUST(e->class != AWS_REDIRECT || aws_region_valid(e->region));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_error e;
	struct http_answer a;
	char *text;

	if (size > 16 * 1024)
		return 0;
	text = calloc(1, size + 1);
	memcpy(text, data, size);
	fuzz_answer(text, size, &a);
	memset(&e, 0x55, sizeof(e));
	aws_error_json(&a, NOW, &e);
	check(&a, &e);
	memset(&e, 0x55, sizeof(e));
	aws_error_s3(&a, NOW, &e);
	check(&a, &e);
	http_answer_free(&a);
	free(text);
	return 0;
}
