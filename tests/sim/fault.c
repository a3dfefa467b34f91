/*
 * Faults: which request one hits, and what it does to the answer. http.c does
 * what concerns the socket itself, by enum act.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static const char *const kinds[] = {
	"status", "after-status", "error", "reset", "close", "close-before",
	"hang", "hang-after", "delay", "slow", "cut", "garbage", "wrong-type",
	"html", "huge", "deep", "redirect", "body", "expire", NULL
};

static const char *const services[] = {
	"codepipeline", "s3", "cloudshell", "sts", "imds", "container", "*",
	NULL
};

static TAILQ_HEAD(, fault) faults = TAILQ_HEAD_INITIALIZER(faults);
static int next_id = 1;

static const char html_page[] = "<!DOCTYPE html><html><head><title>502 Bad "
    "Gateway</title></head><body><h1>Proxy Error</h1></body></html>\n";

void
fault_free(struct fault *f)
{
	if (f == NULL)
		return;
	free(f->service);
	free(f->operation);
	free(f->kind);
	free(f->match);
	json_decref(f->param);
	free(f);
}

void
fault_reset(void)
{
	struct fault *f;

	while ((f = TAILQ_FIRST(&faults)) != NULL) {
		TAILQ_REMOVE(&faults, f, next);
		fault_free(f);
	}
}

static bool
word_known(const char *word, const char *const *words)
{
	for (; word != NULL && *words != NULL; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

int
fault_add(json_t *j, char *why, size_t size)
{
	const char *service = jstr(j, "service"), *kind = jstr(j, "fault");
	const char *operation = jstr(j, "operation"), *match;
	struct fault *f;

	if (!word_known(kind, kinds)) {
		snprintf(why, size, "unknown fault");
		return -1;
	}
	if (!word_known(service, services)) {
		snprintf(why, size, "unknown service");
		return -1;
	}
	f = xcalloc(1, sizeof(*f));
	f->id = next_id++;
	f->service = xstrdup(service);
	f->operation = xstrdup(operation == NULL ? "*" : operation);
	f->kind = xstrdup(kind);
	match = jstr(j, "match");
	f->match = match == NULL ? NULL : xstrdup(match);
	f->count = jint(j, "count", 1);
	f->after = jint(j, "after", 0);
	f->reused = jtrue(j, "reused");
	f->param = json_deep_copy(json_object_get(j, "param"));
	TAILQ_INSERT_TAIL(&faults, f, next);
	return f->id;
}

json_t *
fault_list(void)
{
	json_t *all = json_array();
	struct fault *f;

	TAILQ_FOREACH(f, &faults, next)
		json_array_append_new(all, json_pack("{si ss ss ss sI sI sb"
		    " ss? sO?}", "id", f->id, "service", f->service,
		    "operation", f->operation, "fault", f->kind,
		    "count", (json_int_t)f->count,
		    "after", (json_int_t)f->after, "reused", f->reused,
		    "match", f->match, "param", f->param));
	return json_pack("{so}", "faults", all);
}

static bool
fault_hits(struct fault *f, struct req *r)
{
	if (strcmp(f->service, "*") != 0 &&
	    strcmp(f->service, r->service->name) != 0)
		return false;
	if (strcmp(f->operation, "*") != 0 &&
	    strcmp(f->operation, r->operation) != 0)
		return false;
	if (f->reused && r->connection_request < 2)
		return false;
	if (f->match != NULL && strstr(r->target, f->match) == NULL &&
	    memmem(r->body.data, r->body.len, f->match,
	    strlen(f->match)) == NULL)
		return false;
	return true;
}

/* A copy to go with the request; the listed one may get used up. */
static struct fault *
fault_copy(const struct fault *f)
{
	struct fault *c = xcalloc(1, sizeof(*c));

	c->id = f->id;
	c->kind = xstrdup(f->kind);
	c->param = json_deep_copy(f->param);
	return c;
}

void
fault_take(struct req *r)
{
	struct fault *f;

	TAILQ_FOREACH(f, &faults, next) {
		if (!fault_hits(f, r))
			continue;
		if (f->after > 0) {
			f->after--;
			continue;
		}
		r->fault = fault_copy(f);
		if (f->count > 0 && --f->count == 0) {
			TAILQ_REMOVE(&faults, f, next);
			fault_free(f);
		}
		return;
	}
}

