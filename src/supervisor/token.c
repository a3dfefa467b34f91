/*
 * Continuation tokens: what a job handed back to the queue carries to the
 * worker that takes it next. At most 2,048 characters, no secret. Pure.
 */
#include <string.h>

#include "buf.h"
#include "json.h"
#include "jobs.h"
#include "sys.h"

#define TOKEN_VERSION	1

char *
token_encode(const struct job_facts *facts, int64_t remaining_ms)
{
	json_t *token = json_object();
	char *text;

	json_object_set_new(token, "quali", json_integer(TOKEN_VERSION));
	json_object_set_new(token, "left", json_integer(remaining_ms / 1000));
	if (facts->sandbox_id[0] != '\0')
		json_put_text(token, "sandbox", facts->sandbox_id);
	json_put_text(token, "name", facts->sandbox_name);
	json_put_text(token, "blueprint", facts->blueprint);
	if (facts->execution_id[0] != '\0')
		json_put_text(token, "execution", facts->execution_id);
	if (facts->sandbox_ours)
		json_object_set_new(token, "ours", json_true());
	if (facts->stop_accepted)
		json_object_set_new(token, "stopped", json_true());
	text = json_line(token);
	json_decref(token);
	return text;
}

static int
copy(const json_t *token, const char *key, char *dst, size_t size)
{
	const char *text = json_text(token, key);

	return text != NULL && strlcpy(dst, text, size) >= size ? -1 : 0;
}

int
token_decode(const char *text, struct job_facts *facts, int64_t *remaining_ms,
    struct fail *fail)
{
	json_t *token = NULL;
	int64_t left;
	int rc = -1;

	if (strlen(text) <= JOB_TOKEN_MAX)
		token = json_parse(text, strlen(text), NULL);
	if (token == NULL || json_int(token, "quali", 0) != TOKEN_VERSION) {
		fail_set(fail, FAIL_CONFIG, "The continuation token of this "
		    "job was not written by this worker's version");
		goto out;
	}
	left = json_int(token, "left", 0);
	memset(facts, 0, sizeof(*facts));
	if (left < 0 || left > 7 * 86400 ||
	    copy(token, "sandbox", facts->sandbox_id, SANDBOX_ID_SIZE) != 0 ||
	    copy(token, "execution", facts->execution_id,
	    SANDBOX_ID_SIZE) != 0) {
		fail_set(fail, FAIL_CONFIG,
		    "The continuation token of this job is damaged");
		goto out;
	}
	facts->sandbox_name = xstrdup(json_text(token, "name"));
	facts->blueprint = xstrdup(json_text(token, "blueprint"));
	facts->sandbox_ours = json_flag(token, "ours", false);
	facts->stop_accepted = json_flag(token, "stopped", false);
	*remaining_ms = left * 1000;
	rc = 0;
 out:
	json_decref(token);
	return rc;
}
