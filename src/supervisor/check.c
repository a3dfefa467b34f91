/*
 * Checks the programs, folders and files that the configuration names, for -n
 * and at the start, so that an operator hears of a typing error at once.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "actions.h"
#include "check.h"
#include "log.h"

static int
check_file(const char *setting, const char *path, int mode)
{
	if (path == NULL || access(path, mode) == 0)
		return 0;
	log_err("%s: %s: %s", setting, path, strerror(errno));
	return 1;
}

static int
check_programs(const struct conf *conf)
{
	static const char *const programs[] = { "executor",
	    "aws-credentials" };
	int faults = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char *path = xasprintf("%s/%s", conf->worker.libexec_dir,
		    programs[i]);

		faults += check_file("worker.libexec_dir", path, X_OK);
		free(path);
	}
	return faults;
}

static int
check_actions(const struct conf *conf)
{
	struct action_type *types = NULL;
	struct fail fail;
	size_t n;

	if (actions_load(conf, &types, &n, &fail) != 0) {
		log_err("%s", fail.text);
		return 1;
	}
	free(types);
	return 0;
}

int
check_named(const struct conf *conf)
{
	return check_programs(conf) + check_actions(conf) +
	    check_file("cloudshell.ca_file", conf->cloudshell.ca_file, R_OK) +
	    check_file("aws.ca_file", conf->aws.ca_file, R_OK) +
	    check_file("aws.config_file", conf->aws.config_file, R_OK) +
	    check_file("aws.credentials_file", conf->aws.credentials_file,
	    R_OK);
}

int
check_state_dir(const struct conf *conf)
{
	const char *path = conf->worker.state_dir;
	struct stat st;

	/* systemd makes its own folder when the service first starts */
	if (stat(path, &st) != 0 && errno == ENOENT &&
	    strcmp(path, STATEDIR) == 0)
		return 0;
	return check_file("worker.state_dir", path, R_OK | W_OK | X_OK);
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

void
check_remarks(const struct conf *conf)
{
	if (conf->aws.region == NULL && !is_set("AWS_REGION") &&
	    !is_set("AWS_DEFAULT_REGION"))
		log_warnx("aws.region: neither set nor in AWS_REGION: the "
		    "profile in the AWS files must name the region");
	if (conf->cloudshell.password_file == NULL &&
	    !is_set("CLOUDSHELL_PASSWORD"))
		log_info("cloudshell.password_file: not set: systemd hands "
		    "the service %s/quali-job-worker/cloudshell-password; "
		    "without systemd it must be set", SYSCONFDIR);
}
