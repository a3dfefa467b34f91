/*
 * Requests to the local services that hand out credentials, and the JSON that
 * comes back.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "keys.h"
#include "mem.h"
#include "metadata.h"
#include "sts_answer.h"
#include "sys.h"
#include "utf8.h"

#define ACCOUNT_DIGITS	12

/* --- requests --- */

void
metadata_said(const json_t *o, const struct secret *secret,
    char said[METADATA_SAID_SIZE])
{
	char *code = json_loose_text(o, "code");
	char *message = json_loose_text(o, "message");
	char *both = xasprintf("%s%s%s", code != NULL ? code : "",
	    code != NULL && message != NULL ? ": " : "",
	    message != NULL ? message : "");

	secret_mask(both, secret);	/* before a cut hides its end */
	(void)utf8_cut(both, METADATA_SAID_SIZE - 1);
	utf8_clean(both, false);
	(void)strlcpy(said, both, METADATA_SAID_SIZE);
	xfree_secret(both);
	xfree_secret(message);
	xfree_secret(code);
}

static int
refused(const struct http_answer *a, const struct metadata_request *rq,
    struct fail *fail)
{
	bool passing = a->status >= 500 || a->status == 429;
	char said[METADATA_SAID_SIZE] = "";
	struct fail ignored;
	json_t *o;

	o = json_parse(buf_text(&a->body), a->body.len, &ignored);
	if (o != NULL)
		metadata_said(o, rq->secret, said);
	json_decref(o);
	return fail_set(fail, passing ? FAIL_AGAIN : FAIL_SYSTEM,
	    "answered %ld%s%s%s", a->status, a->status / 100 == 3 ?
	    ", a redirect, which is not followed" : "",
	    said[0] != '\0' ? ": " : "", said);
}

/* One attempt. */
static int
attempt(const struct metadata *m, const struct metadata_request *rq,
    metadata_take take, void *arg, struct metadata_end *end,
    struct fail *fail)
{
	int64_t left = m->until_ms - sys_now_ms();
	struct http_request http = { .method = rq->method, .url = rq->url,
	    .headers = rq->headers, .answer_max = METADATA_ANSWER_MAX,
	    .timeout_ms = left < m->timeout_ms ? left : m->timeout_ms,
	    .private_answer = true, .no_proxy = true, .tls = m->tls };
	struct http_answer answer = { 0 };
	int rc;

	memset(end, 0, sizeof(*end));
	if (left <= 0) {
		end->late = true;
		return fail_set(fail, FAIL_AGAIN, "no time is left to ask it");
	}
	rc = http_perform(m->http, &http, &answer, fail);
	end->status = answer.status;
	end->connected = answer.sent;
	end->late = rc != 0 && answer.ms >= http.timeout_ms;
	if (rc != 0 && fail->kind == FAIL_UNSURE)
		fail->kind = FAIL_AGAIN;	/* asking twice does no harm */
	else if (rc == 0 && answer.status != 200)
		rc = refused(&answer, rq, fail);
	else if (rc == 0 && answer.body.len == 0)
		rc = fail_set(fail, FAIL_AGAIN, "sent an empty answer");
	else if (rc == 0)
		rc = take(&answer, arg, fail);
	http_answer_free(&answer);
	return rc;
}

int
metadata_get(const struct metadata *m, const struct metadata_request *rq,
    metadata_take take, void *arg, struct metadata_end *end,
    struct fail *fail)
{
	for (int i = 1;; i++) {
		if (attempt(m, rq, take, arg, end, fail) == 0)
			return 0;
		if (fail->kind != FAIL_AGAIN || i >= m->attempts ||
		    sys_now_ms() + m->pause_ms >= m->until_ms)
			break;
		sys_pause_ms(m->pause_ms);
	}
	return fail_prefix(fail, "%s %s", m->what, rq->shown);
}

/* --- answers --- */

int
metadata_take_json(const struct http_answer *a, void *arg, struct fail *fail)
{
	struct fail why;
	json_t *o = json_parse(buf_text(&a->body), a->body.len, &why);

	if (o == NULL)
		return fail_set(fail, FAIL_AGAIN, "sent no JSON: %s", why.text);
	if (!json_is_object(o)) {
		json_decref(o);
		return fail_set(fail, FAIL_AGAIN, "sent no JSON object");
	}
	*(json_t **)arg = o;
	return 0;
}

/* AccountId, else the account of RoleArn: new text, or NULL. */
static char *
account_of(const json_t *o)
{
	const char *account = json_text(o, "AccountId");
	const char *arn = json_text(o, "RoleArn");
	char of_role[ACCOUNT_DIGITS + 1] = "";

	if (account != NULL && strlen(account) == ACCOUNT_DIGITS &&
	    strspn(account, "0123456789") == ACCOUNT_DIGITS)
		return xstrdup(account);
	if (arn != NULL)
		sts_arn_account(arn, of_role);
	return of_role[0] != '\0' ? xstrdup(of_role) : NULL;
}

static const char *
time_show(char *dst, size_t size, int64_t at)
{
	time_t when = (time_t)at;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(dst, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)strlcpy(dst, "an unknown time", size);
	return dst;
}

/* Names of the members that are missing or empty. */
static int
check_members(const json_t *o, bool token_needed, struct fail *fail)
{
	static const char *const names[] = { "AccessKeyId", "SecretAccessKey",
	    "Expiration", "Token" };
	char list[64] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = json_text(o, names[i]);

		if ((value != NULL && value[0] != '\0') ||
		    (strcmp(names[i], "Token") == 0 && !token_needed &&
		    json_object_get(o, names[i]) == NULL))
			continue;
		if (list[0] != '\0')
			(void)strlcat(list, ", ", sizeof(list));
		(void)strlcat(list, names[i], sizeof(list));
	}
	return list[0] == '\0' ? 0 : fail_set(fail, FAIL_SYSTEM, "sent "
	    "credentials with these members missing or empty: %s", list);
}

static int
check_expiry(int64_t expires, const struct metadata_keys *how,
    struct aws_found *found, struct fail *fail)
{
	char then[32], now[32];

	if (expires > sys_wall())
		return 0;
	(void)time_show(then, sizeof(then), expires);
	(void)time_show(now, sizeof(now), sys_wall());
	if (!how->expired_too)
		return fail_set(fail, FAIL_SYSTEM, "sent credentials that "
		    "expired at %s; here it is %s", then, now);
	aws_found_warn(found, "the credentials of %s expired at %s, and here "
	    "it is %s: they serve as long as AWS takes them", how->where, then,
	    now);
	return 0;
}

int
metadata_keys(const json_t *o, const struct metadata_keys *how,
    struct aws_found *found, struct fail *fail)
{
	int64_t expires;

	if (check_members(o, how->token_needed, fail) != 0)
		return -1;
	if (keys_expiry(json_text(o, "Expiration"), &expires) != 0)
		return fail_set(fail, FAIL_SYSTEM, "sent an Expiration that is "
		    "not a time of the form 2026-11-23T13:00:00Z");
	if (check_expiry(expires, how, found, fail) != 0)
		return -1;
	if (keys_take(found, json_text(o, "AccessKeyId"), json_text(o,
	    "SecretAccessKey"), json_text(o, "Token"), how->source, how->where,
	    fail) != 0) {
		fail->kind = FAIL_SYSTEM;	/* no setting is wrong */
		return -1;
	}
	found->keys.expires = expires;
	found->account = account_of(o);
	return 0;
}
