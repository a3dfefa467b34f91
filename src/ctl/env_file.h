/*
 * Environment files of units, as systemd reads them (EnvironmentFile= in
 * systemd.exec(5)).
 */
#ifndef ENV_FILE_H
#define ENV_FILE_H

#include <stddef.h>

/* Read a text, calling take for each assignment in order; a later one of the
 * same name is meant to replace it. What systemd ignores is ignored: lines
 * without '=', names that are none, values that are not UTF-8. Quotes, escapes
 * and continued lines are undone. */
void	env_file_read(const char *text, size_t len,
	    void (*take)(const char *name, const char *value, void *), void *);

#endif
