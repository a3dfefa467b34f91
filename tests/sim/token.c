/*
 * CloudShell's login: tokens, their life, and the answer to a dead one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudshell.h"

struct token {
	TAILQ_ENTRY(token) next;
	double issued_ms;
	char text[];
};

static TAILQ_HEAD(, token) tokens = TAILQ_HEAD_INITIALIZER(tokens);
static struct table tokens_by_text;
static size_t ntokens;

static const char failed_token[] = "Login failed for token: %s. Please make "
    "sure the token is correct.";

static void
token_free(struct token *t)
{
	TAILQ_REMOVE(&tokens, t, next);
	table_del(&tokens_by_text, t->text);
	free(t);
	ntokens--;
}

/* Classic tokens must have the two characters that clients get wrong. */
static void
token_text(struct buf *b)
{
	unsigned char raw[16];
	char part[1600];
	int tries;

	if (strcmp(set_str("cloudshell", "token_form"), "long") == 0) {
		random_text(part, 23, "ABCDEFabcdef0123456789-_");
		buf_fmt(b, "%s^eyJhbGciOiJSUzI1NiJ9.", part);
		random_text(part, sizeof(part), "ABCDEFGHIJabcdefghij01234-_");
		part[1200] = '.';
		buf_str(b, part);
		return;
	}
	for (tries = 0; tries < 1000; tries++) {
		random_bytes(raw, sizeof(raw));
		buf_free(b);
		buf_base64(b, raw, sizeof(raw));
		if (strchr(b->data, '+') != NULL &&
		    strchr(b->data, '/') != NULL)
			break;
	}
}

static void
token_issue(struct req *r)
{
	struct buf b = { NULL, 0, 0 };
	struct token *t;

	token_text(&b);
	t = xcalloc(1, sizeof(*t) + b.len + 1);
	memcpy(t->text, b.data, b.len);
	t->issued_ms = now_ms();
	TAILQ_INSERT_TAIL(&tokens, t, next);
	table_put(&tokens_by_text, t->text, t);
	if (++ntokens > TOKENS_MAX)
		token_free(TAILQ_FIRST(&tokens));
	buf_free(&b);
	answer_json(r, 200, json_string(t->text));
}

void
token_login(struct req *r, const struct call *call)
{
	const char *user = jstr(r->json, "username");
	const char *password = jstr(r->json, "password");
	const char *domain = jstr(r->json, "domain");
	struct buf b = { NULL, 0, 0 };

	(void)call;
	if (user == NULL || password == NULL || domain == NULL) {
		cs_refuse(r, "login without username, password or domain",
		    "Username, password and domain must be specified");
		return;
	}
	if (strcmp(user, set_str("cloudshell", "user")) != 0 ||
	    strcmp(password, set_str("cloudshell", "password")) != 0 ||
	    strcmp(domain, set_str("cloudshell", "domain")) != 0) {
		buf_fmt(&b, "Login failed for user %s", user);
		req_why(r, "wrong user, password or domain");
		cs_error(r, 401, NULL, b.data);
		buf_free(&b);
		return;
	}
	token_issue(r);
}

void
token_for_user(struct req *r, const struct call *call)
{
	(void)call;
	if (jstr(r->json, "username") == NULL)
		cs_refuse(r, "no username", "Username must be specified");
	else
		token_issue(r);
}

void
token_logout(struct req *r, const struct call *call)
{
	struct token *t = table_get(&tokens_by_text, call->args[0]);

	if (t == NULL) {
		cs_not_found(r);
		return;
	}
	token_free(t);
	answer_json(r, 200, json_string("token deleted"));
}

static void
refuse_token(struct req *r, const char *token)
{
	const char *form = set_str("cloudshell", "expired_answer");
	struct buf b = { NULL, 0, 0 };

	req_why(r, "wrong or expired token");
	buf_fmt(&b, failed_token, token);
	if (strcmp(form, "500html") == 0)
		answer_text(r, 500, "text/html", "<html><body><h1>Internal "
		    "Server Error</h1></body></html>");
	else if (strcmp(form, "200error") == 0) {
		cs_error(r, 401, NULL, b.data);
		r->answer.status = 200;
	} else
		cs_error(r, (int)strtonum(form, 100, 599, NULL), NULL,
		    b.data);
	buf_free(&b);
}

bool
token_good(struct req *r)
{
	const char *value = req_header(r, "Authorization");
	struct token *t;

	if (value == NULL) {
		cs_refuse(r, "no Authorization header",
		    "The request didn't contain authentication.");
		return false;
	}
	if (strncmp(value, "Basic ", 6) != 0) {
		req_why(r, "Authorization is not Basic and the token");
		refuse_token(r, value);
		return false;
	}
	t = table_get(&tokens_by_text, value + 6);
	if (t == NULL || now_ms() - t->issued_ms >
	    (double)set_int("cloudshell", "token_life_ms")) {
		refuse_token(r, value + 6);
		return false;
	}
	return true;
}

void
token_expire(void)
{
	struct token *t;

	TAILQ_FOREACH(t, &tokens, next)
		t->issued_ms = -1e15;
}

void
token_reset(void)
{
	while (!TAILQ_EMPTY(&tokens))
		token_free(TAILQ_FIRST(&tokens));
	table_clear(&tokens_by_text);
}
