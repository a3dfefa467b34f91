/*
 * What an answer of CloudShell means (cloudshell-sandbox-api 3.5, 4), and the
 * failure texts for it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "json.h"
#include "mask.h"
#include "mem.h"
#include "text.h"
#include "utf8.h"

/* Known messages (4.3), matched as parts, without case, before the status: it
 * is mostly undocumented which status they come with. */
static const struct known {
	const char	*part;
	const char	*also;		/* NULL, or a second part */
	enum verdict	 verdict;
} known[] = {
	{ "request rate quota", NULL, VERDICT_QUOTA },
	{ "conflicting resources", NULL, VERDICT_CONFLICT },
	{ "invalid api call", NULL, VERDICT_NO_API },
	{ "invalid inputs", NULL, VERDICT_REFUSED },
	{ "mandatory inputs", NULL, VERDICT_REFUSED },
	{ "must be specified in request", NULL, VERDICT_REFUSED },
	{ "duration format must be", NULL, VERDICT_REFUSED },
	{ "login failed", NULL, VERDICT_AUTH },
	{ "didn't contain authentication", NULL, VERDICT_AUTH },
	{ "token", "correct", VERDICT_AUTH },
	{ "token", "invalid", VERDICT_AUTH },
	{ "token", "expired", VERDICT_AUTH },
	{ "entity could not be found", NULL, VERDICT_MISSING },
	{ "not allowed to view this entity", NULL, VERDICT_FORBIDDEN },
};

enum verdict
answer_verdict(long status, const char *message)
{
	size_t i;

	if (status >= 300 && status < 400)
		return VERDICT_REDIRECT;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_has(message, known[i].part) &&
		    (known[i].also == NULL ||
		    text_has(message, known[i].also)))
			return known[i].verdict;
	switch (status) {
	case 401:
		return VERDICT_AUTH;
	case 403:
		return VERDICT_FORBIDDEN;
	case 404:
	case 410:
		return VERDICT_MISSING;
	case 408:
		return VERDICT_BROKEN;
	case 409:
		return VERDICT_CONFLICT;
	case 429:
		return VERDICT_QUOTA;
	}
	return status >= 400 && status < 500 ? VERDICT_REFUSED :
	    VERDICT_BROKEN;
}

/* An error has errorCategory or a statusCode of at least 400, whatever the
 * HTTP status (4.2). Returns the status to go by, 0: no error. */
static long
error_status(const json_t *j, long status)
{
	char *text;
	long said = 0;

	if (!json_is_object(j))
		return status >= 200 && status < 300 ? 0 : status;
	text = json_loose_text(j, "statusCode");
	if (text != NULL)
		said = (long)strtonum(text, 100, 999, NULL);
	free(text);
	if (status < 200 || status > 299)
		return status;
	if (said >= 400)
		return said;
	return json_loose(j, "errorCategory") != NULL ? 400 : 0;
}

static bool
is_binary(const struct buf *body)
{
	size_t i;

	for (i = 0; i < body->len && i < CS_BODY_SHOWN; i++)
		if ((unsigned char)body->data[i] < ' ' &&
		    !isspace((unsigned char)body->data[i]))
			return true;
	return false;
}

/* "[[[[" helps nobody. */
static bool
has_words(const char *s)
{
	for (; *s != '\0'; s++)
		if (isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80)
			return true;
	return false;
}

/* The message of an error, else the beginning of the body. Returns it unmasked,
 * since masking could hide words that answer_verdict looks for. The caller
 * frees it with xfree_secret. */
static char *
take_message(const struct cs_client *c, const json_t *j, const struct buf *body,
    struct cs_answer *a)
{
	char *raw, *text = NULL;
	size_t len, max = sizeof(a->message) - 1;

	if (json_is_object(j)) {
		text = json_loose_text(j, "message");
		if (text == NULL)
			text = json_loose_text(j, "error");
	}
	if (text == NULL) {
		/* more than is shown: tags go, and secrets must be whole */
		len = body->len;
		if (len > CS_LOGIN_MAX + sizeof(a->message))
			len = CS_LOGIN_MAX + sizeof(a->message);
		text = is_binary(body) ? xstrdup("not a text") :
		    xstrndup(buf_text(body), len);
		max = CS_BODY_SHOWN;
	}
	raw = xstrdup(text);
	text_line(raw, max);
	cs_show_text(c, text, max);
	if (has_words(text))
		strlcpy(a->message, text, sizeof(a->message));
	xfree_secret(text);
	return raw;
}

static void
take_redirect(const struct cs_client *c, const struct http_answer *h,
    struct cs_answer *a)
{
	char url[1024], shown[512];

