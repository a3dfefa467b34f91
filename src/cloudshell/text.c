/*
 * Texts to and from CloudShell: cleaning, names, ids.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "id.h"
#include "json.h"
#include "text.h"
#include "utf8.h"

#define TAG_MAX		512	/* bytes of a tag; a longer one is text */

/* One run of cs_clean_text: what is known not to follow any more. Otherwise a
 * text full of openings would be searched to its end for each of them. */
struct cleaner {
	bool	no_comment, no_script, no_style;
};

/* Where the closing word begins, NULL if nowhere. */
static const char *
find_closing(const char *s, const char *closing, bool *none)
{
	const char *end = *none ? NULL : strcasestr(s, closing);

	*none = end == NULL;
	return end;
}

static bool
tag_is(const char *s, const char *name)
{
	size_t n = strlen(name);

	s += s[1] == '/' ? 2 : 1;
	return strncasecmp(s, name, n) == 0 && !isalnum((unsigned char)s[n]);
}

/* Length of the tag or comment at s, 0 if there is none. What a script or style
 * sheet encloses belongs to its opening tag. */
static size_t
tag_length(struct cleaner *cl, const char *s)
{
	const char *end;
	size_t i;

	if (strncmp(s, "<!--", 4) == 0) {
		end = find_closing(s + 4, "-->", &cl->no_comment);
		return end == NULL ? 0 : (size_t)(end + 3 - s);
	}
	end = NULL;
	if (s[1] != '/' && tag_is(s, "script"))
		end = find_closing(s, "</script", &cl->no_script);
	else if (s[1] != '/' && tag_is(s, "style"))
		end = find_closing(s, "</style", &cl->no_style);
	if (end != NULL)
		return (size_t)(end - s);
	if (!isalpha((unsigned char)s[1]) && s[1] != '/' && s[1] != '!')
		return 0;
	for (i = 2; i < TAG_MAX && s[i] != '\0' && s[i] != '<'; i++)
		if (s[i] == '>')
			return i + 1;
	return 0;
}

/* "a<br>b" is two words, "<b>a</b>b" is one. */
static bool
tag_parts_words(const char *s)
{
	static const char *const names[] = { "br", "p", "div", "li", "tr",
		"td", "th", "hr", "title", "h1", "h2", "h3", "h4" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tag_is(s, names[i]))
			return true;
	return false;
}

/* Decode the entity at s into *to; its length, 0 if there is none. What is not
 * printable ASCII stays. */
static size_t
entity_length(const char *s, char *to)
{
	char c[4];
	size_t n, len = html_entity(s, c, &n);

	if (len == 0 || n != 1 || c[0] < ' ' || c[0] > '~')
		return 0;
	*to = c[0];
	return len;
}

void
cs_clean_text(char *text)
{
	struct cleaner cl = { 0 };
	char *to = text;
	const char *s = text;
	size_t n;

	while (*s != '\0') {
		if (*s == '<' && (n = tag_length(&cl, s)) > 0) {
			if (tag_parts_words(s))
				*to++ = ' ';
			s += n;
		} else if (*s == '&' && (n = entity_length(s, to)) > 0) {
			to++;
			s += n;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
	utf8_clean(text, true);
}

void
text_line(char *text, size_t max)
{
	char *from, *to = text;

	cs_clean_text(text);
	for (from = text; *from != '\0'; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	utf8_cut(text, max);
}

bool
text_has(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

bool
text_id(const json_t *j, const char *key, char *id, size_t size)
{
	char *text = json_loose_text(j, key);
	bool ok = text != NULL && strlen(text) < size && id_plain(text);

	if (ok)
		(void)strlcpy(id, text, size);
	free(text);
	return ok;
}

char *
text_name(const json_t *j)
{
	char *name = json_loose_text(j, "name");

	if (name != NULL) {
		utf8_clean(name, false);
		(void)utf8_cut(name, CS_NAME_MAX);
	}
	return name;
}

json_t *
text_params(const json_t *values, const char *property, struct fail *fail)
{
	json_t *item, *list = json_array(), *v;
	const char *name;
	char *text;

	json_object_foreach((json_t *)(uintptr_t)values, name, v) {
		if (json_is_null(v))
			continue;	/* not given: the default holds */
		if (json_is_object(v) || json_is_array(v)) {
			(void)fail_set(fail, FAIL_CONFIG, "\"%s\" in %s must "
			    "be a text, a number, true or false", name,
			    property);
			json_decref(list);
			return NULL;
		}
		item = json_object();
		(void)json_object_set_new(item, "name", json_string(name));
		if (json_is_string(v)) {
			(void)json_object_set(item, "value", v);
		} else {
			text = json_scalar_text(v);
			json_put_text(item, "value", text);
			free(text);
		}
		(void)json_array_append_new(list, item);
	}
	return list;
}
