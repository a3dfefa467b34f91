/*
 * The shared files of AWS's tools: two pieces, credentials and config, and
 * every look-up in them.
 */
#include <stdlib.h>
#include <string.h>

#include "src/credentials/files.h"
#include "src/credentials/keys.h"
#include "src/credentials/profile.h"
#include "src/credentials/settings.h"
#include "src/credentials/run.h"
#include "fuzz.h"
#include "http_client.h"
#include "mem.h"

int	__wrap_run_program(char *const [], int64_t, struct buf *, struct buf *,
	    struct fail *);
int	__wrap_http_perform(struct http_client *, const struct http_request *,
	    struct http_answer *, struct fail *);

int
__wrap_run_program(char *const argv[], int64_t limit_ms, struct buf *out,
    struct buf *errors, struct fail *fail)
{
	MUST(argv[0][0] != '\0' && limit_ms > 0);
	(void)out, (void)errors;
	return fail_set(fail, FAIL_SYSTEM, "is not run");
}

int
__wrap_http_perform(struct http_client *client, const struct http_request *rq,
    struct http_answer *answer, struct fail *fail)
{
	MUST(rq->answer_max > 0 && rq->timeout_ms > 0);
	(void)client;
	memset(answer, 0, sizeof(*answer));
	return fail_set(fail, FAIL_SYSTEM, "nobody is asked");
}

/* Whether the canary stands only where no text may show it: names of profiles
 * and roles are shown. */
static bool
hidden(const char *text)
{
	static const char *const keys[] = { "aws_secret_access_key =",
	    "aws_session_token =", "external_id =",
	    "credential_process = /bin/x " };
	const char *at, *line;
	bool known;

	for (at = text; (at = strstr(at, CANARY)) != NULL; at++) {
		for (line = at; line > text && line[-1] != '\n'; line--)
			continue;
		known = false;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			known |= strncmp(line, keys[i], strlen(keys[i])) == 0;
		if (!known)
			return false;
	}
	return true;
}

static const char	*secret;	/* the canary, or what is in no text */

static void
look(const struct chain *c)
{
	struct aws_found found = { 0 };
	struct fail fail = { 0 };
	const char *url;
	int64_t expires;

	switch (profile_look(c, &found, &fail)) {
	case FOUND:
		MUST(found.keys.access_key_id != NULL);
		MUST(found.keys.secret_key != NULL && found.origin != NULL);
		break;
	case BROKEN:
		fuzz_fail_check(&fail, secret);
		break;
	case NOT_CONFIGURED:
		MUST(found.keys.access_key_id == NULL);
		break;
	}
	for (size_t i = 0; i < found.nwarnings; i++)
		MUST(strstr(found.warning[i], secret) == NULL);
	aws_found_free(&found);
	memset(&fail, 0, sizeof(fail));
	if (settings_endpoint(c, "s3", "FUZZ_UNSET", &url, &fail) == -1)
		MUST(fail.kind == FAIL_CONFIG);
	(void)settings_ca_bundle(c);
	(void)settings_flag(c, "FUZZ_UNSET", "use_fips_endpoint");
	if (settings_region(c) != NULL &&
	    keys_expiry(settings_region(c), &expires) == 0)
		MUST(expires > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = { 0 };
	struct chain chain = { .options = &options, .profile = "default",
	    .last = true };
	struct aws_files *files;
	struct fail f = { 0 };
	char *piece = NULL, *rest;
	size_t len;

	(void)fuzz_piece(&data, &size, &piece, &len);
	options.credentials_file = fuzz_file(0, piece, len);
	rest = xstrndup(data == NULL ? "" : (const char *)data, size);
	secret = hidden(piece) && hidden(rest) ? CANARY : "\n\n\n";
	free(rest);
	options.config_file = fuzz_file(1, data == NULL ? piece + len :
	    (const char *)data, data == NULL ? 0 : size);
	if (files_load(&files, &options, &f) != 0)
		fuzz_fail_check(&f, secret);
	chain.files = files;
	if (f.kind == FAIL_NONE) {
		look(&chain);
		chain.profile = "dev";
		look(&chain);
	}
	files_free(files);
	free(piece);
	return 0;
}
