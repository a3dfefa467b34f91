/*
 * Getters over Jansson: strict ones for AWS and the pipes, loose ones for
 * CloudShell.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "mem.h"
#include "utf8.h"

void
json_init(void)
{
	json_set_alloc_funcs(wipe_malloc, wipe_free);
	json_object_seed(0);	/* reads /dev/urandom: before confinement */
}

/* Own words, since Jansson's texts quote the input. */
static const char *
parse_reason(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_stack_overflow:
		return "nested too deep";
	case json_error_premature_end_of_input:
		return "ends too early";
	case json_error_end_of_input_expected:
		return "something follows the end";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "contains a NUL character";
	case json_error_duplicate_key:
		return "a key occurs twice";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "not valid JSON";
	}
}

json_t *
json_parse(const char *text, size_t len, struct fail *fail)
{
	json_error_t e;
	json_t *v;

	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (v == NULL)
		(void)fail_set(fail, FAIL_JOB, "line %d, column %d: %s", e.line,
		    e.column, parse_reason(&e));
	explicit_bzero(&e, sizeof(e));
	return v;
}

/* The number of the escape \\uXXXX that a text begins with, -1: none. */
static long
escape_number(const char *text)
{
	char digits[5] = "";

	if (text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)text[2 + i]))
			return -1;
		digits[i] = text[2 + i];
	}
	return strtol(digits, NULL, 16);
}

/* Replace escapes that are half a surrogate pair, as where a server cut a text
 * in the middle of a character. */
static void
mend_surrogates(char *text)
{
	long n, next;

	for (; *text != '\0'; text++) {
		if (*text != '\\')
			continue;
		n = escape_number(text);
		if (n >= 0xd800 && n <= 0xdbff) {
			next = escape_number(text + 6);
			if (next >= 0xdc00 && next <= 0xdfff)
				text += 6;
			else
				memcpy(text + 2, "fffd", 4);
		} else if (n >= 0xdc00 && n <= 0xdfff)
			memcpy(text + 2, "fffd", 4);
		if (text[1] != '\0')
			text++;		/* what is escaped */
	}
}

json_t *
json_parse_careless(const char *data, size_t len)
{
	static const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	static const char mark[] = "\xef\xbb\xbf";
	char *copy;
	json_t *j;

	if (len >= 3 && memcmp(data, mark, 3) == 0) {
		data += 3;
		len -= 3;
	}
	if (len == 0)
		return NULL;
	if ((j = json_loadb(data, len, flags, NULL)) != NULL ||
	    memchr(data, '\0', len) != NULL)
		return j;
	copy = xstrndup(data, len);
	utf8_clean(copy, true);
	mend_surrogates(copy);
	j = json_loads(copy, flags, NULL);
	xfree_secret(copy);
	return j;
}

/* The loader, which stops at 2048 levels, judges unclosed nesting. */
bool
json_crowded(const char *data, size_t len, size_t max)
{
	bool text = false;
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		if (text && data[i] == '\\')
			i++;
		else if (data[i] == '"')
			text = !text;
		else if (!text && (data[i] == ',' || data[i] == ']' ||
		    data[i] == '}') && ++n > max)
			return true;
	return false;
}

const char *
json_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

int64_t
json_int(const json_t *o, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

bool
json_flag(const json_t *o, const char *key, bool fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

json_t *
json_object_of(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_object(v) ? v : NULL;
}

json_t *
json_array_of(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_array(v) ? v : NULL;
}

char *
json_line(const json_t *v)
{
	return json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

void
json_put_text(json_t *o, const char *key, const char *text)
{
	json_t *v;
	char *clean;

	if (text == NULL)
		return;
	if ((v = json_string(text)) == NULL) {	/* not UTF-8 */
		clean = xstrdup(text);
		utf8_clean(clean, true);
		v = json_string(clean);
		xfree_secret(clean);
	}
	(void)json_object_set_new(o, key, v);
}

bool
word_equal(const char *a, const char *b)
{
	static const char skipped[] = " \t_";

	if (a == NULL || b == NULL)
		return false;
	for (;; a++, b++) {
		a += strspn(a, skipped);
		b += strspn(b, skipped);
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

json_t *
json_loose(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);
	const char *name;

	if (v != NULL)
		return v;
	json_object_foreach((json_t *)(uintptr_t)o, name, v)
		if (word_equal(name, key))
			return v;
	return NULL;
}

char *
json_scalar_text(const json_t *v)
{
	switch (v == NULL ? JSON_NULL : json_typeof(v)) {
	case JSON_STRING:
		if (json_string_length(v) == 0 ||
		    strcasecmp(json_string_value(v), "null") == 0)
			return NULL;
		return xstrdup(json_string_value(v));
	case JSON_INTEGER:
	case JSON_REAL:
		return json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	case JSON_TRUE:
		return xstrdup("true");
	case JSON_FALSE:
		return xstrdup("false");
	default:
		return NULL;
	}
}

char *
json_loose_text(const json_t *o, const char *key)
{
	return json_scalar_text(json_loose(o, key));
}

bool
json_loose_bool(const json_t *o, const char *key, bool fallback)
{
	const json_t *v = json_loose(o, key);
	const char *s = json_string_value(v);

	if (json_is_boolean(v))
		return json_is_true(v);
	if (json_is_integer(v))
		return json_integer_value(v) != 0;
	if (word_equal(s, "true") || word_equal(s, "yes") ||
	    word_equal(s, "1"))
		return true;
	if (word_equal(s, "false") || word_equal(s, "no") ||
	    word_equal(s, "0"))
		return false;
	return fallback;
}
