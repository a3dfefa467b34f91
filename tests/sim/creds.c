/*
 * Who may sign: the worker's keys from the settings, sessions that STS and
 * the metadata endpoints hand out, which may do what the worker may, and the
 * artifact credentials that come with each delivery of a job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define USER_ID		"AIDASIMULATEDUSER0001"
#define ROLE_ID		"AROASIMULATEDROLE0001"

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
	free(c->role);
	free(c->name);
	free(c);
	ncreds--;
}

static struct cred *
cred_new(const char *origin, struct job *job)
{
	struct cred *c = xcalloc(1, sizeof(*c));

	memcpy(c->id, "ASIA", 4);
	random_text(c->id + 4, sizeof(c->id) - 4,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
	random_text(c->secret, sizeof(c->secret), letters);
	c->token = xcalloc(1, 401);
	random_text(c->token, 401, letters);
	memcpy(c->token, "IQoJb3JpZ2lu", 12);
	c->origin = origin;
	c->job = job;
	c->issued_ms = now_ms();
	TAILQ_INSERT_TAIL(&creds, c, next);
	table_put(&creds_by_id, c->id, c);
	if (++ncreds > CREDS_MAX)
		cred_free(TAILQ_FIRST(&creds));
	return c;
}

struct cred *
cred_issue(struct job *job)
{
	return cred_new("job", job);
}

/* role: its ARN or its name; name: of the session. */
struct cred *
cred_session(const char *origin, const char *role, const char *name,
    int64_t life_ms)
{
	struct cred *c = cred_new(origin, NULL);
	const char *slash = strrchr(role, '/');

	c->role = xstrdup(slash == NULL ? role : slash + 1);
	c->name = xstrdup(name);
	c->life_ms = life_ms;
	return c;
}

struct cred *
cred_find(const char *id)
{
	return table_get(&creds_by_id, id);
}

bool
cred_expired(const struct cred *c)
{
	int64_t life_ms = c->job != NULL ?
	    set_int("codepipeline", "job_token_life_ms") :
	    c->life_ms + set_int("codepipeline", "session_grace_ms");

	return now_ms() - c->issued_ms > (double)life_ms;
}

/* The Expiration to print, TIME_MAX bytes, by the service's clock. */
void
cred_expiration_text(const struct cred *c, const char *service, char *text)
{
	double left_ms = c->issued_ms + (double)c->life_ms - now_ms();

	time_text(text, (time_t)(now_wall() + left_ms / 1e3) +
	    (time_t)set_int(service, "clock_offset_s"));
}

/* They sign without one from now on. */
void
cred_token_drop(struct cred *c)
{
	free(c->token);
	c->token = NULL;
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

/* --- sessions --- */

json_t *
sessions_list(void)
{
	json_t *list = json_array();
	struct buf arn;
	struct cred *c;

	TAILQ_FOREACH(c, &creds, next) {
		if (c->job != NULL)
			continue;
		memset(&arn, 0, sizeof(arn));
		cred_arn(c, &arn);
		json_array_append_new(list, json_pack("{ss ss ss ss? ss sb}",
		    "origin", c->origin, "accessKeyId", c->id,
		    "secretAccessKey", c->secret, "sessionToken", c->token,
		    "arn", arn.data, "expired", cred_expired(c)));
		buf_free(&arn);
	}
	return json_pack("{so}", "sessions", list);
}

/* All of them, or those of one origin. */
void
sessions_expire(const char *origin)
{
	struct cred *c;

	TAILQ_FOREACH(c, &creds, next)
		if (c->job == NULL &&
		    (origin == NULL || strcmp(origin, c->origin) == 0))
			c->life_ms = INT64_MIN / 2;
}

/* --- identities --- */

static const char *
partition(void)
{
	const char *region = set_str("codepipeline", "region");

	if (strncmp(region, "cn-", 3) == 0)
		return "aws-cn";
	if (strncmp(region, "us-gov-", 7) == 0)
		return "aws-us-gov";
	return "aws";
}

/* service and what follows the account. */
void
arn_make(struct buf *b, const char *service, const char *resource)
{
	buf_fmt(b, "arn:%s:%s:%s:%s:%s", partition(), service,
	    strcmp(service, "codepipeline") == 0 ?
	    set_str("codepipeline", "region") : "",
	    set_str("codepipeline", "account"), resource);
}

void
cred_arn(const struct cred *c, struct buf *b)
{
	struct buf resource = { NULL, 0, 0 };

	if (c->job != NULL)
		buf_fmt(&resource, "assumed-role/sim-pipeline/%s", c->job->id);
	else
		buf_fmt(&resource, "assumed-role/%s/%s", c->role, c->name);
	arn_make(b, "sts", resource.data);
	buf_free(&resource);
}

static bool
worker_is(const char *id)
{
	return strcmp(id, set_str("codepipeline", "worker_key")) == 0;
}

/* Of whoever signed the request. */
void
caller_arn(const struct req *r, struct buf *b)
{
	struct buf resource = { NULL, 0, 0 };

	if (r->cred != NULL) {
		cred_arn(r->cred, b);
		return;
	}
	buf_fmt(&resource, "user/%s", worker_is(r->sig_key) ? "sim-worker" :
	    r->sig_key);
	arn_make(b, "iam", resource.data);
	buf_free(&resource);
}

void
caller_user_id(const struct req *r, struct buf *b)
{
	if (r->cred == NULL)
		buf_str(b, USER_ID);
	else
		cred_user_id(r->cred, b);
}

void
cred_user_id(const struct cred *c, struct buf *b)
{
	buf_fmt(b, "%s:%s", ROLE_ID, c->job != NULL ? c->job->id : c->name);
}

bool
worker_secret(const char *id, const char **secret, const char **token)
{
	if (worker_is(id)) {
		*secret = set_str("codepipeline", "worker_secret");
		*token = set_str("codepipeline", "worker_token");
		return true;
	}
	*secret = jstr(set_get("codepipeline", "extra_workers"), id);
	return *secret != NULL;
}
