/*
 * Calls to STS that wait for the answer.
 */
#include "mem.h"
#include "sts_call.h"
#include "sys.h"

/* What builds the request of one call. */
struct call {
	const struct sts_place		*place;
	const struct sts_role		*role;
	const struct credentials	*creds;
	const struct sts_token		*token;
	struct secret			*sent;	/* the last token */
};

static int
build_role(struct aws_request *req, const struct aws_attempt *number,
    int64_t wall, void *arg, struct fail *fail)
{
	const struct call *c = arg;

	return sts_assume_role(req, c->place, c->role, c->creds, number, wall,
	    fail);
}

static int
build_web_identity(struct aws_request *req, const struct aws_attempt *number,
    int64_t wall, void *arg, struct fail *fail)
{
	struct call *c = arg;
	char *token = c->token->token(c->token->arg, fail);
	int rc;

	(void)wall;
	if (token == NULL)
		return -1;
	rc = sts_web_identity(req, c->place, c->role, token, number, fail);
	secret_free(c->sent);
	c->sent = secret_text(token);
	xfree_secret(token);
	return rc;
}

static int
build_identity(struct aws_request *req, const struct aws_attempt *number,
    int64_t wall, void *arg, struct fail *fail)
{
	const struct call *c = arg;

	return sts_caller_identity(req, c->place, c->creds, number, wall,
	    fail);
}

static void
mask(char *message, void *arg)
{
	const struct call *c = arg;

	if (c->creds != NULL) {
		secret_mask(message, c->creds->secret_key);
		secret_mask(message, c->creds->token);
	}
	secret_mask(message, c->sent);
}

/* Credentials of a role, in either way. */
static int
call_role(struct aws_client *client, struct aws_exchange *x,
    struct credentials *out, struct sts_identity *who, struct aws_error *e,
    struct fail *fail)
{
	struct http_answer answer;
	int rc;

	x->classify = sts_error;
	x->mask = mask;
	x->answer_max = STS_ANSWER_MAX;
	rc = aws_client_call(client, x, &answer, e, fail);
	/* the server's clock decides, if it is known */
	if (rc == 0)
		rc = sts_read_credentials(&answer, x->operation,
		    e->server_wall != 0 ? e->server_wall : sys_wall(), out,
		    who, fail);
	http_answer_free(&answer);
	return rc;
}

int
sts_call_role(struct aws_client *client, const struct sts_place *place,
    const struct sts_role *role, const struct credentials *source,
    struct credentials *out, struct sts_identity *who, struct aws_error *e,
    struct fail *fail)
{
	struct call call = { .place = place, .role = role, .creds = source };
	struct aws_exchange x = { .operation = "AssumeRole",
	    .build = build_role, .arg = &call };

	return call_role(client, &x, out, who, e, fail);
}

int
sts_call_web_identity(struct aws_client *client,
    const struct sts_place *place, const struct sts_role *role,
    const struct sts_token *token, struct credentials *out,
    struct sts_identity *who, struct aws_error *e, struct fail *fail)
{
	struct call call = { .place = place, .role = role, .token = token };
	struct aws_exchange x = { .operation = "AssumeRoleWithWebIdentity",
	    .build = build_web_identity, .arg = &call };
	int rc;

	rc = call_role(client, &x, out, who, e, fail);
	secret_free(call.sent);
	return rc;
}

int
sts_call_identity(struct aws_client *client, const struct sts_place *place,
    const struct credentials *creds, struct sts_identity *who,
    struct aws_error *e, struct fail *fail)
{
	struct call call = { .place = place, .creds = creds };
	struct aws_exchange x = { .operation = "GetCallerIdentity",
	    .build = build_identity, .classify = sts_error, .mask = mask,
	    .arg = &call, .answer_max = STS_ANSWER_MAX };
	struct http_answer answer;
	int rc;

	rc = aws_client_call(client, &x, &answer, e, fail);
	if (rc == 0)
		rc = sts_read_identity(&answer, who, fail);
	http_answer_free(&answer);
	return rc;
}
