/*
 * The ledger's rows: struct life's record part to columns and back. Facts and
 * result are JSON objects in one column each, as on the pipes, so that a new
 * member needs no new schema.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "ledger_record.h"
#include "mem.h"

enum column {
	COL_ID, COL_STATE, COL_CHANGED, COL_CLAIMED, COL_DEADLINE, COL_NONCE,
	COL_ACTION, COL_VERSION, COL_PIPELINE, COL_STAGE, COL_NAME,
	COL_EXECUTION, COL_STEP, COL_CLEANUP, COL_REPORTED, COL_FACTS,
	COL_RESULT
};

static const char *const column_names[] = {
	[COL_ID] = "id", [COL_STATE] = "state", [COL_CHANGED] = "changed",
	[COL_CLAIMED] = "claimed", [COL_DEADLINE] = "deadline",
	[COL_NONCE] = "nonce", [COL_ACTION] = "action",
	[COL_VERSION] = "version", [COL_PIPELINE] = "pipeline",
	[COL_STAGE] = "stage", [COL_NAME] = "name",
	[COL_EXECUTION] = "execution", [COL_STEP] = "step",
	[COL_CLEANUP] = "cleanup", [COL_REPORTED] = "reported",
	[COL_FACTS] = "facts", [COL_RESULT] = "result",
};

/* --- facts and result --- */

static char *
facts_encode(const struct job_facts *facts)
{
	json_t *o = json_object();
	char *line;

	ipc_facts_put(o, facts);
	line = json_line(o);
	json_decref(o);
	return line;
}

/* NULL: no result yet. */
static char *
result_encode(const struct job_result *result)
{
	json_t *o;
	char *line;

	if (result->outcome == OUTCOME_NONE)
		return NULL;
	o = json_object();
	ipc_result_put(o, result);
	line = json_line(o);
	json_decref(o);
	return line;
}

/* --- rows --- */

static int
bind_text(sqlite3_stmt *s, enum column c, const char *text)
{
	return sqlite3_bind_text(s, (int)c + 1, text, -1, SQLITE_TRANSIENT);
}

static int
bind_int(sqlite3_stmt *s, enum column c, int64_t n)
{
	return sqlite3_bind_int64(s, (int)c + 1, n);
}

int
record_bind(sqlite3_stmt *s, const struct life *life, int64_t wall)
{
	char *facts = facts_encode(&life->facts);
	char *result = result_encode(&life->result);
	int rc;

	if ((rc = bind_text(s, COL_ID, life->id)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_STATE, life_state_names[life->state])) ==
	    SQLITE_OK &&
	    (rc = bind_int(s, COL_CHANGED, wall)) == SQLITE_OK &&
	    (rc = bind_int(s, COL_CLAIMED, life->claimed_wall)) == SQLITE_OK &&
	    (rc = bind_int(s, COL_DEADLINE, life->deadline_wall)) ==
	    SQLITE_OK &&
	    (rc = bind_text(s, COL_NONCE, life->nonce)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_ACTION, job_action_name(life->action))) ==
	    SQLITE_OK &&
	    (rc = bind_text(s, COL_VERSION, life->version)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_PIPELINE, life->pipeline)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_STAGE, life->stage)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_NAME, life->name)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_EXECUTION, life->execution)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_STEP, ipc_step_name(life->step))) ==
	    SQLITE_OK &&
	    (rc = bind_int(s, COL_CLEANUP, life->cleanup)) == SQLITE_OK &&
	    (rc = bind_int(s, COL_REPORTED, life->put_done)) == SQLITE_OK &&
	    (rc = bind_text(s, COL_FACTS, facts)) == SQLITE_OK)
		rc = bind_text(s, COL_RESULT, result);
	xfree_secret(facts);
	xfree_secret(result);
	return rc;
}

static const char *
read_text(sqlite3_stmt *s, enum column c)
{
	return (const char *)sqlite3_column_text(s, (int)c);
}

static int
read_copy(sqlite3_stmt *s, enum column c, char *dst, size_t size,
    const char **bad)
{
	const char *text = read_text(s, c);

	if (text != NULL && strlcpy(dst, text, size) < size)
		return 0;
	*bad = column_names[c];
	return -1;
}

/* Words of enumerations. An unknown one is an error, not a default: a newer
 * version may have written it. */
static int
read_words(sqlite3_stmt *s, struct life *life, const char **bad)
{
	const char *state = read_text(s, COL_STATE);
	const char *step = read_text(s, COL_STEP);

	life->state = state == NULL ? LIFE_NEW : life_state_parse(state);
	if (life->state == LIFE_NEW) {
		*bad = column_names[COL_STATE];
		return -1;
	}
	life->action = job_action_parse(read_text(s, COL_ACTION));
	if (life->action == ACTION_MAX) {
		*bad = column_names[COL_ACTION];
		return -1;
	}
	/* the step only occurs in texts: an unknown one is none */
	life->step = step == NULL ? STEP_NONE : ipc_step_parse(step);
	return 0;
}

/* NULL if it is absent or not JSON. */
static json_t *
read_json(sqlite3_stmt *s, enum column c)
{
	const char *text = read_text(s, c);

	return text != NULL ? json_parse(text, strlen(text), NULL) : NULL;
}

static int
read_objects(sqlite3_stmt *s, struct life *life, const char **bad)
{
	json_t *facts = read_json(s, COL_FACTS);
	json_t *result = read_json(s, COL_RESULT);

	*bad = NULL;
	if (facts == NULL ||
	    ipc_facts_take(facts, &life->facts, "facts", NULL) != 0)
		*bad = column_names[COL_FACTS];
	else if (read_text(s, COL_RESULT) != NULL && (result == NULL ||
	    ipc_result_take(result, &life->result, "result", NULL) != 0))
		*bad = column_names[COL_RESULT];
	json_decref(facts);
	json_decref(result);
	return *bad == NULL ? 0 : -1;
}

int
record_read(sqlite3_stmt *s, struct life *life, struct fail *fail)
{
	const char *bad = NULL;

	if (read_copy(s, COL_ID, life->id, sizeof(life->id), &bad) == 0 &&
	    read_copy(s, COL_NONCE, life->nonce, sizeof(life->nonce),
	    &bad) == 0 &&
	    read_copy(s, COL_VERSION, life->version, sizeof(life->version),
	    &bad) == 0 &&
	    read_copy(s, COL_PIPELINE, life->pipeline, sizeof(life->pipeline),
	    &bad) == 0 &&
	    read_copy(s, COL_STAGE, life->stage, sizeof(life->stage),
	    &bad) == 0 &&
	    read_copy(s, COL_NAME, life->name, sizeof(life->name), &bad) == 0 &&
	    read_copy(s, COL_EXECUTION, life->execution,
	    sizeof(life->execution), &bad) == 0 &&
	    read_words(s, life, &bad) == 0 &&
	    read_objects(s, life, &bad) == 0) {
		life->claimed_wall = sqlite3_column_int64(s, COL_CLAIMED);
		life->deadline_wall = sqlite3_column_int64(s, COL_DEADLINE);
		life->cleanup = sqlite3_column_int(s, COL_CLEANUP) != 0;
		life->put_done = sqlite3_column_int(s, COL_REPORTED) != 0;
		return 0;
	}
	job_facts_free(&life->facts);
	job_result_free(&life->result);
	memset(life, 0, sizeof(*life));
	return fail_set(fail, FAIL_SYSTEM, "column %s is not valid", bad);
}
