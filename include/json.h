/*
 * Typed, bounded getters over Jansson. Two families: strict ones for AWS and
 * our own pipes, loose ones for CloudShell, whose servers differ in letter
 * case of keys and in scalar types (cloudshell-sandbox-api 2.4).
 */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

/* Make Jansson wipe what it frees. Call it first in main. */
void	json_init(void);

/* Parse a whole text; duplicate keys and trailing bytes are errors. NULL and
 * FAIL_JOB with position and reason, never a piece of the text. */
json_t	*json_parse(const char *, size_t len, struct fail *);

/* Parse what a careless peer wrote, of any type: a byte order mark comes off,
 * bytes that are not UTF-8 become '?', half a surrogate pair becomes U+FFFD, a
 * text may hold NUL, and of a key that occurs twice the last counts. NULL: not
 * even that. */
json_t	*json_parse_careless(const char *, size_t len);

/* Whether a text would become more than about max values. Ask before parsing
 * it, since Jansson turns each "{}" into 200 bytes or more. */
bool	json_crowded(const char *, size_t len, size_t max);

/* Member as text, number or object; NULL (or fallback) if absent, null or of
 * another type. Borrowed. */
const char	*json_text(const json_t *, const char *key);
int64_t		 json_int(const json_t *, const char *key, int64_t fallback);
bool		 json_flag(const json_t *, const char *key, bool fallback);
json_t		*json_object_of(const json_t *, const char *key);
json_t		*json_array_of(const json_t *, const char *key);

/* Compact text in one line, keys sorted; freed with xfree_secret. */
char	*json_line(const json_t *);

/* Set a member to text unless the text is NULL. Bytes that are not UTF-8 become
 * '?', so do not use it for what must arrive unchanged. */
void	json_put_text(json_t *, const char *key, const char *);

/* Loose: finds the key without regard to case, blanks and underscores
 * ("possible values" = possibleValues = possible_values). Borrowed or NULL. */
json_t	*json_loose(const json_t *, const char *key);

/* Loose scalar as new text: strings as they are, numbers and booleans as
 * their text; NULL for null, absent, "" and "Null" and for containers. The
 * caller frees it. */
char	*json_loose_text(const json_t *, const char *key);
char	*json_scalar_text(const json_t *);	/* the same for a value
						   itself */
bool	 json_loose_bool(const json_t *, const char *key, bool fallback);

/* Compare words of an enumeration without case, blanks and underscores. */
bool	 word_equal(const char *, const char *);

#endif
