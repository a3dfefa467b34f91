/*
 * Credentials of a profile in the shared files. A role leads on to the profile
 * or provider whose credentials assume it.
 */
#include <string.h>

#include "await.h"
#include "container.h"
#include "ec2.h"
#include "environment.h"
#include "files.h"
#include "kinds.h"
#include "process.h"
#include "profile.h"
#include "role.h"
#include "static.h"
#include "web_identity.h"

#define CHAIN_MAX	8	/* profiles, one leading to the next */

/* A profile and those that led to it, on the stack. */
struct visit {
	const char		*profile;
	const struct visit	*from;	/* NULL: it is the selected one */
	int			 depth;
};

static enum verdict	look(const struct chain *, const struct visit *,
			    struct aws_found *, struct fail *);

/* --- where a role's credentials come from --- */

static enum verdict
named_source(const struct chain *c, const char *profile, const char *name,
    struct aws_found *source, struct fail *fail)
{
	static const struct {
		const char	*name;
		provider	 look;
		const char	*lacks;	/* unless look says it */
	} sources[] = {
		{ "Environment", environment_keys, "AWS_ACCESS_KEY_ID and "
		    "AWS_SECRET_ACCESS_KEY are not set" },
		{ "EcsContainer", container_look, "neither "
		    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI is set" },
		{ "Ec2InstanceMetadata", ec2_look, NULL },
	};
	struct fail why = { 0 };
	enum verdict v;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(name, sources[i].name) != 0)
			continue;
		v = sources[i].look(c, source, &why);
		if (v != FOUND)
			(void)fail_set(fail, why.kind != FAIL_NONE ? why.kind :
			    FAIL_CONFIG, "profile %s has credential_source = "
			    "%s, which has no credentials: %s", profile,
			    sources[i].name, why.kind != FAIL_NONE ?
			    why.text : sources[i].lacks);
		return v == FOUND ? FOUND : BROKEN;
	}
	(void)fail_set(fail, FAIL_CONFIG, "profile %s: credential_source is "
	    "none of Environment, EcsContainer and Ec2InstanceMetadata",
	    profile);
	return BROKEN;
}

static bool
has_keys(const struct chain *c, const char *profile)
{
	return files_find(c->files, profile, "aws_access_key_id", NULL) !=
	    NULL || files_find(c->files, profile, "aws_secret_access_key",
	    NULL) != NULL;
}

/* Whether a profile may be the source of one that a visit has reached. */
static int
check_way(const struct chain *c, const struct visit *v, const char *name,
    struct fail *fail)
{
	if (!files_has_profile(c->files, name))
		return fail_set(fail, FAIL_CONFIG, "profile %s says "
		    "source_profile = %s, but that is neither in %s nor in %s",
		    v->profile, name, files_path(c->files, FILE_CREDENTIALS),
		    files_path(c->files, FILE_CONFIG));
	if (strcmp(name, v->profile) == 0)
		return has_keys(c, name) ? 0 : fail_set(fail, FAIL_CONFIG,
		    "profile %s names itself as source_profile, but has no "
		    "aws_access_key_id and aws_secret_access_key", name);
	for (const struct visit *i = v; i != NULL; i = i->from)
		if (strcmp(name, i->profile) == 0)
			return fail_set(fail, FAIL_CONFIG, "profile %s says "
			    "source_profile = %s, which leads back to it: "
			    "credentials must begin somewhere", v->profile,
			    name);
	if (v->depth == CHAIN_MAX)
		return fail_set(fail, FAIL_CONFIG, "profile %s is the %dth "
		    "of a chain of source_profile: that is too long",
		    v->profile, CHAIN_MAX);
	return 0;
}

static enum verdict
source_look(const struct chain *c, const struct visit *v,
    const struct role *role, struct aws_found *source, struct fail *fail)
{
	struct visit next = { .profile = role->source_profile, .from = v,
	    .depth = v->depth + 1 };

	if (role->credential_source != NULL)
		return named_source(c, v->profile, role->credential_source,
		    source, fail);
	if (check_way(c, v, next.profile, fail) != 0)
		return BROKEN;
	return look(c, &next, source, fail);
}

/* --- kinds --- */

static enum verdict
role_look(const struct chain *c, const struct visit *v,
    struct aws_found *found, struct fail *fail)
{
	struct aws_found source = { 0 };
	struct role role;
	enum verdict verdict = BROKEN;

	if (role_read(c, v->profile, &role, fail) == 0)
		verdict = source_look(c, v, &role, &source, fail);
	if (verdict == FOUND)
		verdict = role_assume(c, v->profile, &role, &source.keys,
		    found, fail);
	for (size_t i = 0; i < source.nwarnings; i++)
		aws_found_warn(found, "%s", source.warning[i]);
	aws_found_free(&source);
	return verdict;
}

static enum verdict
look(const struct chain *c, const struct visit *v, struct aws_found *found,
    struct fail *fail)
{
	enum kind kind = kinds_choose(c, v->profile, v->from != NULL, found);

	switch (kind) {
	case KIND_ROLE:
		return role_look(c, v, found, fail);
	case KIND_STATIC:
		return static_look(c, v->profile, found, fail);
	case KIND_WEB_IDENTITY:
		return web_identity_profile(c, v->profile, found, fail);
	case KIND_PROCESS:
		return process_look(c, v->profile, found, fail);
	case KIND_SSO:
	case KIND_LOGIN:
		(void)kinds_refuse(c, v->profile, kind, fail);
		return BROKEN;
	case KIND_NONE:
		break;
	}
	if (v->from == NULL && (c->last || !await_fresh(c->files)))
		return NOT_CONFIGURED;
	if (v->from == NULL) {
		/* being written, perhaps: go on to another identity later */
		(void)fail_set(fail, FAIL_CONFIG, "profile %s holds no "
		    "credentials", v->profile);
		return BROKEN;
	}
	(void)fail_set(fail, FAIL_CONFIG, "profile %s, the source_profile of "
	    "profile %s, holds no credentials", v->profile, v->from->profile);
	return BROKEN;
}

enum verdict
profile_look(const struct chain *c, struct aws_found *found, struct fail *fail)
{
	struct visit first = { .profile = c->profile, .depth = 1 };

	return look(c, &first, found, fail);
}
