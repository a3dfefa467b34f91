/*
 * Answers of STS, XML and JSON, good ones and errors.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sts_answer.h"

#define NOW	1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */

static void
read_role(const struct http_answer *a, const char *operation)
{
	struct credentials keys = { 0 };
	struct sts_identity who;
	struct fail f = { 0 };

	if (sts_read_credentials(a, operation, NOW, &keys, &who, &f) == 0) {
		MUST(keys.access_key_id != NULL && keys.expires > NOW);
		MUST(secret_len(keys.secret_key) > 0);
		MUST(secret_len(keys.token) > 0);
		fuzz_text_check(who.arn, sizeof(who.arn), false);
		MUST(strlen(who.account) == 12 || who.account[0] == '\0');
	} else {
		MUST(keys.access_key_id == NULL);
		fuzz_fail_check(&f, CANARY);
	}
	credentials_free(&keys);
}

static void
read_identity(const struct http_answer *a)
{
	struct sts_identity who;
	struct fail f = { 0 };

	if (sts_read_identity(a, &who, &f) == 0) {
		MUST(who.arn[0] != '\0');
		fuzz_text_check(who.arn, sizeof(who.arn), false);
		fuzz_text_check(who.user_id, sizeof(who.user_id), false);
	} else
		fuzz_fail_check(&f, CANARY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_error e;
	struct http_answer a;
	char *text;

	if (size > 32 * 1024)
		return 0;
	text = calloc(1, size + 1);
	memcpy(text, data, size);
	fuzz_answer(text, size, &a);
	read_role(&a, "AssumeRole");
	read_role(&a, "AssumeRoleWithWebIdentity");
	read_identity(&a);
	memset(&e, 0x55, sizeof(e));
	sts_error(&a, NOW, &e);
	MUST(e.class <= AWS_REDIRECT && e.class != AWS_REDIRECT);
	MUST((e.class == AWS_OK) == (a.status >= 200 && a.status < 300));
	MUST(e.class == AWS_OK || e.code[0] != '\0');
	fuzz_text_check(e.code, sizeof(e.code), false);
	fuzz_text_check(e.message, sizeof(e.message), false);
	fuzz_text_check(e.request_id, sizeof(e.request_id), false);
	http_answer_free(&a);
	free(text);
	return 0;
}
