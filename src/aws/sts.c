/*
 * Requests to STS: forms of AWS's query protocol.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "model.h"
#include "sigv4.h"
#include "sts.h"

#define VERSION_OF_API	"2011-06-15"
#define BODY_MAX	(128 * 1024)	/* bytes of a form: a token of three
					   bytes for each, and the rest */
#define GLOBAL_REGION	"us-east-1"	/* the global host signs for it */

/* --- where --- */

/* The regions that "legacy" sends to the global host (rules of the STS
 * model). */
static bool
legacy_region(const char *region)
{
	static const char *const regions[] = {
		"ap-northeast-1", "ap-south-1", "ap-southeast-1",
		"ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1",
		"eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
		"sa-east-1", "us-east-1", "us-east-2", "us-west-1",
		"us-west-2",
	};

	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (strcmp(region, regions[i]) == 0)
			return true;
	return false;
}

int
sts_place_find(const struct sts_place *place, struct aws_endpoint *ep,
    char *region, struct fail *fail)
{
	bool custom = place->endpoint != NULL && place->endpoint[0] != '\0';

	if (place->region == NULL)
		return fail_set(fail, FAIL_CONFIG, "STS needs a region: set "
		    "region in [aws] of worker.conf, AWS_REGION, or region in "
		    "the profile");
	if (aws_endpoint_find("sts", place->region, place->endpoint,
	    place->fips, place->dualstack, ep, fail) != 0)
		return -1;
	(void)strlcpy(region, place->region, AWS_REGION_SIZE);
	if (!place->legacy || custom || place->fips || place->dualstack ||
	    !legacy_region(place->region))
		return 0;
	(void)strlcpy(region, GLOBAL_REGION, AWS_REGION_SIZE);
	(void)strlcpy(ep->host, "sts.amazonaws.com", sizeof(ep->host));
	(void)strlcpy(ep->url, "https://sts.amazonaws.com", sizeof(ep->url));
	return 0;
}

/* --- what a role may be --- */

static bool
word_valid(const char *text, size_t least, size_t most, const char *extra)
{
	size_t n = strlen(text);

	return n >= least && n <= most && cp_chars_valid(text, extra);
}

/* A blank or line end in an ARN is a slip of the pen that STS answers with a
 * text of its own. */
static bool
arn_valid(const char *arn)
{
	size_t n = strlen(arn);

	if (n < STS_ARN_MIN || n > STS_ARN_MAX ||
	    strncmp(arn, "arn:", 4) != 0)
		return false;
	for (; *arn != '\0'; arn++)
		if (*arn <= ' ' || *arn > '~')
			return false;
	return true;
}

int
sts_role_check(const struct sts_role *role, struct fail *fail)
{
	if (!arn_valid(role->arn))
		return fail_set(fail, FAIL_CONFIG, "role_arn is not the ARN of "
		    "a role: write it as arn:aws:iam::111122223333:role/NAME");
	if (!word_valid(role->session, STS_SESSION_MIN, STS_SESSION_MAX,
	    "_+=,.@-"))
		return fail_set(fail, FAIL_CONFIG, "role_session_name must "
		    "have %d to %d letters, digits and characters of _+=,.@-",
		    STS_SESSION_MIN, STS_SESSION_MAX);
	if (role->external_id != NULL && !word_valid(role->external_id,
	    STS_EXTERNAL_MIN, STS_EXTERNAL_MAX, "_+=,.@:/-"))
		return fail_set(fail, FAIL_CONFIG, "external_id must have %d "
		    "to %d letters, digits and characters of _+=,.@:/-",
		    STS_EXTERNAL_MIN, STS_EXTERNAL_MAX);
	if (role->duration_s != 0 && (role->duration_s < STS_DURATION_MIN_S ||
	    role->duration_s > STS_DURATION_MAX_S))
		return fail_set(fail, FAIL_CONFIG, "duration_seconds must be "
		    "between %d and %d", STS_DURATION_MIN_S,
		    STS_DURATION_MAX_S);
	return 0;
}

/* --- forms --- */

