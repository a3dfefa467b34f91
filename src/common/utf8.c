/*
 * UTF-8: what is well formed, where to cut a text, what not to show.
 */
#include <string.h>

#include "utf8.h"

size_t
utf8_len(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char least = 0x80, most = 0xbf;
	size_t n;

	if (p[0] == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	/* longer than needed, surrogates, beyond U+10FFFF */
	if (p[0] == 0xe0)
		least = 0xa0;
	else if (p[0] == 0xed)
		most = 0x9f;
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xf4)
		most = 0x8f;
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
utf8_cut(char *s, size_t max)
{
	size_t len = strnlen(s, max + 1);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	s[max] = '\0';
	return max;
}

void
utf8_trim(char *s)
{
	size_t len = strlen(s), back = 0;

	while (back < 3 && back < len &&
	    ((unsigned char)s[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back >= len)
		return;
	s += len - 1 - back;
	if ((unsigned char)*s >= 0xc0 && utf8_len(s) != back + 1)
		*s = '\0';
}

size_t
utf8_count(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

size_t
utf8_put(char to[4], long code)
{
	if (code <= 0 || code > 0x10ffff)
		return 0;
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool
utf8_valid(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n)
		if ((n = utf8_len(s)) == 0)
			return false;
	return true;
}

/* Of three bytes: marks of direction, embeddings, overrides and isolates, and
 * the separators of lines and paragraphs. */
static bool
turns_text(const unsigned char *p)
{
	if (p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)	/* U+200E U+200F U+2028 ... U+202E */
		return p[2] == 0x8e || p[2] == 0x8f ||
		    (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9; /* U+2066 ... */
}

size_t
utf8_control(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	switch (utf8_len(s)) {
	case 1:
		return p[0] < 0x20 || p[0] == 0x7f ? 1 : 0;
	case 2:			/* C1, and U+061C */
		return (p[0] == 0xc2 && p[1] < 0xa0) ||
		    (p[0] == 0xd8 && p[1] == 0x9c) ? 2 : 0;
	case 3:
		return turns_text(p) ? 3 : 0;
	default:
		return 0;
	}
}

void
utf8_clean(char *s, bool lines)
{
	while (*s != '\0') {
		size_t n = utf8_len(s);

		if (n == 0) {
			*s++ = '?';
			continue;
		}
		if (!(lines && *s == '\n'))
			memset(s, ' ', utf8_control(s));
		s += n;
	}
}
