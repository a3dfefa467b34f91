/*
 * aws-credentials: walk the provider chain once and print what it found, as a
 * credential_process does, with members of our own. On a fault: one line on
 * stderr, status 1. It may block; the supervisor gives it a minute.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "ec2.h"
#include "environment.h"
#include "files.h"
#include "http_tls.h"
#include "json.h"
#include "later.h"
#include "log.h"
#include "mem.h"
#include "profile.h"
#include "settings.h"
#include "sys.h"
#include "utf8.h"
#include "write.h"

/* The chain, in order; the first configured provider wins. */
static const provider providers[] = {
	environment_look,
	profile_look,
	later_look,
	container_look,
	ec2_look,
};

static const struct option long_options[] = {
	{ "profile", required_argument, NULL, 'p' },
	{ "config-file", required_argument, NULL, 'c' },
	{ "credentials-file", required_argument, NULL, 's' },
	{ "region", required_argument, NULL, 'r' },
	{ "metadata-v1", no_argument, NULL, '1' },
	{ NULL, 0, NULL, 0 },
};

static int
read_options(int argc, char **argv, struct options *o, struct fail *fail)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->profile = optarg;
			break;
		case 'c':
			o->config_file = optarg;
			break;
		case 's':
			o->credentials_file = optarg;
			break;
		case 'r':
			o->region = optarg;
			break;
		case '1':
			o->metadata_v1 = true;
			break;
		default:
			return fail_set(fail, FAIL_CONFIG, "usage: "
			    "aws-credentials [--profile name] [--region name] "
			    "[--config-file path] [--credentials-file path] "
			    "[--metadata-v1]");
		}
	}
	return optind == argc ? 0 : fail_set(fail, FAIL_CONFIG,
	    "takes only options");
}

/* Choose the profile; a named one must exist. */
static int
choose_profile(struct chain *c, struct fail *fail)
{
	c->profile = c->options->profile;
	if (c->profile == NULL)
		c->profile = variable("AWS_PROFILE");
	if (c->profile == NULL)
		c->profile = variable("AWS_DEFAULT_PROFILE");
	c->named = c->profile != NULL;
	if (!c->named)
		c->profile = "default";
	if (c->named && !files_has_profile(c->files, c->profile))
		return fail_set(fail, FAIL_CONFIG, "profile %s is neither in "
		    "%s ([%s]) nor in %s ([%s%s])", c->profile,
		    files_path(c->files, FILE_CREDENTIALS), c->profile,
		    files_path(c->files, FILE_CONFIG), strcmp(c->profile,
		    "default") == 0 ? "" : "profile ", c->profile);
	return 0;
}

static int
walk(const struct chain *c, struct aws_found *found, struct fail *fail)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		switch (providers[i](c, found, fail)) {
		case FOUND:
			return 0;
		case BROKEN:
			return -1;
		case NOT_CONFIGURED:
			break;
		}
	}
	/* the last provider said why it has none */
	return fail_prefix(fail, "no credentials: set "
	    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give profile %s "
	    "aws_access_key_id and aws_secret_access_key in %s", c->profile,
	    files_path(c->files, FILE_CREDENTIALS));
}

/* --- the answer --- */

static int
take_settings(const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	static const char *const variables[AWS_SERVICE_MAX] = {
		[AWS_CODEPIPELINE] = "AWS_ENDPOINT_URL_CODEPIPELINE",
		[AWS_S3] = "AWS_ENDPOINT_URL_S3",
		[AWS_STS] = "AWS_ENDPOINT_URL_STS",
	};
	const char *url;

	for (int i = 0; i < AWS_SERVICE_MAX; i++) {
		if (settings_endpoint(c, aws_service_name((enum aws_service)i),
		    variables[i], &url, fail) != 0)
			return -1;
		found->endpoint[i] = xstrdup(url);
	}
	found->region = xstrdup(settings_region(c));
	if (found->region == NULL)
		found->region = ec2_region(c, found);
	found->ca_bundle = xstrdup(settings_ca_bundle(c));
	found->use_fips = settings_flag(c, "AWS_USE_FIPS_ENDPOINT",
	    "use_fips_endpoint");
	found->use_dualstack = settings_flag(c, "AWS_USE_DUALSTACK_ENDPOINT",
	    "use_dualstack_endpoint");
	return 0;
}

static int
print(const json_t *o, struct fail *fail)
{
	char *line = json_line(o);
	int rc = 0;

	if (write_all(STDOUT_FILENO, line, strlen(line)) != 0 ||
	    write_all(STDOUT_FILENO, "\n", 1) != 0)
		rc = fail_set(fail, FAIL_SYSTEM, "cannot write the answer");
	xfree_secret(line);
	return rc;
}

/* One look-up from options to answer. */
static int
look_up(int argc, char **argv, struct fail *fail)
{
	struct options options = { 0 };
	struct chain chain = { .options = &options };
	struct aws_found found = { 0 };
	struct aws_files *files = NULL;
	json_t *o = NULL;
	int rc = -1;

	if (read_options(argc, argv, &options, fail) != 0 ||
	    (files = files_load(&options, fail)) == NULL)
		goto out;
	chain.files = files;
	if (choose_profile(&chain, fail) != 0 ||
	    walk(&chain, &found, fail) != 0)
		goto out;
	if (take_settings(&chain, &found, fail) != 0)
		goto out;
	o = aws_found_json(&found);
	rc = print(o, fail);
out:
	json_decref(o);
	files_free(files);
	aws_found_free(&found);
	return rc;
}

int
main(int argc, char **argv)
{
	struct fail fail = { 0 };

	log_init("aws-credentials", LOG_ERR);
	json_init();
	sys_no_core();
	sys_reset_signals();
	http_init();
	if (look_up(argc, argv, &fail) == 0)
		return 0;
	utf8_clean(fail.text, false);
	(void)dprintf(STDERR_FILENO, "aws-credentials: %s\n", fail.text);
	return 1;
}
