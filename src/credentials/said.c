/*
 * What a program said on stderr, fit for a message.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "said.h"
#include "utf8.h"

#define LONG_WORD	16	/* keys and their ids have 16 characters and
				   more */
#define LONG_TEXT	32	/* so long, a word without digits is one, too */
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

static bool
looks_secret(const char *word, size_t n)
{
	size_t digits = 0, uppers = 0, lowers = 0;

	for (size_t i = 0; i < n; i++) {
		digits += isdigit((unsigned char)word[i]) != 0;
		uppers += isupper((unsigned char)word[i]) != 0;
		lowers += islower((unsigned char)word[i]) != 0;
	}
	if (n >= LONG_WORD && digits > 0 && uppers + lowers > 0)
		return true;
	return n >= LONG_TEXT && uppers > 0 && lowers > 0 && word[0] != '/';
}

/* Whether a word announces a secret: "SecretAccessKey", "--pkcs8-password". */
static bool
is_label(const char *word, size_t n)
{
	static const char *const labels[] = { "secret", "token", "password",
	    "passphrase", "key", "pin" };
	char lower[64];
	size_t i;

	if (n == 0 || n >= sizeof(lower))
		return false;
	for (i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)word[i]);
	lower[n] = '\0';
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t len = strlen(labels[i]);

		if (strstr(lower, labels[i]) != NULL && (i < 4 || (n >= len &&
		    strcmp(lower + n - len, labels[i]) == 0) ||
		    strstr(lower, "keyid") != NULL))
			return true;
	}
	return false;
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

void
said_clean(char *text, const char *out)
{
	struct buf clean;
	size_t n, gap;

	utf8_clean(text, false);
	squeeze(text);
	buf_init(&clean, strlen(text) * 3 + 1);
	for (const char *p = text; *p != '\0'; p += n) {
		char word[1100];

		for (n = 0; in_word(p[n]); n++)
			continue;
		if (n == 0) {
			(void)buf_add(&clean, p, n = 1);
			continue;
		}
		(void)strlcpy(word, p, n < sizeof(word) ? n + 1 : sizeof(word));
		if (looks_secret(p, n) ||
		    (n >= SAME_WORD && strstr(out, word) != NULL))
			(void)buf_adds(&clean, "***");
		else
			(void)buf_add(&clean, p, n);
		if (is_label(p, n) && (gap = separator(p + n)) > 0) {
			(void)buf_add(&clean, p + n, gap);
			n += gap;
			gap = strcspn(p + n, "\"', ");
			(void)buf_adds(&clean, gap > 0 ? "***" : "");
			n += gap;
		}
		explicit_bzero(word, sizeof(word));
	}
	n = strlen(text);
	(void)strlcpy(text, buf_text(&clean), n + 1);
	utf8_trim(text);
	buf_free(&clean);
}
