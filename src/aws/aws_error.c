/*
 * What an answer of a JSON service means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_error.h"
#include "classify.h"
#include "json.h"
#include "mem.h"

static const struct code_class json_own[] = {
	/* Throttling elsewhere; CodePipeline means a quota of action types. */
	{ "LimitExceededException",		AWS_FINAL },
	{ "ConcurrentModificationException",	AWS_TRANSIENT },
	{ "ConflictException",			AWS_TRANSIENT },
	{ "RequestFailedException",		AWS_TRANSIENT },
	{ NULL, AWS_FINAL },
};

/* "com.amazonaws.codepipeline#JobNotFoundException:http://..." */
static void
code_cut(char *dst, size_t size, const char *src)
{
	char *copy = xstrndup(src, strcspn(src, ":"));
	const char *hash = strrchr(copy, '#');

	classify_text(dst, size, hash != NULL ? hash + 1 : copy);
	free(copy);
}

void
aws_error_json(const struct http_answer *answer, int64_t now,
    struct aws_error *e)
{
	json_t *body = NULL;
	const char *text;
	char header[256];

	if (classify_success(answer, now, e))
		return;
	if (answer->body.len > 0 && answer->body.len <= AWS_ERROR_MAX)
		body = json_parse(answer->body.data, answer->body.len, NULL);
	if (json_is_object(body)) {
		if ((text = json_text(body, "message")) == NULL)
			text = json_text(body, "Message");
		if (text != NULL)
			classify_text(e->message, sizeof(e->message), text);
	} else
		classify_piece(answer, e);
	if ((text = json_text(body, "__type")) != NULL)
		code_cut(e->code, sizeof(e->code), text);
	else if (http_header(answer, "x-amzn-ErrorType", header,
	    sizeof(header)))
		code_cut(e->code, sizeof(e->code), header);
	else if ((text = json_text(body, "code")) != NULL)
		code_cut(e->code, sizeof(e->code), text);
	json_decref(body);
	classify_code(e, answer->status, now, json_own, classify_other);
}

char *
aws_error_show(const struct aws_error *e, const char *operation, char *dst,
    size_t size)
{
	(void)snprintf(dst, size, "%s: %.100s%s%.700s (request %.100s)",
	    operation, e->code, e->message[0] != '\0' ? ": " : "",
	    e->message, e->request_id[0] != '\0' ? e->request_id :
	    "without id");
	return dst;
}
