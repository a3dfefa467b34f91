/*
 * One row of the ledger and the record part of struct life: two halves of one
 * table, side by side in ledger_record.c.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include <sqlite3.h>
#include <stdint.h>

#include "fail.h"
#include "life.h"

/* Columns in the order of RECORD_SELECT and of the marks in RECORD_SAVE. */
#define RECORD_COLUMNS							\
    "id, state, changed, claimed, deadline, nonce, action, version, "	\
    "pipeline, stage, name, execution, step, cleanup, reported, facts, " \
    "result"

#define RECORD_SELECT	"SELECT " RECORD_COLUMNS " FROM job "

/* A changed record keeps its rowid and thus the order of arrival. */
#define RECORD_SAVE	"INSERT INTO job (" RECORD_COLUMNS ") "		\
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "	\
    "?14, ?15, ?16, ?17) ON CONFLICT (id) DO UPDATE SET "		\
    "state = excluded.state, changed = excluded.changed, "		\
    "claimed = excluded.claimed, deadline = excluded.deadline, "	\
    "nonce = excluded.nonce, action = excluded.action, "		\
    "version = excluded.version, pipeline = excluded.pipeline, "	\
    "stage = excluded.stage, name = excluded.name, "			\
    "execution = excluded.execution, step = excluded.step, "		\
    "cleanup = excluded.cleanup, reported = excluded.reported, "	\
    "facts = excluded.facts, result = excluded.result"

/* Bind a record to a statement of RECORD_SAVE. Returns SQLite's result code. */
int	record_bind(sqlite3_stmt *, const struct life *, int64_t wall);

/* Read the current row of a statement of RECORD_SELECT into a zeroed life. -1:
 * FAIL_SYSTEM names the column that is not valid; the life is then zeroed
 * again. */
int	record_read(sqlite3_stmt *, struct life *, struct fail *);

#endif
