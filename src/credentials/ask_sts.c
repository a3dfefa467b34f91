/*
 * Asking STS with the settings of a look-up.
 */
#include <stdlib.h>
#include <string.h>

#include "ask_sts.h"
#include "ec2.h"
#include "mem.h"
#include "settings.h"
#include "sys.h"
#include "user_agent.h"

int
sts_way_open(struct sts_way *way, const struct chain *c,
    struct aws_found *found, struct fail *fail)
{
	struct aws_client *client = &way->client;

	memset(way, 0, sizeof(*way));
	if (settings_sts_legacy(c, &way->place.legacy, fail) != 0 ||
	    settings_endpoint(c, "sts", "AWS_ENDPOINT_URL_STS",
	    &way->place.endpoint, fail) != 0)
		return -1;
	way->region = xstrdup(settings_region(c));
	if (way->region == NULL)
		way->region = ec2_region(c, found);
	way->place.region = way->region;
	way->place.fips = settings_flag(c, "AWS_USE_FIPS_ENDPOINT",
	    "use_fips_endpoint");
	way->place.dualstack = settings_flag(c, "AWS_USE_DUALSTACK_ENDPOINT",
	    "use_dualstack_endpoint");
	way->user_agent = user_agent("quali-job-worker", c->app_id);
	client->user_agent = way->user_agent;
	client->ca_file = settings_ca_bundle(c);
	client->attempts = c->attempts < AWS_ATTEMPTS_MAX ? c->attempts :
	    AWS_ATTEMPTS_MAX;
	client->timeout_ms = STS_TIMEOUT_MS;
	client->until_ms = sys_now_ms() + STS_CALL_MS;
	aws_client_open(client);
	return 0;
}

void
sts_way_close(struct sts_way *way)
{
	aws_client_close(&way->client);
	free(way->user_agent);
	free(way->region);
	memset(way, 0, sizeof(*way));
}

static void
advise(const struct aws_error *e, struct fail *fail)
{
	if (strcmp(e->code, "AccessDenied") == 0)
		(void)fail_add(fail, "The role's trust policy must allow it, "
		    "and so must the caller's own policy");
	else if (strcmp(e->code, "RegionDisabledException") == 0)
		(void)fail_add(fail, "Activate STS for this region in the "
		    "account's settings of IAM, or set another region");
	else if (strcmp(e->code, "InvalidIdentityToken") == 0 ||
	    strcmp(e->code, "ExpiredTokenException") == 0)
		(void)fail_add(fail, "See that somebody renews the token");
}

enum verdict
sts_way_end(int rc, struct credentials *keys, const struct sts_identity *who,
    const struct aws_error *e, const char *source, const char *where,
    struct aws_found *found, struct fail *fail)
{
	if (rc != 0) {
		credentials_free(keys);
		(void)fail_prefix(fail, "%s", where);
		advise(e, fail);
		return BROKEN;
	}
	found->keys = *keys;
	memset(keys, 0, sizeof(*keys));
	found->source = xstrdup(source);
	found->origin = xstrdup(where);
	if (who->account[0] != '\0')
		found->account = xstrdup(who->account);
	return FOUND;
}
