/*
 * Blueprints (cloudshell-sandbox-api 2.3, 5.1).
 */
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

static int
blueprint_read(const json_t *j, struct cs_blueprint *b)
{
	char id[SANDBOX_ID_SIZE];

	memset(b, 0, sizeof(*b));
	if (!text_id(j, "id", id, sizeof(id)))
		return -1;
	if ((b->name = text_name(j)) == NULL)
		return -1;
	b->id = xstrdup(id);
	return 0;
}

void
cs_blueprint_free(struct cs_blueprint *b)
{
	free(b->name);
	free(b->id);
	memset(b, 0, sizeof(*b));
}

/* The entry of that name, exactly or else without case; NULL if none. */
static const json_t *
list_find(const json_t *list, const char *wanted)
{
	const json_t *found = NULL, *item;
	char *id, *name;
	size_t i;
	bool exact = false;

	json_array_foreach(list, i, item) {
		name = text_name(item);
		id = json_loose_text(item, "id");
		if (name != NULL && strcmp(name, wanted) == 0) {
			found = item;
			exact = true;
		} else if (found == NULL &&
		    ((name != NULL && strcasecmp(name, wanted) == 0) ||
		    (id != NULL && strcasecmp(id, wanted) == 0))) {
			found = item;
		}
		free(name);
		free(id);
		if (exact)
			break;
	}
	return found;
}

static int
not_found(const struct cs_client *c, const char *name, const json_t *list,
    struct fail *fail)
{
	struct buf names;
	int rc;

	buf_init(&names, CS_TEXT_MAX);
	if (text_names(c, list, &names) == 0)
		rc = fail_set(fail, FAIL_CONFIG, "blueprint \"%s\" not found "
		    "in domain \"%s\": user \"%s\" sees no blueprint there (is "
		    "it public?)", name, c->set->domain, c->set->user);
	else
		rc = fail_set(fail, FAIL_CONFIG, "blueprint \"%s\" not found "
		    "in domain \"%s\" (is it public?); the visible ones are: "
		    "%s", name, c->set->domain, buf_text(&names));
	buf_free(&names);
	return rc;
}

static int
find_in_list(struct cs_client *c, const char *name, struct cs_blueprint *b,
    struct fail *fail)
{
	struct cs_request r = { .what = "list the blueprints",
	    .method = "GET", .path = "/api/v2/blueprints",
	    .want = JSON_ARRAY };
	struct cs_answer a;
	const json_t *item;
	int rc;

	if ((rc = cs_ask(c, &r, &a, fail)) == 0) {
		item = list_find(a.json, name);
		if (item == NULL || blueprint_read(item, b) != 0) {
			cs_blueprint_free(b);
			rc = not_found(c, name, a.json, fail);
		}
	}
	answer_free(&a);
	return rc;
}

int
cs_blueprint_find(struct cs_client *c, const char *name,
    struct cs_blueprint *b, struct fail *fail)
{
	struct cs_request r = { .what = "read the blueprint",
	    .method = "GET", .want = JSON_OBJECT };
	struct cs_answer a = { 0 };
	struct fail why = { 0 };
	struct buf path;
	int rc;

	memset(b, 0, sizeof(*b));
	if ((rc = cs_path(&path, fail, "blueprints", name, NULL)) != 0)
		goto out;
	r.path = buf_text(&path);
	rc = cs_ask(c, &r, &a, &why);
	if (rc == 0 && blueprint_read(a.json, b) == 0)
		goto out;
	/* the server may have stumbled over an encoded slash or a spelling */
	if (rc == 0 || a.verdict == VERDICT_MISSING ||
	    a.verdict == VERDICT_REFUSED) {
		cs_blueprint_free(b);
		rc = find_in_list(c, name, b, fail);
	} else
		(void)fail_set(fail, why.kind, "%s", why.text);
out:
	buf_free(&path);
	answer_free(&a);
	return rc;
}
