/*
 * Continuation tokens: what a job handed back to the queue carries to the
 * worker that takes it next: its facts, as on the pipes, and the time it has
 * left. No secret. Pure.
 */
#include <string.h>

#include "ipc.h"
#include "jobs.h"
#include "json.h"
#include "mem.h"

#define TOKEN_VERSION	1
#define LEFT_MAX_S	(7 * 86400)	/* no timeout is so long */

char *
token_encode(const struct job_facts *facts, int64_t remaining_ms)
{
	json_t *token = json_object();
	char *text;

	(void)json_object_set_new(token, "quali", json_integer(TOKEN_VERSION));
	(void)json_object_set_new(token, "left_s",
	    json_integer(remaining_ms / 1000));
	ipc_facts_put(token, facts);
	text = json_line(token);
	json_decref(token);
	if (strlen(text) <= JOB_TOKEN_MAX)
		return text;
	xfree_secret(text);
	return NULL;
}

int
token_decode(const char *text, struct job_facts *facts, int64_t *remaining_ms,
    struct fail *fail)
{
	json_t *token = NULL;
	int64_t left_s;
	int rc = -1;

	memset(facts, 0, sizeof(*facts));
	if (strlen(text) <= JOB_TOKEN_MAX)
		token = json_parse(text, strlen(text), NULL);
	if (token == NULL || json_int(token, "quali", 0) != TOKEN_VERSION) {
		fail_set(fail, FAIL_CONFIG, "The continuation token of this "
		    "job was not written by this worker's version");
		goto out;
	}
	left_s = json_int(token, "left_s", -1);
	if (left_s < 0 || left_s > LEFT_MAX_S ||
	    ipc_facts_take(token, facts, "token", NULL) == -1) {
		job_facts_free(facts);
		fail_set(fail, FAIL_CONFIG,
		    "The continuation token of this job is damaged");
		goto out;
	}
	*remaining_ms = left_s * 1000;
	rc = 0;
 out:
	json_decref(token);
	return rc;
}
