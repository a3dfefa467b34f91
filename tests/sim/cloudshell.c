/*
 * CloudShell's Sandbox API: the table of its paths, and the checks made on
 * every request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloudshell.h"

struct route {
	const char *method, *pattern, *operation;
	void (*run)(struct req *, const struct call *);
	bool open;		/* needs no token */
};

static int64_t quota_count;

void
cs_error(struct req *r, int status, const char *code, const char *message)
{
	(void)code;
	answer_clear(r);
	answer_json(r, status, json_pack("{si ss ss}", "statusCode", status,
	    "errorCategory", "WebApi", "message", message));
}

void
cs_not_found(struct req *r)
{
	cs_error(r, 404, NULL, "Entity could not be found");
}

void
cs_refuse(struct req *r, const char *why, const char *message)
{
	req_why(r, "%s", why);
	cs_error(r, 400, NULL, message);
}

/* "v?" is v1 or v2; the first match counts. */
static const struct route routes[] = {
	{ "PUT", "login", "Login", token_login, true },
	{ "POST", "token", "CreateToken", token_for_user, false },
	{ "DELETE", "token/*", "Logout", token_logout, false },
	{ "GET", "v?/blueprints", "ListBlueprints", list_blueprints, false },
	{ "GET", "v?/blueprints/*", "GetBlueprint", get_blueprint, false },
	{ "POST", "v?/blueprints/*/start", "StartSandbox", start_sandbox,
	    false },
	{ "POST", "v2/blueprints/*/start-persistent", "StartPersistent",
	    start_persistent, false },
	{ "GET", "v?/sandboxes", "ListSandboxes", list_sandboxes, false },
	{ "GET", "v2/sandboxes/owners/*", "ListOwnerSandboxes",
	    list_sandboxes, false },
	{ "GET", "v?/sandboxes/*", "GetSandbox", get_sandbox, false },
	{ "POST", "v?/sandboxes/*/stop", "StopSandbox", stop_sandbox, false },
	{ "POST", "v2/sandboxes/*/extend", "ExtendSandbox", extend_sandbox,
	    false },
	{ "GET", "v2/sandboxes/*/activity", "GetActivity", get_activity,
	    false },
	{ "GET", "v2/sandboxes/*/output", "GetOutput", get_output, false },
	{ "GET", "v2/sandboxes/*/instructions", "GetInstructions",
	    get_instructions, false },
	{ "GET", "v2/sandboxes/*/components", "ListComponents",
	    list_components, false },
	{ "GET", "v2/sandboxes/*/components/*", "GetComponent",
	    get_component, false },
	{ "GET", "v2/sandboxes/*/components/*/commands",
	    "ListComponentCommands", list_commands, false },
	{ "GET", "v2/sandboxes/*/components/*/commands/*",
	    "GetComponentCommand", get_command, false },
	{ "POST", "v2/sandboxes/*/components/*/commands/*/start",
	    "StartComponentCommand", start_command, false },
	{ "GET", "v2/sandboxes/*/commands", "ListSandboxCommands",
	    list_commands, false },
	{ "GET", "v2/sandboxes/*/commands/*", "GetSandboxCommand",
	    get_command, false },
	{ "POST", "v2/sandboxes/*/commands/*/start", "StartSandboxCommand",
	    start_command, false },
	{ "GET", "v2/executions/*", "GetExecution", get_execution, false },
	{ "DELETE", "v2/executions/*", "CancelExecution", cancel_execution,
	    false },
};

static void
call_free(struct call *call)
{
	while (call->n > 0)
		free(call->segments[--call->n]);
}

static void
call_split(struct call *call, const char *path)
{
	struct buf b;
	size_t len;

	memset(call, 0, sizeof(*call));
	call->encoded = true;
	while (*path == '/' && call->n < SEGMENTS_MAX) {
		path++;
		len = strcspn(path, "/");
		memset(&b, 0, sizeof(b));
		if (!percent_decode(&b, path, len))
			call->encoded = false;
		call->segments[call->n++] = b.data;
		path += len;
	}
}

