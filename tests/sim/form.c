/*
 * The query protocol's input: a form in the body, and the limits that the
 * service model puts on its members.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define LETTERS	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define FORM_TYPE "application/x-www-form-urlencoded"

struct param {
	const char *name;
	bool required, number;
	long min, max;		/* length, or value */
	const char *set;	/* characters, or NULL */
};

static const struct param assume_role[] = {
	{ "RoleArn", true, false, 20, 2048, NULL },
	{ "RoleSessionName", true, false, 2, 64, LETTERS "+=,.@-" },
	{ "DurationSeconds", false, true, 900, 43200, NULL },
	{ "ExternalId", false, false, 2, 1224, LETTERS "+=,.@:/-" },
	{ NULL, false, false, 0, 0, NULL }
};
static const struct param web_identity[] = {
	{ "RoleArn", true, false, 20, 2048, NULL },
	{ "RoleSessionName", true, false, 2, 64, LETTERS "+=,.@-" },
	{ "DurationSeconds", false, true, 900, 43200, NULL },
	{ "WebIdentityToken", true, false, 4, 20000, NULL },
	{ NULL, false, false, 0, 0, NULL }
};
static const struct param nothing[] = {
	{ NULL, false, false, 0, 0, NULL }
};

static const struct {
	const char *operation;
	const struct param *params;
} inputs[] = {
	{ "AssumeRole", assume_role },
	{ "AssumeRoleWithWebIdentity", web_identity },
	{ "GetCallerIdentity", nothing },
};

/* A form encodes a blank as '+' too; NULL if s is not encoded as it should. */
static json_t *
form_text(const char *s)
{
	struct buf plain = { NULL, 0, 0 }, b = { NULL, 0, 0 };
	json_t *text = NULL;

	buf_add(&b, "", 0);
	for (; *s != '\0'; s++)
		if (*s == '+')
			buf_str(&b, "%20");
		else
			buf_add(&b, s, 1);
	if (percent_decode(&plain, b.data, b.len) &&
	    strlen(plain.data) == plain.len)
		text = json_string(plain.data);
	buf_free(&plain);
	buf_free(&b);
	return text;
}

static bool
form_pair(json_t *form, const char *name, const char *value)
{
	json_t *key = form_text(name), *text = form_text(value);
	bool ok = key != NULL && text != NULL &&
	    json_object_get(form, json_string_value(key)) == NULL;

	if (ok)
		json_object_set(form, json_string_value(key), text);
	json_decref(key);
	json_decref(text);
	return ok;
}

/* {name: value}; NULL if the body is not a form or has a name twice. */
json_t *
form_parse(const struct buf *body)
{
	char *copy, *p, *pair, *value;
	json_t *form = json_object();
	bool ok = strlen(body->data) == body->len;

	p = copy = xstrdup(body->data);
	while (ok && (pair = strsep(&p, "&")) != NULL) {
		if ((value = strchr(pair, '=')) == NULL) {
			ok = false;
			break;
		}
		*value++ = '\0';
		ok = form_pair(form, pair, value);
	}
	free(copy);
	if (ok)
		return form;
	json_decref(form);
	return NULL;
}

bool
form_type(const char *type)
{
	return type != NULL && (strcmp(type, FORM_TYPE) == 0 ||
	    strcmp(type, FORM_TYPE "; charset=utf-8") == 0);
}

/* In the words that the service uses. */
static int
refuse(char *why, size_t size, const char *name, const char *what)
{
	snprintf(why, size, "1 validation error detected: Value at '%c%s' "
	    "failed to satisfy constraint: %s", name[0] | 0x20, name + 1, what);
	return -1;
}

static int
check_param(const struct param *p, const char *value, char *why, size_t size)
{
	long n;
	char *end;

	if (p->number) {
		n = strtol(value, &end, 10);
		if (*value < '0' || *value > '9' || *end != '\0')
			return refuse(why, size, p->name,
			    "Member must be a number");
	} else
		n = (long)strlen(value);
	if (n < p->min || n > p->max)
		return refuse(why, size, p->name, p->number ?
		    "Member must have value in the allowed range" :
		    "Member must have length in the allowed range");
	if (p->set != NULL && value[strspn(value, p->set)] != '\0')
		return refuse(why, size, p->name,
		    "Member must satisfy regular expression pattern");
	return 0;
}

static const struct param *
params_of(const char *operation)
{
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		if (strcmp(inputs[i].operation, operation) == 0)
			return inputs[i].params;
	return NULL;
}

static bool
name_known(const struct param *p, const char *name)
{
	if (strcmp(name, "Action") == 0 || strcmp(name, "Version") == 0)
		return true;
	for (; p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

/* -1: why not. */
int
form_check(json_t *form, const char *operation, char *why, size_t size)
{
	const struct param *params = params_of(operation), *p;
	const char *name, *text;
	json_t *value;

	for (p = params; p->name != NULL; p++) {
		text = jstr(form, p->name);
		if (text == NULL && p->required)
			return refuse(why, size, p->name,
			    "Member must not be null");
		if (text != NULL && check_param(p, text, why, size) == -1)
			return -1;
	}
	json_object_foreach(form, name, value)
		if (!name_known(params, name))
			return refuse(why, size, name,
			    "no such member (the simulator is strict)");
	return 0;
}
