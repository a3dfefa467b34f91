/*
 * Checks that every provider of aws-credentials applies to what it finds.
 */
#include <stdlib.h>
#include <string.h>

#include "aws_time.h"
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

int
keys_expiry(const char *text, int64_t *expires)
{
	return aws_time_read(text, expires) == 0 && *expires > 0 ? 0 : -1;
}
