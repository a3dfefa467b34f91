/*
 * Credentials of an EC2 instance's role, and its region.
 */
#include <stdlib.h>
#include <string.h>

#include "ec2.h"
#include "endpoint.h"
#include "imds.h"
#include "json.h"
#include "mem.h"

#define ROLES		"latest/meta-data/iam/security-credentials/"
#define REGION		"latest/meta-data/placement/region"
#define ROLE_SIZE	(64 + 1)	/* IAM's roleNameType */

/* --- credentials --- */

/* The first line. Its characters are IAM's, none of which changes the path. */
static int
take_role(const struct http_answer *a, void *arg, struct fail *fail)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-";
	const char *text = buf_text(&a->body);
	size_t len = strcspn(text, "\r\n");

	if (len == 0 || len >= ROLE_SIZE || strspn(text, allowed) != len)
		return fail_set(fail, FAIL_AGAIN, "sent what is no name of a "
		    "role");
	memcpy(arg, text, len);
	((char *)arg)[len] = '\0';
	return 0;
}

/* "Code" in a 200 says whether the role could be assumed. */
static int
check_code(const json_t *o, const struct imds *m, struct fail *fail)
{
	const char *code = json_text(o, "Code");
	char said[METADATA_SAID_SIZE];

	if (code == NULL || strcmp(code, "Success") == 0)
		return 0;
	metadata_said(o, m->token, said);
	if (strcmp(code, "AssumeRoleUnauthorizedAccess") == 0)
		return fail_set(fail, FAIL_PERMISSION, "EC2 may not assume the "
		    "role (%s): does the role trust EC2? Its trust policy must "
		    "allow sts:AssumeRole to ec2.amazonaws.com", said);
	return fail_set(fail, FAIL_SYSTEM, "has no credentials (%s)", said);
}

static int
keys_of(const json_t *o, const struct metadata_keys *how, const struct imds *m,
    struct aws_found *found, struct fail *fail)
{
	if (metadata_keys(o, how, found, fail) == 0)
		return 0;
	return !m->custom ? -1 : fail_add(fail, "\"aws_signing_helper "
	    "serve\" does this when it cannot renew its session: see what it "
	    "logs");
}

static enum verdict
role_keys(struct imds *m, const char *role, struct aws_found *found,
    struct fail *fail)
{
	char *path = xasprintf(ROLES "%s", role);
	char *where = xasprintf("EC2 instance role %s", role);
	struct metadata_keys how = { .source = "ec2", .where = where,
	    .token_needed = true, .expired_too = !m->custom };
	struct metadata_end end;
	char shown[320];
	json_t *o = NULL;
	enum verdict v;

	v = imds_get(m, path, metadata_take_json, &o, &end, fail);
	if (v == FOUND && (check_code(o, m, fail) != 0 ||
	    keys_of(o, &how, m, found, fail) != 0)) {
		(void)fail_prefix(fail, "%s %s/%s", m->service.what,
		    http_url_show(shown, sizeof(shown), m->base), path);
		v = BROKEN;
	}
	json_decref(o);
	free(where);
	free(path);
	return v == FOUND ? FOUND : BROKEN;
}

enum verdict
ec2_look(const struct chain *c, struct aws_found *found, struct fail *fail)
{
	char role[ROLE_SIZE] = "";
	struct metadata_end end;
	struct imds m;
	enum verdict v;

	v = imds_open(&m, c, false, found, fail);
	if (v == FOUND) {
		v = imds_get(&m, ROLES, take_role, role, &end, fail);
		if (v == FOUND)
			v = role_keys(&m, role, found, fail);
		else if (end.status == 404) {
			(void)fail_set(fail, FAIL_CONFIG, "the EC2 instance "
			    "has no role");
			v = NOT_CONFIGURED;
		}
	}
	imds_close(&m);
	return v;
}

/* --- the region --- */

static int
take_region(const struct http_answer *a, void *arg, struct fail *fail)
{
	char *text = xstrndup(buf_text(&a->body), AWS_REGION_SIZE + 2);

	text[strcspn(text, "\r\n")] = '\0';
	if (!aws_region_valid(text)) {
		free(text);
		return fail_set(fail, FAIL_AGAIN, "sent what is no region");
	}
	*(char **)arg = text;
	return 0;
}

char *
ec2_region(const struct chain *c, struct aws_found *found)
{
	bool brief = found->source == NULL || strcmp(found->source,
	    "ec2") != 0;
	struct metadata_end end;
	struct fail fail = { 0 };
	char *region = NULL;
	struct imds m;

	if (imds_open(&m, c, brief, found, &fail) == FOUND)
		(void)imds_get(&m, REGION, take_region, &region, &end, &fail);
	imds_close(&m);
	if (region == NULL && !brief)
		aws_found_warn(found, "no region: %s. Set region in [aws]",
		    fail.text);
	return region;
}
