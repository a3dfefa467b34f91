/*
 * The admin interface: what tests say to the simulator behind its
 * services' backs.
 */
#include <signal.h>
#include <stdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloudshell.h"

#define COUNT_MAX	100000

struct route {
	const char *method, *path;
	bool prefix;		/* more follows the path */
	void (*run)(struct req *, const char *);
};

static void
admin_error(struct req *r, int status, const char *code, const char *message)
{
	(void)code;
	answer_clear(r);
	answer_json(r, status, json_pack("{ss}", "error", message));
}

static void
bad(struct req *r, const char *message)
{
	admin_error(r, 400, NULL, message);
}

static void
missing(struct req *r)
{
	admin_error(r, 404, NULL, "not found");
}

static void
ok(struct req *r)
{
	answer_json(r, 200, json_pack("{sb}", "ok", 1));
}

static void
get_root(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, json_pack("{sb sI sI}", "ok", 1, "jobs",
	    (json_int_t)job_count(), "next_request", (json_int_t)note_next()));
}

static void
get_settings(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, json_incref(settings_all()));
}

static void
put_settings(struct req *r, const char *rest)
{
	char why[WHY_MAX];

	if (settings_merge(r->json, why, sizeof(why)) == -1)
		bad(r, why);
	else
		get_settings(r, rest);
}

static void
reset(struct req *r, const char *rest)
{
	(void)rest;
	fault_reset();
	pipeline_reset();
	job_reset();
	object_reset();
	cloudshell_reset();
	imds_reset();
	note_reset();
	settings_reset();
	park_release();
	ok(r);
}

static void
quit(struct req *r, const char *rest)
{
	(void)rest;
	ok(r);
	(void)kill(getpid(), SIGTERM);
}

static void
post_jobs(struct req *r, const char *rest)
{
	int64_t i, n = jint(r->json, "count", 1);
	json_t *list;
	struct execution *x;
	char why[WHY_MAX];

	(void)rest;
	if (n < 1 || n > COUNT_MAX) {
		bad(r, "count out of range");
		return;
	}
	list = json_array();
	for (i = 0; i < n; i++) {
		x = job_execute(r->json, NULL, why, sizeof(why));
		if (x == NULL) {
			json_decref(list);
			bad(r, why);
			return;
		}
		json_array_append_new(list, json_string(x->latest->id));
	}
	answer_json(r, 200, json_pack("{so}", "jobs", list));
}

static void
get_jobs(struct req *r, const char *rest)
{
	json_t *list = json_array();
	struct job *job;

	(void)rest;
	STAILQ_FOREACH(job, &jobs, all) {
		job_tick(job, now_ms());
		json_array_append_new(list, job_describe(job));
	}
	answer_json(r, 200, json_pack("{so}", "jobs", list));
}

static void
get_job(struct req *r, const char *id)
{
	struct job *job = job_find(id);

	if (job == NULL) {
		missing(r);
		return;
	}
	job_tick(job, now_ms());
	answer_json(r, 200, job_describe_fully(job));
}

static void
post_job(struct req *r, const char *id)
{
	struct job *job = job_find(id);
	const char *state = jstr(r->json, "state");

	if (job == NULL)
		missing(r);
	else if (state == NULL || job_set_state(job, state) == -1)
		bad(r, "unknown state");
	else
		answer_json(r, 200, job_describe_fully(job));
}

static void
post_pipelines(struct req *r, const char *rest)
{
	char why[WHY_MAX];
	int id = pipeline_add(r->json, why, sizeof(why));

	(void)rest;
	if (id == -1)
		bad(r, why);
	else
		answer_json(r, 200, json_pack("{si}", "id", id));
}

static void
get_pipeline(struct req *r, const char *id)
{
	json_t *j = pipeline_describe((int)strtonum(id, 0, INT_MAX,
	    NULL));

	if (j == NULL)
		missing(r);
	else
		answer_json(r, 200, j);
}

static void
get_requests(struct req *r, const char *rest)
{
	char *since = req_query(r, "since"), *limit = req_query(r, "limit");
	char *service = req_query(r, "service");
	char *operation = req_query(r, "operation");

	(void)rest;
	note_list(&r->answer.body, since == NULL ? 0 :
	    strtoull(since, NULL, 10), service, operation, limit == NULL ?
	    NOTE_MAX : strtol(limit, NULL, 10));
	answer_text(r, 200, "application/json", "%s", "");
	free(since);
	free(limit);
	free(service);
	free(operation);
}

static void
delete_requests(struct req *r, const char *rest)
{
	(void)rest;
	note_reset();
	ok(r);
}

static void
get_sandboxes(struct req *r, const char *rest)
{
	json_t *list = json_array();
	struct sandbox *sb;

	(void)rest;
	TAILQ_FOREACH(sb, &sandboxes, next)
		json_array_append_new(list, sandbox_admin(sb));
	answer_json(r, 200, json_pack("{so}", "sandboxes", list));
}

static void
post_sandboxes(struct req *r, const char *rest)
{
	const char *name = jstr(r->json, "name");
	const char *blueprint = jstr(r->json, "blueprint");
	struct sandbox *sb;
	json_t *b;

	(void)rest;
	b = blueprint_find(blueprint == NULL ? "Demo Blueprint" : blueprint);
	if (name == NULL || b == NULL) {
		bad(r, "no name, or no such blueprint");
		return;
	}
	sb = sandbox_new(b, name, 3600);
	sandbox_change(sb, r->json);
	answer_json(r, 200, json_pack("{ss}", "id", sb->id));
}

