/*
 * What the setting "denied" takes away.
 */
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
