/*
 * Credentials of a profile in the shared files. The order is botocore's: a role
 * comes before the keys beside it, since those are another identity then.
 */
#include <stdlib.h>

#include "files.h"
#include "keys.h"
#include "mem.h"
#include "profile.h"

/* Ways to credentials that later versions will know. */
static const struct {
	const char	*key;
	const char	*what;
	bool		 before_keys;	/* of the credentials file */
} later[] = {
	{ "role_arn", "assuming a role", true },
	{ "web_identity_token_file", "a web identity", true },
	{ "sso_account_id", "single sign-on", true },
	{ "sso_role_name", "single sign-on", true },
	{ "login_session", "a login session", false },
	{ "credential_process", "a credential process", false },
};

static enum verdict
not_yet(const struct chain *c, bool before_keys, struct fail *fail)
{
	enum aws_file where;

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (later[i].before_keys != before_keys ||
		    files_find(c->files, c->profile, later[i].key, &where) ==
		    NULL)
			continue;
		(void)fail_set(fail, FAIL_CONFIG, "profile %s of %s has %s: %s "
		    "is not supported yet; name a profile that has "
		    "aws_access_key_id and aws_secret_access_key", c->profile,
		    files_path(c->files, where), later[i].key, later[i].what);
		return BROKEN;
	}
	return NOT_CONFIGURED;
}

/* Both keys of a pair come from one file. */
static enum verdict
static_keys(const struct chain *c, enum aws_file which, struct aws_found *found,
    struct fail *fail)
{
	const char *id = files_get(c->files, which, c->profile,
	    "aws_access_key_id");
	const char *secret_key = files_get(c->files, which, c->profile,
	    "aws_secret_access_key");
	char *where;
	int rc;

	if (id == NULL && secret_key == NULL)
		return NOT_CONFIGURED;
	where = xasprintf("profile %s of %s", c->profile,
	    files_path(c->files, which));
	rc = keys_take(found, id, secret_key, files_get(c->files, which,
	    c->profile, "aws_session_token"), "profile", where, fail);
	free(where);
	if (rc != 0)
		return BROKEN;
	found->account = xstrdup(files_get(c->files, which, c->profile,
	    "aws_account_id"));
	return FOUND;
}

enum verdict
profile_look(const struct chain *c, struct aws_found *found, struct fail *fail)
{
	enum verdict v;

	if ((v = not_yet(c, true, fail)) != NOT_CONFIGURED)
		return v;
	v = static_keys(c, FILE_CREDENTIALS, found, fail);
	if (v != NOT_CONFIGURED)
		return v;
	if ((v = not_yet(c, false, fail)) != NOT_CONFIGURED)
		return v;
	return static_keys(c, FILE_CONFIG, found, fail);
}
