/*
 * The worker's own AWS credentials and the AWS settings found with them:
 * aws-credentials looks them up, guarded memory keeps them, and they are
 * renewed before they expire.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws_found.h"
#include "aws_keys.h"
#include "lookup.h"
#include "mem.h"
#include "sys.h"
#include "timer.h"
#include "user_agent.h"

#define PROGRAM		"quali-job-worker"
#define RENEW_S		600	/* before the end; half the life if shorter */
#define RENEW_SPREAD_S	60	/* at random, so that workers do not all ask at
				   once */
#define RETRY_MS	2000	/* after a failure, growing ... */
#define RETRY_MAX_MS	300000	/* ... to this */
#define PAUSE_MS	5000	/* least time between the starts of two
				   look-ups */
#define LOOK_MS		60000	/* look this often, since somebody may set the
				   wall clock */

struct aws_keys {
	sd_event		*event;
	sd_event_source		*timer;
	const struct conf	*conf;
	aws_keys_changed	 changed;
	void			*arg;
	struct lookup		*lookup;	/* NULL: none runs */
	int64_t			 began_ms;	/* when the last one began; 0:
						   never */
	int64_t			 renew_wall;	/* 0: when the timer runs out */
	unsigned		 failures;	/* in a row */
	struct aws_found	 now;
	char			*user_agent;
	char			 error[1024];
};

/* --- when the next look-up is due --- */

static int	on_timer(sd_event_source *, uint64_t, void *);

static void
arm(struct aws_keys *s, int64_t ms)
{
	timer_in(s->event, &s->timer, ms, on_timer, s);
}

static void
retry_later(struct aws_keys *s)
{
	s->renew_wall = 0;
	arm(s, sys_backoff_ms(s->failures, RETRY_MS, RETRY_MAX_MS));
	s->failures++;
}

/* Seconds to wait before renewing credentials that live so long. */
static int64_t
renew_after(int64_t life)
{
	int64_t wait = life < 2 * RENEW_S ? life / 2 : life - RENEW_S;
	int64_t spread = wait / 2 < RENEW_SPREAD_S ? wait / 2 : RENEW_SPREAD_S;

	return wait - arc4random_uniform((uint32_t)spread + 1);
}

/* before: when the former ones expire, to notice a source that has no newer
 * ones. */
static void
plan_renewal(struct aws_keys *s, int64_t before)
{
	int64_t now = sys_wall(), expires = s->now.keys.expires;

	if (expires == 0) {
		s->failures = 0;
		timer_off(s->timer);
		return;
	}
	if (expires - now < 2 ||
	    (expires == before && expires - now <= RENEW_S)) {
		retry_later(s);
		return;
	}
	s->failures = 0;
	s->renew_wall = now + renew_after(expires - now);
	arm(s, 0);		/* on_timer waits for the wall clock */
}

/* --- look-ups --- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_warnings(const struct aws_found *a, const struct aws_found *b)
{
	for (size_t i = 0; i < a->nwarnings && i < b->nwarnings; i++)
		if (strcmp(a->warning[i], b->warning[i]) != 0)
			return false;
	return a->nwarnings == b->nwarnings;
}

static bool
same_finding(const struct aws_found *a, const struct aws_found *b)
{
	return same_warnings(a, b) && same_text(a->account, b->account) &&
	    same_text(a->origin, b->origin) &&
	    same_text(a->keys.access_key_id, b->keys.access_key_id) &&
	    secret_equal(a->keys.secret_key, b->keys.secret_key) &&
	    secret_equal(a->keys.token, b->keys.token) &&
	    a->keys.expires == b->keys.expires &&
	    same_text(a->region, b->region);
}

static void
looked_up(const struct buf *answer, const char *error, void *arg)
{
	struct aws_keys *s = arg;
	struct aws_found found;
	struct fail fail = { 0 };
	int64_t before = s->now.keys.expires;
	bool same = false;

	s->lookup = NULL;
	memset(&found, 0, sizeof(found));
	if (answer != NULL && aws_found_read(&found, buf_text(answer),
	    answer->len, &fail) != 0)
		error = fail.text;
	if (error != NULL) {
		aws_found_free(&found);
		(void)strlcpy(s->error, error, sizeof(s->error));
		retry_later(s);
	} else {
		same = s->error[0] == '\0' && same_finding(&s->now, &found);
		aws_found_free(&s->now);
		s->now = found;
		free(s->user_agent);
		s->user_agent = user_agent(PROGRAM, s->now.app_id);
		s->error[0] = '\0';
		plan_renewal(s, before);
	}
	/* comes last: it may stop the source */
	if (!same)
		s->changed(error == NULL, s->arg);
}

