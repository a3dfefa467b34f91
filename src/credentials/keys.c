/*
 * Checks that every provider of aws-credentials applies to what it finds.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys.h"
#include "mem.h"

/* Keys go into request headers, so they must be printable. */
static int
key_check(const char *key, const char *what, const char *where,
    struct fail *fail)
{
	size_t n = strlen(key);

	if (n > AWS_KEY_MAX)
		return fail_set(fail, FAIL_CONFIG, "%s of %s is too long",
		    what, where);
	for (size_t i = 0; i < n; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return fail_set(fail, FAIL_CONFIG, "%s of %s holds a "
			    "blank or another invalid character", what, where);
	return 0;
}

int
keys_take(struct aws_found *found, const char *id, const char *secret_key,
    const char *token, const char *source, const char *where,
    struct fail *fail)
{
	if (id == NULL || secret_key == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s has a%s but no%s: set "
		    "both", where, id != NULL ? "n access key id" :
		    " secret access key", id != NULL ? " secret access key" :
		    " access key id");
	if (key_check(id, "the access key id", where, fail) != 0 ||
	    key_check(secret_key, "the secret access key", where, fail) != 0 ||
	    (token != NULL &&
	    key_check(token, "the session token", where, fail) != 0))
		return -1;
	found->keys.access_key_id = xstrdup(id);
	found->keys.secret_key = secret_text(secret_key);
	found->keys.token = secret_text(token);
	found->source = xstrdup(source);
	found->origin = xstrdup(where);
	return 0;
}

/* "Z", "+hh:mm", "-hhmm" to seconds east of Greenwich. */
static int
zone_parse(const char *s, long *east)
{
	int sign = *s == '-' ? -1 : 1;
	char digits[5];
	size_t n = 0;

	*east = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	if (*s != '+' && *s != '-')
		return -1;
	for (s++; *s != '\0'; s++) {
		if (n == 2 && *s == ':')
			continue;
		if (n == 4 || *s < '0' || *s > '9')
			return -1;
		digits[n++] = *s;
	}
	if (n != 4)
		return -1;
	*east = sign * (((digits[0] - '0') * 10 + digits[1] - '0') * 3600 +
	    ((digits[2] - '0') * 10 + digits[3] - '0') * 60);
	return 0;
}

int
keys_expiry(const char *text, int64_t *expires)
{
	struct tm tm = { 0 };
	const char *rest;
	long east;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	if (rest == NULL)
		return -1;
	if (*rest == '.') {
		rest++;
		rest += strspn(rest, "0123456789");
	}
	if (zone_parse(rest, &east) != 0)
		return -1;
	*expires = (int64_t)timegm(&tm) - east;
	return *expires > 0 ? 0 : -1;
}
