/*
 * Credentials in environment variables (aws-contract 5.2).
 */
#include <stdlib.h>

#include "environment.h"
#include "keys.h"
#include "mem.h"

const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

enum verdict
environment_keys(const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	const char *id = variable("AWS_ACCESS_KEY_ID");
	const char *secret_key = variable("AWS_SECRET_ACCESS_KEY");
	const char *token = variable("AWS_SESSION_TOKEN");
	const char *expiry = variable("AWS_CREDENTIAL_EXPIRATION");

	(void)c;
	if (id == NULL && secret_key == NULL)
		return NOT_CONFIGURED;
	if (token == NULL)
		token = variable("AWS_SECURITY_TOKEN");	/* its older name */
	if (keys_take(found, id, secret_key, token, "environment", "environment",
	    fail) != 0)
		return BROKEN;
	if (expiry != NULL && keys_expiry(expiry, &found->keys.expires) != 0) {
		(void)fail_set(fail, FAIL_CONFIG, "AWS_CREDENTIAL_EXPIRATION "
		    "is not a time of the form 2026-11-23T13:00:00Z");
		return BROKEN;
	}
	found->account = xstrdup(variable("AWS_ACCOUNT_ID"));
	return FOUND;
}

enum verdict
environment_look(const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	/* a profile named in the configuration comes first */
	return c->options->profile != NULL ? NOT_CONFIGURED :
	    environment_keys(c, found, fail);
}
