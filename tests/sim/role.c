/*
 * The roles of the settings, and whom they trust.
 */
#include <string.h>

#include "state.h"

#define LONGEST_S	3600	/* unless the role allows more */

/* A role that nobody lists; any_role lets everybody assume it. */
static json_t *any;

json_t *
role_find(const char *arn)
{
	json_t *role;
	size_t i;

	json_array_foreach(set_get("sts", "roles"), i, role)
		if (strcmp(jstr(role, "arn"), arn) == 0)
			return role;
	if (!set_bool("sts", "any_role"))
		return NULL;
	if (any == NULL)
		any = json_pack("{s[s] si}", "trusts", "*", "max_s", 43200);
	return any;
}

int64_t
role_longest_s(json_t *role)
{
	return jint(role, "max_s", LONGEST_S);
}

/* The ARN of the caller, of its role, or of its whole account. */
static bool
is_caller(const char *who, const struct req *r)
{
	struct buf arn = { NULL, 0, 0 }, role = { NULL, 0, 0 };
	struct buf resource = { NULL, 0, 0 }, root = { NULL, 0, 0 };
	bool same;

	caller_arn(r, &arn);
	arn_make(&root, "iam", "root");
	if (r->cred != NULL && r->cred->role != NULL) {
		buf_fmt(&resource, "role/%s", r->cred->role);
		arn_make(&role, "iam", resource.data);
	}
	same = strcmp(who, arn.data) == 0 || strcmp(who, root.data) == 0 ||
	    (role.data != NULL && strcmp(who, role.data) == 0);
	buf_free(&arn);
	buf_free(&role);
	buf_free(&resource);
	buf_free(&root);
	return same;
}

/* An unsigned request comes with a web identity's token. */
bool
role_trusts(json_t *role, const struct req *r)
{
	bool web = r->sig_key[0] == '\0';
	const char *who;
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(role, "trusts"), i, value) {
		who = json_string_value(value);
		if (strcmp(who, "*") == 0)
			return true;
		if (web ? strcmp(who, "web-identity") == 0 :
		    is_caller(who, r))
			return true;
	}
	return false;
}
