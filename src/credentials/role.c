/*
 * A role that a profile names.
 */
#include <stdlib.h>

#include "ask_sts.h"
#include "files.h"
#include "kinds.h"
#include "mem.h"
#include "role.h"

static int
check_source(const struct chain *c, const char *profile,
    const struct role *role, struct fail *fail)
{
	if (files_find(c->files, profile, "mfa_serial", NULL) != NULL)
		return fail_set(fail, FAIL_CONFIG, "mfa_serial is set, but "
		    "nobody is there to type a code: remove it, and use a role "
		    "whose trust policy demands none");
	if (role->source_profile != NULL && role->credential_source != NULL)
		return fail_set(fail, FAIL_CONFIG, "source_profile and "
		    "credential_source are both set: remove one");
	if (role->source_profile == NULL && role->credential_source == NULL)
		return fail_set(fail, FAIL_CONFIG, "role_arn needs "
		    "source_profile or credential_source: they say whose "
		    "credentials assume the role");
	return 0;
}

static int
read_duration(const struct chain *c, const char *profile, struct role *role,
    struct fail *fail)
{
	const char *text = files_find(c->files, profile, "duration_seconds",
	    NULL);
	const char *error = NULL;

	if (text != NULL)
		role->sts.duration_s = (int)strtonum(text, STS_DURATION_MIN_S,
		    STS_DURATION_MAX_S, &error);
	return error == NULL ? 0 : fail_set(fail, FAIL_CONFIG,
	    "duration_seconds must be a number between %d and %d",
	    STS_DURATION_MIN_S, STS_DURATION_MAX_S);
}

int
role_read(const struct chain *c, const char *profile, struct role *role,
    struct fail *fail)
{
	const char *session = files_find(c->files, profile,
	    "role_session_name", NULL);
	char *where;

	*role = (struct role){
		.sts.arn = files_find(c->files, profile, "role_arn", NULL),
		.sts.session = session != NULL ? session : STS_SESSION,
		.sts.external_id = files_find(c->files, profile,
		    "external_id", NULL),
		.source_profile = files_find(c->files, profile,
		    "source_profile", NULL),
		.credential_source = files_find(c->files, profile,
		    "credential_source", NULL),
	};
	if (check_source(c, profile, role, fail) == 0 &&
	    read_duration(c, profile, role, fail) == 0 &&
	    sts_role_check(&role->sts, fail) == 0)
		return 0;
	where = kinds_where(c, profile, "role_arn");
	(void)fail_prefix(fail, "%s", where);
	free(where);
	return -1;
}

enum verdict
role_assume(const struct chain *c, const char *profile,
    const struct role *role, const struct credentials *source,
    struct aws_found *found, struct fail *fail)
{
	char *by = kinds_where(c, profile, "role_arn");
	char *where = xasprintf("role %s, assumed by %s", role->sts.arn, by);
	struct credentials keys = { 0 };
	struct sts_identity who = { 0 };
	struct aws_error e = { 0 };
	struct sts_way way = { 0 };
	enum verdict v;
	int rc;

	rc = sts_way_open(&way, c, found, fail);
	if (rc == 0)
		rc = sts_call_role(&way.client, &way.place, &role->sts, source,
		    &keys, &who, &e, fail);
	v = sts_way_end(rc, &keys, &who, &e, "role", where, found, fail);
	sts_way_close(&way);
	free(where);
	free(by);
	return v;
}
