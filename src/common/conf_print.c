/*
 * The configuration in force, as people read it.
 */
#include <stdio.h>
#include <string.h>

#include "conf_print.h"
#include "conf_table.h"
#include "conf_value.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The reader cuts blanks at both ends, and '#' or ';' behind a blank. A text
 * that has these was in quotes, and so contains none. */
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
