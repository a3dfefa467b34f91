/*
 * Log in and out (cloudshell-sandbox-api 3).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "client.h"
#include "json.h"
#include "login.h"
#include "mem.h"
#include "retry.h"
#include "sys.h"

static json_t *
login_body(const struct cs_client *c, struct fail *fail)
{
	const struct secret *password = c->set->password;
	json_t *body, *v = NULL;

	if (password != NULL) {
		v = json_stringn(secret_open(password), secret_len(password));
		secret_close(password);
	}
	if (v == NULL) {
		(void)fail_set(fail, FAIL_CONFIG, "the password of CloudShell "
		    "user \"%s\" is %s; correct the worker's password file",
		    c->set->user,
		    password == NULL ? "not set" : "not UTF-8 text");
		return NULL;
	}
	body = json_object();
	json_put_text(body, "username", c->set->user);
	(void)json_object_set_new(body, "password", v);
	json_put_text(body, "domain", c->set->domain);
	return body;
}

/* The token goes into a header unchanged. */
static bool
token_valid(const json_t *token)
{
	const char *s = json_string_value(token);
	size_t i, len = json_string_length(token);

	for (i = 0; i < len; i++)
		if (!isgraph((unsigned char)s[i]))
			return false;
	return len > 0 && len <= CS_LOGIN_MAX;
}

static int
not_cloudshell(const struct cs_client *c, const struct cs_answer *a,
    struct fail *fail)
{
	char text[CS_TEXT_MAX + 80];

	return fail_set(fail, FAIL_CONFIG, "%s is not a CloudShell Sandbox "
	    "API: the worker does not understand its answer to the login%s; "
	    "set the worker's CloudShell url to http://host:82, "
	    "https://host:3443 or what this server uses", c->shown,
	    answer_clause(a, text, sizeof(text)));
}

/* Texts for what is usually wrong with a login. */
static int
login_fail(struct cs_client *c, const struct cs_answer *a, struct fail *fail)
{
	char text[CS_TEXT_MAX + 80];

	(void)answer_clause(a, text, sizeof(text));
	switch (a->verdict) {
	case VERDICT_FORBIDDEN:
	case VERDICT_MISSING:
	case VERDICT_NO_API:
	case VERDICT_REFUSED:
		if (!a->api_error)
			return not_cloudshell(c, a, fail);
		/* FALLTHROUGH */
	case VERDICT_AUTH:
		free(c->refusal);
		c->refusal = xasprintf("CloudShell refused the login of user "
		    "\"%s\" to domain \"%s\"%s; check the worker's user, "
		    "password and domain", c->set->user, c->set->domain,
		    text);
		return fail_set(fail, FAIL_PERMISSION, "%s", c->refusal);
	case VERDICT_GARBLED:
	case VERDICT_TOO_LARGE:		/* a page, not a token */
		return not_cloudshell(c, a, fail);
	case VERDICT_UNREACHED:
	case VERDICT_LOST:
		return fail_set(fail, FAIL_SYSTEM, "CloudShell cannot be "
		    "reached at %s%s; check that the server runs, that the "
		    "worker's CloudShell url is right, and that no firewall "
		    "blocks the way", c->shown, text);
	case VERDICT_BROKEN:
		return fail_set(fail, FAIL_SYSTEM, "CloudShell at %s fails "
		    "when the worker logs in%s; check that its services run",
		    c->shown, text);
	case VERDICT_FINAL:
		if (a->kind == FAIL_CONFIG)
			return fail_set(fail, FAIL_CONFIG, "cannot log in to "
			    "CloudShell at %s%s", c->shown, text);
		return -1;
	default:
		return -1;	/* the text of answer_fail says it */
	}
}

/* Gives up early on a server that never accepted a login. */
static int64_t
patience(const struct cs_client *c)
{
	int64_t half = c->set->remaining(c->set->arg) / 2;

	if (c->reached)
		return 0;
	if (half < CS_CALL_MIN_MS)
		return CS_CALL_MIN_MS;
	return half < CS_PATIENCE_MS ? half : CS_PATIENCE_MS;
}

int
cs_login(struct cs_client *c, struct fail *fail)
{
	return login_within(c, 0, fail);
}

int
login_within(struct cs_client *c, int64_t patience_ms, struct fail *fail)
{
	struct cs_request r = { .what = "log in", .method = "PUT",
	    .path = "/api/login", .want = JSON_STRING,
	    .answer_max = CS_LOGIN_MAX, .login = true,
	    .hurried = patience_ms > 0 };
	struct cs_answer a;
	json_t *body;
	int rc;

	if (c->refusal != NULL)
		return fail_set(fail, FAIL_PERMISSION, "%s", c->refusal);
	if ((body = login_body(c, fail)) == NULL)
		return -1;
	r.body = body;
	r.patience_ms = patience(c);
	if (patience_ms > 0 &&
	    (r.patience_ms == 0 || patience_ms < r.patience_ms))
		r.patience_ms = patience_ms;
	rc = cs_retry(c, &r, NULL, &a, fail);
	if (rc != 0) {
		/* unless a stop ended a pause: then fail says so */
		if (fail == NULL || fail->kind != FAIL_STOPPED)
			(void)login_fail(c, &a, fail);
	} else if (!token_valid(a.json)) {
		rc = not_cloudshell(c, &a, fail);
	} else {
		secret_free(c->token);
		c->token = secret_new(json_string_value(a.json),
		    json_string_length(a.json));
		c->token_ms = sys_now_ms();
		c->reached = true;
	}
	answer_free(&a);
	json_decref(body);
	return rc;
}

/* Tried once, briefly: older servers lack the call, and nothing depends on
 * it. */
void
cs_logout(struct cs_client *c)
{
	struct cs_request r = { .what = "log out", .method = "DELETE",
	    .show = "/api/token/***", .want = WANT_ANY,
	    .answer_max = CS_LOGIN_MAX };
	struct cs_answer a = { 0 };
	struct buf path;

	if (c->token == NULL)
		return;
	buf_init(&path, 3 * CS_LOGIN_MAX + 64);
	if (buf_adds(&path, "/api/token/") == 0 &&
	    buf_add_encoded(&path, secret_open(c->token), "") == 0) {
		r.path = buf_text(&path);
		cs_exchange(c, &r, 1, &a);
	}
	secret_close(c->token);
	buf_free(&path);
	answer_free(&a);
	secret_free(c->token);
	c->token = NULL;
}