static void
begin(struct aws_keys *s)
{
	struct fail fail;

	s->began_ms = sys_now_ms();
	s->renew_wall = 0;
	s->lookup = lookup_start(s->event, s->conf, looked_up, s, &fail);
	if (s->lookup == NULL)
		looked_up(NULL, fail.text, s);
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct aws_keys *s = arg;
	int64_t left = s->renew_wall - sys_wall();

	(void)source;
	(void)usec;
	if (s->lookup != NULL)
		return 0;
	if (s->renew_wall != 0 && left > 0)
		arm(s, left * 1000 < LOOK_MS ? left * 1000 : LOOK_MS);
	else
		begin(s);
	return 0;
}

/* --- for the others --- */

bool
aws_keys_looking(const struct aws_keys *s)
{
	return s->now.keys.access_key_id == NULL && s->error[0] == '\0';
}

struct aws_keys *
aws_keys_new(sd_event *event, const struct conf *conf,
    aws_keys_changed changed, void *arg)
{
	struct aws_keys *s = xcalloc(1, sizeof(*s));

	s->event = sd_event_ref(event);
	s->conf = conf;
	s->changed = changed;
	s->arg = arg;
	s->user_agent = user_agent(PROGRAM, NULL);
	arm(s, 0);
	return s;
}

void
aws_keys_stop(struct aws_keys *s)
{
	if (s == NULL)
		return;
	lookup_stop(s->lookup);
	(void)sd_event_source_disable_unref(s->timer);
	(void)sd_event_unref(s->event);
	aws_found_free(&s->now);
	free(s->user_agent);
	free(s);
}

void
aws_keys_refresh(struct aws_keys *s)
{
	int64_t since = sys_now_ms() - s->began_ms;

	if (s->lookup != NULL)
		return;
	s->renew_wall = 0;
	arm(s, s->began_ms == 0 || since >= PAUSE_MS ? 0 : PAUSE_MS - since);
}

const struct credentials *
aws_keys_get(const struct aws_keys *s)
{
	return s->now.keys.access_key_id != NULL ? &s->now.keys : NULL;
}

const char *
aws_keys_region(const struct aws_keys *s)
{
	const char *configured = s->conf->aws.region;

	if (configured != NULL && configured[0] != '\0')
		return configured;
	return s->now.region != NULL ? s->now.region : "";
}

const char *
aws_keys_origin(const struct aws_keys *s)
{
	return s->now.origin != NULL ? s->now.origin : "";
}

const char *
aws_keys_account(const struct aws_keys *s)
{
	return s->now.account != NULL ? s->now.account : "";
}

const char *
aws_keys_warning(const struct aws_keys *s, size_t i)
{
	return i < s->now.nwarnings ? s->now.warning[i] : NULL;
}

const char *
aws_keys_error(const struct aws_keys *s)
{
	return s->error;
}

const char *
aws_keys_endpoint(const struct aws_keys *s, enum aws_service service)
{
	return s->now.endpoint[service];
}

const char *
aws_keys_ca_bundle(const struct aws_keys *s)
{
	return s->conf->aws.ca_file != NULL ? s->conf->aws.ca_file :
	    s->now.ca_bundle;
}

bool
aws_keys_use_fips(const struct aws_keys *s)
{
	return s->now.use_fips;
}

bool
aws_keys_use_dualstack(const struct aws_keys *s)
{
	return s->now.use_dualstack;
}

int
aws_keys_max_attempts(const struct aws_keys *s)
{
	return s->now.max_attempts;
}

const char *
aws_keys_user_agent(const struct aws_keys *s)
{
	return s->user_agent;
}

pid_t
aws_keys_child(const struct aws_keys *s)
{
	return s->lookup != NULL ? lookup_pid(s->lookup) : -1;
}
