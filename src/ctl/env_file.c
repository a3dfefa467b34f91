/*
 * Environment files of units: shell-like quoting, but a line is an assignment.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "env_file.h"
#include "mem.h"
#include "utf8.h"

static const char blanks[] = " \t\r";

/* After an opening quote; returns the position behind the closing one. */
static const char *
quoted(const char *p, const char *end, char quote, struct buf *value)
{
	for (; p < end && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && p + 1 < end) {
			if (p[1] == '\n') {
				p++;
				continue;
			}
			if (strchr("\"\\`$", p[1]) != NULL)
				p++;
		}
		(void)buf_add(value, p, 1);
	}
	return p < end ? p + 1 : p;
}

/* Up to the end of the line; blanks at the end that no backslash keeps are
 * dropped. */
static const char *
plain(const char *p, const char *end, struct buf *value)
{
	size_t keep = value->len;

	for (; p < end && *p != '\n'; p++) {
		if (*p == '\\' && p + 1 < end) {
			p++;
			if (*p == '\n')
				continue;
			(void)buf_add(value, p, 1);
			keep = value->len;
			continue;
		}
		(void)buf_add(value, p, 1);
		if (strchr(blanks, *p) == NULL)
			keep = value->len;
	}
	while (value->len > keep)
		value->data[--value->len] = '\0';
	return p;
}

static const char *
value_read(const char *p, const char *end, struct buf *value)
{
	while (p < end && strchr(blanks, *p) != NULL)
		p++;
	if (p < end && (*p == '"' || *p == '\'')) {
		p = quoted(p + 1, end, *p, value);
		while (p < end && strchr(blanks, *p) != NULL)
			p++;
	}
	return plain(p, end, value);
}

static bool
name_valid(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

/* The name before '=', without blanks around it; NULL: the line has none. */
static char *
name_read(const char *line, const char *end)
{
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	const char *equal;

	if (stop == NULL)
		stop = end;
	equal = memchr(line, '=', (size_t)(stop - line));
	if (*line == '#' || *line == ';' || equal == NULL)
		return NULL;
	stop = equal;
	while (stop > line && strchr(blanks, stop[-1]) != NULL)
		stop--;
	return xstrndup(line, (size_t)(stop - line));
}

/* A comment whose line ends in a backslash goes on, too. */
static const char *
line_skip(const char *p, const char *end)
{
	for (; p < end && *p != '\n'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p;
}

void
env_file_read(const char *text, size_t len,
    void (*take)(const char *, const char *, void *), void *arg)
{
	const char *p = text, *end = text + len;
	struct buf value;
	char *name;

	buf_init(&value, len + 1);
	while (p < end) {
		while (p < end && (strchr(blanks, *p) != NULL || *p == '\n'))
			p++;
		if (p == end)
			break;
		if ((name = name_read(p, end)) == NULL) {
			p = line_skip(p, end);
			continue;
		}
		p = value_read((const char *)memchr(p, '=',
		    (size_t)(end - p)) + 1, end, &value);
		if (name_valid(name) && utf8_valid(buf_text(&value)))
			take(name, buf_text(&value), arg);
		free(name);
		buf_clear(&value);
	}
	buf_free(&value);
}
