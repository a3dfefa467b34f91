/*
 * What an answer of S3 means: errors are XML, redirects name a region. Only the
 * executor links it, and with it Expat.
 */
#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aws_error.h"
#include "classify.h"
#include "endpoint.h"
#include "s3_error.h"

static const struct code_class s3_own[] = {
	{ "InvalidToken",		AWS_CREDENTIALS },
	{ "InvalidAccessKeyId",		AWS_CREDENTIALS },
	{ "BadDigest",			AWS_TRANSIENT },
	{ "XAmzContentSHA256Mismatch",	AWS_TRANSIENT },
	{ "IncompleteBody",		AWS_TRANSIENT },
	{ "InternalError",		AWS_TRANSIENT },
	{ "OperationAborted",		AWS_TRANSIENT },
	{ "ServiceUnavailable",		AWS_THROTTLED },
	{ "LimitExceededException",	AWS_THROTTLED },
	{ "KMS.ThrottlingException",	AWS_THROTTLED },
	{ NULL, AWS_FINAL },
};

enum field {
	FIELD_CODE, FIELD_MESSAGE, FIELD_REGION, FIELD_REQUEST_ID,
	FIELD_SERVER_TIME,
	FIELD_MAX
};

static const char *const field_names[FIELD_MAX] = {
	"Code", "Message", "Region", "RequestId", "ServerTime",
};

/* The texts of the children of Error that matter; the first of each. */
struct scan {
	XML_Parser	 parser;
	int		 depth;
	bool		 error;		/* the root is Error */
	enum field	 field;		/* FIELD_MAX: another one */
	bool		 seen[FIELD_MAX];
	size_t		 len;
	char		 text[FIELD_MAX][1100];
};

static void XMLCALL
scan_start(void *arg, const char *name, const char **attributes)
{
	struct scan *scan = arg;
	size_t i;

	(void)attributes;
	scan->depth++;
	if (scan->depth == 1)
		scan->error = strcmp(name, "Error") == 0;
	if (scan->depth != 2 || !scan->error)
		return;
	for (i = 0; i < FIELD_MAX; i++)
		if (strcmp(name, field_names[i]) == 0 && !scan->seen[i]) {
			scan->field = (enum field)i;
			scan->seen[i] = true;
			scan->len = 0;
		}
}

static void XMLCALL
scan_end(void *arg, const char *name)
{
	struct scan *scan = arg;

	(void)name;
	if (scan->depth == 2)
		scan->field = FIELD_MAX;
	scan->depth--;
}

static void XMLCALL
scan_text(void *arg, const char *text, int len)
{
	struct scan *scan = arg;
	size_t n = (size_t)len, room;

	if (scan->field == FIELD_MAX || scan->depth != 2)
		return;
	room = sizeof(scan->text[0]) - 1 - scan->len;
	if (n > room)
		n = room;
	memcpy(scan->text[scan->field] + scan->len, text, n);
	scan->len += n;
}

/* S3's errors have no document type; without one no entities can blow up. */
static void XMLCALL
scan_doctype(void *arg, const char *name, const char *sysid, const char *pubid,
    int internal)
{
	struct scan *scan = arg;

	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	XML_StopParser(scan->parser, XML_FALSE);
}

/* Whether the body is an Error or begins like one: what was read before a fault
 * counts. */
static bool
scan_body(const struct http_answer *answer, struct scan *scan)
{
	size_t len = answer->body.len;

	memset(scan, 0, sizeof(*scan));
	scan->field = FIELD_MAX;
	if (len == 0 || (scan->parser = XML_ParserCreate(NULL)) == NULL)
		return false;
	if (len > AWS_ERROR_MAX)
		len = AWS_ERROR_MAX;
	XML_SetUserData(scan->parser, scan);
	XML_SetElementHandler(scan->parser, scan_start, scan_end);
	XML_SetCharacterDataHandler(scan->parser, scan_text);
	XML_SetStartDoctypeDeclHandler(scan->parser, scan_doctype);
	(void)XML_Parse(scan->parser, answer->body.data, (int)len, XML_TRUE);
	XML_ParserFree(scan->parser);
	return scan->error;
}

/* Both ids, as AWS's support asks for them. */
static void
ids_read(const struct http_answer *answer, const char *body_id,
    struct aws_error *e)
{
	char id[64], id2[128], both[256];
	bool has2;

	if (!http_header(answer, "x-amz-request-id", id, sizeof(id)))
		(void)snprintf(id, sizeof(id), "%s", body_id);
	has2 = http_header(answer, "x-amz-id-2", id2, sizeof(id2));
	(void)snprintf(both, sizeof(both), "%s%s%s", id,
	    has2 && id[0] != '\0' ? " " : "", has2 ? id2 : "");
	classify_text(e->request_id, sizeof(e->request_id), both);
}

static void
region_take(const char *region, struct aws_error *e)
{
	if (e->region[0] == '\0' && aws_region_valid(region))
		strlcpy(e->region, region, sizeof(e->region));
}

/* Whether the answer is a redirect (aws-contract 3.3), and to where. */
static bool
redirected(const struct http_answer *answer, const struct scan *scan,
    struct aws_error *e)
{
	char header[64] = "";
	long status = answer->status;

	(void)http_header(answer, "x-amz-bucket-region", header,
	    sizeof(header));
	if (strcmp(e->code, "AuthorizationHeaderMalformed") == 0) {
		region_take(scan->text[FIELD_REGION], e);
		region_take(header, e);
	} else if (status == 301 || status == 302 || status == 307 ||
	    strcmp(e->code, "PermanentRedirect") == 0 ||
	    strcmp(e->code, "TemporaryRedirect") == 0 ||
	    strcmp(e->code, "Redirect") == 0) {
		region_take(header, e);
		region_take(scan->text[FIELD_REGION], e);
	} else if (strcmp(e->code, "IllegalLocationConstraintException") == 0 ||
	    (status == 400 && answer->body.len == 0))
		region_take(header, e);
	return e->region[0] != '\0';
}

static void
server_time(const char *text, struct aws_error *e)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (e->server_wall == 0 &&
	    strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL)
		e->server_wall = (int64_t)timegm(&tm);
}

/* It does not matter who answered: a transfer is repeated only a few times. */
static enum aws_class
s3_other(long status, bool coded)
{
	if (status == 429 || (status == 509 && !coded))
		return AWS_THROTTLED;
	if (status == 0 || status == 408)
		return AWS_TRANSIENT;
	return status >= 500 && status != 501 ? AWS_TRANSIENT : AWS_FINAL;
}

void
aws_error_s3(const struct http_answer *answer, int64_t now,
    struct aws_error *e)
{
	struct scan scan;
	bool known;

	classify_headers(answer, now, e);
	if (answer->status >= 200 && answer->status < 300) {
		ids_read(answer, "", e);
		e->class = AWS_OK;
		return;
	}
	known = scan_body(answer, &scan);
	ids_read(answer, scan.text[FIELD_REQUEST_ID], e);
	if (known) {
		classify_text(e->code, sizeof(e->code), scan.text[FIELD_CODE]);
		classify_text(e->message, sizeof(e->message),
		    scan.text[FIELD_MESSAGE]);
		server_time(scan.text[FIELD_SERVER_TIME], e);
	} else
		classify_piece(answer, e);
	if (redirected(answer, &scan, e)) {
		classify_name(e, answer->status);
		e->class = AWS_REDIRECT;
		return;
	}
	classify_code(e, answer->status, now, s3_own, s3_other);
}
