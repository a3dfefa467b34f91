/*
 * Removes the token and the password from CloudShell's texts.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mask.h"
#include "mem.h"
#include "text.h"
#include "utf8.h"

size_t
text_mask(char *text, size_t len, const char *secret, size_t secret_len)
{
	size_t stars = secret_len < 3 ? secret_len : 3;
	char *end = text + len, *from = text, *hit, *to = text;

	if (secret_len == 0 ||
	    memmem(text, len, secret, secret_len) == NULL)
		return len;
	while ((hit = memmem(from, (size_t)(end - from), secret,
	    secret_len)) != NULL) {
		memmove(to, from, (size_t)(hit - from));
		to += hit - from;
		memset(to, '*', stars);
		to += stars;
		from = hit + secret_len;
	}
	memmove(to, from, (size_t)(end - from));
	to += end - from;
	explicit_bzero(to, (size_t)(end - to));
	*to = '\0';
	return (size_t)(to - text);
}

/* The token, then the password if it has at least min bytes, in all forms. */
static void
mask(const struct cs_client *c, char *text, size_t min)
{
	const struct secret *list[] = { c->token, c->set->password };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (list[i] == NULL ||
		    (i == 1 && secret_len(list[i]) < min))
			continue;
		(void)text_mask(text, strlen(text), secret_open(list[i]),
		    secret_len(list[i]));
		secret_close(list[i]);
		secret_mask(text, list[i]);
	}
}

void
cs_mask_text(const struct cs_client *c, char *text)
{
	mask(c, text, 1);
}

void
cs_show_text(const struct cs_client *c, char *text, size_t max)
{
	cs_mask_text(c, text);
	text_line(text, strlen(text));
	cs_mask_text(c, text);	/* again: entities are decoded now */
	utf8_cut(text, max);
}

void
cs_clean_output(const struct cs_client *c, char *text)
{
	cs_mask_text(c, text);
	cs_clean_text(text);
	cs_mask_text(c, text);
}

/* Tags may split a secret: then remove them from the whole text. */
char *
text_masked(const struct cs_client *c, char *text)
{
	char *clean, *shown;

	cs_mask_text(c, text);
	if (strchr(text, '<') == NULL && strchr(text, '&') == NULL)
		return text;
	clean = xstrdup(text);
	cs_clean_text(clean);
	shown = xstrdup(clean);
	cs_mask_text(c, shown);
	if (strcmp(clean, shown) == 0) {
		xfree_secret(shown);
		shown = text;
	} else
		xfree_secret(text);
	xfree_secret(clean);
	return shown;
}

static void
mask_string(const struct cs_client *c, json_t *j)
{
	const char *value = json_string_value(j);
	size_t i, len = json_string_length(j), masked;
	bool changed = false;
	char *copy;

	if (len == 0)
		return;
	copy = xcalloc(1, len + 1);
	memcpy(copy, value, len);
	for (i = 0; i < len; i++)
		if (copy[i] == '\0') {	/* it would end the text early */
			copy[i] = ' ';
			changed = true;
		}
	mask(c, copy, CS_MASK_MIN);
	masked = strlen(copy);
	if (changed || masked != len || memcmp(copy, value, len) != 0)
		if (json_string_setn(j, copy, masked) != 0)
			(void)json_string_set(j, "");	/* not UTF-8 */
	freezero(copy, len + 1);
}

static void
mask_value(const struct cs_client *c, json_t *j)
{
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_STRING:
		mask_string(c, j);
		break;
	case JSON_ARRAY:
		json_array_foreach(j, i, item)
			mask_value(c, item);
		break;
	case JSON_OBJECT:
		json_object_foreach(j, key, item)
			mask_value(c, item);
		break;
	default:
		break;
	}
}

void
cs_mask_json(const struct cs_client *c, json_t *j)
{
	/* open during the whole walk: opening costs a system call */
	if (c->token != NULL)
		(void)secret_open(c->token);
	if (c->set->password != NULL)
		(void)secret_open(c->set->password);
	mask_value(c, j);
	if (c->set->password != NULL)
		secret_close(c->set->password);
	if (c->token != NULL)
		secret_close(c->token);
}

size_t
text_names(const struct cs_client *c, const json_t *list, struct buf *b)
{
	json_t *item;
	size_t all = 0, i, shown = 0;
	char *name;

	json_array_foreach(list, i, item) {
		name = json_loose_text(item, "name");
		if (name == NULL)
			continue;
		cs_show_text(c, name, 100);
		if (all++ < CS_NAMES_SHOWN && buf_addf(b, "%s%s",
		    shown > 0 ? ", " : "", name) == 0)
			shown++;
		free(name);
	}
	if (all > shown)
		(void)buf_addf(b, " and %zu more", all - shown);
	return all;
}
