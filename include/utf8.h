/*
 * UTF-8 texts.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Cut a text to at most max bytes at a UTF-8 boundary; returns its length. */
size_t	utf8_cut(char *, size_t max);

/* Drop the piece of a character that a cut left at the end. */
void	utf8_trim(char *);

/* Bytes of the character at the start of a text; 0 at its end and for bytes
 * that are not UTF-8. */
size_t	utf8_len(const char *);

/* Number of characters of a text that is UTF-8. */
size_t	utf8_count(const char *);

/* Write the UTF-8 of a code point; returns its length, 0 if there is none. */
size_t	utf8_put(char to[4], long code);

/* Whether all of a text is UTF-8. */
bool	utf8_valid(const char *);

/* Bytes of the character at the start of a text if it steers how the rest is
 * shown: a control character, a line separator or a control of the text's
 * direction, which can disguise a line; else 0. */
size_t	utf8_control(const char *);

/* Replace such characters by a blank for each of their bytes (line ends stay if
 * lines is true) and bytes that are not UTF-8 by '?', in place. */
void	utf8_clean(char *, bool lines);

#endif
