/*
 * Checks what the configuration names, for -n and at the start.
 */
#include <stdlib.h>

#include "actions.h"
#include "check.h"
#include "conf_named.h"
#include "log.h"

static void
log_fault(const char *text, void *arg)
{
	(void)arg;
	log_err("%s", text);
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
	return conf_named(conf, log_fault, NULL) + check_actions(conf);
}

int
check_state_dir(const struct conf *conf)
{
	return conf_named_state(conf, log_fault, NULL);
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
