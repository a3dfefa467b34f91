/*
 * STS: the query protocol over POST /, answers and errors as XML.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define API_VERSION	"2011-06-15"
#define NAMESPACE	"https://sts.amazonaws.com/doc/" API_VERSION "/"
#define DURATION_S	3600
#define CHAINED_S	3600	/* the longest with credentials of a role */

static void
sts_error(struct req *r, int status, const char *code, const char *message)
{
	struct buf b = { NULL, 0, 0 };
	char id[ID_MAX];

	answer_clear(r);
	answer_amazon(r, id);
	buf_fmt(&b, "<ErrorResponse xmlns=\"" NAMESPACE "\">\n  <Error>\n"
	    "    <Type>%s</Type>\n    <Code>",
	    status < 500 ? "Sender" : "Receiver");
	buf_xml(&b, code);
	buf_str(&b, "</Code>\n    <Message>");
	buf_xml(&b, message);
	buf_fmt(&b, "</Message>\n  </Error>\n  <RequestId>%s</RequestId>\n"
	    "</ErrorResponse>\n", id);
	answer_text(r, status, "text/xml", "%s", b.data);
	buf_free(&b);
}

static void
refuse(struct req *r, int status, const char *code, const char *message)
{
	req_why(r, "%s: %s", code, message);
	sts_error(r, status, code, message);
}

/* result: the elements inside ...Result. */
static void
sts_answer(struct req *r, const struct buf *result)
{
	struct buf b = { NULL, 0, 0 };
	char id[ID_MAX];

	answer_amazon(r, id);
	buf_fmt(&b, "<%sResponse xmlns=\"" NAMESPACE "\">\n  <%sResult>\n",
	    r->operation, r->operation);
	buf_add(&b, result->data, result->len);
	buf_fmt(&b, "  </%sResult>\n  <ResponseMetadata>\n    <RequestId>%s"
	    "</RequestId>\n  </ResponseMetadata>\n</%sResponse>\n",
	    r->operation, id, r->operation);
	answer_text(r, 200, "text/xml", "%s", b.data);
	buf_free(&b);
}

static void
element(struct buf *b, const char *name, const char *text)
{
	buf_fmt(b, "    <%s>", name);
	buf_xml(b, text);
	buf_fmt(b, "</%s>\n", name);
}

/* --- GetCallerIdentity --- */

static void
get_caller_identity(struct req *r)
{
	struct buf b = { NULL, 0, 0 }, text = { NULL, 0, 0 };

	caller_arn(r, &text);
	element(&b, "Arn", text.data);
	buf_free(&text);
	caller_user_id(r, &text);
	element(&b, "UserId", text.data);
	buf_free(&text);
	element(&b, "Account", set_str("codepipeline", "account"));
	sts_answer(r, &b);
	buf_free(&b);
}

/* --- roles --- */

static void
session_elements(struct buf *b, const struct cred *c)
{
	struct buf arn = { NULL, 0, 0 }, id = { NULL, 0, 0 };
	char text[TIME_MAX];

	cred_expiration_text(c, "sts", text);
	cred_arn(c, &arn);
	cred_user_id(c, &id);
	buf_str(b, "    <AssumedRoleUser>\n");
	element(b, "AssumedRoleId", id.data);
	element(b, "Arn", arn.data);
	buf_str(b, "    </AssumedRoleUser>\n    <Credentials>\n");
	element(b, "AccessKeyId", c->id);
	element(b, "SecretAccessKey", c->secret);
	element(b, "SessionToken", c->token);
	element(b, "Expiration", text);
	buf_str(b, "    </Credentials>\n");
	buf_free(&arn);
	buf_free(&id);
}

static void
access_denied(struct req *r, const char *arn)
{
	struct buf who = { NULL, 0, 0 }, text = { NULL, 0, 0 };

	if (r->sig_key[0] == '\0')
		buf_str(&text, "Not authorized to perform "
		    "sts:AssumeRoleWithWebIdentity");
	else {
		caller_arn(r, &who);
		buf_fmt(&text, "User: %s is not authorized to perform: "
		    "sts:AssumeRole on resource: %s", who.data, arn);
	}
	refuse(r, 403, "AccessDenied", text.data);
	buf_free(&who);
	buf_free(&text);
}

/* How long the session lives, in seconds; -1: refused, and answered. */
static int64_t
duration(struct req *r, json_t *role)
{
	const char *asked = jstr(r->json, "DurationSeconds");
	int64_t s = asked == NULL ? DURATION_S : strtol(asked, NULL, 10);

	if (r->cred != NULL && s > CHAINED_S) {
		refuse(r, 400, "ValidationError", "The requested "
		    "DurationSeconds exceeds the 1 hour session limit for "
		    "roles assumed by role chaining");
		return -1;
	}
	if (s > role_longest_s(role)) {
		refuse(r, 400, "ValidationError", "The requested "
		    "DurationSeconds exceeds the MaxSessionDuration set for "
		    "this role.");
		return -1;
	}
	return s;
}

