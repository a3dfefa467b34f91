/*
 * The kinds of credentials that a profile can hold.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "files.h"
#include "kinds.h"
#include "mem.h"

#define LIST_MAX	512	/* bytes of a list of keys */

/* The keys that make a kind; the first one that is there names it. */
static const char *const keys[KIND_NONE][3] = {
	[KIND_ROLE] = { "role_arn" },
	[KIND_STATIC] = { "aws_access_key_id", "aws_secret_access_key" },
	[KIND_WEB_IDENTITY] = { "web_identity_token_file" },
	[KIND_PROCESS] = { "credential_process" },
	[KIND_SSO] = { "sso_account_id", "sso_role_name" },
	[KIND_LOGIN] = { "login_session" },
};

static const char *
key_of(const struct chain *c, const char *profile, enum kind kind)
{
	for (size_t i = 0; i < 3 && keys[kind][i] != NULL; i++)
		if (files_find(c->files, profile, keys[kind][i], NULL) != NULL)
			return keys[kind][i];
	return NULL;
}

static bool
has(const struct chain *c, const char *profile, const char *key)
{
	return files_find(c->files, profile, key, NULL) != NULL;
}

/* A role_arn beside a web identity's token belongs to that, unless the profile
 * names another source. */
static bool
role_by_token(const struct chain *c, const char *profile)
{
	return has(c, profile, "role_arn") &&
	    has(c, profile, "web_identity_token_file") &&
	    !has(c, profile, "source_profile") &&
	    !has(c, profile, "credential_source");
}

/* Whether a role is assumed by the keys beside it. */
static bool
own_source(const struct chain *c, const char *profile)
{
	const char *source = files_find(c->files, profile, "source_profile",
	    NULL);

	return source != NULL && strcmp(source, profile) == 0;
}

static void
warn_ignored(const struct chain *c, const char *profile, enum kind chosen,
    struct aws_found *found)
{
	bool by_token = role_by_token(c, profile);
	bool own = own_source(c, profile);
	struct buf list;

	buf_init(&list, LIST_MAX);
	for (int i = 0; i < KIND_NONE; i++) {
		enum kind kind = (enum kind)i;
		const char *key = key_of(c, profile, kind);

		if (key == NULL || kind == chosen ||
		    (kind == KIND_ROLE && by_token) || (own &&
		    (kind == KIND_ROLE || kind == KIND_STATIC)))
			continue;
		(void)buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", key);
	}
	if (list.len > 0)
		aws_found_warn(found, "profile %s holds several kinds of "
		    "credentials: %s counts; remove what is ignored: %s",
		    profile, key_of(c, profile, chosen), buf_text(&list));
	buf_free(&list);
}

enum kind
kinds_choose(const struct chain *c, const char *profile, bool source,
    struct aws_found *found)
{
	bool by_token = role_by_token(c, profile);
	enum kind order[KIND_NONE] = { KIND_ROLE, KIND_STATIC,
	    KIND_WEB_IDENTITY, KIND_PROCESS, KIND_SSO, KIND_LOGIN };

	if (source) {
		order[0] = KIND_STATIC;
		order[1] = KIND_ROLE;
	}
	for (int i = 0; i < KIND_NONE; i++) {
		if (key_of(c, profile, order[i]) == NULL)
			continue;
		if (order[i] == KIND_ROLE && by_token)
			order[i] = KIND_WEB_IDENTITY;
		warn_ignored(c, profile, order[i], found);
		return order[i];
	}
	return KIND_NONE;
}

char *
kinds_where(const struct chain *c, const char *profile, const char *key)
{
	enum aws_file where = FILE_CONFIG;

	(void)files_find(c->files, profile, key, &where);
	return xasprintf("profile %s of %s", profile, files_path(c->files,
	    where));
}

int
kinds_refuse(const struct chain *c, const char *profile, enum kind kind,
    struct fail *fail)
{
	const char *key = key_of(c, profile, kind);
	char *where = kinds_where(c, profile, key);

	(void)fail_set(fail, FAIL_CONFIG, "%s has %s: %s is for people, a "
	    "service cannot renew it; give the worker a profile of its own "
	    "with the line: credential_process = aws configure "
	    "export-credentials --profile %s --format process", where, key,
	    kind == KIND_SSO ? "single sign-on" : "a login session", profile);
	free(where);
	return -1;
}
