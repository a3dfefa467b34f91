/*
 * What a blueprint asks for before it starts (cloudshell-sandbox-api 5.1).
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ask.h"
#include "client.h"
#include "json.h"
#include "mem.h"
#include "text.h"
#include "utf8.h"

int
cs_blueprint_names(struct cs_client *c, json_t **names, struct fail *fail)
{
	struct cs_request r = { .what = "list the blueprints",
	    .method = "GET", .path = "/api/v2/blueprints",
	    .want = JSON_ARRAY };
	struct cs_answer a;
	const json_t *item;
	char *name;
	size_t i;
	int rc;

	*names = json_array();
	if ((rc = cs_ask(c, &r, &a, fail)) == 0)
		json_array_foreach(a.json, i, item) {
			if ((name = text_name(item)) == NULL)
				continue;
			(void)json_array_append_new(*names, json_string(name));
			free(name);
		}
	answer_free(&a);
	return rc;
}

/* Text of a member in one line; NULL if there is none. The caller frees it. */
static char *
line_of(const json_t *j, const char *key)
{
	char *text = json_loose_text(j, key);

	if (text != NULL)
		text_line(text, CS_TEXT_MAX);
	return text;
}

/* A default may be an empty text; null and absent are none. */
static char *
default_of(const json_t *j)
{
	const json_t *v = json_loose(j, "default_value");
	char *text;

	if (json_is_string(v) && json_string_length(v) == 0)
		return xstrdup("");
	if ((text = json_loose_text(j, "default_value")) != NULL)
		utf8_clean(text, false);
	return text;
}

static json_t *
values_of(const json_t *j)
{
	const json_t *v, *list = json_loose(j, "possible_values");
	json_t *values = json_array();
	char *text;
	size_t i;

	json_array_foreach(list, i, v) {
		if ((text = json_scalar_text(v)) == NULL)
			continue;
		utf8_clean(text, false);
		(void)json_array_append_new(values, json_string(text));
		free(text);
	}
	return values;
}

static void
input_free(struct cs_input *in)
{
	free(in->name);
	free(in->type);
	free(in->fallback);
	json_decref(in->values);
	memset(in, 0, sizeof(*in));
}

static void
input_read(struct cs_input *in, const json_t *j)
{
	in->name = text_name(j);
	in->type = line_of(j, "type");
	in->fallback = default_of(j);
	in->values = values_of(j);
	in->required = in->fallback == NULL || (in->fallback[0] == '\0' &&
	    json_loose_bool(j, "mandatory", false));
}

static void
details_read(struct cs_details *d, const json_t *j)
{
	const json_t *item, *list = json_loose(j, "params");
	size_t i;

	d->setup = line_of(j, "estimated_setup_duration");
	d->availability = line_of(j, "availability");
	if (!json_is_array(list))
		return;
	d->inputs = xcalloc(json_array_size(list) + 1, sizeof(*d->inputs));
	json_array_foreach(list, i, item) {
		input_read(&d->inputs[d->n], item);
		if (d->inputs[d->n].name != NULL)
			d->n++;
		else
			input_free(&d->inputs[d->n]);
	}
}

void
cs_details_free(struct cs_details *d)
{
	for (size_t i = 0; i < d->n; i++)
		input_free(&d->inputs[i]);
	free(d->inputs);
	free(d->setup);
	free(d->availability);
	memset(d, 0, sizeof(*d));
}

int
cs_blueprint_details(struct cs_client *c, const char *id, struct cs_details *d,
    struct fail *fail)
{
	struct cs_request r = { .what = "read the blueprint",
	    .method = "GET", .want = JSON_OBJECT };
	struct cs_answer a = { 0 };
	struct buf path;
	int rc;

	memset(d, 0, sizeof(*d));
	rc = cs_path(&path, fail, "blueprints", id, NULL);
	if (rc == 0) {
		r.path = buf_text(&path);
		if ((rc = cs_ask(c, &r, &a, fail)) == 0)
			details_read(d, a.json);
	}
	buf_free(&path);
	answer_free(&a);
	return rc;
}
