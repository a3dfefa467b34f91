/*
 * Values of settings: reading one, why it is refused, writing one.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_value.h"
#include "mem.h"
#include "url.h"
#include "utf8.h"

#define TEXT_MAX	1023	/* bytes of a text setting */
#define QUERY_MAX	20	/* of a queryable value: CodePipeline's model
				   allows polls 50, but its documentation
				   allows pipelines no more than this */

/* What versions and queryable values consist of (aws-contract 1.4). */
static const char word_characters[] = "0123456789-_"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* A number followed by one of units ("ms" "s" ...), with their factors in the
 * same order. A bare number has the factor otherwise. */
static int
parse_unit(const char *text, const char *const *units, const int64_t *factors,
    int64_t otherwise, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0, factor = otherwise;

	if (digits == 0 || digits > 15)
		return -1;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	text += digits;
	text += strspn(text, " ");
	if (*text != '\0') {
		while (*units != NULL && strcmp(*units, text) != 0)
			units++, factors++;
		if (*units == NULL)
			return -1;
		factor = *factors;
	}
	return __builtin_mul_overflow(value, factor, out) ? -1 : 0;
}

int
conf_parse_time(const char *text, int64_t *ms)
{
	static const char *const units[] = { "ms", "s", "m", "h", "d", NULL };
	static const int64_t factors[] = { 1, SECOND, MINUTE, HOUR, DAY };

	return parse_unit(text, units, factors, SECOND, ms);
}

int
conf_parse_size(const char *text, int64_t *bytes)
{
	static const char *const units[] = { "K", "M", "G", NULL };
	static const int64_t factors[] = { 1 << 10, 1 << 20, 1 << 30 };

	return parse_unit(text, units, factors, 1, bytes);
}

static char *
show_unit(char *dst, size_t size, int64_t value, const char *const *units,
    const int64_t *factors)
{
	while (*factors > 1 && (value == 0 || value % *factors != 0))
		units++, factors++;
	(void)snprintf(dst, size, "%lld%s", (long long)(value / *factors),
	    *units);
	return dst;
}

char *
conf_show_time(char *dst, size_t size, int64_t ms)
{
	static const char *const units[] = { "d", "h", "m", "s", "ms" };
	static const int64_t factors[] = { 86400000, 3600000, 60000, 1000, 1 };

	if (ms == 0) {
		(void)strlcpy(dst, "0s", size);
		return dst;
	}
	if (ms == factors[0])	/* people write 24h */
		return show_unit(dst, size, ms, units + 1, factors + 1);
	return show_unit(dst, size, ms, units, factors);
}

char *
conf_show_size(char *dst, size_t size, int64_t bytes)
{
	static const char *const units[] = { "G", "M", "K", "" };
	static const int64_t factors[] = { 1 << 30, 1 << 20, 1 << 10, 1 };

	return show_unit(dst, size, bytes, units, factors);
}

static const char *
check_text(const char *value)
{
	if (strlen(value) > TEXT_MAX)
		return "too long (1023 bytes at most)";
	for (const char *p = value; *p != '\0'; p += utf8_len(p))
		if (utf8_len(p) == 0)
			return "not UTF-8";
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "contains a control character";
	return NULL;
}

static const char *
check_url(const char *value, bool path)
{
	struct url url;

	switch (url_parse(value, &url)) {
	case URL_SCHEME:
		return "must begin with https:// (or http://)";
	case URL_QUERY:
		return "must end before '?' or '#'";
	case URL_USER:
		return "must not contain a user name (use user)";
	case URL_HOST:
		return "has no valid host name";
	case URL_PORT:
		return "has no valid port after ':'";
	case URL_OK:
		break;
	}
	if (strncmp(value, "http", 4) != 0)
		return "must begin with https:// (or http://)";
	if (*url.path != '\0' && !path)
		return "must be scheme, host and port only: leave out the "
		    "path";
	return strchr(url.path, ' ') == NULL ? NULL : "contains a blank";
}

static const char *
check_versions(const char *value)
{
	while (*value != '\0') {
		size_t n = strspn(value, word_characters);

		if (n == 0 || n >= JOB_VERSION_SIZE ||
		    (value[n] != '\0' && value[n] != ' '))
			return "write versions of 1 to 9 letters, digits, '_' "
			    "or '-', separated by blanks, such as 10 9";
		value += n;
		value += strspn(value, " ");
	}
	return NULL;
}

