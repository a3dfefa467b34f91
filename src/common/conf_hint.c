/*
 * Hints on names that are in no table.
 */
#include <stdio.h>
#include <string.h>

#include "conf_hint.h"
#include "conf_table.h"
#include "near.h"

void
conf_hint_section(char *dst, size_t size, const char *section)
{
	unsigned best = NEAR_NONE;

	*dst = '\0';
	for (size_t i = 0; i < conf_table_size; i++)
		if (near_enough(section, conf_table[i].section, &best))
			(void)snprintf(dst, size, " (did you mean [%s]?)",
			    conf_table[i].section);
}

void
conf_hint_name(char *dst, size_t size, const char *section, const char *name)
{
	unsigned best = NEAR_NONE;

	*dst = '\0';
	if (strcmp(section, "cloudshell") == 0 &&
	    strcmp(name, "password") == 0) {
		(void)strlcpy(dst, " (secrets are not settings: write the "
		    "password to a file and name it with password_file)", size);
		return;
	}
	for (size_t i = 0; i < conf_table_size; i++)
		if (strcmp(conf_table[i].section, section) == 0 &&
		    near_enough(name, conf_table[i].name, &best))
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
