/*
 * Hints on names that are in no table.
 */
#ifndef CONF_HINT_H
#define CONF_HINT_H

#include <stddef.h>

/* What to say about an unknown section or setting, "" if nothing; cut to
 * size. */
void	conf_hint_section(char *dst, size_t, const char *section);
void	conf_hint_name(char *dst, size_t, const char *section,
	    const char *name);

#endif
