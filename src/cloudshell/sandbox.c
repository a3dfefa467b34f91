/*
 * Sandboxes: start, read, find, stop (cloudshell-sandbox-api 5.2 to 5.6).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "json.h"
#include "mask.h"
#include "mem.h"
#include "text.h"
#include "words.h"

#define STOP_TRIES	3	/* of a stop before reading the state */

void
cs_sandbox_free(struct cs_sandbox *s)
{
	free(s->id);
	free(s->name);
	free(s->state);
	free(s->setup_stage);
	free(s->end_time);
	json_decref(s->details);
	memset(s, 0, sizeof(*s));
}

/* A word of the server, made fit to be shown. */
static char *
word_of(const struct cs_client *c, const json_t *j, const char *key)
{
	char *text = json_loose_text(j, key);

	if (text != NULL)
		cs_show_text(c, text, 100);
	return text;
}

static int
sandbox_read(const struct cs_client *c, json_t *j, struct cs_sandbox *s)
{
	char id[SANDBOX_ID_SIZE], *state;

	memset(s, 0, sizeof(*s));
	if (!text_id(j, "id", id, sizeof(id)))
		return -1;
	s->id = xstrdup(id);
	s->name = text_name(j);
	state = json_loose_text(j, "state");
	if (state != NULL)
		text_line(state, strlen(state));
	/* before masking: a password may be such a word */
	s->phase = sandbox_phase(state);
	free(state);
	s->state = word_of(c, j, "state");
	s->setup_stage = word_of(c, j, "setup_stage");
	s->end_time = word_of(c, j, "end_time");
	s->details = json_incref(j);
	return 0;
}

static json_t *
start_body(const char *name, long minutes, const json_t *inputs,
    struct fail *fail)
{
	char duration[32];
	json_t *body, *params;

	if ((params = text_params(inputs, "InputsJSON", fail)) == NULL)
		return NULL;
	(void)snprintf(duration, sizeof(duration), "PT%ldM", minutes);
	body = json_object();
	json_put_text(body, "name", name);
	json_put_text(body, "duration", duration);
	(void)json_object_set_new(body, "params", params);
	return body;
}

/* The start was refused: say what the pipeline's author can change. */
static int
start_fail(const struct cs_client *c, const char *blueprint,
    const struct cs_answer *a, struct fail *fail)
{
	char text[CS_TEXT_MAX + 80];

	if (a->verdict == VERDICT_CONFLICT)
		return fail_set(fail, FAIL_AGAIN, "resources are in use "
		    "elsewhere, so CloudShell did not start the sandbox%s; "
		    "retry the stage when they are free, or end the sandbox "
		    "that holds them", answer_clause(a, text, sizeof(text)));
	if (a->verdict == VERDICT_MISSING)
		return fail_set(fail, FAIL_CONFIG, "blueprint \"%s\" not found "
		    "in domain \"%s\" (is it public?)", blueprint,
		    c->set->domain);
	if (a->verdict == VERDICT_REFUSED && text_has(a->message, "input"))
		return fail_set(fail, FAIL_CONFIG, "CloudShell does not accept "
		    "the inputs%s; compare InputsJSON with the inputs of the "
		    "blueprint", answer_clause(a, text, sizeof(text)));
	return -1;
}

int
cs_sandbox_start(struct cs_client *c, const char *blueprint, const char *name,
    long minutes, const json_t *inputs, struct cs_sandbox *s, struct fail *fail)
{
	struct cs_request r = { .what = "start the sandbox",
	    .method = "POST", .want = JSON_OBJECT, .once = true };
	struct cs_answer a = { 0 };
	struct buf path;
	json_t *body = NULL;
	int rc = -1;

	memset(s, 0, sizeof(*s));
	if (cs_path(&path, fail, "blueprints", blueprint, "start",
	    NULL) != 0 ||
	    (body = start_body(name, minutes, inputs, fail)) == NULL)
		goto out;
	r.path = buf_text(&path);
	r.body = body;
	if ((rc = cs_ask(c, &r, &a, fail)) != 0)
		(void)start_fail(c, blueprint, &a, fail);
	else if ((rc = sandbox_read(c, a.json, s)) != 0)
		(void)fail_set(fail, FAIL_UNSURE, "CloudShell's answer to the "
		    "start of the sandbox has no usable id; the sandbox may be "
		    "starting");
out:
	buf_free(&path);
	json_decref(body);
	answer_free(&a);
	return rc;
}

int
cs_sandbox_get(struct cs_client *c, const char *id, struct cs_sandbox *s,
    struct fail *fail)
{
	struct cs_request r = { .what = "read the sandbox", .method = "GET",
	    .want = JSON_OBJECT };
	struct cs_answer a = { 0 };
	struct buf path;
	int rc;

	memset(s, 0, sizeof(*s));
	if ((rc = cs_path(&path, fail, "sandboxes", id, NULL)) != 0)
		goto out;
	r.path = buf_text(&path);
	if ((rc = cs_ask(c, &r, &a, fail)) == 0 &&
	    (rc = sandbox_read(c, a.json, s)) != 0)
		(void)fail_set(fail, FAIL_SYSTEM, "CloudShell's answer about "
		    "sandbox %s has no usable id", id);
	else if (rc != 0 && a.verdict == VERDICT_MISSING)
		(void)fail_set(fail, FAIL_REVISION, "CloudShell has no sandbox "
		    "%s in domain \"%s\", or user \"%s\" may not see it", id,
		    c->set->domain, c->set->user);
out:
	buf_free(&path);
	answer_free(&a);
	return rc;
}

