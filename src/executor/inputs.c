/*
 * People write the properties: copied text brings blanks and control
 * characters, and the values in their JSON are not always texts.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "job.h"
#include "json.h"
#include "mem.h"
#include "utf8.h"

#define MINUTES_MAX	(365 * 24 * 60)

static bool
blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

/* Copies a word without the blanks around it; false if it does not fit. */
static bool
trim(char *dst, size_t size, const char *s)
{
	size_t len;

	s += strspn(s, " \t\r\n");
	len = strlcpy(dst, s, size);
	if (len >= size)
		return false;
	while (len > 0 && isspace((unsigned char)dst[len - 1]))
		dst[--len] = '\0';
	return true;
}

const char *
input_text(const json_t *configuration, const char *name)
{
	const char *s = json_text(configuration, name);

	return s == NULL || blank(s) ? NULL : s;
}

/* No name in CloudShell has blanks around it or control characters. Corrects
 * the configuration itself, so that the text lives as long. */
const char *
input_name(const json_t *configuration, const char *name)
{
	const char *s = input_text(configuration, name);
	char *clean, *start;
	size_t len;

	if (s == NULL)
		return NULL;
	clean = xstrdup(s);
	utf8_clean(clean, false);
	start = clean + strspn(clean, " ");
	len = strlen(start);
	while (len > 0 && start[len - 1] == ' ')
		start[--len] = '\0';
	(void)json_string_set(json_object_get(configuration, name), start);
	xfree_secret(clean);
	return input_text(configuration, name);
}

const char *
input_required(const json_t *configuration, const char *name, const char *what,
    struct fail *fail)
{
	const char *s = input_name(configuration, name);

	if (s == NULL)
		(void)fail_set(fail, FAIL_CONFIG, "%s is missing: set it in "
		    "the action's configuration to %s", name, what);
	return s;
}

int
input_minutes(const json_t *configuration, const char *name, long *minutes,
    struct fail *fail)
{
	const char *s, *why;
	char word[32];
	long long n;

	s = input_required(configuration, name, "a number of minutes, such as "
	    "120", fail);
	if (s == NULL)
		return -1;
	if (!trim(word, sizeof(word), s) ||
	    word[strspn(word, "0123456789")] != '\0')
		return fail_set(fail, FAIL_CONFIG, "%s is not a whole number "
		    "of minutes: write digits only, such as 120", name);
	n = strtonum(word, 1, MINUTES_MAX, &why);
	if (why != NULL)
		return fail_set(fail, FAIL_CONFIG, "%s is %s: write a number "
		    "from 1 to %d", name, why, MINUTES_MAX);
	*minutes = (long)n;
	return 0;
}

int
input_flag(const json_t *configuration, const char *name, bool fallback,
    bool *value, struct fail *fail)
{
	static const char *const words[] = { "false", "true", "no", "yes",
	    "0", "1" };
	const char *s = input_text(configuration, name);
	char word[16];
	size_t i;

	*value = fallback;
	if (s == NULL)
		return 0;
	for (i = 0; trim(word, sizeof(word), s) && i < 6; i++)
		if (strcasecmp(word, words[i]) == 0) {
			*value = i % 2 == 1;
			return 0;
		}
	return fail_set(fail, FAIL_CONFIG, "%s is neither true nor false: "
	    "write one of the two", name);
}

/* A number as its author would write it: 1.1 and not 1.1000000000000001; 1.0
 * stays different from 1. */
static char *
real_text(double v)
{
	char *s = xasprintf("%.15g", v);

	if (strtod(s, NULL) != v) {
		free(s);
		s = xasprintf("%.17g", v);
	}
	if (s[strcspn(s, ".en")] == '\0') {
		char *longer = xasprintf("%s.0", s);

		free(s);
		s = longer;
	}
	return s;
}

/* A new text of a value; NULL if that is an object or an array. */
static json_t *
as_text(const json_t *v)
{
	json_t *text = NULL;
	char *s;

	switch (json_typeof(v)) {
	case JSON_STRING:
		return json_string(json_string_value(v));
	case JSON_INTEGER:
		s = xasprintf("%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		s = real_text(json_real_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		return json_string(json_is_true(v) ? "true" : "false");
	case JSON_NULL:
		return json_string("");
	default:
		return NULL;
	}
	text = json_string(s);
	free(s);
	return text;
}

static json_t *
parse(const char *s, const char *name, struct fail *fail)
{
	json_error_t e;
	json_t *v;

	v = json_loads(s, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (v != NULL && json_is_object(v))
		return v;
	/* Jansson's text may quote a value, and values may be secret */
	if (v != NULL)
		(void)fail_set(fail, FAIL_CONFIG, "%s is not a JSON object: "
		    "write an object such as {\"Version\": \"1.2\"}", name);
	else if (json_error_code(&e) == json_error_duplicate_key)
		(void)fail_set(fail, FAIL_CONFIG, "%s has a name twice (line "
		    "%d, column %d): remove one of them", name, e.line,
		    e.column);
	else if (json_error_code(&e) == json_error_numeric_overflow)
		(void)fail_set(fail, FAIL_CONFIG, "%s has a number that is too "
		    "large (line %d, column %d): write it as text, in double "
		    "quotes", name, e.line, e.column);
	else
		(void)fail_set(fail, FAIL_CONFIG, "%s is not valid JSON (line "
		    "%d, column %d): write an object such as {\"Version\": "
		    "\"1.2\"}", name, e.line, e.column);
	json_decref(v);
	return NULL;
}

int
input_object(const json_t *configuration, const char *name, json_t **values,
    struct fail *fail)
{
	const char *s = input_text(configuration, name), *key;
	json_t *in, *v, *text;

	*values = NULL;
	if (s == NULL)
		return 0;
	if ((in = parse(s, name, fail)) == NULL)
		return -1;
	*values = json_object();
	json_object_foreach(in, key, v) {
		if ((text = as_text(v)) == NULL) {
			(void)fail_set(fail, FAIL_CONFIG, "%s: the value of "
			    "\"%.200s\" is %s: write a text, a number, true or "
			    "false", name, key, json_is_array(v) ? "a list" :
			    "an object");
			goto bad;
		}
		(void)json_object_set_new(*values, key, text);
	}
	json_decref(in);
	return 0;
bad:
	json_decref(in);
	json_decref(*values);
	*values = NULL;
	return -1;
}

/* Bytes of the first n characters of a text. */
static size_t
characters(const char *s, size_t n)
{
	size_t len = strlen(s), have;

	for (have = utf8_count(s); have > n; have--)
		do
			len--;
		while (((unsigned char)s[len] & 0xc0) == 0x80);
	return len;
}

char *
sandbox_name(const char *base, const char *job)
{
	char tag[16] = "";
	size_t len;

	if (job != NULL)
		(void)snprintf(tag, sizeof(tag), " [%.8s]", job);
	len = characters(base, SANDBOX_NAME_MAX - strlen(tag));
	while (len > 0 && base[len - 1] == ' ' && base[len] != '\0')
		len--;
	return xasprintf("%.*s%s", (int)len, base, tag);
}
