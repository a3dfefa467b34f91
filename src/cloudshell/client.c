/*
 * The CloudShell client: one request with its retry rule, described in
 * client.h.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "json.h"
#include "mem.h"
#include "sys.h"

enum step {
	STEP_END,
	STEP_WAIT,
	STEP_LOGIN,
	STEP_LOGIN_OLD,		/* if the token is old */
};

static const struct rule {
	enum step	many, once;	/* may be repeated or not */
	enum fail_kind	many_kind, once_kind;	/* if it ends here */
} rules[VERDICT_MAX] = {
	[VERDICT_AUTH] = { STEP_LOGIN, STEP_LOGIN,
	    FAIL_PERMISSION, FAIL_PERMISSION },
	[VERDICT_FORBIDDEN] = { STEP_LOGIN, STEP_LOGIN,
	    FAIL_PERMISSION, FAIL_PERMISSION },
	[VERDICT_MISSING] = { STEP_LOGIN_OLD, STEP_END,
	    FAIL_REVISION, FAIL_REVISION },
	[VERDICT_CONFLICT] = { STEP_END, STEP_END, FAIL_JOB, FAIL_JOB },
	[VERDICT_QUOTA] = { STEP_WAIT, STEP_WAIT, FAIL_SYSTEM, FAIL_AGAIN },
	[VERDICT_NO_API] = { STEP_END, STEP_END, FAIL_CONFIG, FAIL_CONFIG },
	[VERDICT_REFUSED] = { STEP_END, STEP_END, FAIL_JOB, FAIL_JOB },
	[VERDICT_REDIRECT] = { STEP_END, STEP_END, FAIL_CONFIG, FAIL_CONFIG },
	[VERDICT_BROKEN] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_GARBLED] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_UNREACHED] = { STEP_WAIT, STEP_WAIT, FAIL_SYSTEM, FAIL_AGAIN },
	[VERDICT_LOST] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_TOO_LARGE] = { STEP_END, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_FINAL] = { STEP_END, STEP_END, FAIL_SYSTEM, FAIL_SYSTEM },
};

/* One call of cs_ask: what it has gone through. */
struct trial {
	int		 tries, logins, waits;
	enum verdict	 last;
	int		 row;		/* of the same verdict */
	int64_t		 began_ms;	/* time that remained then */
};

struct cs_client *
cs_client_new(const struct cs_settings *set, struct http_client *http)
{
	struct cs_client *c;
	char host[280];
	size_t len;

	assert(set->url != NULL && set->pause != NULL &&
	    set->remaining != NULL);
	c = xcalloc(1, sizeof(*c));
	c->set = set;
	c->http = http;
	len = strlen(set->url);
	while (len > 0 && set->url[len - 1] == '/')
		len--;
	c->base = xstrndup(set->url, len);
	http_url_show(host, sizeof(host), c->base);
	len = strlen(host);
	while (len > 0 && host[len - 1] == '/')
		host[--len] = '\0';
	if (strncasecmp(c->base, "https:", 6) == 0)
		strlcpy(c->shown, "https://", sizeof(c->shown));
	else
		strlcpy(c->shown, "http://", sizeof(c->shown));
	strlcat(c->shown, host, sizeof(c->shown));
	return c;
}

void
cs_client_free(struct cs_client *c)
{
	if (c == NULL)
		return;
	secret_free(c->token);
	free(c->refusal);
	xfree_secret(c->base);	/* may hold user and password */
	free(c);
}

int
cs_path(struct buf *path, struct fail *f, ...)
{
	const char *part;
	va_list ap;
	int rc = 0;

	buf_init(path, CS_PATH_MAX);
	(void)buf_adds(path, "/api/v2");
	va_start(ap, f);
	while (rc == 0 && (part = va_arg(ap, const char *)) != NULL) {
		if (part[0] == '\0' || strcmp(part, ".") == 0 ||
		    strcmp(part, "..") == 0)
			rc = fail_set(f, FAIL_CONFIG,
			    "\"%s\" cannot be a name in CloudShell", part);
		else if (buf_adds(path, "/") == -1 ||
		    buf_add_encoded(path, part, "") == -1)
			rc = fail_set(f, FAIL_CONFIG,
			    "name too long for CloudShell (%zu bytes)",
			    strlen(part));
	}
	va_end(ap);
	return rc;
}

static int64_t
time_limit(const struct cs_client *c, const struct cs_request *r)
{
	int64_t left, ms;

	ms = r->once ? CS_START_MS(c->set->timeout_ms) : c->set->timeout_ms;
	if (r->patience_ms > 0 && ms > r->patience_ms)
		ms = r->patience_ms;
	/* Whoever keeps the deadline cuts the call: it must not end by itself
	 * just before, with a text of its own. */
	left = c->set->remaining(c->set->arg) + CS_LATE_MS;
	if (ms > left)
		ms = left;
	return ms < CS_CALL_MIN_MS ? CS_CALL_MIN_MS : ms;
}

/* The header, with the token exactly as it was received (2.2). */
static void
add_authorization(const struct cs_client *c, struct buf *header)
{
	buf_init(header, CS_LOGIN_MAX + 64);
	if (c->token == NULL)
		return;
	if (buf_adds(header, "Authorization: Basic ") == -1 ||
	    buf_add(header, secret_open(c->token),
	    secret_len(c->token)) == -1)
		buf_clear(header);
	secret_close(c->token);
}

static void
tell(const struct cs_client *c, const struct cs_request *r, int attempt,
    const struct http_answer *h, const char *error)
{
	char *url, where[512];

	if (c->set->called == NULL)
		return;
	url = xasprintf("%s%s", c->shown, r->show ? r->show : r->path);
	c->set->called(r->method, http_url_show(where, sizeof(where), url),
	    h->status, h->ms, attempt, error, c->set->arg);
	free(url);
}

