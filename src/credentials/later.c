/*
 * Providers that later versions will know. Whoever configured one of these gets
 * an error, not the credentials of another provider.
 */
#include "environment.h"
#include "later.h"

static const struct {
	const char	*name;
	const char	*what;
} later[] = {
	{ "AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity" },
};

enum verdict
later_look(const struct chain *c, struct aws_found *found, struct fail *fail)
{
	(void)c;
	(void)found;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (variable(later[i].name) == NULL)
			continue;
		(void)fail_set(fail, FAIL_CONFIG, "%s is set: %s is not "
		    "supported yet; set AWS_ACCESS_KEY_ID and "
		    "AWS_SECRET_ACCESS_KEY, or name a profile that has keys",
		    later[i].name, later[i].what);
		return BROKEN;
	}
	return NOT_CONFIGURED;
}
