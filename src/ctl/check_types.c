/*
 * Says which action types are missing, and where one differs from its file.
 */
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "buf.h"
#include "check_types.h"
#include "compare.h"
#include "json.h"
#include "mem.h"

#define LIST_MAX	1024	/* bytes of a list of names */

/* Whether another of the types is defined in this version, and this one is not:
 * the worker polls for all of them in the same versions. */
static bool
belongs_to_another(const struct choice *all, const struct chosen *c,
    const char *version)
{
	if (strcmp(version, c->definition.type.version) == 0)
		return false;
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(version,
		    all->types[i].definition.type.version) == 0)
			return true;
	return false;
}

/* How many of the polled versions are registered; missing: the others, without
 * those of other types if there is any. */
static size_t
count_registered(const struct choice *all, const struct chosen *c,
    const json_t *types, struct buf *missing)
{
	size_t n = 0;

	for (size_t i = 0; i < c->npolled; i++)
		if (account_find(types, &c->polled[i]) != NULL)
			n++;
	for (size_t i = 0; i < c->npolled; i++)
		if (account_find(types, &c->polled[i]) == NULL && (n == 0 ||
		    !belongs_to_another(all, c, c->polled[i].version)))
			(void)buf_addf(missing, "%s%s", missing->len > 0 ?
			    ", " : "", c->polled[i].version);
	return n;
}

static void
say_different(struct findings *f, const struct chosen *c,
    const json_t *different)
{
	char *raise = chosen_raise(c), *remedy = xasprintf("`qualictl actions "
	    "list` shows both; to change a registered type, %s and call "
	    "`qualictl actions install`", raise);
	const json_t *d;
	struct buf members;
	size_t i;

	buf_init(&members, LIST_MAX);
	json_array_foreach(different, i, d)
		(void)buf_addf(&members, "%s%s", i > 0 ? ", " : "",
		    json_text(d, "member"));
	finding(f, "actions", FINDING_WARNING, remedy, "%s, version %s, is "
	    "registered, but differs from %s: %s",
	    c->definition.type.provider, c->definition.type.version,
	    c->definition.path, buf_text(&members));
	buf_free(&members);
	free(remedy);
	free(raise);
}

/* Whether the operator has not chosen the versions. */
static bool
usual_versions(const struct conf *conf)
{
	struct conf usual;
	bool same;

	conf_defaults(&usual);
	same = conf->worker.versions != NULL && strcmp(conf->worker.versions,
	    usual.worker.versions) == 0;
	conf_free(&usual);
	return same;
}

static void
say_unregistered(struct findings *f, const struct chosen *c,
    const char *region, const char *versions)
{
	finding(f, "actions", FINDING_FAILED, c->no_links ? "`qualictl actions "
	    "install` registers it; first set portal_url in [cloudshell] if "
	    "the console shall link to sandboxes, since AWS cannot change a "
	    "registered type" : "`qualictl actions install` registers it",
	    "%s is not registered in %s in any version that the worker polls "
	    "for (%s)", c->definition.type.provider, region, versions);
}

/* false: a line was added. spare, if not NULL, gets versions that need not be
 * there. */
static bool
check_type(struct findings *f, const struct choice *all,
    const struct chosen *c, const char *region, const json_t *types,
    bool compare, struct buf *spare)
{
	const struct cp_action_type *own = &c->definition.type;
	const json_t *registered = account_find(types, own);
	json_t *different;
	struct buf missing;
	bool good = true;

	buf_init(&missing, LIST_MAX);
	if (count_registered(all, c, types, &missing) == 0) {
		say_unregistered(f, c, region, buf_text(&missing));
		good = false;
	} else if (missing.len > 0 && spare != NULL && registered != NULL) {
		buf_clear(spare);
		(void)buf_adds(spare, buf_text(&missing));
	} else if (missing.len > 0) {
		finding(f, "actions", FINDING_WARNING, registered == NULL ?
		    "`qualictl actions install` registers the file's version, "
		    "or name the registered versions in versions of [worker]" :
		    "name the registered versions in versions of [worker]",
		    "the worker polls for %s in version %s, too, which is not "
		    "registered", own->provider, buf_text(&missing));
		good = false;
	}
	buf_free(&missing);
	if (!compare || registered == NULL ||
	    !chosen_polled(c, own->version))
		return good;
	different = compare_types(c->input, registered);
	if (json_array_size(different) > 0) {
		say_different(f, c, different);
		good = false;
	}
	json_decref(different);
	return good;
}

void
check_types(struct findings *f, const struct conf *conf,
    const struct choice *all, const char *region, const json_t *types,
    bool compare)
{
	bool usual = usual_versions(conf), good = true;
	size_t polled = 0;
	struct buf spare;

	buf_init(&spare, LIST_MAX);
	for (size_t i = 0; i < all->n; i++)
		if (all->types[i].npolled > 0) {
			good = check_type(f, all, &all->types[i], region,
			    types, compare, usual ? &spare : NULL) && good;
			polled++;
		}
	if (good)
		finding(f, "actions", FINDING_OK, NULL, "all %zu are "
		    "registered in the versions that the worker polls "
		    "for%s%s%s", polled, compare ? ", as their files say" :
		    "; not compared with their files", spare.len == 0 ? "" :
		    "; only pipelines of Quali's former worker need version ",
		    spare.len == 0 ? "" : buf_text(&spare));
	buf_free(&spare);
}
