/*
 * The credentials endpoint of a container: what an ECS or EKS agent answers.
 */
#include <stdio.h>
#include <string.h>

#include "state.h"

static void
container_error(struct req *r, int status, const char *code,
    const char *message)
{
	answer_clear(r);
	answer_json(r, status, json_pack("{ss ss}", "code", code, "message",
	    message));
}

static void
refuse(struct req *r, int status, const char *code, const char *message)
{
	req_why(r, "%s: %s", code, message);
	container_error(r, status, code, message);
}

static bool
path_known(const char *path)
{
	json_t *known;
	size_t i;

	json_array_foreach(set_get("container", "paths"), i, known)
		if (json_is_string(known) &&
		    strcmp(json_string_value(known), path) == 0)
			return true;
	return false;
}

static void
classify(struct req *r)
{
	snprintf(r->operation, sizeof(r->operation), "%s",
	    path_known(r->target) ? "GetCredentials" : "Unknown");
}

static void
credentials(struct req *r)
{
	const char *role = set_str("container", "role_arn");
	struct cred *c = cred_session("container", role, "sim-task",
	    set_int("container", "life_ms"));
	char text[TIME_MAX];
	json_t *j;

	j = json_pack("{ss ss ss}", "RoleArn", role, "AccessKeyId", c->id,
	    "SecretAccessKey", c->secret);
	if (set_bool("container", "with_token"))
		json_object_set_new(j, "Token", json_string(c->token));
	else
		cred_token_drop(c);
	if (set_bool("container", "with_expiration")) {
		cred_expiration_text(c, "container", text);
		json_object_set_new(j, "Expiration", json_string(text));
	}
	if (set_bool("container", "with_account"))
		json_object_set(j, "AccountId",
		    set_get("codepipeline", "account"));
	answer_json(r, 200, j);
}

static void
handle(struct req *r)
{
	const char *token = set_str("container", "token");
	const char *sent = req_header(r, "Authorization");
	const char *accept = req_header(r, "Accept");

	if (strcmp(r->operation, "Unknown") == 0)
		refuse(r, 404, "NotFound", "no credentials at this path");
	else if (strcmp(r->method, "GET") != 0)
		refuse(r, 405, "MethodNotAllowed", "not GET");
	else if (*token != '\0' && sent == NULL)
		refuse(r, 401, "Unauthorized", "no Authorization header");
	else if (*token != '\0' && strcmp(sent, token) != 0)
		refuse(r, 403, "AccessDenied", "wrong authorization token");
	else {
		if (accept == NULL || strcmp(accept, "application/json") != 0)
			req_why(r, "Accept is not application/json");
		credentials(r);
	}
}

const struct service container_service = {
	.name = "container", .body_max = 64 << 10, .logged = true,
	.classify = classify, .handle = handle, .error = container_error,
};
