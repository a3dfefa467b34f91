/*
 * What aws-credentials answers to the supervisor and to qualictl.
 */
#include "aws_found.h"
#include "fuzz.h"
#include "mem.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_found found = { 0 };
	struct fail f = { 0 };
	char *line;

	if (size > AWS_FOUND_MAX)
		return 0;
	line = xstrndup((const char *)data, size);
	if (aws_found_read(&found, line, size, &f) == -1)
		fuzz_fail_check(&f, CANARY);
	else
		MUST(found.keys.access_key_id != NULL &&
		    found.keys.secret_key != NULL);
	aws_found_free(&found);
	xfree_secret(line);
	return 0;
}
