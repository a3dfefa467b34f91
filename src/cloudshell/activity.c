/*
 * The activity feed of a sandbox (cloudshell-sandbox-api 5.7, 8.2, 8.4).
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "json.h"
#include "mask.h"
#include "mem.h"
#include "text.h"

#define EVENT_MAX	600	/* bytes shown of one event */
#define OUTPUT_MAX	300	/* of these, for its output */

struct event {
	int64_t		 id;		/* -1: not a number */
	size_t		 place;		/* in the answer */
	const json_t	*json;
};

static int64_t
event_id(const json_t *event)
{
	char *text = json_loose_text(event, "id");
	const char *error;
	int64_t id;

	if (text == NULL)
		return -1;
	id = strtonum(text, 0, INT64_MAX, &error);
	free(text);
	return error == NULL ? id : -1;
}

static int
event_compare(const void *pa, const void *pb)
{
	const struct event *a = pa, *b = pb;

	if (a->id >= 0 && b->id >= 0 && a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

/* An error by its type, or the text of a failed teardown, which not every
 * version marks as an error (8.4). */
static bool
event_is_error(const json_t *event, const char *text)
{
	char *type = json_loose_text(event, "event_type");
	bool error = type == NULL || word_equal(type, "error");

	free(type);
	return error || (text_has(text, "'Teardown'") &&
	    text_has(text, "failed"));
}

static void
event_show(const struct cs_client *c, const json_t *event, struct buf *shown)
{
	char *output, *text = json_loose_text(event, "event_text");
	struct buf line;

	if (text == NULL)
		text = xstrdup("error without a text");
	if (event_is_error(event, text)) {
		cs_show_text(c, text, EVENT_MAX - OUTPUT_MAX);
		buf_init(&line, EVENT_MAX + 4);
		(void)buf_adds(&line, text);
		output = json_loose_text(event, "output");
		if (output != NULL) {
			cs_show_text(c, output, OUTPUT_MAX);
			if (output[0] != '\0' && !text_has(text, output))
				(void)buf_addf(&line, ": %s", output);
			free(output);
		}
		/* servers often tell the same fault twice */
		if (strstr(buf_text(shown), buf_text(&line)) == NULL)
			(void)buf_addf(shown, "%s%s",
			    shown->len > 0 ? "; " : "", buf_text(&line));
		buf_free(&line);
	}
	free(text);
}

/* Show the errors of a page in order; *last grows to the highest id. */
static void
page_read(const struct cs_client *c, const json_t *page, int64_t from,
    struct buf *shown, int64_t *last)
{
	const json_t *list = json_loose(page, "events"), *item;
	struct event *events;
	size_t i, n = json_array_size(list);

	events = xcalloc(n + 1, sizeof(*events));
	json_array_foreach(list, i, item) {
		events[i].id = event_id(item);
		events[i].place = i;
		events[i].json = item;
	}
	qsort(events, n, sizeof(*events), event_compare);
	for (i = 0; i < n; i++) {
		if (events[i].id > *last)
			*last = events[i].id;
		/* not every server respects the first id asked for */
		if (shown != NULL && json_is_object(events[i].json) &&
		    (events[i].id < 0 || events[i].id >= from))
			event_show(c, events[i].json, shown);
	}
	free(events);
}

/* Get one page. 0 with *page NULL if the server has no feed of this sandbox. */
static int
page_get(struct cs_client *c, const char *id, const char *query,
    json_t **page, struct fail *fail)
{
	struct cs_request r = { .what = "read the sandbox's activity",
	    .method = "GET", .want = JSON_OBJECT, CS_OPTIONAL };
	struct cs_answer a = { 0 };
	struct fail why = { 0 };
	struct buf path;
	int rc;

	*page = NULL;
	rc = cs_path(&path, fail, "sandboxes", id, "activity", NULL);
	if (rc == 0 && (rc = buf_adds(&path, query)) == 0) {
		r.path = buf_text(&path);
		rc = cs_ask(c, &r, &a, &why);
		if (rc == 0)
			*page = json_incref(a.json);
		else if (a.verdict == VERDICT_NO_API ||
		    a.verdict == VERDICT_MISSING)
			rc = 0;
		else if (fail != NULL)
			*fail = why;
	}
	buf_free(&path);
	answer_free(&a);
	return rc;
}

/* Append the next page's first id to the query; false: there is none. */
static bool
page_next(const json_t *page, char *before, size_t size)
{
	char next[SANDBOX_ID_SIZE];

	if (!json_loose_bool(page, "more_pages", false) ||
	    !text_id(page, "next_event_id", next, sizeof(next)) ||
	    strcmp(next, before) == 0)
		return false;
	(void)strlcpy(before, next, size);
	return true;
}

int
cs_activity_errors(struct cs_client *c, const char *id, int64_t from,
    struct buf *out, int64_t *last, struct fail *fail)
{
	char next[SANDBOX_ID_SIZE] = "";
	struct fail why = { 0 };
	struct buf query, shown;
	json_t *page;
	int n, rc = 0;

	*last = from - 1;
	buf_init(&query, 512);
	buf_init(&shown, CS_TEXT_MAX);
	if (from > 0)
		(void)snprintf(next, sizeof(next), "%lld", (long long)from);
	for (n = 0; n < CS_PAGES_MAX; n++) {
		/* after a teardown all events: see event_is_error */
		buf_clear(&query);
		(void)buf_adds(&query, from > 0 ? "?" : "?error_only=true");
		if (next[0] != '\0') {
			(void)buf_adds(&query, from > 0 ? "from_event_id=" :
			    "&from_event_id=");
			(void)buf_add_encoded(&query, next, "");
		}
		rc = page_get(c, id, buf_text(&query), &page, &why);
		if (rc != 0 || page == NULL)
			break;
		page_read(c, page, from, &shown, last);
		if (!page_next(page, next, sizeof(next)))
			n = CS_PAGES_MAX;
		json_decref(page);
	}
	/* some errors are better than none */
	if (rc != 0 && shown.len > 0 && why.kind != FAIL_STOPPED)
		rc = 0;
	if (rc == 0 && shown.len > 0)
		(void)buf_add(out, shown.data, shown.len);
	else if (rc != 0 && fail != NULL)
		*fail = why;
	buf_free(&query);
	buf_free(&shown);
	return rc;
}

int
cs_activity_last(struct cs_client *c, const char *id, int64_t *last,
    struct fail *fail)
{
	json_t *page;

	*last = 0;
	if (page_get(c, id, "?tail=1", &page, fail) != 0)
		return -1;
	if (page != NULL)
		page_read(c, page, 0, NULL, last);
	json_decref(page);
	return 0;
}
