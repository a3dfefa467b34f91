/*
 * The instance metadata service of EC2, version 2: what a worker reads of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define TOKENS_KEPT	256	/* the oldest goes first */
#define TOKEN_LEN	56
#define TTL_MAX_S	21600
#define TTL_HEADER	"x-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN_HEADER	"x-aws-ec2-metadata-token"
#define INSTANCE	"i-0123456789abcdef0"
#define IAM		"/latest/meta-data/iam/security-credentials/"

static struct token {
	char text[TOKEN_LEN + 1];
	double due_ms;
	int64_t uses;
} tokens[TOKENS_KEPT];
static unsigned next_token;

void
imds_reset(void)
{
	memset(tokens, 0, sizeof(tokens));
}

static const char *
status_text(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	default:
		return "Error";
	}
}

/* A page for people, without code and message: as the service has it. */
static void
imds_error(struct req *r, int status, const char *code, const char *message)
{
	const char *text = status_text(status);

	(void)code;
	(void)message;
	answer_clear(r);
	answer_text(r, status, "text/html", "<?xml version=\"1.0\" "
	    "encoding=\"iso-8859-1\"?>\n<html><head><title>%d - %s</title>"
	    "</head><body><h1>%d - %s</h1></body></html>\n", status, text,
	    status, text);
	answer_header(r, "Server", "EC2ws");
}

static void
refuse(struct req *r, int status, const char *why)
{
	req_why(r, "%s", why);
	imds_error(r, status, "", why);
}

static void
plain(struct req *r, const char *text)
{
	answer_text(r, 200, "text/plain", "%s", text);
	answer_header(r, "Server", "EC2ws");
}

/* --- tokens --- */

static void
put_token(struct req *r)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	int status = (int)set_int("imds", "token_status");
	const char *ttl = req_header(r, TTL_HEADER);
	struct token *t;
	char *end;
	long s;

	if (req_header(r, "X-Forwarded-For") != NULL) {
		refuse(r, 403, "X-Forwarded-For: came through a proxy");
		return;
	}
	if (status != 0) {
		imds_error(r, status, "", "");
		return;
	}
	s = ttl == NULL ? 0 : strtol(ttl, &end, 10);
	if (ttl == NULL || *end != '\0' || s < 1 || s > TTL_MAX_S) {
		refuse(r, 400, TTL_HEADER " missing or out of range");
		return;
	}
	t = &tokens[next_token++ % TOKENS_KEPT];
	random_text(t->text, sizeof(t->text), letters);
	t->due_ms = now_ms() + (double)s * 1e3;
	t->uses = 0;
	plain(r, t->text);
	answer_header(r, TTL_HEADER, ttl);
}

static bool
token_good(const char *sent)
{
	int64_t most = set_int("imds", "token_uses");
	struct token *t;

	for (t = tokens; t < tokens + TOKENS_KEPT; t++)
		if (t->text[0] != '\0' && strcmp(t->text, sent) == 0)
			return t->due_ms > now_ms() &&
			    (most == 0 || ++t->uses <= most);
	return false;
}

/* --- what one reads --- */

static void
get_role(struct req *r)
{
	const char *role = set_str("imds", "role");

	if (*role == '\0')
		imds_error(r, 404, "", "");
	else
		plain(r, role);
}

/* Code other than Success has a Message; no values at all, but Success, is
 * what the look-alike of IAM Roles Anywhere answers after a failure. */
