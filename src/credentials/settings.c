/*
 * AWS settings other than credentials: option, variable, profile, in this order
 * (aws-contract 5.2, 6).
 */
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "environment.h"
#include "files.h"
#include "settings.h"

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
setting(const struct chain *c, const char *name, const char *key)
{
	const char *value = variable(name);

	return value != NULL ? value :
	    files_find(c->files, c->profile, key, NULL);
}

const char *
settings_ca_bundle(const struct chain *c)
{
	return c->options->ca_file != NULL ? c->options->ca_file :
	    setting(c, "AWS_CA_BUNDLE", "ca_bundle");
}

const char *
settings_app_id(const struct chain *c)
{
	return setting(c, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
}

/* Only "true" counts; a variable that says otherwise wins over the profile. */
bool
settings_flag(const struct chain *c, const char *name, const char *key)
{
	const char *value = setting(c, name, key);

	return value != NULL && strcasecmp(value, "true") == 0;
}

/* What names a setting that has an invalid value. */
static const char *
blame(const char *name, const char *key)
{
	return variable(name) != NULL ? name : key;
}

int
settings_attempts(const struct chain *c, int *attempts, struct fail *fail)
{
	const char *value = setting(c, "AWS_MAX_ATTEMPTS", "max_attempts");
	const char *error = NULL;

	*attempts = 0;
	if (value == NULL)
		return 0;
	*attempts = (int)strtonum(value, 1, INT_MAX, &error);
	if (error != NULL)
		return fail_set(fail, FAIL_CONFIG, "%s is not a whole number "
		    "from 1 on", blame("AWS_MAX_ATTEMPTS", "max_attempts"));
	if (*attempts > AWS_ATTEMPTS_MAX)
		*attempts = AWS_ATTEMPTS_MAX;
	return 0;
}

int
settings_sts_legacy(const struct chain *c, bool *legacy, struct fail *fail)
{
	const char *value = setting(c, "AWS_STS_REGIONAL_ENDPOINTS",
	    "sts_regional_endpoints");

	*legacy = value != NULL && strcasecmp(value, "legacy") == 0;
	if (value == NULL || *legacy || strcasecmp(value, "regional") == 0)
		return 0;
	return fail_set(fail, FAIL_CONFIG, "%s is neither regional nor legacy",
	    blame("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints"));
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