/* Whether a list entry (5.5) is a live sandbox of that name and blueprint. */
static bool
entry_matches(const json_t *item, const char *name, const char *blueprint)
{
	const json_t *b = json_loose(item, "blueprint");
	char *entry, *id, *state;
	bool match;

	entry = text_name(item);
	state = json_loose_text(item, "state");
	match = entry != NULL && strcmp(entry, name) == 0 &&
	    sandbox_phase(state) != CS_ENDED;
	free(entry);
	free(state);
	if (!match || blueprint == NULL)
		return match;
	entry = json_is_object(b) ? text_name(b) : json_scalar_text(b);
	id = json_is_object(b) ? json_loose_text(b, "id") :
	    json_loose_text(item, "blueprint_id");
	match = entry != NULL ? strcasecmp(entry, blueprint) == 0 : id == NULL;
	free(entry);
	free(id);
	return match;
}

static void
found_add(struct cs_found *found, const char *id)
{
	size_t i;

	for (i = 0; i < found->n && i < CS_FOUND_MAX; i++)
		if (strcasecmp(found->id[i], id) == 0)
			return;
	if (found->n < CS_FOUND_MAX)
		(void)strlcpy(found->id[found->n], id, SANDBOX_ID_SIZE);
	found->n++;
}

int
cs_sandbox_find(struct cs_client *c, const char *name, const char *blueprint,
    struct cs_found *found, struct fail *fail)
{
	struct cs_request r = { .what = "list the sandboxes",
	    .method = "GET", .path = "/api/v2/sandboxes",
	    .want = JSON_ARRAY };
	char id[SANDBOX_ID_SIZE];
	struct cs_answer a;
	json_t *item;
	size_t i;
	int rc;

	memset(found, 0, sizeof(*found));
	if ((rc = cs_ask(c, &r, &a, fail)) == 0) {
		json_array_foreach(a.json, i, item)
			if (entry_matches(item, name, blueprint) &&
			    text_id(item, "id", id, sizeof(id)))
				found_add(found, id);
	}
	answer_free(&a);
	return rc;
}

/* After a refused stop: 1 and why if nothing is left to stop, 0 if the sandbox
 * lives, -1. */
static int
sandbox_is_over(struct cs_client *c, const char *id, enum cs_stop *answer,
    struct fail *fail)
{
	struct fail why = { 0 };
	struct cs_sandbox s;
	int over;

	if (cs_sandbox_get(c, id, &s, &why) != 0) {
		if (why.kind == FAIL_REVISION) {
			*answer = CS_STOP_UNKNOWN;
			return 1;
		}
		if (fail != NULL)
			*fail = why;
		return -1;
	}
	if ((over = s.phase == CS_ENDED || s.phase == CS_ENDING))
		*answer = CS_STOP_ENDED;
	cs_sandbox_free(&s);
	return over;
}

/* Some versions refuse v2's stop; v1's does the same (5.6). */
static enum verdict
stop_once(struct cs_client *c, const char *path, int tries_max,
    struct fail *fail)
{
	static const char v2[] = "/api/v2/", v1[] = "/api/v1/";
	struct cs_request r = { .what = "end the sandbox", .method = "POST",
	    .path = path, .want = WANT_ANY, .tries_max = tries_max };
	struct cs_answer a;
	struct fail why = { 0 };
	enum verdict v;
	char *old;

	(void)cs_ask(c, &r, &a, fail);
	v = a.verdict;
	answer_free(&a);
	if (v != VERDICT_MISSING && v != VERDICT_NO_API &&
	    v != VERDICT_REFUSED)
		return v;
	assert(strncmp(path, v2, sizeof(v2) - 1) == 0);
	old = xasprintf("%s%s", v1, path + sizeof(v2) - 1);
	r.path = old;
	if (cs_ask(c, &r, &a, &why) == 0)
		v = VERDICT_DONE;
	else if ((v == VERDICT_NO_API || why.kind == FAIL_STOPPED) &&
	    fail != NULL)
		*fail = why;
	answer_free(&a);
	free(old);
	return v;
}

/* Whether the server may accept the same stop later. */
static bool
passes(enum verdict v)
{
	return v == VERDICT_BROKEN || v == VERDICT_LOST ||
	    v == VERDICT_UNREACHED || v == VERDICT_QUOTA;
}

int
cs_sandbox_stop(struct cs_client *c, const char *id, enum cs_stop *answer,
    struct fail *fail)
{
	struct fail why = { 0 }, unread = { 0 };
	struct buf path;
	enum verdict v;
	int over, rc;

	*answer = CS_STOP_AGREED;
	if ((rc = cs_path(&path, fail, "sandboxes", id, "stop", NULL)) != 0)
		goto out;
	v = stop_once(c, buf_text(&path), STOP_TRIES, &why);
	if (v == VERDICT_DONE)
		goto out;
	rc = -1;
	if (v == VERDICT_MISSING || v == VERDICT_NO_API ||
	    v == VERDICT_REFUSED || v == VERDICT_CONFLICT || passes(v)) {
		over = why.kind == FAIL_STOPPED ? -1 :
		    sandbox_is_over(c, id, answer, &unread);
		if (unread.kind == FAIL_STOPPED)
			why = unread;
		if (over == -1 && why.kind == FAIL_REVISION) {
			*answer = CS_STOP_UNKNOWN;
			over = 1;
		}
		if (over == 1 || (over == 0 && passes(v) &&
		    stop_once(c, buf_text(&path), 0, &why) == VERDICT_DONE))
			rc = 0;
	}
	if (rc != 0 && fail != NULL)
		*fail = why;
out:
	buf_free(&path);
	return rc;
}