	if (!http_header(h, "Location", url, sizeof(url)))
		return;
	cs_mask_text(c, url);	/* before a cut splits a secret */
	http_url_show(shown, sizeof(shown), url);
	cs_show_text(c, shown, CS_BODY_SHOWN);
	strlcpy(a->message, shown, sizeof(a->message));
}

/* Whether the answer of a broken server proves that it did nothing: "token"
 * next to "invalid" may concern an argument of the command. */
static bool
undone(const struct cs_answer *a, const char *message)
{
	return a->verdict == VERDICT_QUOTA || a->verdict == VERDICT_CONFLICT ||
	    (a->verdict == VERDICT_AUTH &&
	    (text_has(message, "login failed") ||
	    text_has(message, "didn't contain authentication")));
}

static void
read_error(struct cs_client *c, const struct cs_request *r,
    const struct http_answer *h, const json_t *j, long status,
    struct cs_answer *a)
{
	char *raw;

	a->api_error = json_is_object(j) &&
	    (json_loose(j, "errorCategory") != NULL ||
	    json_loose(j, "statusCode") != NULL);
	raw = take_message(c, j, &h->body, a);
	a->verdict = answer_verdict(status, raw);
	if (r->once && status >= 500 && !undone(a, raw))
		a->verdict = VERDICT_BROKEN;
	/* a proxy says so, too, when it loses its server's answer */
	if (!r->once && status == 503 && a->after_ms > 0)
		a->verdict = VERDICT_QUOTA;
	if (a->verdict == VERDICT_REDIRECT)
		take_redirect(c, h, a);
	xfree_secret(raw);
}

/* The answer to a login may be a token without its quotes, so only a page is
 * shown. */
static void
read_garbled(struct cs_client *c, const struct cs_request *r,
    const struct buf *body, struct cs_answer *a)
{
	const char *text = buf_text(body);

	a->verdict = VERDICT_GARBLED;
	text += strspn(text, " \t\r\n");
	if (!r->login || strncasecmp(text, "<!doctype", 9) == 0 ||
	    strncasecmp(text, "<html", 5) == 0)
		xfree_secret(take_message(c, NULL, body, a));
	else
		strlcpy(a->message, "not a JSON string", sizeof(a->message));
}

void
answer_read(struct cs_client *c, const struct cs_request *r,
    const struct http_answer *h, struct cs_answer *a)
{
	bool much = json_crowded(h->body.data, h->body.len, CS_VALUES_MAX);
	json_t *j;
	long failed;

	a->status = h->status;
	a->after_ms = http_retry_after(h, 0, CS_AFTER_MAX_MS);
	j = much || h->body.data == NULL ? NULL :
	    json_parse_careless(h->body.data, h->body.len);
	failed = error_status(j, h->status);
	if (failed != 0) {
		read_error(c, r, h, j, failed, a);
		json_decref(j);
		return;
	}
	if (much) {
		a->verdict = VERDICT_TOO_LARGE;
		(void)snprintf(a->message, sizeof(a->message),
		    "more than %d values", CS_VALUES_MAX);
		return;
	}
	if (j == NULL && h->body.len == 0 && r->want == WANT_ANY)
		j = json_null();
	if (j == NULL || (r->want != WANT_ANY &&
	    (int)json_typeof(j) != r->want)) {
		a->verdict = VERDICT_GARBLED;
		if (j == NULL)
			read_garbled(c, r, &h->body, a);
		json_decref(j);
		return;
	}
	a->verdict = VERDICT_DONE;
	a->json = j;
	if (!r->login)
		cs_mask_json(c, j);
}

void
answer_lost(struct cs_client *c, const struct cs_request *r,
    const struct http_answer *h, const struct fail *fail, struct cs_answer *a)
{
	char text[FAIL_TEXT_MAX];

	a->status = 0;
	a->kind = fail->kind;
	if (fail->kind == FAIL_AGAIN)
		a->verdict = VERDICT_UNREACHED;
	else if (fail->kind == FAIL_UNSURE)
		a->verdict = VERDICT_LOST;
	else if (fail->kind == FAIL_SYSTEM && h->sent)
		a->verdict = VERDICT_TOO_LARGE;
	else
		a->verdict = VERDICT_FINAL;
	/* a stop ended the call: the server may have acted */
	if (a->verdict == VERDICT_FINAL && r->once && h->sent)
		a->verdict = VERDICT_LOST;
	if (r->show != NULL) {
		strlcpy(a->message, "no answer", sizeof(a->message));
		return;
	}
	if (a->verdict == VERDICT_TOO_LARGE) {
		(void)snprintf(a->message, sizeof(a->message),
		    "larger than %d %s", r->answer_max > 0 ?
		    CS_LOGIN_MAX >> 10 : CS_ANSWER_MAX >> 20,
		    r->answer_max > 0 ? "KiB" : "MiB");
		return;
	}
	strlcpy(text, fail->text, sizeof(text));
	cs_show_text(c, text, sizeof(a->message) - 1);
	strlcpy(a->message, text, sizeof(a->message));
}

