/*
 * Values of settings.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "conf_table.h"

#define CONF_REASON_MAX	200	/* bytes of why a value is refused, NUL
				   included */

/* "10s" "15m" "2h" "3d" "250ms", bare number: seconds. -1 if it is not a
 * time. */
int	conf_parse_time(const char *, int64_t *ms);
/* "64K" "16M" "1G", bare number: bytes. */
int	conf_parse_size(const char *, int64_t *bytes);

/* Set one setting from its text. -1 with the reason in why, which has
 * CONF_REASON_MAX bytes; then nothing changes. */
int	conf_parse(struct conf *, const struct conf_setting *,
	    const char *value, char *why);
/* The same for a char * field, whose old text it frees. */
int	conf_parse_text(const struct conf_setting *, char **field,
	    const char *value, char *why);
/* Drop slashes at the end of a URL, which mean nothing. */
void	conf_strip_slashes(char *);

/* A value as a file holds it, cut to size. Returns dst. */
char	*conf_show_time(char *dst, size_t, int64_t ms);
char	*conf_show_size(char *dst, size_t, int64_t bytes);

#endif