static bool
route_matches(struct call *call, const struct route *route)
{
	const char *p = route->pattern;
	size_t len;
	int i;

	call->nargs = 0;
	for (i = 1; i < call->n; i++) {
		len = strcspn(p, "/");
		if (len == 1 && *p == '*' && call->nargs < ARGS_MAX)
			call->args[call->nargs++] = call->segments[i];
		else if (len == 2 && strncmp(p, "v?", 2) == 0) {
			if (strcasecmp(call->segments[i], "v1") != 0 &&
			    strcasecmp(call->segments[i], "v2") != 0)
				return false;
		} else if (len == 0 || strlen(call->segments[i]) != len ||
		    strncasecmp(call->segments[i], p, len) != 0)
			return false;
		p += len;
		if (*p == '/')
			p++;
	}
	return *p == '\0';
}

static void
call_parse(struct call *call, struct req *r)
{
	size_t i;

	call_split(call, r->path);
	if (call->n < 2 || strcasecmp(call->segments[0], "api") != 0)
		return;
	call->version = strcasecmp(call->segments[1], "v1") == 0 ? 1 : 2;
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, r->method) == 0 &&
		    route_matches(call, &routes[i])) {
			call->route = &routes[i];
			return;
		}
}

static void
classify(struct req *r)
{
	struct call call;

	call_parse(&call, r);
	snprintf(r->operation, sizeof(r->operation), "%s",
	    call.route == NULL ? "Unknown" : call.route->operation);
	call_free(&call);
}

/* Every request needs a Content-Type, JSON where there is a body; a GET has no
 * body. */
static bool
form_good(struct req *r)
{
	const char *type = req_header(r, "Content-Type");

	if (type == NULL || strncasecmp(type, "application/json", 16) != 0) {
		cs_refuse(r, "Content-Type is not application/json",
		    "Content-Type must be application/json");
		return false;
	}
	if (r->body.len == 0)
		return true;
	if (strcmp(r->method, "GET") == 0) {
		cs_refuse(r, "GET with a body", "GET takes no body");
		return false;
	}
	r->json = json_loadb(r->body.data, r->body.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (!json_is_object(r->json) &&
	    strcmp(r->operation, "StopSandbox") != 0) {
		cs_refuse(r, "body is not a JSON object", "Invalid JSON");
		return false;
	}
	return true;
}

static bool
quota_left(struct req *r)
{
	int64_t every = set_int("cloudshell", "quota_every");

	if (every <= 0 || ++quota_count % every != 0)
		return true;
	cs_error(r, (int)set_int("cloudshell", "quota_status"), NULL,
	    "Request rate quota has been exceeded");
	return false;
}

static void
handle_call(struct req *r, struct call *call)
{
	if (!call->encoded) {
		cs_refuse(r, "path is not percent-encoded once", "Bad path");
		return;
	}
	if (strcasestr(r->path, "%2f") != NULL) {
		req_why(r, "encoded slash in the path");
		answer_text(r, 404, "text/html", "<html><body><h1>Not Found"
		    "</h1></body></html>");
		return;
	}
	if (!quota_left(r) || !form_good(r))
		return;
	if (call->route == NULL) {
		req_why(r, "no such path or method");
		cs_error(r, 404, NULL, "Invalid Api call");
		return;
	}
	if (call->route->open || token_good(r))
		call->route->run(r, call);
}

static void
handle(struct req *r)
{
	struct call call;

	call_parse(&call, r);
	handle_call(r, &call);
	call_free(&call);
}

void
cloudshell_reset(void)
{
	token_reset();
	quota_count = 0;
	command_reset();
	sandbox_reset();
}

const struct service cloudshell_service = {
	.name = "cloudshell", .body_max = 1 << 20, .logged = true,
	.classify = classify, .handle = handle, .error = cs_error,
};
