/*
 * qualictl actions install: register the action types. It never changes one
 * that is there: AWS cannot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "actions_install.h"
#include "chosen.h"
#include "compare.h"
#include "json.h"
#include "mem.h"
#include "options.h"
#include "out.h"
#include "session.h"

const struct ctl_option actions_install_options[] = {
	{ "dry-run", NULL, "print what would be sent, and send nothing" },
	{ NULL, NULL, NULL },
};

/* What became of each type. */
struct result {
	const char	*word[ACTION_MAX];	/* NULL: not dealt with */
	json_t		*differences[ACTION_MAX];
};

static json_t *
rows_make(const struct choice *choice, const struct result *r)
{
	json_t *rows = json_array(), *o;

	for (size_t i = 0; i < choice->n; i++) {
		o = chosen_json(&choice->types[i]);
		(void)json_object_set_new(o, "result", out_text(r->word[i]));
		(void)json_object_set(o, "input", choice->types[i].input);
		(void)json_object_set_new(o, "differences",
		    r->differences[i] != NULL ? json_incref(r->differences[i]) :
		    json_array());
		(void)json_array_append_new(rows, o);
	}
	return rows;
}

/* --- before --- */

static void
print_differences(const struct chosen *c, const json_t *differences)
{
	const json_t *d;
	size_t i;

	json_array_foreach(differences, i, d) {
		char *ours = compare_text(json_object_get(d, "file"));
		char *theirs = compare_text(json_object_get(d, "account"));

		out_error("%s %s: %s: file: %s; account: %s",
		    c->definition.type.provider, c->definition.type.version,
		    json_text(d, "member"), ours, theirs);
		xfree_secret(ours);
		xfree_secret(theirs);
	}
}

/* Another remedy than raising the version: links come from portal_url. */
static const char *
other_way(const struct chosen *c, const json_t *differences)
{
	const json_t *d;
	size_t i;

	if (c->no_links)
		return " (or set portal_url in worker.conf, if the links are "
		    "the difference)";
	json_array_foreach(differences, i, d)
		if (strncmp(json_text(d, "member"), "settings.", 9) == 0)
			return " (or give portal_url in worker.conf its former "
			    "value, or none, if the links are the difference)";
	return "";
}

/* Look at what is there. -1: one of the same version differs. */
static int
look(const struct choice *choice, const json_t *types, struct result *r,
    struct fail *fail)
{
	char *raise;
	int rc = 0;

	for (size_t i = 0; i < choice->n; i++) {
		const struct chosen *c = &choice->types[i];
		const json_t *theirs = account_find(types,
		    &c->definition.type);

		if (theirs == NULL)
			continue;
		r->differences[i] = compare_types(c->input, theirs);
		r->word[i] = json_array_size(r->differences[i]) == 0 ?
		    "already there" : "differs";
		if (json_array_size(r->differences[i]) == 0 || rc != 0)
			continue;
		raise = chosen_raise(c);
		rc = fail_set(fail, FAIL_CONFIG, "%s %s is registered with "
		    "another definition, and AWS cannot change it: %s%s. "
		    "Nothing was registered.", c->definition.type.provider,
		    c->definition.type.version, raise, other_way(c,
		    r->differences[i]));
		free(raise);
		print_differences(c, r->differences[i]);
	}
	return rc;
}

/* --- the change --- */

/* Fails also if what is there then is not what was sent. */
static int
create(struct session *s, const struct chosen *c, struct fail *fail)
{
	const struct cp_action_type *type = &c->definition.type;
	struct fail why = { .kind = FAIL_NONE };
	json_t *types, *differences;
	bool same;

	(void)account_create(&s->api, c->input, &why);
	types = account_await(&s->api, type, true, &why, fail);
	if (types == NULL)
		return -1;
	differences = compare_types(c->input, account_find(types, type));
	same = json_array_size(differences) == 0;
	if (!same)
		print_differences(c, differences);
	json_decref(differences);
	json_decref(types);
	return same ? 0 : fail_set(fail, FAIL_SYSTEM, "%s %s: AWS lists "
	    "another definition than the one that was sent", type->provider,
	    type->version);
}

static int
create_missing(struct session *s, const struct choice *choice,
    struct result *r, struct fail *fail)
{
	for (size_t i = 0; i < choice->n; i++) {
		if (r->word[i] != NULL)
			continue;
		if (create(s, &choice->types[i], fail) != 0) {
			r->word[i] = "failed";
			return -1;
		}
		r->word[i] = "created";
	}
	return 0;
}

/* --- what is said --- */

static void
print(const struct choice *choice, const struct result *r, const char *region)
{
	for (size_t i = 0; i < choice->n; i++) {
		const struct cp_action_type *type =
		    &choice->types[i].definition.type;

		if (r->word[i] != NULL)
			out_line("%s %s %s: %s", region, type->provider,
			    type->version, r->word[i]);
	}
}

/* What is no fault, but may surprise. */
static void
remark(const struct ctl *ctl, const struct choice *choice)
{
	bool no_links = false;

	for (size_t i = 0; i < choice->n; i++) {
		const struct chosen *c = &choice->types[i];

		no_links = no_links || c->no_links;
		if (!chosen_polled(c, c->definition.type.version))
			out_error("%s: this worker does not poll for %s %s: %s",
			    ctl->conf_path, c->definition.type.provider,
			    c->definition.type.version, c->npolled == 0 ?
			    "its section has poll = no" :
			    "add it to versions in [worker]");
	}
	if (no_links)
		out_error("%s: portal_url in [cloudshell] is not set: the "
		    "actions have no link to their sandbox; set it before "
		    "you register them, since AWS cannot change them later",
		    ctl->conf_path);
}

static void
print_inputs(const struct choice *choice)
{
	for (size_t i = 0; i < choice->n; i++) {
		char *line = json_line(choice->types[i].input);

		(void)puts(line);
		xfree_secret(line);
	}
}

static int
install(struct ctl *ctl, struct session *s, const struct choice *choice,
    struct result *r, struct fail *fail)
{
	json_t *types;
	int rc;

	if (session_open(ctl, s, fail) != 0 ||
	    (types = account_types(&s->api, fail)) == NULL)
		return -1;
	rc = look(choice, types, r, fail);
	json_decref(types);
	return rc == 0 ? create_missing(s, choice, r, fail) : -1;
}

int
actions_install(struct ctl *ctl, int argc, char **argv)
{
	bool dry_run = options_value(ctl, "dry-run") != NULL;
	struct choice choice = { .n = 0 };
	struct session s = { .of_service = false };
	struct result r = { .word = { NULL } };
	struct fail fail;
	json_t *o = json_object();
	int rc;

	rc = chosen_load(&choice, ctl, argc, argv, &fail);
	if (rc == 0)
		remark(ctl, &choice);
	if (rc == 0 && dry_run && !ctl->json)
		print_inputs(&choice);
	if (rc == 0 && !dry_run) {
		rc = install(ctl, &s, &choice, &r, &fail);
		if (!ctl->json)
			print(&choice, &r, s.found.region);
	}
	(void)json_object_set_new(o, "region", out_text(s.found.region));
	(void)json_object_set_new(o, "dry_run", json_boolean(dry_run));
	(void)json_object_set_new(o, "types", rows_make(&choice, &r));
	for (size_t i = 0; i < ACTION_MAX; i++)
		json_decref(r.differences[i]);
	chosen_free(&choice);
	session_close(&s);
	rc = out_result(ctl->json, o, rc == 0 ? NULL : &fail);
	return choice.no_such ? CTL_USAGE : rc;
}