static json_t *
credentials_json(const char *role, const char *now)
{
	const char *code = set_str("imds", "code");
	char text[TIME_MAX];
	struct cred *c;

	if (strcmp(code, "Success") != 0)
		return json_pack("{ss ss ss}", "Code", code, "Message",
		    "EC2 cannot assume the role " INSTANCE, "LastUpdated",
		    now);
	if (set_bool("imds", "empty"))
		return json_pack("{ss ss ss ss ss ss ss}", "Code", code,
		    "LastUpdated", now, "Type", "AWS-HMAC", "AccessKeyId", "",
		    "SecretAccessKey", "", "Token", "", "Expiration", "");
	c = cred_session("imds", role, INSTANCE, set_int("imds", "life_ms"));
	cred_expiration_text(c, "imds", text);
	return json_pack("{ss ss ss ss ss ss ss}", "Code", code, "LastUpdated",
	    now, "Type", "AWS-HMAC", "AccessKeyId", c->id, "SecretAccessKey",
	    c->secret, "Token", c->token, "Expiration", text);
}

static void
get_credentials(struct req *r)
{
	const char *role = set_str("imds", "role");
	char now[TIME_MAX], *text;
	json_t *j;

	if (*role == '\0' || strcmp(r->path + strlen(IAM), role) != 0) {
		imds_error(r, 404, "", "");
		return;
	}
	time_text(now, time(NULL) + (time_t)set_int("imds", "clock_offset_s"));
	j = credentials_json(role, now);
	text = json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	plain(r, text);
	free(text);
	json_decref(j);
}

static const char *
region(void)
{
	const char *own = set_str("imds", "region");

	return *own != '\0' ? own : set_str("codepipeline", "region");
}

static void
get_region(struct req *r)
{
	plain(r, region());
}

static void
get_zone(struct req *r)
{
	char zone[80];

	snprintf(zone, sizeof(zone), "%.64s%s", region(),
	    set_str("imds", "zone_suffix"));
	plain(r, zone);
}

static void
get_document(struct req *r)
{
	json_t *j = json_pack("{ss ss ss}", "accountId",
	    set_str("codepipeline", "account"), "instanceId", INSTANCE,
	    "region", region());
	char *text = json_dumps(j, JSON_INDENT(2));

	plain(r, text);
	free(text);
	json_decref(j);
}

/* --- the request --- */

static const struct operation {
	const char *name, *method, *path;
	bool more;		/* a name follows the path */
	void (*run)(struct req *);
} operations[] = {
	{ "PutToken", "PUT", "/latest/api/token", false, put_token },
	{ "GetRole", "GET", IAM, false, get_role },
	{ "GetCredentials", "GET", IAM, true, get_credentials },
	{ "GetRegion", "GET", "/latest/meta-data/placement/region", false,
	    get_region },
	{ "GetZone", "GET", "/latest/meta-data/placement/availability-zone",
	    false, get_zone },
	{ "GetDocument", "GET", "/latest/dynamic/instance-identity/document",
	    false, get_document },
};

/* A '/' may end a path, as with the service. */
static bool
path_is(const struct operation *op, const char *path)
{
	size_t len = strlen(op->path);
	const char *rest = path + len;

	if (strncmp(op->path, path, len) != 0)
		return false;
	if (op->more)
		return *rest != '\0';
	return *rest == '\0' || strcmp(rest, "/") == 0;
}

static const struct operation *
operation_of(const struct req *r)
{
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].method, r->method) == 0 &&
		    path_is(&operations[i], r->path))
			return &operations[i];
	return NULL;
}

static void
classify(struct req *r)
{
	const struct operation *op = operation_of(r);

	snprintf(r->operation, sizeof(r->operation), "%s",
	    op == NULL ? "Unknown" : op->name);
}

static void
handle(struct req *r)
{
	const struct operation *op = operation_of(r);
	const char *sent = req_header(r, TOKEN_HEADER);

	if (op != NULL && op->run == put_token)
		put_token(r);
	else if (sent == NULL && !set_bool("imds", "v1"))
		refuse(r, 401, "no token");
	else if (sent != NULL && !token_good(sent))
		refuse(r, 401, "the token is unknown or has expired");
	else if (op == NULL)
		imds_error(r, 404, "", "");
	else
		op->run(r);
}

const struct service imds_service = {
	.name = "imds", .body_max = 64 << 10, .logged = true,
	.classify = classify, .handle = handle, .error = imds_error,
};
