/*
 * Answers of STS. Both forms have the same tree, of which a few texts matter;
 * they may be secrets, so all memory is wiped.
 */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_time.h"
#include "classify.h"
#include "json.h"
#include "mem.h"
#include "sts_answer.h"
#include "utf8.h"

#define TEXT_MAX	(16 * 1024)	/* bytes of one text; tokens have no
					   known limit */
#define DEPTH_MAX	4		/* levels that matter */
#define PATH_MAX_LEN	96		/* bytes of a path that matters */
#define JSON_MAX	1000		/* values of a JSON answer */

enum field {
	KEY_ID, SECRET_KEY, TOKEN, EXPIRATION, ROLE_ARN, ARN, ACCOUNT, USER_ID,
	CODE, MESSAGE, REQUEST_ID,
	FIELD_MAX
};

/* Below the root; "Result" stands for AssumeRoleResult and the like. */
static const char *const paths[FIELD_MAX] = {
	[KEY_ID] = "Result/Credentials/AccessKeyId",
	[SECRET_KEY] = "Result/Credentials/SecretAccessKey",
	[TOKEN] = "Result/Credentials/SessionToken",
	[EXPIRATION] = "Result/Credentials/Expiration",
	[ROLE_ARN] = "Result/AssumedRoleUser/Arn",
	[ARN] = "Result/Arn",
	[ACCOUNT] = "Result/Account",
	[USER_ID] = "Result/UserId",
	[CODE] = "Error/Code",
	[MESSAGE] = "Error/Message",
	[REQUEST_ID] = "RequestId",
};

struct texts {
	bool		 seen[FIELD_MAX];
	struct buf	 text[FIELD_MAX];
};

static void
texts_free(struct texts *t)
{
	for (int i = 0; i < FIELD_MAX; i++)
		buf_free(&t->text[i]);
}

/* NULL: absent or empty. */
static const char *
text_of(const struct texts *t, enum field f)
{
	return t->text[f].len == 0 ? NULL : buf_text(&t->text[f]);
}

/* --- XML --- */

struct scan {
	XML_Parser	 parser;
	const char	*operation;	/* NULL: an error is wanted */
	struct texts	*texts;
	int		 depth;
	bool		 rooted;	/* the root is the one wanted */
	bool		 broken;
	char		 path[PATH_MAX_LEN];
	size_t		 cut[DEPTH_MAX + 2];	/* lengths of the path */
	enum field	 field;		/* FIELD_MAX: another one */
};

/* Whether an element is what an operation calls it: AssumeRoleResult. */
static bool
is_of(const char *name, const char *operation, const char *what)
{
	size_t n = strlen(operation);

	return strncmp(name, operation, n) == 0 && strcmp(name + n, what) == 0;
}

static void
root_check(struct scan *s, const char *name)
{
	s->rooted = s->operation == NULL ? strcmp(name, "ErrorResponse") == 0 :
	    is_of(name, s->operation, "Response");
}

static void XMLCALL
scan_start(void *arg, const char *name, const char **attributes)
{
	struct scan *s = arg;
	size_t len;
	int n;

	(void)attributes;
	s->field = FIELD_MAX;
	s->depth++;
	if (s->depth == 1)
		root_check(s, name);
	if (s->depth == 1 || s->depth > DEPTH_MAX || !s->rooted)
		return;
	if (s->depth == 2 && s->operation != NULL &&
	    is_of(name, s->operation, "Result"))
		name = "Result";
	len = s->cut[s->depth - 1];
	n = snprintf(s->path + len, sizeof(s->path) - len, "%s%s",
	    len > 0 ? "/" : "", name);
	if ((size_t)n >= sizeof(s->path) - len) {
		s->path[len] = '\0';
		n = 0;
	}
	s->cut[s->depth] = len + (size_t)n;
	if (n == 0)
		return;
	for (int i = 0; i < FIELD_MAX; i++)
		if (!s->texts->seen[i] && strcmp(s->path, paths[i]) == 0) {
			s->field = (enum field)i;
			s->texts->seen[i] = true;
		}
}

static void XMLCALL
scan_end(void *arg, const char *name)
{
	struct scan *s = arg;

	(void)name;
	s->field = FIELD_MAX;
	s->depth--;
	if (s->depth >= 1 && s->depth <= DEPTH_MAX)
		s->path[s->cut[s->depth]] = '\0';
}