static int
field(struct aws_request *req, const char *name, const char *value)
{
	return buf_addf(&req->body, "&%s=", name) != 0 ? -1 :
	    buf_add_encoded(&req->body, value, "");
}

/* Begin a request: the form up to what all have. */
static void
begin(struct aws_request *req, const char *action)
{
	aws_request_init(req, "POST");
	buf_init(&req->body, BODY_MAX);
	(void)buf_addf(&req->body, "Action=%s&Version=" VERSION_OF_API,
	    action);
}

static int
put_role(struct aws_request *req, const struct sts_role *role,
    struct fail *fail)
{
	char text[16];

	if (sts_role_check(role, fail) != 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%d", role->duration_s);
	if (field(req, "RoleArn", role->arn) != 0 ||
	    field(req, "RoleSessionName", role->session) != 0 ||
	    (role->duration_s != 0 &&
	    field(req, "DurationSeconds", text) != 0))
		return fail_set(fail, FAIL_SYSTEM, "STS: the request is too "
		    "long");
	return 0;
}

/* The last step. creds NULL: without a signature. */
static int
finish(struct aws_request *req, const struct sts_place *place,
    const struct credentials *creds, const struct aws_attempt *number,
    int64_t wall, struct fail *fail)
{
	struct aws_endpoint ep;
	struct aws_request_scope scope;
	char region[AWS_REGION_SIZE], path[sizeof(ep.base) + 1], hash[65];

	if (sts_place_find(place, &ep, region, fail) != 0)
		return -1;
	req->url = xasprintf("%s/", ep.url);
	(void)snprintf(path, sizeof(path), "%s/", ep.base);
	if (aws_request_header(req, "Content-Type",
	    "application/x-www-form-urlencoded; charset=utf-8", fail) != 0 ||
	    aws_request_attempt(req, number, fail) != 0)
		return -1;
	if (creds == NULL)
		return 0;
	sigv4_sha256_hex(req->body.data, req->body.len, hash);
	scope = (struct aws_request_scope){
		.service = "sts", .region = region, .host = ep.host,
		.path = path, .payload_hash = hash, .double_encode = true,
	};
	return aws_request_sign(req, &scope, creds, wall, fail);
}

int
sts_assume_role(struct aws_request *req, const struct sts_place *place,
    const struct sts_role *role, const struct credentials *creds,
    const struct aws_attempt *number, int64_t wall, struct fail *fail)
{
	begin(req, "AssumeRole");
	if (put_role(req, role, fail) != 0)
		goto bad;
	if (role->external_id != NULL &&
	    field(req, "ExternalId", role->external_id) != 0) {
		(void)fail_set(fail, FAIL_SYSTEM, "STS: the request is too "
		    "long");
		goto bad;
	}
	if (finish(req, place, creds, number, wall, fail) == 0)
		return 0;
bad:
	aws_request_free(req);
	return -1;
}

int
sts_web_identity(struct aws_request *req, const struct sts_place *place,
    const struct sts_role *role, const char *token,
    const struct aws_attempt *number, struct fail *fail)
{
	size_t n = strlen(token);

	begin(req, "AssumeRoleWithWebIdentity");
	if (put_role(req, role, fail) != 0)
		goto bad;
	if (n < STS_TOKEN_MIN || n > STS_TOKEN_MAX ||
	    field(req, "WebIdentityToken", token) != 0) {
		(void)fail_set(fail, FAIL_CONFIG, "the token of a web identity "
		    "must have %d to %d characters", STS_TOKEN_MIN,
		    STS_TOKEN_MAX);
		goto bad;
	}
	if (finish(req, place, NULL, number, 0, fail) == 0)
		return 0;
bad:
	aws_request_free(req);
	return -1;
}

int
sts_caller_identity(struct aws_request *req, const struct sts_place *place,
    const struct credentials *creds, const struct aws_attempt *number,
    int64_t wall, struct fail *fail)
{
	begin(req, "GetCallerIdentity");
	if (finish(req, place, creds, number, wall, fail) == 0)
		return 0;
	aws_request_free(req);
	return -1;
}
