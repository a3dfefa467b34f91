/*
 * The CloudShell client: one request, sent once.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "client.h"
#include "http_client.h"
#include "json.h"
#include "mem.h"

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
cs_path(struct buf *path, struct fail *fail, ...)
{
	const char *part;
	va_list ap;
	int rc = 0;

	buf_init(path, CS_PATH_MAX);
	(void)buf_adds(path, "/api/v2");
	va_start(ap, fail);
	while (rc == 0 && (part = va_arg(ap, const char *)) != NULL) {
		if (part[0] == '\0' || strcmp(part, ".") == 0 ||
		    strcmp(part, "..") == 0)
			rc = fail_set(fail, FAIL_CONFIG,
			    "\"%s\" cannot be a name in CloudShell", part);
		else if (buf_adds(path, "/") != 0 ||
		    buf_add_encoded(path, part, "") != 0)
			rc = fail_set(fail, FAIL_CONFIG,
			    "the name is too long for CloudShell (%zu bytes)",
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
	/* Whoever keeps the deadline ends the call; it must not end just before
	 * that with a text of its own. */
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
	if (buf_adds(header, "Authorization: Basic ") != 0 ||
	    buf_add(header, secret_open(c->token),
	    secret_len(c->token)) != 0)
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
	struct fail fail = { 0 };
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

	if (http_perform(c->http, &q, &h, &fail) != 0) {
		answer_lost(c, r, &h, &fail, a);
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