void
cs_exchange(struct cs_client *c, const struct cs_request *r, int attempt,
    struct cs_answer *a)
{
	struct http_request q = { .method = r->method };
	struct http_answer h = { 0 };
	struct fail f = { 0 };
	struct buf header;
	const char *headers[] = { "Content-Type: application/json",
	    "Accept: application/json", NULL, NULL };
	char *body = NULL, *url;

	answer_free(a);
	url = xasprintf("%s%s", c->base, r->path);
	buf_init(&header, 0);
	if (!r->login) {
		add_authorization(c, &header);
		headers[2] = header.len > 0 ? buf_text(&header) : NULL;
	}
	if (r->body != NULL)
		body = json_line(r->body);
	q.url = url;
	q.headers = headers;
	q.body = body;
	q.body_len = body == NULL ? 0 : strlen(body);
	q.answer_max = r->answer_max ? r->answer_max : CS_ANSWER_MAX;
	q.timeout_ms = time_limit(c, r);
	q.once = r->once;
	q.tls = &c->set->tls;
	q.user_agent = "quali-job-worker/" VERSION;

	if (http_perform(c->http, &q, &h, &f) == -1) {
		answer_lost(c, r, &h, &f, a);
		tell(c, r, attempt, &h, a->message);
	} else {
		answer_read(c, r, &h, a);
		tell(c, r, attempt, &h, NULL);
	}
	a->tries = attempt;
	http_answer_free(&h);
	buf_free(&header);
	xfree_secret(body);
	xfree_secret(url);	/* that of a log-out holds the token */
}

static bool
token_older(const struct cs_client *c, int64_t ms)
{
	return sys_now_ms() - c->token_ms > ms;
}

/* The table's step, bounded by what was tried already. */
static enum step
next_step(const struct cs_client *c, const struct cs_request *r,
    const struct cs_answer *a, const struct trial *t)
{
	enum step s;

	s = r->once ? rules[a->verdict].once : rules[a->verdict].many;
	switch (s) {
	case STEP_LOGIN_OLD:
		if (strcmp(r->method, "GET") != 0 ||
		    !token_older(c, CS_TOKEN_DOUBT_MS))
			return STEP_END;
		/* FALLTHROUGH */
	case STEP_LOGIN:
		if (r->login || (t->logins > 0 &&
		    !token_older(c, CS_TOKEN_DOUBT_MS)))
			return STEP_END;
		return STEP_LOGIN;
	case STEP_WAIT:
		if ((r->tries_max > 0 && t->tries >= r->tries_max) ||
		    (a->verdict == VERDICT_GARBLED &&
		    t->row >= CS_GARBLED_MAX))
			return STEP_END;
		/* some servers answer an expired token with HTTP 500 */
		if (a->verdict == VERDICT_BROKEN && a->status == 500 &&
		    t->row == 2 && t->logins == 0 && !r->login)
			return STEP_LOGIN;
		return STEP_WAIT;
	default:
		return STEP_END;
	}
}

/* How long to wait; -1 if patience or time does not reach that far. */
static int64_t
next_pause(const struct cs_client *c, const struct cs_request *r,
    const struct cs_answer *a, struct trial *t)
{
	int64_t left, ms;

	left = c->set->remaining(c->set->arg);
	ms = sys_backoff_ms((unsigned)t->waits++, CS_PAUSE_MS,
	    CS_PAUSE_MAX_MS);
	if (a->verdict == VERDICT_QUOTA && a->after_ms > ms)
		ms = a->after_ms;
	if (ms >= left)
		return -1;
	/* who tells a login of its quota is there, and worth waiting for */
	if (r->patience_ms > 0 && t->began_ms - left + ms > r->patience_ms &&
	    (r->hurried || !r->login || a->verdict != VERDICT_QUOTA))
		return -1;
	return ms;
}

static int
token_ensure(struct cs_client *c, const struct cs_request *r, struct fail *f)
{
	if (r->login || (c->token != NULL &&
	    !token_older(c, CS_TOKEN_AGE_MS)))
		return 0;
	return login_within(c, r->patience_ms, f);
}

/* Ended by something else than the last answer, which is no reason then. */
static int
ended(struct cs_answer *a, const struct fail *f)
{
	a->verdict = VERDICT_FINAL;
	a->kind = f != NULL ? f->kind : FAIL_SYSTEM;
	a->message[0] = '\0';
	return -1;
}

int
cs_ask(struct cs_client *c, const struct cs_request *r, struct cs_answer *a,
    struct fail *f)
{
	const struct rule *rule;
	struct trial t = { 0 };
	int64_t ms;

	memset(a, 0, sizeof(*a));
	if (token_ensure(c, r, f) == -1)
		return ended(a, f);
	t.began_ms = c->set->remaining(c->set->arg);
	for (;;) {
		cs_exchange(c, r, ++t.tries, a);
		if (a->verdict == VERDICT_DONE)
			return 0;
		rule = &rules[a->verdict];
		t.row = a->verdict == t.last ? t.row + 1 : 1;
		t.last = a->verdict;
		switch (next_step(c, r, a, &t)) {
		case STEP_LOGIN:
			t.logins++;
			if (login_within(c, r->patience_ms, f) == -1)
				return ended(a, f);
			continue;
		case STEP_WAIT:
			ms = next_pause(c, r, a, &t);
			if (ms == -1)
				break;
			if (c->set->pause(ms, c->set->arg, f) == -1 ||
			    token_ensure(c, r, f) == -1)
				return ended(a, f);
			continue;
		default:
			break;
		}
		return answer_fail(c, r, a,
		    r->once ? rule->once_kind : rule->many_kind, f);
	}
}
