/*
 * Who may sign: the worker's keys from the settings, and the artifact
 * credentials that each delivery of a job hands out.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+/";

static TAILQ_HEAD(, cred) creds = TAILQ_HEAD_INITIALIZER(creds);
static struct table creds_by_id;
static size_t ncreds;

static void
cred_free(struct cred *c)
{
	TAILQ_REMOVE(&creds, c, next);
	table_del(&creds_by_id, c->id);
	free(c->token);
	free(c);
	ncreds--;
}

struct cred *
cred_issue(struct job *job)
{
	struct cred *c = xcalloc(1, sizeof(*c));

	memcpy(c->id, "ASIA", 4);
	random_text(c->id + 4, sizeof(c->id) - 4,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
	random_text(c->secret, sizeof(c->secret), letters);
	c->token = xcalloc(1, 401);
	random_text(c->token, 401, letters);
	memcpy(c->token, "IQoJb3JpZ2lu", 12);
	c->job = job;
	c->issued_ms = now_ms();
	TAILQ_INSERT_TAIL(&creds, c, next);
	table_put(&creds_by_id, c->id, c);
	if (++ncreds > CREDS_MAX)
		cred_free(TAILQ_FIRST(&creds));
	return c;
}

struct cred *
cred_find(const char *id)
{
	return table_get(&creds_by_id, id);
}

json_t *
creds_of_job(const struct job *job)
{
	json_t *list = json_array();
	struct cred *c;

	TAILQ_FOREACH(c, &creds, next)
		if (c->job == job)
			json_array_append_new(list, json_pack("{ss ss ss}",
			    "accessKeyId", c->id, "secretAccessKey", c->secret,
			    "sessionToken", c->token));
	return list;
}

void
cred_reset(void)
{
	while (!TAILQ_EMPTY(&creds))
		cred_free(TAILQ_FIRST(&creds));
	table_clear(&creds_by_id);
}

bool
worker_secret(const char *id, const char **secret, const char **token)
{
	if (strcmp(id, set_str("codepipeline", "worker_key")) == 0) {
		*secret = set_str("codepipeline", "worker_secret");
		*token = set_str("codepipeline", "worker_token");
		return true;
	}
	*secret = jstr(set_get("codepipeline", "extra_workers"), id);
	return *secret != NULL;
}
