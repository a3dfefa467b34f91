/*
 * The table of settings, between conf.c (which fills it in), conf_value.c and
 * conf_print.c.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

#define SECOND		INT64_C(1000)		/* times, in ms */
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)

#define CONF_REASON_MAX	200	/* bytes of why a value is refused, NUL
				   included */

enum conf_kind {
	CONF_TEXT,	/* char * */
	CONF_PATH,	/* char *, absolute */
	CONF_SERVER,	/* char *, http[s]://host[:port] */
	CONF_URL,	/* char *, http[s]://host[:port][/path] */
	CONF_WORD,	/* char *, one of words */
	CONF_VERSIONS,	/* char *, action versions with blanks between */
	CONF_FLAG,	/* bool */
	CONF_CHOICE,	/* int64_t, index in words */
	CONF_NUMBER,	/* int64_t */
	CONF_TIME,	/* int64_t, ms */
	CONF_SIZE,	/* int64_t, bytes */
};

struct conf_setting {
	const char	*section, *name;
	enum conf_kind	 kind;
	size_t		 offset;	/* in struct conf */
	int64_t		 least, most;
	const char	*preset;	/* default as it would be written, or
					   NULL */
	const char *const *words;	/* NULL at the end */
	const char	*needed;	/* what to write if it is not set; NULL:
					   it need not be set */
};

extern const struct conf_setting	conf_table[];
extern const size_t			conf_table_size;

/* Whether the field is a char *. */
bool	conf_is_text(const struct conf_setting *);

/* Set one setting from its text; -1 with the reason in why, which has
 * CONF_REASON_MAX bytes, and nothing changed. */
int	conf_parse(struct conf *, const struct conf_setting *,
	    const char *value, char *why);
/* The same for a field that is a char *, which is replaced. */
int	conf_parse_text(const struct conf_setting *, char **field,
	    const char *value, char *why);
/* Slashes at the end of a URL say nothing. */
void	conf_strip_slashes(char *);

/* A value as it is written in a file, cut to size. Returns dst. */
char	*conf_show_time(char *dst, size_t, int64_t ms);
char	*conf_show_size(char *dst, size_t, int64_t bytes);

/* What to say of a name that is not in the table. */
void	conf_hint_section(char *dst, size_t, const char *section);
void	conf_hint_name(char *dst, size_t, const char *section,
	    const char *name);

#endif
