/*
 * Looks for what the configuration names, so that an operator hears of a typing
 * error at once.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_named.h"
#include "mem.h"
#include "utf8.h"

typedef void	(*report_fn)(const char *, void *);

static int
check_file(const char *setting, const char *path, int mode, report_fn report,
    void *arg)
{
	char *text;

	if (path == NULL || access(path, mode) == 0)
		return 0;
	text = xasprintf("%s: %s: %s", setting, path, strerror(errno));
	utf8_clean(text, false);
	report(text, arg);
	free(text);
	return 1;
}

static int
check_programs(const struct conf *conf, report_fn report, void *arg)
{
	static const char *const programs[] = { "executor",
	    "aws-credentials" };
	int faults = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char *path = xasprintf("%s/%s", conf->worker.libexec_dir,
		    programs[i]);

		faults += check_file("worker.libexec_dir", path, X_OK, report,
		    arg);
		free(path);
	}
	return faults;
}

int
conf_named(const struct conf *conf, report_fn report, void *arg)
{
	const struct {
		const char	*setting, *path;
	} files[] = {
		{ "cloudshell.ca_file", conf->cloudshell.ca_file },
		{ "aws.ca_file", conf->aws.ca_file },
		{ "aws.config_file", conf->aws.config_file },
		{ "aws.credentials_file", conf->aws.credentials_file },
	};
	int faults = check_programs(conf, report, arg);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		faults += check_file(files[i].setting, files[i].path, R_OK,
		    report, arg);
	return faults;
}

int
conf_named_state(const struct conf *conf, report_fn report, void *arg)
{
	const char *path = conf->worker.state_dir;
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT &&
	    strcmp(path, STATEDIR) == 0)
		return 0;
	return check_file("worker.state_dir", path, R_OK | W_OK | X_OK, report,
	    arg);
}
