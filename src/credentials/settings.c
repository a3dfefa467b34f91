/*
 * AWS settings other than credentials: option, variable, profile, in this order
 * (aws-contract 5.2, 6).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "environment.h"
#include "files.h"
#include "mem.h"
#include "settings.h"
#include "user_agent.h"

const char *
settings_region(const struct chain *c)
{
	const char *region = c->options->region;

	if (region == NULL)
		region = variable("AWS_REGION");
	if (region == NULL)
		region = variable("AWS_DEFAULT_REGION");
	if (region == NULL)
		region = files_find(c->files, c->profile, "region", NULL);
	return region;
}

static const char *
find(const struct chain *c, const char *name, const char *key)
{
	const char *value = variable(name);

	return value != NULL ? value :
	    files_find(c->files, c->profile, key, NULL);
}

const char *
settings_ca_bundle(const struct chain *c)
{
	return c->options->ca_file != NULL ? c->options->ca_file :
	    find(c, "AWS_CA_BUNDLE", "ca_bundle");
}

/* Only "true" counts; a variable that says otherwise wins over the profile. */
bool
settings_flag(const struct chain *c, const char *name, const char *key)
{
	const char *value = find(c, name, key);

	return value != NULL && strcasecmp(value, "true") == 0;
}

static void
take_attempts(const struct chain *c, struct aws_found *found)
{
	const char *text = find(c, "AWS_MAX_ATTEMPTS", "max_attempts");
	const char *error;
	long long n;

	if (text == NULL)
		return;
	n = strtonum(text, 1, INT_MAX, &error);
	if (error == NULL)
		found->max_attempts = (int)n;
	else
		aws_found_warn(found, "AWS_MAX_ATTEMPTS or max_attempts is "
		    "not a whole number of at least 1: ignoring it");
}

/* All of them mean the standard mode: to slow down by itself, as adaptive does,
 * is of no use to a client with a few calls a minute (aws-contract 7.3). */
static void
check_mode(const struct chain *c, struct aws_found *found)
{
	static const char *const modes[] = { "standard", "adaptive", "legacy" };
	const char *mode = find(c, "AWS_RETRY_MODE", "retry_mode");

	for (size_t i = 0; mode != NULL && i < sizeof(modes) /
	    sizeof(modes[0]); i++)
		if (strcasecmp(mode, modes[i]) == 0)
			return;
	if (mode != NULL)
		aws_found_warn(found, "AWS_RETRY_MODE or retry_mode is none of "
		    "standard, adaptive and legacy: using standard");
}

void
settings_calls(const struct chain *c, struct aws_found *found)
{
	const char *app = find(c, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");

	take_attempts(c, found);
	check_mode(c, found);
	found->app_id = xstrdup(app);
	if (app != NULL && strlen(app) > USER_AGENT_APP_MAX)
		aws_found_warn(found, "AWS_SDK_UA_APP_ID or sdk_ua_app_id is "
		    "longer than %d characters: cutting it",
		    USER_AGENT_APP_MAX);
}

int
settings_sts_legacy(const struct chain *c, bool *legacy, struct fail *fail)
{
	const char *value = find(c, "AWS_STS_REGIONAL_ENDPOINTS",
	    "sts_regional_endpoints");

	*legacy = value != NULL && strcasecmp(value, "legacy") == 0;
	if (value == NULL || *legacy || strcasecmp(value, "regional") == 0)
		return 0;
	return fail_set(fail, FAIL_CONFIG, "AWS_STS_REGIONAL_ENDPOINTS or "
	    "sts_regional_endpoints is neither regional nor legacy");
}

int
settings_endpoint(const struct chain *c, const char *service,
    const char *name, const char **url, struct fail *fail)
{
	const char *services;

	*url = NULL;
	if (settings_flag(c, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	    "ignore_configured_endpoint_urls"))
		return 0;
	if ((*url = variable(name)) != NULL ||
	    (*url = variable("AWS_ENDPOINT_URL")) != NULL)
		return 0;
	services = files_find(c->files, c->profile, "services", NULL);
	if (services != NULL) {
		if (!files_has_services(c->files, services))
			return fail_set(fail, FAIL_CONFIG, "profile %s says "
			    "services = %s, but %s has no section [services "
			    "%s]", c->profile, services,
			    files_path(c->files, FILE_CONFIG), services);
		*url = files_service(c->files, services, service,
		    "endpoint_url");
	}
	if (*url == NULL)
		*url = files_find(c->files, c->profile, "endpoint_url", NULL);
	return 0;
}
