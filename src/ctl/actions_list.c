/*
 * qualictl actions list: the account beside the definition files.
 */
#include <string.h>

#include "account.h"
#include "actions_list.h"
#include "chosen.h"
#include "compare.h"
#include "json.h"
#include "mem.h"
#include "out.h"
#include "session.h"

/* One line of the list, and its differences; takes them. */
static void
row(json_t *rows, const struct chosen *c, const json_t *id, const char *state,
    json_t *differences)
{
	const char *version = json_text(id, "version");
	json_t *o = chosen_json(c);

	if (strcmp(version, c->definition.type.version) != 0)
		(void)json_object_set_new(o, "file", json_null());
	(void)json_object_set(o, "category", json_object_get(id, "category"));
	(void)json_object_set(o, "version", json_object_get(id, "version"));
	(void)json_object_set_new(o, "state", json_string(state));
	(void)json_object_set_new(o, "polled", json_boolean(
	    strcmp(json_text(id, "category"), c->definition.type.category) ==
	    0 && chosen_polled(c, version)));
	(void)json_object_set_new(o, "differences", differences);
	(void)json_array_append_new(rows, o);
}

static json_t *
id_of(const struct cp_action_type *type)
{
	json_t *id = json_object();

	json_put_text(id, "category", type->category);
	json_put_text(id, "provider", type->provider);
	json_put_text(id, "version", type->version);
	return id;
}

/* Types of the same provider in other versions. */
static void
others(json_t *rows, const json_t *types, const struct chosen *c)
{
	const json_t *t, *id;
	size_t i;

	json_array_foreach(types, i, t) {
		id = json_object_of(t, "id");
		if (strcmp(json_text(id, "provider"),
		    c->definition.type.provider) == 0 &&
		    t != account_find(types, &c->definition.type))
			row(rows, c, id, "other", json_array());
	}
}

/* Versions that the worker polls for, but nobody has registered. */
static void
unregistered(json_t *rows, const json_t *types, const struct chosen *c)
{
	for (size_t i = 0; i < c->npolled; i++) {
		json_t *id;

		if (account_find(types, &c->polled[i]) != NULL ||
		    strcmp(c->polled[i].version,
		    c->definition.type.version) == 0)
			continue;
		id = id_of(&c->polled[i]);
		row(rows, c, id, "missing", json_array());
		json_decref(id);
	}
}

static json_t *
compare_choice(const struct choice *choice, const json_t *types)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < choice->n; i++) {
		const struct chosen *c = &choice->types[i];
		const json_t *theirs = account_find(types,
		    &c->definition.type);
		json_t *id = id_of(&c->definition.type), *differences;

		differences = theirs == NULL ? json_array() :
		    compare_types(c->input, theirs);
		row(rows, c, id, theirs == NULL ? "missing" :
		    json_array_size(differences) == 0 ? "same" : "differs",
		    differences);
		json_decref(id);
		others(rows, types, c);
		unregistered(rows, types, c);
	}
	return rows;
}

static void
print_row(const json_t *r)
{
	const json_t *d;
	char *ours, *theirs;
	size_t i;

	out_line("%-8s %-24s %-9s %-8s %s", json_text(r, "category"),
	    json_text(r, "provider"), json_text(r, "version"),
	    json_text(r, "state"), json_flag(r, "polled", false) ? "polled" :
	    "-");
	json_array_foreach(json_array_of(r, "differences"), i, d) {
		ours = compare_text(json_object_get(d, "file"));
		theirs = compare_text(json_object_get(d, "account"));
		out_line("    %s: file: %s; account: %s", json_text(d,
		    "member"), ours, theirs);
		xfree_secret(ours);
		xfree_secret(theirs);
	}
}

static void
print(const json_t *rows)
{
	const json_t *r;
	size_t i;

	out_line("%-8s %-24s %-9s %-8s %s", "CATEGORY", "PROVIDER", "VERSION",
	    "STATE", "WORKER");
	json_array_foreach(rows, i, r)
		print_row(r);
}

int
actions_list(struct ctl *ctl, int argc, char **argv)
{
	struct choice choice = { .n = 0 };
	struct session s = { .of_service = false };
	struct fail fail;
	json_t *o = json_object(), *types = NULL, *rows = NULL;
	int status;

	if (chosen_load(&choice, ctl, argc, argv, &fail) == 0 &&
	    session_open(ctl, &s, &fail) == 0 &&
	    (types = account_types(&s.api, &fail)) != NULL) {
		rows = compare_choice(&choice, types);
		if (!ctl->json)
			print(rows);
	}
	(void)json_object_set_new(o, "region", out_text(s.found.region));
	(void)json_object_set_new(o, "types", rows != NULL ? rows :
	    json_array());
	json_decref(types);
	chosen_free(&choice);
	session_close(&s);
	status = out_result(ctl->json, o, rows != NULL ? NULL : &fail);
	return choice.no_such ? CTL_USAGE : status;
}