static const char *
check_query(const char *value)
{
	size_t n = strspn(value, word_characters);

	if (n == 0 || n > QUERY_MAX || value[n] != '\0')
		return "must be 1 to 20 letters, digits, '_' or '-'";
	return NULL;
}

static int
word_index(const char *const *words, const char *value)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(words[i], value) == 0)
			return i;
	return -1;
}

static int
refuse_words(const struct conf_setting *s, char *why)
{
	(void)strlcpy(why, "must be one of:", CONF_REASON_MAX);
	for (const char *const *w = s->words; *w != NULL; w++) {
		(void)strlcat(why, w == s->words ? " " : ", ", CONF_REASON_MAX);
		(void)strlcat(why, *w, CONF_REASON_MAX);
	}
	return -1;
}

static int
refuse(char *why, const char *reason)
{
	(void)strlcpy(why, reason, CONF_REASON_MAX);
	return -1;
}

void
conf_strip_slashes(char *s)
{
	for (size_t n = strlen(s); n > 0 && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
}

int
conf_parse_text(const struct conf_setting *s, char **field, const char *value,
    char *why)
{
	const char *reason = check_text(value);
	char *copy = xstrdup(value);

	if (s->kind == CONF_SERVER || s->kind == CONF_URL) {
		conf_strip_slashes(copy);
		if (reason == NULL)
			reason = check_url(copy, s->kind == CONF_URL);
	} else if (reason == NULL && s->kind == CONF_VERSIONS) {
		reason = check_versions(copy);
	} else if (reason == NULL && s->kind == CONF_QUERY) {
		reason = check_query(copy);
	} else if (reason == NULL && s->kind == CONF_PATH && *copy != '/') {
		reason = "must be an absolute path (begin with /)";
	}
	if (reason != NULL) {
		free(copy);
		return refuse(why, reason);
	}
	free(*field);
	*field = copy;
	return 0;
}

static int
parse_flag(bool *field, const char *value, char *why)
{
	static const char *const yes[] = { "yes", "true", "on", "1", NULL };
	static const char *const no[] = { "no", "false", "off", "0", NULL };

	if (word_index(yes, value) == -1 && word_index(no, value) == -1)
		return refuse(why, "must be yes or no");
	*field = word_index(yes, value) != -1;
	return 0;
}

static int
parse_range(const struct conf_setting *s, int64_t *field, const char *value,
    char *why)
{
	char least[32], most[32];
	static const char *const none[] = { NULL };
	const char *form;
	int64_t n;
	int rc;

	(void)snprintf(least, sizeof(least), "%lld", (long long)s->least);
	(void)snprintf(most, sizeof(most), "%lld", (long long)s->most);
	if (s->kind == CONF_TIME) {
		form = "not a time: write a number with ms, s, m, h or d";
		rc = conf_parse_time(value, &n);
		(void)conf_show_time(least, sizeof(least), s->least);
		(void)conf_show_time(most, sizeof(most), s->most);
	} else if (s->kind == CONF_SIZE) {
		form = "not a size: write a number, with K, M or G";
		rc = conf_parse_size(value, &n);
		(void)conf_show_size(least, sizeof(least), s->least);
		(void)conf_show_size(most, sizeof(most), s->most);
	} else {
		form = "not a number";
		rc = parse_unit(value, none, NULL, 1, &n);
	}
	if (rc != 0)
		return refuse(why, form);
	if (n < s->least || n > s->most) {
		(void)snprintf(why, CONF_REASON_MAX, "must be from %s to %s",
		    least, most);
		return -1;
	}
	*field = n;
	return 0;
}

int
conf_parse(struct conf *c, const struct conf_setting *s, const char *value,
    char *why)
{
	void *field = (char *)c + s->offset;

	if (*value == '\0')
		return refuse(why, s->needed != NULL ? "has no value but needs "
		    "one" : "has no value (leave the line out for "
		    "the default)");
	switch (s->kind) {
	case CONF_FLAG:
		return parse_flag(field, value, why);
	case CONF_CHOICE:
		if (word_index(s->words, value) == -1)
			return refuse_words(s, why);
		*(int64_t *)field = word_index(s->words, value);
		return 0;
	case CONF_NUMBER:
	case CONF_TIME:
	case CONF_SIZE:
		return parse_range(s, field, value, why);
	case CONF_WORD:
		if (word_index(s->words, value) == -1)
			return refuse_words(s, why);
		value = s->words[word_index(s->words, value)];
		/* FALLTHROUGH */
	default:
		return conf_parse_text(s, field, value, why);
	}
}
