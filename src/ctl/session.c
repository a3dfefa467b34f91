/*
 * Credentials and region of somebody who calls qualictl.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys.h"
#include "mem.h"
#include "out.h"
#include "service.h"
#include "session.h"
#include "sts_call.h"
#include "user_agent.h"

/* What the service would find; with settings of one's own, what a worker that
 * is started by hand would find. */
static int
service_keys(const struct ctl *ctl, struct keys_place *place,
    struct session *s, struct fail *fail)
{
	struct service *service = NULL;
	bool none;
	int rc;

	place->lookup.profile = ctl->conf.aws.profile;
	place->lookup.config_file = ctl->conf.aws.config_file;
	place->lookup.credentials_file = ctl->conf.aws.credentials_file;
	if (ctl->installed) {
		service = service_load(SERVICE_DIR);
		place->env = service->env;
	}
	rc = keys_find(place, &s->found, &none, fail);
	if (rc != 0 && service != NULL && service->env_unread)
		(void)fail_add(fail, "%s", service->why.text);
	service_free(service);
	return rc;
}

int
session_keys(struct ctl *ctl, struct session *s, struct fail *fail)
{
	const char *region = ctl->region != NULL ? ctl->region :
	    ctl->conf.aws.region;
	char *program = xasprintf("%s/aws-credentials",
	    ctl->conf.worker.libexec_dir);
	struct keys_place place = { .lookup = { .program = program,
	    .profile = ctl->profile, .region = region,
	    .ca_file = ctl->conf.aws.ca_file,
	    .metadata_v1 = ctl->conf.aws.metadata_v1 }, .env = environ };
	struct fail theirs;
	bool none;
	int rc;

	memset(s, 0, sizeof(*s));
	rc = keys_find(&place, &s->found, &none, fail);
	if (rc != 0 && none && ctl->profile == NULL) {
		rc = service_keys(ctl, &place, s, &theirs);
		s->of_service = rc == 0;
		if (rc == 0)
			out_error("you have no AWS credentials of your own: "
			    "these are the worker's (%s)",
			    s->found.origin != NULL ? s->found.origin :
			    "of unknown origin");
		else if (strcmp(fail->text, theirs.text) != 0)
			(void)fail_add(fail, "The worker's: %s", theirs.text);
	}
	free(program);
	for (size_t i = 0; rc == 0 && i < s->found.nwarnings; i++)
		out_error("%s", s->found.warning[i]);
	return rc;
}

int
session_open(struct ctl *ctl, struct session *s, struct fail *fail)
{
	if (session_keys(ctl, s, fail) != 0)
		return -1;
	return api_open(&s->api, &ctl->conf, &s->found, fail);
}

int
session_identity(const struct ctl *ctl, const struct session *s,
    struct sts_identity *who, struct fail *fail)
{
	const struct aws_found *f = &s->found;
	char *agent = user_agent("quali-job-worker", f->app_id);
	struct aws_client client = { .ca_file = ctl->conf.aws.ca_file != NULL ?
	    ctl->conf.aws.ca_file : f->ca_bundle, .user_agent = agent,
	    .timeout_ms = API_TIMEOUT_MS, .attempts = f->max_attempts };
	struct sts_place place = { .region = f->region,
	    .endpoint = f->endpoint[AWS_STS], .fips = f->use_fips,
	    .dualstack = f->use_dualstack };
	struct aws_error e;
	int rc;

	aws_client_open(&client);
	rc = sts_call_identity(&client, &place, &f->keys, who, &e, fail);
	aws_client_close(&client);
	free(agent);
	return rc;
}

void
session_close(struct session *s)
{
	api_close(&s->api);
	aws_found_free(&s->found);
}
