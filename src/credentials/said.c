/*
 * What a program said on stderr, fit for a message.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "mem.h"
#include "said.h"
#include "utf8.h"

#define LONG_WORD	16	/* keys and their ids have 16 characters and
				   more */
#define LONG_TEXT	32	/* so long, a word without digits is one, too */
#define LONG_PART	8	/* of a path, with letters of all kinds */
#define LEAST_ARGUMENT	4	/* characters */
#define SAME_WORD	6	/* of stdout: shorter ones occur everywhere */

static bool
in_word(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' &&
	    strchr("+/_-", c) != NULL);
}

/* One blank for each run of white space, and none at the ends. */
static void
squeeze(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++)
		if (*p != ' ')
			*to++ = *p;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

struct letters {
	size_t	digits, uppers, lowers;
};

static struct letters
count(const char *word, size_t n)
{
	struct letters l = { 0 };

	for (size_t i = 0; i < n; i++) {
		l.digits += isdigit((unsigned char)word[i]) != 0;
		l.uppers += isupper((unsigned char)word[i]) != 0;
		l.lowers += islower((unsigned char)word[i]) != 0;
	}
	return l;
}

static bool
looks_secret(const char *word, size_t n)
{
	struct letters l = count(word, n);

	if (n >= LONG_WORD && l.digits > 0 && l.uppers + l.lowers > 0)
		return true;
	return n >= LONG_TEXT && l.uppers > 0 && l.lowers > 0;
}

/* A word that begins with '/' and has no part like a key's is a path, which
 * helps whoever reads it. */
static bool
is_path(const char *word, size_t n)
{
	size_t i, len;

	if (word[0] != '/' || memchr(word, '+', n) != NULL)
		return false;
	for (i = 0; i < n; i += len + 1) {
		const char *part = word + i;
		struct letters l;

		len = 0;
		while (i + len < n && part[len] != '/')
			len++;
		l = count(part, len);
		if (looks_secret(part, len) || (len >= LONG_PART &&
		    l.digits > 0 && l.uppers > 0 && l.lowers > 0))
			return false;
	}
	return true;
}

/* Whether a word announces a secret: "SecretAccessKey", "--pkcs8-password". */
static bool
is_label(const char *word, size_t n)
{
	static const char *const within[] = { "secret", "token", "password",
	    "passphrase", "keyid" };
	static const char *const at_end[] = { "key", "pin" };
	char *copy = xstrndup(word, n);
	bool label = false;

	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++)
		label |= strcasestr(copy, within[i]) != NULL;
	for (size_t i = 0; i < sizeof(at_end) / sizeof(at_end[0]); i++) {
		size_t len = strlen(at_end[i]);

		label |= n >= len && strcasecmp(copy + n - len,
		    at_end[i]) == 0;
	}
	xfree_secret(copy);
	return label;
}

/* Between a label and its value: "\": \"", "=", ":". Returns its length, 0 if
 * it is another text. */
static size_t
separator(const char *s)
{
	size_t n = strspn(s, "\"' ");

	if (s[n] != ':' && s[n] != '=')
		return 0;
	n++;
	return n + strspn(s + n, "\"' ");
}

/* The length of a value behind a separator, whose quote it ends with. */
static size_t
value_len(const char *value)
{
	char quote[2] = { value[-1], '\0' };

	return strcspn(value, quote[0] == '"' || quote[0] == '\'' ? quote :
	    "\"', ");
}

static bool
is_secret(const char *word, size_t n, const char *out)
{
	char *copy;
	bool same;

	if (looks_secret(word, n) && !is_path(word, n))
		return true;
	if (n < SAME_WORD)
		return false;
	copy = xstrndup(word, n);
	same = strstr(out, copy) != NULL;
	xfree_secret(copy);
	return same;
}

/* What may be secret of an argument, "": nothing. Paths and ARNs help whoever
 * reads the message. */
static const char *
argument_value(const char *argument)
{
	if (argument[0] == '-')
		argument += strcspn(argument, "=");
	if (argument[0] == '=')
		argument++;
	return argument[0] == '/' || strncmp(argument, "arn:", 4) == 0 ||
	    strlen(argument) < LEAST_ARGUMENT ? "" : argument;
}

/* Replace a value where it is not part of a longer word. */
static void
hide(char *line, const char *value)
{
	size_t n = strlen(value), stars = n < 3 ? n : 3;
	char *at = line;

	while (n > 0 && (at = strstr(at, value)) != NULL) {
		if ((at > line && in_word(at[-1]) && in_word(value[0])) ||
		    (in_word(value[n - 1]) && in_word(at[n]))) {
			at++;
			continue;
		}
		memset(at, '*', stars);
		memmove(at + stars, at + n, strlen(at + n) + 1);
		at += stars;
	}
}

char *
said_clean(const char *text, const char *out, const char *const arguments[])
{
	char *line = xstrdup(text), *clean;
	struct buf b;
	size_t n, gap;

	for (size_t i = 0; arguments[i] != NULL; i++)
		hide(line, argument_value(arguments[i]));
	utf8_clean(line, false);
	squeeze(line);
	buf_init(&b, strlen(line) * 3 + 1);
	for (const char *p = line; *p != '\0'; p += n) {
		for (n = 0; in_word(p[n]); n++)
			continue;
		if (n == 0)
			(void)buf_add(&b, p, n = 1);
		else if (is_secret(p, n, out))
			(void)buf_adds(&b, "***");
		else
			(void)buf_add(&b, p, n);
		if (!is_label(p, n) || (gap = separator(p + n)) == 0)
			continue;
		(void)buf_add(&b, p + n, gap);
		n += gap;
		gap = value_len(p + n);
		(void)buf_adds(&b, gap > 0 ? "***" : "");
		n += gap;
	}
	clean = xstrdup(buf_text(&b));
	buf_free(&b);
	xfree_secret(line);
	return clean;
}
