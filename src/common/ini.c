/*
 * The INI reader of worker.conf and of the AWS shared files, which differ in
 * continuation lines and nested properties (aws-contract 5.3).
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ini.h"
#include "mem.h"

/* The state of the reader. Names point into the text, which it cuts up in
 * place; it keeps a value until no continuation line can follow. */
struct reader {
	enum ini_style	 style;
	int		(*take)(const struct ini_line *, void *, struct fail *);
	void		*arg;
	struct fail	*fail;
	unsigned	 line;
	const char	*section;	/* NULL: none yet */
	char		*name;		/* unfinished property, NULL: none */
	unsigned	 name_line;
	struct buf	 value;
	bool		 nested;	/* sub-properties came */
};

static const char blanks[] = " \t\r\f\v";

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, blanks);
	n = strlen(s);
	while (n > 0 && strchr(blanks, s[n - 1]) != NULL)
		n--;
	s[n] = '\0';
	return s;
}

/* Cut at '#' or ';' behind white space. */
static void
cut_comment(char *s)
{
	for (char *p = s; *p != '\0'; p++)
		if ((*p == '#' || *p == ';') && p > s &&
		    strchr(blanks, p[-1]) != NULL) {
			*p = '\0';
			return;
		}
}

static int
fault(struct reader *r, const char *reason)
{
	return fail_set(r->fail, FAIL_CONFIG, "line %u: %s", r->line, reason);
}

static int
give(struct reader *r, const char *name, const char *sub, const char *value,
    unsigned line)
{
	struct ini_line l = {
		.section = r->section != NULL ? r->section : "",
		.name = name,
		.sub = sub,
		.value = value,
		.line = line,
	};

	return r->take(&l, r->arg, r->fail);
}

/* Hand over the finished property. */
static int
flush(struct reader *r)
{
	int ret = 0;

	if (r->name != NULL && !r->nested)
		ret = give(r, r->name, NULL, buf_text(&r->value),
		    r->name_line);
	r->name = NULL;
	r->nested = false;
	buf_clear(&r->value);
	return ret;
}

static int
read_section(struct reader *r, char *s)
{
	char *end = strchr(s, ']'), *rest;

	if (flush(r) != 0)
		return -1;
	if (end == NULL)
		return fault(r, "no ']' after the section's name");
	*end = '\0';
	rest = trim(end + 1);
	if (r->style == INI_WORKER && *rest != '\0' && *rest != '#' &&
	    *rest != ';')
		return fault(r, "something follows the section's ']'");
	r->section = trim(s + 1);
	return give(r, NULL, NULL, "", r->line);
}

/* Double quotes protect what would otherwise be cut off. */
static int
unquote(struct reader *r, char **value)
{
	char *end = strchr(*value + 1, '"'), *rest;

	if (end == NULL)
		return fault(r, "no '\"' at the end of the value");
	*end = '\0';
	rest = trim(end + 1);
	if (*rest != '\0' && *rest != '#' && *rest != ';')
		return fault(r, "something follows the value's '\"'");
	(*value)++;
	return 0;
}

static int
read_property(struct reader *r, char *s)
{
	char *value, *eq = strchr(s, '=');

	if (flush(r) != 0)
		return -1;
	if (eq == NULL)
		return fault(r, "no '=' (write name = value)");
	if (r->section == NULL && r->style == INI_AWS)
		return fault(r, "a property before the first section");
	*eq = '\0';
	value = eq + 1;
	if (r->style == INI_WORKER && value[strspn(value, blanks)] == '"') {
		value += strspn(value, blanks);
		if (unquote(r, &value) != 0)
			return -1;
	} else {
		/* a comment, as behind a blank: otherwise no text could start
		 * with these */
		if (r->style == INI_WORKER && (*value == '#' || *value == ';'))
			*value = '\0';
		cut_comment(value);
		value = trim(value);
	}
	s = trim(s);
	if (*s == '\0')
		return r->style == INI_AWS ? 0 :
		    fault(r, "no name before '='");
	r->name = s;
	r->name_line = r->line;
	return buf_adds(&r->value, value);
}

/* An indented line of an AWS file. */
static int
read_indented(struct reader *r, char *s)
{
	char *eq;

	s = trim(s);
	if (r->value.len == 0 && (*s == '#' || *s == ';'))
		return 0;
	if (r->name == NULL)
		return fault(r, "an indented line without a property before "
		    "it");
	if (r->value.len > 0)
		return buf_adds(&r->value, "\n") != 0 ? -1 :
		    buf_adds(&r->value, s);
	if ((eq = strchr(s, '=')) == NULL)
		return fault(r, "no '=' (write name = value)");
	if (!r->nested && give(r, r->name, NULL, "", r->name_line) != 0)
		return -1;
	r->nested = true;
	*eq = '\0';
	cut_comment(eq + 1);
	return give(r, r->name, trim(s), trim(eq + 1), r->line);
}

static int
read_line(struct reader *r, char *s)
{
	bool indented = strchr(blanks, *s) != NULL && *s != '\0';
	char *start = s + strspn(s, blanks);

	if (*start == '\0')
		return 0;
	if (r->style == INI_AWS && indented)
		return read_indented(r, s);
	if (*start == '#' || *start == ';')
		return 0;
	return *start == '[' ? read_section(r, start) :
	    read_property(r, start);
}

int
ini_read(const char *text, size_t len, enum ini_style style,
    int (*take)(const struct ini_line *, void *, struct fail *), void *arg,
    struct fail *fail)
{
	struct reader r = { .style = style, .take = take, .arg = arg,
		.fail = fail };
	char *copy, *next;
	int ret = 0;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	buf_init(&r.value, len + 1);
	copy = wipe_malloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len) {
		r.line = 1;
		for (const char *p = copy; *p != '\0'; p++)
			r.line += *p == '\n';
		ret = fault(&r, "a NUL byte");
	}
	for (char *s = copy; ret == 0 && s != NULL; s = next) {
		next = strchr(s, '\n');
		if (next != NULL)
			*next++ = '\0';
		r.line++;
		ret = read_line(&r, s);
	}
	if (ret == 0)
		ret = flush(&r);
	buf_free(&r.value);
	xfree_secret(copy);
	return ret;
}
