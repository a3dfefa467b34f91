/*
 * Roles of a web identity.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask_sts.h"
#include "environment.h"
#include "files.h"
#include "kinds.h"
#include "mem.h"
#include "sys.h"
#include "web_identity.h"

#define LINE_ENDS	64	/* bytes of line ends that a file may have */

/* Where the token is; for texts, what names the file. */
struct token_file {
	const char	*path;
	const char	*setting;
};

/* The token becomes part of a form, so any character would arrive; but one that
 * no token has shows that the file is something else. */
static char *
token_read(void *arg, struct fail *fail)
{
	const struct token_file *file = arg;
	size_t len, i;
	char *text = sys_read_file(file->path, STS_TOKEN_MAX + LINE_ENDS,
	    &len);

	if (text == NULL) {
		(void)fail_set(fail, FAIL_CONFIG, "cannot read the token in "
		    "%s, named by %s: %s", file->path, file->setting,
		    sys_read_error(errno, STS_TOKEN_MAX));
		return NULL;
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	for (i = 0; i < len && text[i] > ' ' && text[i] <= '~'; i++)
		continue;
	if (len >= STS_TOKEN_MIN && len <= STS_TOKEN_MAX && i == len)
		return text;
	xfree_secret(text);
	(void)fail_set(fail, FAIL_CONFIG, "the token in %s, named by %s, must "
	    "be one line of %d to %d characters without blanks; it has %zu "
	    "bytes", file->path, file->setting, STS_TOKEN_MIN, STS_TOKEN_MAX,
	    len);
	return NULL;
}

static enum verdict
ask(const struct chain *c, const struct sts_role *role,
    struct token_file *file, const char *by, struct aws_found *found,
    struct fail *fail)
{
	char *where = xasprintf("role %s, assumed by a web identity of %s",
	    role->arn, by);
	struct sts_token token = { .token = token_read, .arg = file };
	struct credentials keys = { 0 };
	struct sts_identity who = { 0 };
	struct aws_error e = { 0 };
	struct sts_way way = { 0 };
	enum verdict v;
	int rc;

	rc = sts_way_open(&way, c, found, fail);
	if (rc == 0)
		rc = sts_call_web_identity(&way.client, &way.place, role,
		    &token, &keys, &who, &e, fail);
	v = sts_way_end(rc, &keys, &who, &e, "web-identity", where, found,
	    fail);
	sts_way_close(&way);
	free(where);
	return v;
}

enum verdict
web_identity_look(const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	struct token_file file = {
	    .path = variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
	    .setting = "AWS_WEB_IDENTITY_TOKEN_FILE" };
	const char *session = variable("AWS_ROLE_SESSION_NAME");
	struct sts_role role = { .arn = variable("AWS_ROLE_ARN"),
	    .session = session != NULL ? session : STS_SESSION };

	if (file.path == NULL)
		return NOT_CONFIGURED;
	if (role.arn == NULL) {
		(void)fail_set(fail, FAIL_CONFIG, "AWS_WEB_IDENTITY_TOKEN_FILE "
		    "is set, but AWS_ROLE_ARN is not: set it to the role's "
		    "ARN");
		return BROKEN;
	}
	if (sts_role_check(&role, fail) != 0) {
		(void)fail_prefix(fail, "AWS_ROLE_ARN, "
		    "AWS_ROLE_SESSION_NAME");
		return BROKEN;
	}
	return ask(c, &role, &file, "the environment", found, fail);
}

enum verdict
web_identity_profile(const struct chain *c, const char *profile,
    struct aws_found *found, struct fail *fail)
{
	struct token_file file = {
	    .path = files_find(c->files, profile, "web_identity_token_file",
	    NULL), .setting = "web_identity_token_file" };
	const char *session = files_find(c->files, profile,
	    "role_session_name", NULL);
	struct sts_role role = {
	    .arn = files_find(c->files, profile, "role_arn", NULL),
	    .session = session != NULL ? session : STS_SESSION };
	char *by = kinds_where(c, profile, "web_identity_token_file");
	enum verdict v = BROKEN;

	if (role.arn == NULL)
		(void)fail_set(fail, FAIL_CONFIG, "%s has "
		    "web_identity_token_file but no role_arn: set it to the "
		    "role's ARN", by);
	else if (sts_role_check(&role, fail) != 0)
		(void)fail_prefix(fail, "%s", by);
	else
		v = ask(c, &role, &file, by, found, fail);
	free(by);
	return v;
}