static void XMLCALL
scan_text(void *arg, const char *text, int len)
{
	struct scan *s = arg;

	if (s->field != FIELD_MAX &&
	    buf_add(&s->texts->text[s->field], text, (size_t)len) != 0)
		s->broken = true;
}

/* STS's answers have no document type; without one no entities can blow up. */
static void XMLCALL
scan_doctype(void *arg, const char *name, const char *sysid, const char *pubid,
    int internal)
{
	struct scan *s = arg;

	(void)name, (void)sysid, (void)pubid, (void)internal;
	XML_StopParser(s->parser, XML_FALSE);
}

/* Whether all of it was read and is what was wanted. */
static bool
read_xml(const struct buf *body, const char *operation, struct texts *texts)
{
	static const XML_Memory_Handling_Suite memory = { wipe_malloc,
	    wipe_realloc, wipe_free };
	struct scan s = { .operation = operation, .texts = texts,
	    .field = FIELD_MAX };
	bool whole;

	if ((s.parser = XML_ParserCreate_MM(NULL, &memory, NULL)) == NULL)
		return false;
	XML_SetUserData(s.parser, &s);
	XML_SetElementHandler(s.parser, scan_start, scan_end);
	XML_SetCharacterDataHandler(s.parser, scan_text);
	XML_SetStartDoctypeDeclHandler(s.parser, scan_doctype);
	whole = XML_Parse(s.parser, body->data, (int)body->len, XML_TRUE) ==
	    XML_STATUS_OK;
	XML_ParserFree(s.parser);
	return whole && s.rooted && !s.broken;
}

/* --- JSON --- */

/* What is at a path, NULL: nothing. */
static const json_t *
at(const json_t *o, const char *path, const char *operation)
{
	char name[PATH_MAX_LEN];
	size_t n;

	for (; o != NULL; path += n + 1) {
		n = strcspn(path, "/");
		if (operation != NULL && strncmp(path, "Result/", 7) == 0)
			(void)snprintf(name, sizeof(name), "%sResult",
			    operation);
		else
			(void)snprintf(name, sizeof(name), "%.*s", (int)n,
			    path);
		o = json_object_get(o, name);
		if (path[n] == '\0')
			break;
	}
	return o;
}

/* An expiry comes as a number, often a real one. */
static int
take_value(struct buf *to, const json_t *value)
{
	double number = json_number_value(value);

	if (json_is_string(value))
		return buf_adds(to, json_string_value(value));
	if (json_is_number(value) && number >= 0 && number < 1e15)
		return buf_addf(to, "%lld", (long long)number);
	return 0;
}

static bool
read_json(const struct buf *body, const char *operation, struct texts *texts)
{
	char name[PATH_MAX_LEN];
	json_t *root;
	const json_t *top;
	bool good = true;

	if (json_crowded(body->data, body->len, JSON_MAX))
		return false;
	top = root = json_parse(body->data, body->len, NULL);
	if (operation != NULL) {
		(void)snprintf(name, sizeof(name), "%sResponse", operation);
		top = json_object_get(root, name);
	}
	good = json_is_object(top);
	for (int i = 0; good && i < FIELD_MAX; i++)
		good = take_value(&texts->text[i], at(top, paths[i],
		    operation)) == 0;
	json_decref(root);
	return good;
}

/* --- answers --- */

/* operation NULL: an error. False: not all of it was read; what was read
 * counts. */
static bool
read_answer(const struct http_answer *answer, const char *operation,
    struct texts *texts)
{
	const char *start = buf_text(&answer->body);

	memset(texts, 0, sizeof(*texts));
	for (int i = 0; i < FIELD_MAX; i++)
		buf_init(&texts->text[i], TEXT_MAX);
	if (answer->body.len == 0 || answer->body.len > STS_ANSWER_MAX)
		return false;
	start += strspn(start, " \t\r\n");
	return *start == '{' ? read_json(&answer->body, operation, texts) :
	    read_xml(&answer->body, operation, texts);
}

void
sts_arn_account(const char *arn, char *account)
{
	account[0] = '\0';
	for (int i = 0; i < 4; i++) {
		if ((arn = strchr(arn, ':')) == NULL)
			return;
		arn++;
	}
	if (strspn(arn, "0123456789") == 12 && arn[12] == ':')
		(void)strlcpy(account, arn, 13);
}

/* Keys become parts of headers. */
static bool
key_valid(const char *key)
{
	if (key == NULL)
		return false;
	for (; *key != '\0'; key++)
		if (*key <= ' ' || *key > '~')
			return false;
	return true;
}