static void
post_sandbox(struct req *r, const char *id)
{
	struct sandbox *sb = sandbox_find(id);

	if (sb == NULL)
		missing(r);
	else if (sandbox_change(sb, r->json) == 1)
		ok(r);
	else
		answer_json(r, 200, sandbox_admin(sb));
}

static void
get_executions(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, command_admin());
}

static void
post_execution(struct req *r, const char *id)
{
	if (command_change(id, r->json) == -1)
		missing(r);
	else
		ok(r);
}

static void
get_sessions(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, sessions_list());
}

static void
post_sessions(struct req *r, const char *rest)
{
	if (jtrue(r->json, "expire"))
		sessions_expire(jstr(r->json, "origin"));
	get_sessions(r, rest);
}

static void
get_objects(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, object_list());
}

/* bucket/key from the path; false, and answered, if they are missing. */
static bool
object_path(struct req *r, const char *rest, char **bucket, const char **key)
{
	const char *slash = strchr(rest, '/');

	if (slash == NULL || slash == rest || slash[1] == '\0') {
		missing(r);
		return false;
	}
	*bucket = xstrndup(rest, (size_t)(slash - rest));
	*key = slash + 1;
	return true;
}

static void
get_object(struct req *r, const char *rest)
{
	struct object *o;
	const char *key;
	char *bucket;

	if (!object_path(r, rest, &bucket, &key))
		return;
	o = object_get(bucket, key);
	free(bucket);
	if (o == NULL) {
		missing(r);
		return;
	}
	answer_text(r, 200, "application/octet-stream", "%s", "");
	buf_free(&r->answer.body);
	r->answer.blob = blob_ref(o->blob);
}

static void
put_object(struct req *r, const char *rest)
{
	const char *key;
	char *bucket;

	if (!object_path(r, rest, &bucket, &key))
		return;
	object_put(bucket, key, blob_copy(r->body.data, r->body.len), true,
	    NULL, NULL);
	free(bucket);
	ok(r);
}

static void
post_faults(struct req *r, const char *rest)
{
	char why[WHY_MAX];
	int id = fault_add(r->json, why, sizeof(why));

	(void)rest;
	if (id == -1)
		bad(r, why);
	else
		answer_json(r, 200, json_pack("{si}", "id", id));
}

static void
get_faults(struct req *r, const char *rest)
{
	(void)rest;
	answer_json(r, 200, fault_list());
}

static void
delete_faults(struct req *r, const char *rest)
{
	(void)rest;
	fault_reset();
	park_release();
	ok(r);
}

static const struct route routes[] = {
	{ "GET", "/", false, get_root },
	{ "GET", "/settings", false, get_settings },
	{ "PUT", "/settings", false, put_settings },
	{ "POST", "/reset", false, reset },
	{ "POST", "/quit", false, quit },
	{ "POST", "/jobs", false, post_jobs },
	{ "GET", "/jobs", false, get_jobs },
	{ "GET", "/jobs/", true, get_job },
	{ "POST", "/jobs/", true, post_job },
	{ "POST", "/pipelines", false, post_pipelines },
	{ "GET", "/pipelines/", true, get_pipeline },
	{ "GET", "/requests", false, get_requests },
	{ "DELETE", "/requests", false, delete_requests },
	{ "GET", "/sandboxes", false, get_sandboxes },
	{ "POST", "/sandboxes", false, post_sandboxes },
	{ "POST", "/sandboxes/", true, post_sandbox },
	{ "GET", "/executions", false, get_executions },
	{ "POST", "/executions/", true, post_execution },
	{ "GET", "/sessions", false, get_sessions },
	{ "POST", "/sessions", false, post_sessions },
	{ "GET", "/objects", false, get_objects },
	{ "GET", "/objects/", true, get_object },
	{ "PUT", "/objects/", true, put_object },
	{ "POST", "/faults", false, post_faults },
	{ "GET", "/faults", false, get_faults },
	{ "DELETE", "/faults", false, delete_faults },
};

/* Whether the body is JSON, unless it is an object's bytes. */
static bool
body_good(struct req *r, const struct route *route)
{
	if (route->run == put_object || r->body.len == 0)
		return true;
	r->json = json_loadb(r->body.data, r->body.len, JSON_DECODE_ANY, NULL);
	return json_is_object(r->json);
}

static void
handle(struct req *r)
{
	const struct route *route;
	size_t i, len;

	if (r->too_big) {
		admin_error(r, 413, NULL, "body too large");
		return;
	}
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		route = &routes[i];
		len = strlen(route->path);
		if (strcmp(route->method, r->method) != 0 ||
		    strncmp(route->path, r->path, len) != 0 ||
		    route->prefix != (r->path[len] != '\0'))
			continue;
		if (!body_good(r, route))
			bad(r, "body is not a JSON object");
		else
			route->run(r, r->path + len);
		return;
	}
	missing(r);
}

const struct service admin_service = {
	.name = "admin", .body_max = 100UL << 20, .logged = false,
	.classify = NULL, .handle = handle, .error = admin_error,
};
