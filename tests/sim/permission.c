/*
 * What the setting "denied" takes away.
 */
#include <stdio.h>
#include <string.h>

#include "state.h"

/* An entry is "service:Operation", or that, a blank and one resource. */
static bool
entry_hits(const char *entry, const char *action, const char *resource)
{
	size_t len = strlen(action);

	if (strncmp(entry, action, len) != 0)
		return false;
	return entry[len] == '\0' ||
	    (entry[len] == ' ' && strcmp(entry + len + 1, resource) == 0);
}

/* If so, why is the message that AWS has for it. */
bool
permission_denied(const struct req *r, const char *action,
    const char *resource, struct buf *why)
{
	struct buf who = { NULL, 0, 0 };
	json_t *entry;
	size_t i;

	json_array_foreach(set_get("codepipeline", "denied"), i, entry)
		if (entry_hits(json_string_value(entry), action, resource))
			break;
	if (i == json_array_size(set_get("codepipeline", "denied")))
		return false;
	caller_arn(r, &who);
	buf_fmt(why, "User: %s is not authorized to perform: %s on resource: "
	    "%s because no identity-based policy allows the %s action",
	    who.data, action, resource, action);
	buf_free(&who);
	return true;
}

/* What the permission is about, in the form of the end of an ARN. */
static void
resource(const struct req *r, const char *operation, struct buf *b)
{
	json_t *type = r->json;

	if (strcmp(operation, "PollForJobs") == 0)
		type = json_object_get(r->json, "actionTypeId");
	if (jstr(type, "provider") != NULL)
		buf_fmt(b, "actiontype:Custom/%s/%s/%s",
		    jstr(type, "category"), jstr(type, "provider"),
		    jstr(type, "version"));
	else if (strcmp(operation, "GetPipeline") == 0)
		buf_str(b, jstr(r->json, "name"));
	else
		buf_str(b, "*");
}

/* Whether CodePipeline refuses the operation; if so, why is its message. */
bool
permission_refuses(const struct req *r, const char *operation,
    struct buf *why)
{
	struct buf end = { NULL, 0, 0 }, arn = { NULL, 0, 0 };
	char action[128];
	bool denied;

	resource(r, operation, &end);
	arn_make(&arn, "codepipeline", end.data);
	snprintf(action, sizeof(action), "codepipeline:%s", operation);
	denied = permission_denied(r, action, arn.data, why) ||
	    (json_object_get(r->json, "tags") != NULL &&
	    permission_denied(r, "codepipeline:TagResource", arn.data, why));
	buf_free(&end);
	buf_free(&arn);
	return denied;
}