static void
add_headers(struct req *r, json_t *headers)
{
	const char *name;
	json_t *value;

	json_object_foreach(headers, name, value)
		if (json_is_string(value))
			answer_header(r, name, json_string_value(value));
}

static void
fault_body(struct req *r, int status, const char *type)
{
	json_t *param = r->fault->param, *body = json_object_get(param, "body");

	answer_clear(r);
	if (json_is_string(body) || body == NULL) {
		answer_text(r, status, NULL, "%s",
		    body == NULL ? "" : json_string_value(body));
		answer_header(r, "Content-Type", jstr(param, "type") != NULL ?
		    jstr(param, "type") : type);
	} else
		answer_json(r, status, json_incref(body));
	add_headers(r, json_object_get(param, "headers"));
}

static void
fault_deep(struct req *r, int64_t depth)
{
	int64_t i;

	answer_clear(r);
	for (i = 0; i < depth; i++)
		buf_str(&r->answer.body, "[");
	for (i = 0; i < depth; i++)
		buf_str(&r->answer.body, "]");
	answer_text(r, 200, "application/json", "%s", "");
}

static void
fault_garbage(struct req *r)
{
	char junk[256];

	answer_clear(r);
	random_bytes(junk, sizeof(junk));
	junk[0] = '\x01';
	buf_add(&r->answer.body, junk, sizeof(junk));
	answer_text(r, 200, "application/json", "%s", "");
}

/* Faults that replace the answer and let nothing happen. */
static enum act
fault_replace(struct req *r, const char *kind, json_t *param)
{
	const char *text;

	answer_clear(r);
	if (strcmp(kind, "status") == 0)
		fault_body(r, (int)jint(param, "status", 500), "text/plain");
	else if (strcmp(kind, "body") == 0)
		fault_body(r, (int)jint(param, "status", 200),
		    "application/json");
	else if (strcmp(kind, "error") == 0) {
		text = jstr(param, "message");
		r->service->error(r, (int)jint(param, "status", 400),
		    jstr(param, "code") != NULL ? jstr(param, "code") :
		    "ThrottlingException", text != NULL ? text :
		    "Rate exceeded");
	} else if (strcmp(kind, "garbage") == 0)
		fault_garbage(r);
	else if (strcmp(kind, "wrong-type") == 0)
		answer_text(r, 200, "application/json", "42");
	else if (strcmp(kind, "html") == 0)
		answer_text(r, 200, "text/html", "%s", html_page);
	else if (strcmp(kind, "deep") == 0)
		fault_deep(r, jint(param, "depth", 10000));
	else if (strcmp(kind, "redirect") == 0) {
		answer_text(r, 302, "text/html", "%s", "");
		text = jstr(param, "location");
		answer_header(r, "Location", text == NULL ? "/" : text);
	} else if (strcmp(kind, "huge") == 0) {
		answer_text(r, 200, "application/json", "%s", "");
		return ACT_HUGE;
	} else
		return ACT_HANDLE;
	return ACT_SEND;
}

enum act
fault_before(struct req *r)
{
	const char *kind;
	enum act act;

	if (r->fault == NULL)
		return ACT_HANDLE;
	kind = r->fault->kind;
	if (strcmp(kind, "reset") == 0)
		return ACT_RESET;
	if (strcmp(kind, "close-before") == 0)
		return ACT_CLOSE;
	if (strcmp(kind, "hang") == 0)
		return ACT_HANG;
	act = fault_replace(r, kind, r->fault->param);
	if (act == ACT_SEND && jint(r->fault->param, "bytes", 0) > 0)
		return ACT_SLOW;
	return act;
}

/* After the request took effect. */
enum act
fault_after(struct req *r)
{
	const char *kind;

	if (r->fault == NULL)
		return ACT_SEND;
	kind = r->fault->kind;
	if (strcmp(kind, "close") == 0)
		return ACT_CLOSE;
	if (strcmp(kind, "hang-after") == 0)
		return ACT_HANG;
	if (strcmp(kind, "cut") == 0)
		return ACT_CUT;
	if (strcmp(kind, "slow") == 0)
		return ACT_SLOW;
	if (strcmp(kind, "expire") == 0)
		token_expire();
	if (strcmp(kind, "after-status") == 0)
		fault_body(r, (int)jint(r->fault->param, "status", 500),
		    "text/plain");
	return ACT_SEND;
}
