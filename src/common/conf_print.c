/*
 * The configuration as people read it: what is in force, and hints on names
 * that are none.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "conf_table.h"

#define NAME_SIZE	48	/* a name compared; longer ones have no hint */
#define NEAR_MAX	3	/* changed letters of a name that is meant */

static char *
show_unit(char *dst, size_t size, int64_t value, const char *const *units,
    const int64_t *factors)
{
	while (*factors > 1 && (value == 0 || value % *factors != 0))
		units++, factors++;
	(void)snprintf(dst, size, "%lld%s", (long long)(value / *factors),
	    *units);
	return dst;
}

char *
conf_show_time(char *dst, size_t size, int64_t ms)
{
	static const char *const units[] = { "d", "h", "m", "s", "ms" };
	static const int64_t factors[] = { 86400000, 3600000, 60000, 1000, 1 };

	if (ms == 0) {
		(void)strlcpy(dst, "0s", size);
		return dst;
	}
	if (ms == factors[0])	/* people write 24h */
		return show_unit(dst, size, ms, units + 1, factors + 1);
	return show_unit(dst, size, ms, units, factors);
}

char *
conf_show_size(char *dst, size_t size, int64_t bytes)
{
	static const char *const units[] = { "G", "M", "K", "" };
	static const int64_t factors[] = { 1 << 30, 1 << 20, 1 << 10, 1 };

	return show_unit(dst, size, bytes, units, factors);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The reader cuts off blanks at both ends, and '#' or ';' behind a blank. A
 * text that has these was in quotes, and so has none itself. */
static bool
needs_quotes(const char *text)
{
	char before = ' ';

	if (blank(*text))
		return true;
	for (; *text != '\0'; before = *text++)
		if ((*text == '#' || *text == ';') && blank(before))
			return true;
	return blank(before);
}

static void
print_text(const char *name, const char *text, FILE *out)
{
	const char *quote = "";

	if (text == NULL) {
		(void)fprintf(out, "# %s =\n", name);
		return;
	}
	if (needs_quotes(text))
		quote = "\"";
	(void)fprintf(out, "%s = %s%s%s\n", name, quote, text, quote);
}

static void
print_setting(const struct conf *c, const struct conf_setting *s, FILE *out)
{
	const void *field = (const char *)c + s->offset;
	char value[64];

	switch (s->kind) {
	case CONF_FLAG:
		(void)strlcpy(value, *(const bool *)field ? "yes" : "no",
		    sizeof(value));
		break;
	case CONF_CHOICE:
		(void)strlcpy(value, s->words[*(const int64_t *)field],
		    sizeof(value));
		break;
	case CONF_NUMBER:
		(void)snprintf(value, sizeof(value), "%lld",
		    (long long)*(const int64_t *)field);
		break;
	case CONF_TIME:
		(void)conf_show_time(value, sizeof(value),
		    *(const int64_t *)field);
		break;
	case CONF_SIZE:
		(void)conf_show_size(value, sizeof(value),
		    *(const int64_t *)field);
		break;
	default:
		print_text(s->name, *(char *const *)field, out);
		return;
	}
	(void)fprintf(out, "%s = %s\n", s->name, value);
}

void
conf_print(const struct conf *c, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < conf_table_size; i++) {
		const struct conf_setting *s = &conf_table[i];

		if (strcmp(section, s->section) != 0)
			(void)fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "",
			    s->section);
		section = s->section;
		print_setting(c, s, out);
	}
}

const char *
conf_name(size_t i)
{
	static char name[2 * NAME_SIZE];

	if (i >= conf_table_size)
		return NULL;
	(void)snprintf(name, sizeof(name), "%s.%s", conf_table[i].section,
	    conf_table[i].name);
	return name;
}

/* --- hints --- */

/* How many letters to add, drop or change between two names. */
static unsigned
distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned row[NAME_SIZE + 1];

	if (na > NAME_SIZE || nb > NAME_SIZE)
		return NAME_SIZE;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned least = diagonal +
			    (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);

			diagonal = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[nb];
}

/* Near enough to be meant: not most of a short name. */
static bool
is_near(const char *given, const char *known, unsigned *best)
{
	unsigned d = distance(given, known);

	if (d > NEAR_MAX || d * 2 >= strlen(known) || d >= *best)
		return false;
	*best = d;
	return true;
}

void
conf_hint_section(char *dst, size_t size, const char *section)
{
	unsigned best = NEAR_MAX + 1;

	*dst = '\0';
	for (size_t i = 0; i < conf_table_size; i++)
		if (is_near(section, conf_table[i].section, &best))
			(void)snprintf(dst, size, " (did you mean [%s]?)",
			    conf_table[i].section);
}

void
conf_hint_name(char *dst, size_t size, const char *section, const char *name)
{
	unsigned best = NEAR_MAX + 1;

	*dst = '\0';
	if (strcmp(section, "cloudshell") == 0 &&
	    strcmp(name, "password") == 0) {
		(void)strlcpy(dst, " (secrets are not settings: write the "
		    "password to a file and name it with password_file)", size);
		return;
	}
	for (size_t i = 0; i < conf_table_size; i++)
		if (strcmp(conf_table[i].section, section) == 0 &&
		    is_near(name, conf_table[i].name, &best))
			(void)snprintf(dst, size, " (did you mean %s?)",
			    conf_table[i].name);
	if (*dst != '\0')
		return;
	for (size_t i = 0; i < conf_table_size; i++)
		if (strcmp(conf_table[i].name, name) == 0) {
			(void)snprintf(dst, size, " (it belongs to section "
			    "[%s])", conf_table[i].section);
			return;
		}
}
