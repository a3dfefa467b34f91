/*
 * What a credential_process prints, and its command line: two pieces. No
 * program is run.
 */
#include <stdlib.h>
#include <string.h>

#include "src/credentials/process.h"
#include "src/credentials/said.h"
#include "fuzz.h"
#include "mem.h"

#define NOW	1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */

static void
take(const char *text, size_t len)
{
	struct aws_found found = { 0 };
	struct fail f = { 0 };

	if (process_take(&found, text, len, "x", NOW, &f) == 0)
		MUST(found.keys.access_key_id != NULL &&
		    secret_len(found.keys.secret_key) > 0 &&
		    (found.keys.expires == 0 || found.keys.expires > NOW));
	else
		fuzz_fail_check(&f, CANARY);
	aws_found_free(&found);
}

static void
split(const char *line)
{
	char **words = process_split(line);
	size_t total = 0;

	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		total += strlen(words[i]);
	MUST(total <= strlen(line));
	process_free(words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const arguments[] = { "--pin", "1234", NULL };
	char *answer = NULL, *rest, *line;
	size_t len;

	if (size > PROCESS_OUT_MAX)
		return 0;
	(void)fuzz_piece(&data, &size, &answer, &len);
	take(answer, len);
	rest = xstrndup(data == NULL ? answer : (const char *)data,
	    data == NULL ? len : size);
	split(rest);
	line = said_clean(rest, answer, arguments);
	fuzz_text_check(line, strlen(line) + 1, false);
	free(line);
	free(rest);
	free(answer);
	return 0;
}
