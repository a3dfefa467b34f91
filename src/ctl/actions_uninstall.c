/*
 * qualictl actions uninstall: delete action types, after asking.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "actions_uninstall.h"
#include "chosen.h"
#include "json.h"
#include "options.h"
#include "out.h"
#include "pipelines.h"
#include "session.h"

const struct ctl_option actions_uninstall_options[] = {
	{ "version", "N", "delete this version (default: those of the files)" },
	{ "yes", NULL, "do not ask" },
	{ NULL, NULL, NULL },
};

struct removal {
	const char		*region;
	struct cp_action_type	 types[ACTION_MAX];
	const char		*word[ACTION_MAX];
	size_t			 n;
	json_t			*uses;		/* NULL: not looked at */
	bool			 whole;		/* all pipelines */
};

static void
versions_set(struct removal *r, const struct choice *choice,
    const char *version)
{
	for (size_t i = 0; i < choice->n; i++) {
		struct cp_action_type *type = &r->types[r->n++];

		*type = choice->types[i].definition.type;
		if (version != NULL)
			(void)strlcpy(type->version, version,
			    sizeof(type->version));
	}
}

static bool
version_valid(const char *version)
{
	struct cp_action_type none = { .version = "" };
	struct cp_action_type list[DEFINITION_VERSIONS_MAX];
	struct fail fail;
	size_t n;

	return *version != '\0' && strchr(version, ' ') == NULL &&
	    definition_versions(version, &none, list, &n, &fail) == 0;
}

/* What is wrong with the command line; NULL: nothing. */
static const char *
options_fault(const struct ctl *ctl)
{
	const char *version = options_value(ctl, "version");

	if (options_value(ctl, "yes") == NULL && !isatty(STDIN_FILENO))
		return "there is no terminal to ask on, so nothing was "
		    "deleted: --yes deletes without asking";
	if (version != NULL && !version_valid(version))
		return "--version: one version of 1 to 9 letters, digits, "
		    "'_' or '-'";
	return NULL;
}

/* Which are there. */
static int
look(struct removal *r, struct session *s, struct fail *fail)
{
	json_t *types = account_types(&s->api, fail);

	if (types == NULL)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		r->word[i] = account_find(types, &r->types[i]) != NULL ?
		    "registered" : "not registered";
	json_decref(types);
	return 0;
}

static bool
any_there(const struct removal *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->word[i], "registered") == 0)
			return true;
	return false;
}

/* Say who uses them, as far as this may be seen. */
static void
tell_uses(struct removal *r, struct session *s)
{
	struct cp_action_type there[ACTION_MAX];
	const json_t *u;
	struct fail why;
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->word[i], "registered") == 0)
			there[n++] = r->types[i];
	r->uses = pipelines_using(&s->api, there, n, &r->whole, &why);
	if (r->uses == NULL) {
		out_error("could not look which pipelines use the action "
		    "types: %s", why.text);
		return;
	}
	json_array_foreach(r->uses, i, u)
		out_error("pipeline %s uses %s %s: stage %s, action %s",
		    json_text(u, "pipeline"), json_text(u, "provider"),
		    json_text(u, "version"), json_text(u, "stage"),
		    json_text(u, "action"));
	if (!r->whole)
		out_error("there are more pipelines than were looked into (at "
		    "most %d, for %d s): others may use the action types",
		    PIPELINES_MAX, PIPELINES_MS / 1000);
	else if (json_array_size(r->uses) == 0)
		out_error("no pipeline of this region uses them");
}

/* On the terminal; anything but y and yes means no. */
static int
ask(const struct removal *r, struct fail *fail)
{
	char answer[16] = "";

	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->word[i], "registered") == 0)
			(void)fprintf(stderr, "%s %s %s\n", r->region,
			    r->types[i].provider, r->types[i].version);
	(void)fputs("Delete? AWS takes a deleted version again only with the "
	    "same definition. [y/N] ", stderr);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (strcasecmp(answer, "y\n") == 0 ||
	    strcasecmp(answer, "yes\n") == 0))
		return 0;
	return fail_set(fail, FAIL_STOPPED, "nothing was deleted");
}

static int
delete_one(struct session *s, const struct cp_action_type *type,
    struct fail *fail)
{
	struct fail why = { .kind = FAIL_NONE };
	json_t *types;

	(void)account_delete(&s->api, type, &why);
	types = account_await(&s->api, type, false, &why, fail);
	json_decref(types);
	return types != NULL ? 0 : -1;
}

static int
delete_all(struct removal *r, struct session *s, struct fail *fail)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->word[i], "registered") != 0)
			continue;
		if (delete_one(s, &r->types[i], fail) != 0) {
			r->word[i] = "failed";
			return -1;
		}
		r->word[i] = "deleted";
	}
	return 0;
}

static int
uninstall(struct ctl *ctl, struct removal *r, struct session *s,
    struct fail *fail)
{
	if (session_open(ctl, s, fail) != 0 || look(r, s, fail) != 0)
		return -1;
	r->region = s->found.region;
	if (!any_there(r))
		return 0;
	tell_uses(r, s);
	if (options_value(ctl, "yes") == NULL && ask(r, fail) != 0)
		return -1;
	return delete_all(r, s, fail);
}

static json_t *
rows_make(const struct removal *r)
{
	json_t *rows = json_array(), *o;

	for (size_t i = 0; i < r->n; i++) {
		o = json_object();
		json_put_text(o, "category", r->types[i].category);
		json_put_text(o, "provider", r->types[i].provider);
		json_put_text(o, "version", r->types[i].version);
		(void)json_object_set_new(o, "result", out_text(r->word[i]));
		(void)json_array_append_new(rows, o);
	}
	return rows;
}

int
actions_uninstall(struct ctl *ctl, int argc, char **argv)
{
	struct choice choice = { .n = 0 };
	struct session s = { .of_service = false };
	struct removal r = { .n = 0 };
	const char *wrong = options_fault(ctl);
	struct fail fail;
	json_t *o;
	int rc;

	if (wrong != NULL) {
		out_error("%s", wrong);
		return CTL_USAGE;
	}
	o = json_object();
	rc = chosen_load(&choice, ctl, argc, argv, &fail);
	if (rc == 0) {
		versions_set(&r, &choice, options_value(ctl, "version"));
		rc = uninstall(ctl, &r, &s, &fail);
	}
	for (size_t i = 0; !ctl->json && i < r.n; i++)
		if (r.word[i] != NULL)
			out_line("%s %s %s: %s", s.found.region,
			    r.types[i].provider, r.types[i].version,
			    r.word[i]);
	(void)json_object_set_new(o, "region", out_text(s.found.region));
	(void)json_object_set_new(o, "types", rows_make(&r));
	(void)json_object_set_new(o, "pipelines", r.uses != NULL ? r.uses :
	    json_null());
	(void)json_object_set_new(o, "all_pipelines",
	    json_boolean(r.uses != NULL && r.whole));
	chosen_free(&choice);
	session_close(&s);
	rc = out_result(ctl->json, o, rc == 0 ? NULL : &fail);
	return choice.no_such ? CTL_USAGE : rc;
}
