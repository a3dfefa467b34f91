/*
 * The INI reader that worker.conf and AWS's shared files go through.
 */
#ifndef INI_H
#define INI_H

#include <stddef.h>

#include "fail.h"

/* What the reader meets. section and name are "" before the first section;
 * sub is set for an indented "k = v" under a property with empty value
 * (AWS's nested properties), else NULL. */
struct ini_line {
	const char	*section;
	const char	*name;		/* NULL: a section header */
	const char	*sub;
	const char	*value;
	unsigned	 line;
};

enum ini_style {
	INI_WORKER,	/* no continuation lines, no nesting */
	INI_AWS,	/* rules of the AWS shared files (aws-contract 5.3) */
};

/* Read text, calling take for each header and property; take fills fail and
 * returns -1 to stop. Errors name line and reason, never the line's text ("line
 * 3: no '=' ..."). BOM and CRLF are accepted. */
int	ini_read(const char *text, size_t len, enum ini_style,
	    int (*take)(const struct ini_line *, void *, struct fail *), void *,
	    struct fail *);

#endif
