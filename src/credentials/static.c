/*
 * The keys that a profile itself holds.
 */
#include <stdlib.h>

#include "files.h"
#include "keys.h"
#include "mem.h"
#include "static.h"

enum verdict
static_look(const struct chain *c, const char *profile,
    struct aws_found *found, struct fail *fail)
{
	enum aws_file id_file = FILE_CREDENTIALS, key_file = FILE_CREDENTIALS;
	enum aws_file token_file;
	const char *id = files_find(c->files, profile, "aws_access_key_id",
	    &id_file);
	const char *key = files_find(c->files, profile,
	    "aws_secret_access_key", &key_file);
	const char *token = files_find(c->files, profile, "aws_session_token",
	    &token_file);
	char *where;
	int rc;

	if (id == NULL && key == NULL)
		return NOT_CONFIGURED;
	if (token == NULL)
		token_file = key_file;
	where = xasprintf("profile %s of %s", profile, files_path(c->files,
	    id != NULL ? id_file : key_file));
	rc = keys_take(found, id, key, token, "profile", where, fail);
	free(where);
	if (rc != 0)
		return BROKEN;
	if (id_file != key_file || token_file != key_file)
		aws_found_warn(found, "profile %s has some of its keys in %s "
		    "and some in %s: keep them in one file, since they belong "
		    "together", profile, files_path(c->files,
		    FILE_CREDENTIALS), files_path(c->files, FILE_CONFIG));
	found->account = xstrdup(files_find(c->files, profile,
	    "aws_account_id", NULL));
	return FOUND;
}
