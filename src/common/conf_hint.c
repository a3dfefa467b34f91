/*
 * Hints on names that are in no table.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf_hint.h"
#include "conf_table.h"

#define NAME_SIZE	48	/* longer names get no hint */
#define NEAR_MAX	3	/* most letters changed in a name that was
				   meant */

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

/* Near enough to be meant; changing most of a short name is not. */
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
