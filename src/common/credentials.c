/*
 * AWS credentials: copies that are wiped when they are freed.
 */
#include <string.h>

#include "credentials.h"
#include "mem.h"

void
credentials_free(struct credentials *c)
{
	xfree_secret(c->access_key_id);
	secret_free(c->secret_key);
	secret_free(c->token);
	memset(c, 0, sizeof(*c));
}

void
credentials_copy(struct credentials *to, const struct credentials *from)
{
	to->access_key_id = xstrdup(from->access_key_id);
	to->secret_key = secret_dup(from->secret_key);
	to->token = secret_dup(from->token);
	to->expires = from->expires;
}
