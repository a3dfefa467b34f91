/*
 * AWS settings other than credentials: option, variable, profile, in this order
 * (aws-contract 5.2, 6).
 */
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

const char *
settings_ca_bundle(const struct chain *c)
{
	const char *path = variable("AWS_CA_BUNDLE");

	return path != NULL ? path :
	    files_find(c->files, c->profile, "ca_bundle", NULL);
}

/* Only "true" counts; a variable that says otherwise wins over the profile. */
bool
settings_flag(const struct chain *c, const char *name, const char *key)
{
	const char *value = variable(name);

	if (value == NULL)
		value = files_find(c->files, c->profile, key, NULL);
	return value != NULL && strcasecmp(value, "true") == 0;
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
