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
#include "fuzz.h"

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
		fuzz_fail_check(&fail, CANARY);
		break;
	case NOT_CONFIGURED:
		MUST(found.keys.access_key_id == NULL);
		break;
	}
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
	struct chain chain = { .options = &options, .profile = "default" };
	struct aws_files *files;
	struct fail f = { 0 };
	char *piece = NULL;
	size_t len;

	(void)fuzz_piece(&data, &size, &piece, &len);
	options.credentials_file = fuzz_file(0, piece, len);
	options.config_file = fuzz_file(1, data == NULL ? piece + len :
	    (const char *)data, data == NULL ? 0 : size);
	files = files_load(&options, &f);
	if (files == NULL)
		fuzz_fail_check(&f, CANARY);
	chain.files = files;
	if (files != NULL) {
		look(&chain);
		chain.profile = "dev";
		look(&chain);
	}
	files_free(files);
	free(piece);
	return 0;
}
