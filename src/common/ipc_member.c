/*
 * Members of pipe messages: structs to JSON objects and back, by tables, and
 * objects to lines and back.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc_member.h"
#include "json.h"
#include "mem.h"
#include "utf8.h"

static void
put_int(json_t *o, const struct ipc_member *m, const void *field)
{
	int64_t wide = 0;
	int32_t narrow;

	if (m->size == sizeof(wide)) {
		memcpy(&wide, field, sizeof(wide));
	} else {
		memcpy(&narrow, field, sizeof(narrow));
		wide = narrow;
	}
	(void)json_object_set_new(o, m->name, json_integer(wide));
}

static void
put_prose(json_t *o, const struct ipc_member *m, const char *text)
{
	char *cut;

	if (text == NULL || strlen(text) < m->size) {
		json_put_text(o, m->name, text);
		return;
	}
	cut = xstrndup(text, m->size);
	(void)utf8_cut(cut, m->size - 1);
	json_put_text(o, m->name, cut);
	xfree_secret(cut);
}

static void
put_secret(json_t *o, const struct ipc_member *m, const struct secret *s)
{
	if (s == NULL)
		return;
	/* unchanged: text that is not UTF-8 makes the line fail */
	(void)json_object_set_new(o, m->name,
	    json_string_nocheck(secret_open(s)));
	secret_close(s);
}

void
ipc_put(json_t *o, const void *base, const struct ipc_member *m, size_t n)
{
	for (; n > 0; n--, m++) {
		const void *field = (const char *)base + m->offset;

		switch (m->kind) {
		case KIND_BOOL:
			(void)json_object_set_new(o, m->name,
			    json_boolean(*(const bool *)field));
			break;
		case KIND_INT:
			put_int(o, m, field);
			break;
		case KIND_CHARS:
			if (*(const char *)field != '\0')
				json_put_text(o, m->name, field);
			break;
		case KIND_TEXT:
			json_put_text(o, m->name, *(char *const *)field);
			break;
		case KIND_PROSE:
			put_prose(o, m, *(char *const *)field);
			break;
		case KIND_SECRET:
			put_secret(o, m, *(struct secret *const *)field);
			break;
		case KIND_TEXTS:
			if (*(json_t *const *)field != NULL)
				(void)json_object_set(o, m->name,
				    *(json_t *const *)field);
			break;
		}
	}
}

/* An object of texts of less than size bytes in total, names included. */
static const char *
texts_fault(json_t *o, size_t size)
{
	const char *key;
	size_t total = 0;
	json_t *v;

	if (!json_is_object(o))
		return "not an object";
	json_object_foreach(o, key, v) {
		if (!json_is_string(v))
			return "not all texts";
		total += strlen(key) + json_string_length(v);
	}
	return total < size ? NULL : "too long";
}

static const char *
take_int(const json_t *v, const struct ipc_member *m, void *field)
{
	int64_t wide = json_integer_value(v);
	int32_t narrow = (int32_t)wide;

	if (!json_is_integer(v))
		return "not an integer";
	if (wide < m->least || wide > m->most)
		return "out of range";
	if (m->size == sizeof(wide))
		memcpy(field, &wide, sizeof(wide));
	else
		memcpy(field, &narrow, sizeof(narrow));
	return NULL;
}

static const char *
take_text(const json_t *v, const struct ipc_member *m, void *field)
{
	const char *text = json_string_value(v);
	size_t most = m->kind == KIND_SECRET ? SECRET_MAX : m->size - 1;

	if (text == NULL)
		return "not a text";
	if (json_string_length(v) > most)
		return "too long";
	/* an empty one would not be written, so count it as missing */
	if (m->kind == KIND_CHARS && m->needed && text[0] == '\0')
		return "empty";
	if (m->kind == KIND_CHARS)
		(void)strlcpy(field, text, m->size);
	else if (m->kind == KIND_SECRET)
		*(struct secret **)field = secret_text(text);
	else
		*(char **)field = xstrdup(text);
	return NULL;
}

/* What is wrong with a member, or NULL. */
static const char *
take_member(json_t *v, const struct ipc_member *m, void *field)
{
	const char *fault;

	if (v == NULL || json_is_null(v))
		return m->needed ? "missing" : NULL;
	switch (m->kind) {
	case KIND_BOOL:
		if (!json_is_boolean(v))
			return "not a boolean";
		*(bool *)field = json_is_true(v);
		return NULL;
	case KIND_INT:
		return take_int(v, m, field);
	case KIND_TEXTS:
		if ((fault = texts_fault(v, m->size)) == NULL)
			*(json_t **)field = json_incref(v);
		return fault;
	default:
		return take_text(v, m, field);
	}
}

int
ipc_take(const json_t *o, void *base, const struct ipc_member *m, size_t n,
    const char *what, struct fail *fail)
{
	for (; n > 0; n--, m++) {
		const char *fault = take_member(json_object_get(o, m->name),
		    m, (char *)base + m->offset);

		if (fault != NULL)
			return fail_set(fail, FAIL_SYSTEM, "%s: member %s: %s",
			    what, m->name, fault);
	}
	return 0;
}

int
ipc_line_add(struct buf *b, json_t *o, size_t max)
{
	char *line = json_line(o);
	size_t len;
	int ret = -1;

	if (line != NULL && (len = strlen(line)) < max) {
		line[len] = '\n';	/* in place of the NUL, so that all or
					   nothing is added */
		ret = buf_add(b, line, len + 1);
	}
	xfree_secret(line);
	json_decref(o);
	return ret;
}

json_t *
ipc_line_parse(const char *line, size_t len, size_t max, const char *what,
    struct fail *fail)
{
	json_t *o;

	if (len >= max) {
		(void)fail_set(fail, FAIL_SYSTEM, "%s: line longer than %zu "
		    "bytes", what, max);
		return NULL;
	}
	if ((o = json_parse(line, len, fail)) == NULL) {
		if (fail != NULL)
			fail->kind = FAIL_SYSTEM;
		(void)fail_prefix(fail, "%s", what);
		return NULL;
	}
	if (!json_is_object(o)) {
		(void)fail_set(fail, FAIL_SYSTEM, "%s: not an object", what);
		json_decref(o);
		return NULL;
	}
	return o;
}