/* A time in words or in seconds. */
static int
expiry_read(const char *text, int64_t *seconds)
{
	const char *error;

	if (text == NULL)
		return -1;
	if (strspn(text, "0123456789") != strlen(text))
		return aws_time_read(text, seconds);
	*seconds = strtonum(text, 1, INT64_MAX, &error);
	return error == NULL ? 0 : -1;
}

static const char *
credentials_fault(const struct texts *t, int64_t now, int64_t *expires)
{
	if (!key_valid(text_of(t, KEY_ID)))
		return "no usable AccessKeyId";
	if (!key_valid(text_of(t, SECRET_KEY)))
		return "no usable SecretAccessKey";
	if (!key_valid(text_of(t, TOKEN)))
		return "no usable SessionToken";
	if (expiry_read(text_of(t, EXPIRATION), expires) != 0)
		return "no usable Expiration";
	if (*expires <= now)
		return "an Expiration that has passed";
	return NULL;
}

static int
not_understood(const char *operation, const struct http_answer *answer,
    struct fail *fail)
{
	return fail_set(fail, FAIL_SYSTEM, "%s: the answer with HTTP status "
	    "%ld is not one of STS: check what the endpoint of sts is",
	    operation, answer->status);
}

int
sts_read_credentials(const struct http_answer *answer, const char *operation,
    int64_t now, struct credentials *creds, struct sts_identity *who,
    struct fail *fail)
{
	struct texts t;
	const char *why;
	int64_t expires = 0;
	int rc = -1;

	memset(who, 0, sizeof(*who));
	if (!read_answer(answer, operation, &t)) {
		(void)not_understood(operation, answer, fail);
	} else if ((why = credentials_fault(&t, now, &expires)) != NULL) {
		(void)fail_set(fail, FAIL_SYSTEM, "%s: STS's answer has %s",
		    operation, why);
	} else {
		creds->access_key_id = xstrdup(text_of(&t, KEY_ID));
		creds->secret_key = secret_text(text_of(&t, SECRET_KEY));
		creds->token = secret_text(text_of(&t, TOKEN));
		creds->expires = expires;
		classify_text(who->arn, sizeof(who->arn),
		    buf_text(&t.text[ROLE_ARN]));
		sts_arn_account(who->arn, who->account);
		rc = 0;
	}
	texts_free(&t);
	return rc;
}

int
sts_read_identity(const struct http_answer *answer, struct sts_identity *who,
    struct fail *fail)
{
	struct texts t;
	int rc = -1;

	memset(who, 0, sizeof(*who));
	if (read_answer(answer, "GetCallerIdentity", &t) &&
	    text_of(&t, ARN) != NULL) {
		classify_text(who->arn, sizeof(who->arn), text_of(&t, ARN));
		classify_text(who->user_id, sizeof(who->user_id),
		    buf_text(&t.text[USER_ID]));
		classify_text(who->account, sizeof(who->account),
		    buf_text(&t.text[ACCOUNT]));
		if (strspn(who->account, "0123456789") != 12)
			sts_arn_account(who->arn, who->account);
		rc = 0;
	} else
		(void)not_understood("GetCallerIdentity", answer, fail);
	texts_free(&t);
	return rc;
}

/* --- errors --- */

static const struct code_class sts_own[] = {
	{ "IDPCommunicationError",	AWS_TRANSIENT },
	/* perhaps a token that was replaced meanwhile: it is read anew */
	{ "InvalidIdentityToken",	AWS_TRANSIENT },
	{ NULL, AWS_FINAL },
};

void
sts_error(const struct http_answer *answer, int64_t now, struct aws_error *e)
{
	struct texts t;

	if (classify_success(answer, now, e))
		return;
	(void)read_answer(answer, NULL, &t);
	if (text_of(&t, CODE) != NULL) {
		classify_text(e->code, sizeof(e->code), text_of(&t, CODE));
		classify_text(e->message, sizeof(e->message),
		    buf_text(&t.text[MESSAGE]));
	} else
		classify_piece(answer, e);
	if (e->request_id[0] == '\0' && text_of(&t, REQUEST_ID) != NULL)
		classify_text(e->request_id, sizeof(e->request_id),
		    text_of(&t, REQUEST_ID));
	texts_free(&t);
	classify_code(e, answer->status, now, sts_own, classify_other);
}
