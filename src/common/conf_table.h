/*
 * The table of settings, which conf*.c walk. worker.conf(5) explains each.
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

#define CONF_TABLE_MAX	64	/* settings; bits of struct conf's refused */

enum conf_kind {
	CONF_TEXT,	/* char * */
	CONF_PATH,	/* char *, absolute */
	CONF_SERVER,	/* char *, http[s]://host[:port] */
	CONF_URL,	/* char *, http[s]://host[:port][/path] */
	CONF_WORD,	/* char *, one of words */
	CONF_QUERY,	/* char *, value of a queryable property */
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
	const char	*preset;	/* default as one would write it, or
					   NULL */
	const char *const *words;	/* NULL at the end */
	const char	*needed;	/* what to write if it is not set; NULL:
					   it is optional */
};

extern const struct conf_setting	conf_table[];
extern const size_t			conf_table_size;

/* Whether the field is a char *. */
bool	conf_is_text(const struct conf_setting *);

#endif
