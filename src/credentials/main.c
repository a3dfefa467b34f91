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

#include "await.h"
#include "container.h"
#include "ec2.h"
#include "environment.h"
#include "files.h"
#include "http_tls.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "profile.h"
#include "settings.h"
#include "sys.h"
#include "utf8.h"
#include "web_identity.h"
#include "write.h"

/* The chain, in order; the first configured provider wins. */
static const provider providers[] = {
	environment_look,
	profile_look,
	web_identity_look,
	container_look,
	ec2_look,
};

static const struct option long_options[] = {
	{ "profile", required_argument, NULL, 'p' },
	{ "config-file", required_argument, NULL, 'c' },
	{ "credentials-file", required_argument, NULL, 's' },
	{ "region", required_argument, NULL, 'r' },
	{ "ca-file", required_argument, NULL, 'a' },
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
		case 'a':
			o->ca_file = optarg;
			break;
		case '1':
			o->metadata_v1 = true;
			break;
		default:
			return fail_set(fail, FAIL_CONFIG, "usage: "
			    "aws-credentials [--profile name] [--region name] "
			    "[--config-file path] [--credentials-file path] "
			    "[--ca-file path] [--metadata-v1]");
		}
	}
	return optind == argc ? 0 : fail_set(fail, FAIL_CONFIG,
	    "takes only options");
}

/* AWS's command line has this order, botocore the other one. */
static const char *
profile_variable(struct aws_found *found)
{
	const char *name = variable("AWS_PROFILE");
	const char *older = variable("AWS_DEFAULT_PROFILE");

	if (name != NULL && older != NULL && strcmp(name, older) != 0)
		aws_found_warn(found, "AWS_PROFILE and AWS_DEFAULT_PROFILE "
		    "differ: the first counts, unset the other");
	return name != NULL ? name : older;
}

/* Choose the profile; a named one must exist. */
static int
choose_profile(struct chain *c, struct aws_found *found, struct fail *fail)
{
	c->profile = c->options->profile;
	if (c->profile == NULL)
		c->profile = profile_variable(found);
	if (c->profile == NULL)
		c->profile = "default";
	else if (!files_has_profile(c->files, c->profile))
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
	return fail_set(fail, FAIL_CONFIG, "no credentials: set "
	    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give profile %s "
	    "aws_access_key_id and aws_secret_access_key in %s: %s",
	    c->profile, files_path(c->files, FILE_CREDENTIALS), fail->text);
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

/* One look-up with the files as they are now, which the caller frees. */
static int
look_once(const struct options *options, bool last, struct aws_files **files,
    struct aws_found *found, struct fail *fail)
{
	struct chain chain = { .options = options, .last = last };

	if (files_load(files, options, fail) != 0)
		return -1;
	chain.files = *files;
	if (choose_profile(&chain, found, fail) != 0)
		return -1;
	settings_calls(&chain, found);
	chain.attempts = found->max_attempts;
	chain.app_id = found->app_id;
	if (walk(&chain, found, fail) != 0)
		return -1;
	return take_settings(&chain, found, fail);
}

/* Look up, and once more when somebody was perhaps writing the files: some
 * tools rewrite them in place (aws-2026 1.7). */
static int
look_up(const struct options *options, struct aws_found *found,
    struct fail *fail)
{
	int64_t until = sys_now_ms() + AWAIT_MS;
	struct aws_files *files = NULL;
	bool last = false;
	int rc;

	for (;;) {
		memset(fail, 0, sizeof(*fail));
		rc = look_once(options, last, &files, found, fail);
		if (rc == 0 || last || fail->kind != FAIL_CONFIG ||
		    !await_fresh(files))
			break;
		last = !await_change(files, until);
		files_free(files);
		files = NULL;
		aws_found_free(found);
	}
	if (rc != 0 && last)
		(void)fail_add(fail, "AWS's files changed a moment ago: if "
		    "somebody is writing them, try again");
	files_free(files);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct aws_found found = { 0 };
	struct fail fail = { 0 };
	json_t *o = NULL;
	int rc;

	log_init("aws-credentials", LOG_ERR);
	json_init();
	sys_no_core();
	sys_reset_signals();
	http_init();
	rc = read_options(argc, argv, &options, &fail);
	if (rc == 0)
		rc = look_up(&options, &found, &fail);
	if (rc == 0)
		rc = print(o = aws_found_json(&found), &fail);
	json_decref(o);
	aws_found_free(&found);
	if (rc == 0)
		return 0;
	utf8_clean(fail.text, false);
	(void)dprintf(STDERR_FILENO, "aws-credentials: %s\n", fail.text);
	return 1;
}