const char *
answer_details(const struct cs_answer *a, char *to, size_t size)
{
	char status[32] = "", tries[32] = "";

	if (a->status != 0)
		(void)snprintf(status, sizeof(status), "HTTP %ld", a->status);
	if (a->tries > 1)
		(void)snprintf(tries, sizeof(tries), "%s%d tries",
		    status[0] != '\0' ? ", " : "", a->tries);
	(void)snprintf(to, size, "%s%s%s%s%s%s",
	    status[0] != '\0' || tries[0] != '\0' ? " (" : "", status, tries,
	    status[0] != '\0' || tries[0] != '\0' ? ")" : "",
	    a->message[0] != '\0' ? ": " : "", a->message);
	return to;
}

char *
answer_clause(const struct cs_answer *a, char *to, size_t size)
{
	size_t n;

	n = strlen(answer_details(a, to, size));
	while (n > 0 && strchr(". ", to[n - 1]) != NULL)
		to[--n] = '\0';
	return to;
}

/* What to do, and who can. */
static const char *
advice(enum verdict v)
{
	switch (v) {
	case VERDICT_AUTH:
	case VERDICT_GARBLED:
		return "; tell the worker's operator";
	case VERDICT_FORBIDDEN:
		return "; ask CloudShell's administrator for it";
	case VERDICT_BROKEN:
		return "; retry later, and if it happens again, ask "
		    "CloudShell's administrator to check its services";
	default:
		return "; retry later, and if it happens again, tell the "
		    "worker's operator";
	}
}

int
answer_fail(const struct cs_client *c, const struct cs_request *r,
    const struct cs_answer *a, enum fail_kind kind, struct fail *fail)
{
	bool unsure = kind == FAIL_UNSURE;
	const char *end = unsure ?
	    "; the request may or may not have taken effect" :
	    advice(a->verdict);
	char text[CS_TEXT_MAX + 80];

	(void)answer_clause(a, text, sizeof(text));
	switch (a->verdict) {
	case VERDICT_AUTH:
		return fail_set(fail, kind, "CloudShell did not accept the "
		    "worker's login when asked to %s%s%s", r->what, text, end);
	case VERDICT_FORBIDDEN:
		return fail_set(fail, kind, "CloudShell user \"%s\" has no "
		    "permission to %s%s%s", c->set->user, r->what, text, end);
	case VERDICT_QUOTA:
		return fail_set(fail, kind, "CloudShell's request quota is "
		    "used up, so it refused to %s%s%s", r->what, text, end);
	case VERDICT_NO_API:
		return fail_set(fail, kind, "this version of CloudShell cannot "
		    "%s%s", r->what, text);
	case VERDICT_REDIRECT:
		return fail_set(fail, kind, "%s redirects to another "
		    "address%s, which the worker does not follow: set the "
		    "worker's CloudShell url to the Sandbox API itself",
		    c->shown, text);
	case VERDICT_BROKEN:
		return fail_set(fail, kind, "CloudShell failed to %s%s%s",
		    r->what, text, end);
	case VERDICT_GARBLED:
		return fail_set(fail, kind, "the worker asked CloudShell to %s "
		    "but does not understand the answer%s%s",
		    r->what, text, end);
	case VERDICT_UNREACHED:
	case VERDICT_LOST:
		return fail_set(fail, kind, "CloudShell at %s did not answer "
		    "when asked to %s%s%s", c->shown, r->what, text, end);
	case VERDICT_TOO_LARGE:
		if (unsure)
			return fail_set(fail, kind, "the worker asked "
			    "CloudShell to %s but did not read the answer "
			    "(%s)%s", r->what, a->message, end);
		return fail_set(fail, kind, "the worker asked CloudShell to %s "
		    "but did not read the answer (%s): is %s the Sandbox "
		    "API? Tell the worker's operator",
		    r->what, a->message, c->shown);
	case VERDICT_FINAL:
		return fail_set(fail, a->kind, "could not ask CloudShell to "
		    "%s%s", r->what, text);
	default:
		return fail_set(fail, kind, "CloudShell refused to %s%s",
		    r->what, answer_details(a, text, sizeof(text)));
	}
}

void
answer_free(struct cs_answer *a)
{
	json_decref(a->json);
	memset(a, 0, sizeof(*a));
}
