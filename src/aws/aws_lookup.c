/*
 * Command line and environment of aws-credentials.
 */

#include "aws_lookup.h"
#include "mem.h"
#include "sys.h"

/* What its environment may hold. */
static const char *const passed[] = { "AWS_*", "HOME", "PATH", "LANG", "LC_ALL",
	"TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
	"ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", NULL };

void
aws_lookup_arguments(const struct aws_lookup *lookup,
    const char *argv[AWS_LOOKUP_ARGUMENTS])
{
	const char *const options[][2] = {
		{ "--profile", lookup->profile },
		{ "--config-file", lookup->config_file },
		{ "--credentials-file", lookup->credentials_file },
		{ "--region", lookup->region },
		{ "--ca-file", lookup->ca_file },
	};
	size_t n = 0;

	argv[n++] = lookup->program;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i][1] != NULL) {
			argv[n++] = options[i][0];
			argv[n++] = options[i][1];
		}
	if (lookup->metadata_v1)
		argv[n++] = "--metadata-v1";
	argv[n] = NULL;
}

char **
aws_lookup_environment(char *const *env)
{
	size_t n = 0, used = 0;
	char **list;

	while (env != NULL && env[n] != NULL)
		n++;
	list = xcalloc(n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		if (sys_is_named(env[i], passed))
			list[used++] = env[i];
	return list;
}
