/*
 * The action types that a command is about.
 */
#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "json.h"
#include "mem.h"
#include "near.h"
#include "out.h"
#include "settings.h"

static bool
is_below(const char *path, const char *dir)
{
	size_t n = dir != NULL ? strlen(dir) : 0;

	return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/';
}

static int
load(struct chosen *c, enum job_action action, const struct conf *conf,
    struct fail *fail)
{
	const struct definition *d = &c->definition;

	memset(c, 0, sizeof(*c));
	c->action = action;
	if (definition_load(&c->definition, conf->worker.actions_dir,
	    conf->worker.data_dir, job_action_name(action), fail) != 0 ||
	    definition_check(d, fail) != 0)
		return -1;
	if (!is_below(d->path, conf->worker.actions_dir))
		c->own_dir = xstrdup(conf->worker.actions_dir);
	c->input = definition_input(d, conf->cloudshell.portal_url);
	c->no_links = json_object_size(json_object_of(c->input,
	    "settings")) < json_object_size(json_object_of(d->input,
	    "settings"));
	if (!conf->action[action].poll)
		return 0;
	return definition_versions(conf->worker.versions, &d->type, c->polled,
	    &c->npolled, fail);
}

static void
release(struct chosen *c)
{
	json_decref(c->input);
	free(c->own_dir);
	definition_free(&c->definition);
}

static bool
names(const char *word, const struct chosen *c)
{
	return strcmp(word, job_action_name(c->action)) == 0 ||
	    strcmp(word, c->definition.type.provider) == 0;
}

/* The first word that names none of the actions. */
static int
complain(const struct choice *all, const char *word, struct fail *fail)
{
	unsigned best = NEAR_NONE;
	const char *hint = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (near_enough(word, job_action_name(all->types[i].action),
		    &best))
			hint = job_action_name(all->types[i].action);
	if (hint != NULL)
		return fail_set(fail, FAIL_CONFIG, "%.100s: no such action "
		    "(did you mean %s?)", word, hint);
	return fail_set(fail, FAIL_CONFIG, "%.100s: no such action: there are "
	    "start-sandbox, run-command and end-sandbox", word);
}

/* Keep the named ones. */
static int
choose(struct choice *all, int argc, char **argv, struct fail *fail)
{
	bool wanted[ACTION_MAX] = { false };
	size_t kept = 0;

	for (int k = 0; k < argc; k++) {
		bool found = false;

		for (size_t i = 0; i < all->n; i++)
			if (names(argv[k], &all->types[i]))
				wanted[i] = found = true;
		if (!found) {
			all->no_such = true;
			return complain(all, argv[k], fail);
		}
	}
	for (size_t i = 0; i < all->n; i++)
		if (wanted[i])
			all->types[kept++] = all->types[i];
		else
			release(&all->types[i]);
	all->n = kept;
	return 0;
}

int
chosen_load(struct choice *c, const struct ctl *ctl, int argc, char **argv,
    struct fail *fail)
{
	int rc = settings_good(ctl, fail);

	for (int i = 0; i < ACTION_MAX && rc == 0; i++)
		rc = load(&c->types[c->n++], (enum job_action)i, &ctl->conf,
		    fail);
	if (rc == 0 && argc > 0)
		rc = choose(c, argc, argv, fail);
	if (rc != 0)
		chosen_free(c);
	return rc;
}

int
chosen_load_polled(struct choice *c, const struct conf *conf,
    struct fail *fail)
{
	for (int i = 0; i < ACTION_MAX; i++)
		if (conf->action[i].poll && load(&c->types[c->n++],
		    (enum job_action)i, conf, fail) != 0) {
			chosen_free(c);
			return -1;
		}
	return 0;
}

void
chosen_free(struct choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		release(&c->types[i]);
	c->n = 0;
}

bool
chosen_polled(const struct chosen *c, const char *version)
{
	for (size_t i = 0; i < c->npolled; i++)
		if (strcmp(c->polled[i].version, version) == 0)
			return true;
	return false;
}

char *
chosen_raise(const struct chosen *c)
{
	const char *path = c->definition.path;

	return c->own_dir == NULL ? xasprintf("raise \"version\" in %s", path) :
	    xasprintf("copy %s to %s and raise \"version\" there", path,
	    c->own_dir);
}

json_t *
chosen_json(const struct chosen *c)
{
	const struct cp_action_type *type = &c->definition.type;
	json_t *o = json_object();

	(void)json_object_set_new(o, "file", out_text(c->definition.path));
	(void)json_object_set_new(o, "name",
	    json_string(job_action_name(c->action)));
	(void)json_object_set_new(o, "category", json_string(type->category));
	(void)json_object_set_new(o, "provider", json_string(type->provider));
	(void)json_object_set_new(o, "version", json_string(type->version));
	return o;
}