/* A new session of the role that the request names; or NULL, and answered. */
static struct cred *
session(struct req *r)
{
	const char *arn = jstr(r->json, "RoleArn"), *external;
	const char *sent = jstr(r->json, "ExternalId");
	int64_t s, life_ms = set_int("sts", "life_ms");
	json_t *role = role_find(arn);

	external = jstr(role, "external_id");
	if (role == NULL || !role_trusts(role, r) || (external != NULL &&
	    (sent == NULL || strcmp(external, sent) != 0))) {
		access_denied(r, arn);
		return NULL;
	}
	if ((s = duration(r, role)) == -1)
		return NULL;
	return cred_session("sts", arn, jstr(r->json, "RoleSessionName"),
	    life_ms != 0 ? life_ms : s * 1000);
}

static void
assume_role(struct req *r)
{
	struct buf b = { NULL, 0, 0 };
	struct cred *c;

	if (r->cred != NULL && r->cred->job != NULL) {
		access_denied(r, jstr(r->json, "RoleArn"));
		return;
	}
	if (permission_denied(r, "sts:AssumeRole", jstr(r->json, "RoleArn"),
	    &b)) {
		refuse(r, 403, "AccessDenied", b.data);
		buf_free(&b);
		return;
	}
	if ((c = session(r)) == NULL)
		return;
	session_elements(&b, c);
	sts_answer(r, &b);
	buf_free(&b);
}

static void
assume_role_with_web_identity(struct req *r)
{
	struct buf b = { NULL, 0, 0 };
	struct cred *c;

	if (strcmp(jstr(r->json, "WebIdentityToken"),
	    set_str("sts", "web_token")) != 0) {
		refuse(r, 400, "InvalidIdentityToken", "The web identity "
		    "token that was passed could not be validated by the "
		    "identity provider.");
		return;
	}
	if ((c = session(r)) == NULL)
		return;
	element(&b, "SubjectFromWebIdentityToken", "sim-subject");
	element(&b, "Audience", "sts.amazonaws.com");
	element(&b, "Provider", "sim.invalid");
	session_elements(&b, c);
	sts_answer(r, &b);
	buf_free(&b);
}

/* --- the request --- */

static const struct operation {
	const char *name;
	bool is_signed;
	void (*run)(struct req *);
} operations[] = {
	{ "AssumeRole", true, assume_role },
	{ "AssumeRoleWithWebIdentity", false, assume_role_with_web_identity },
	{ "GetCallerIdentity", true, get_caller_identity },
};

static const struct operation *
operation_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	return NULL;
}

static void
classify(struct req *r)
{
	const struct operation *op;
	const char *action;

	r->json = form_parse(&r->body);
	action = jstr(r->json, "Action");
	snprintf(r->operation, sizeof(r->operation), "%s",
	    action == NULL ? "Unknown" : action);
	op = operation_find(r->operation);
	if (op != NULL && !op->is_signed) {
		if (req_header(r, "Authorization") != NULL)
			req_why(r, "signed, and needs no signature");
		return;
	}
	sigv4_check(r, "sts");
}

static bool
signature_good(struct req *r)
{
	const char *region = set_str("sts", "region");

	if (*region == '\0')
		region = set_str("codepipeline", "region");
	switch (r->sig) {
	case SIG_NA:
		return true;
	case SIG_OK:
		if (strcmp(r->sig_region, region) == 0)
			return true;
		refuse(r, 403, "SignatureDoesNotMatch", "Credential should be "
		    "scoped to a valid region. ");
		return false;
	case SIG_NONE:
		sts_error(r, 403, "MissingAuthenticationToken",
		    "Request is missing Authentication Token");
		return false;
	case SIG_FORMAT:
		sts_error(r, 403, "IncompleteSignature", r->sig_text);
		return false;
	case SIG_KEY:
	case SIG_TOKEN:
		sts_error(r, 403, "InvalidClientTokenId", r->sig_text);
		return false;
	case SIG_EXPIRED:
		sts_error(r, 403, "ExpiredToken", "The security token "
		    "included in the request is expired");
		return false;
	default:
		sts_error(r, 403, "SignatureDoesNotMatch", r->sig_text);
		return false;
	}
}

static void
handle(struct req *r)
{
	const struct operation *op = operation_find(r->operation);
	const char *version = jstr(r->json, "Version");
	char why[WHY_MAX];

	if (!signature_good(r))
		return;
	if (strcmp(r->method, "POST") != 0 || strcmp(r->target, "/") != 0 ||
	    !form_type(req_header(r, "Content-Type")) || r->json == NULL)
		refuse(r, 400, "MalformedInput", "not POST / with a form");
	else if (op == NULL || version == NULL ||
	    strcmp(version, API_VERSION) != 0)
		refuse(r, 400, "InvalidAction", "Could not find the operation "
		    "for this version");
	else if (form_check(r->json, op->name, why, sizeof(why)) == -1)
		refuse(r, 400, "ValidationError", why);
	else
		op->run(r);
}

const struct service sts_service = {
	.name = "sts", .body_max = 64 << 10, .logged = true,
	.classify = classify, .handle = handle, .error = sts_error,
};
