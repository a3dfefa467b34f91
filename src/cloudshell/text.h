/*
 * Texts to and from CloudShell.
 */
#ifndef TEXT_H
#define TEXT_H

#include "types.h"

/* Make a text fit to be shown, in place: without HTML tags, with control
 * characters cleaned (5.8). */
void	cs_clean_text(char *);
/* cs_clean_text, then one blank for each run of white space, cut to max
 * bytes. */
void	text_line(char *, size_t max);
/* Whether a text holds another, without regard to case. */
bool	text_has(const char *, const char *part);
/* Member as an id: printable, no blanks, fits size. false if not. */
bool	text_id(const json_t *, const char *key, char *, size_t);
/* Member "name" in one line, cut to CS_NAME_MAX; NULL if there is none. The
 * caller frees it. */
char	*text_name(const json_t *);
/* Object of scalars as the array of {name, value} that starts take (5.2, 5.12);
 * property names it in texts. NULL and FAIL_CONFIG if a value is none. */
json_t	*text_params(const json_t *, const char *property, struct fail *);

#endif
