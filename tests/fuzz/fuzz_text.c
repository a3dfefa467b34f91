/*
 * Texts of a CloudShell server: cleaning, masking.
 */
#include <stdlib.h>
#include <string.h>

#include "src/cloudshell/answer.h"
#include "src/cloudshell/mask.h"
#include "src/cloudshell/text.h"
#include "src/cloudshell/words.h"
#include "secret.h"
#include "fuzz.h"
#include "json.h"

/* No known form of a secret may remain: plain, and its base64 from the first
 * byte on. */
static void
try_mask(const char *text)
{
	struct secret *s = secret_text(CANARY "<&\"/+>");
	char *copy = strdup(text);

	secret_mask(copy, s);
	MUST(strlen(copy) <= strlen(text));
	MUST(strstr(copy, CANARY "<&\"/+>") == NULL);
	MUST(strstr(copy, CANARY "&lt;&amp;&quot;/+&gt;") == NULL);
	MUST(strstr(copy, CANARY "%3C%26%22%2F%2B%3E") == NULL);
	MUST(strstr(copy, CANARY "<&\\\"\\/+>") == NULL);
	MUST(strstr(copy, "Y0FuQXJZPCYiLys+") == NULL);
	free(copy);
	secret_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	char *text, *copy;
	json_t *j;

	if (size > 64 * 1024)
		return 0;
	text = calloc(1, size + 1);
	memcpy(text, data, size);
	len = strlen(text);
	copy = strdup(text);
	MUST(text_mask(copy, len, CANARY, strlen(CANARY)) <= len);
	MUST(strstr(copy, CANARY) == NULL);
	cs_clean_text(copy);
	free(copy);
	try_mask(text);
	copy = strdup(text);
	text_line(copy, CS_TEXT_MAX);
	fuzz_text_check(copy, CS_TEXT_MAX + 1, false);
	free(copy);
	(void)answer_verdict(400, text);
	(void)sandbox_phase(text);
	(void)execution_progress(text, NULL);
	if ((j = json_parse_careless((const char *)data, size)) != NULL)
		json_decref(j);
	free(text);
	return 0;
}
