/*
 * The ledger: jobs on disk, in one SQLite database that only the supervisor
 * opens. Every turn of the loop writes at most one transaction; a committed one
 * survives a crash of the machine (synchronous=FULL).
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger_record.h"
#include "mem.h"
#include "ledger.h"
#include "log.h"
#include "sys.h"

#define APPLICATION_ID	0x514a574c	/* "QJWL", which file(1) shows, too */
#define ROW_MAX		(4 * 1024 * 1024)	/* bytes of a row: texts, and
				   variables of JOB_VARIABLES_MAX, escaped */
#define BUSY_MS		500	/* to wait for a person's sqlite3 shell; then a
				   save fails and is retried */

/* Step n brings a database of schema n to n + 1. Never change a released step,
 * only add new ones. */
static const char *const schema_steps[] = {
	"CREATE TABLE job ("
	"id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, "
	"changed INTEGER NOT NULL, claimed INTEGER NOT NULL, "
	"deadline INTEGER NOT NULL, nonce TEXT NOT NULL, "
	"action TEXT NOT NULL, version TEXT NOT NULL, "
	"pipeline TEXT NOT NULL, stage TEXT NOT NULL, name TEXT NOT NULL, "
	"execution TEXT NOT NULL, step TEXT NOT NULL, "
	"cleanup INTEGER NOT NULL, reported INTEGER NOT NULL, "
	"facts TEXT NOT NULL, result TEXT);"
	"CREATE INDEX job_state ON job (state, changed);",
};
#define SCHEMA	((int)(sizeof(schema_steps) / sizeof(schema_steps[0])))

/* The file is not an intact ledger of ours. */
#define DAMAGED	1

struct ledger {
	sqlite3		*db;
	sqlite3_stmt	*save;
	sqlite3_stmt	*state;
	char		*dir;
};

/* --- faults --- */

static bool
is_damage(int rc)
{
	rc &= 0xff;
	return rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
}

/* DAMAGED or -1, with the text of the last fault. */
static int
db_fail(sqlite3 *db, const char *what, struct fail *fail)
{
	int rc = sqlite3_errcode(db) & 0xff, err = 0;

	/* otherwise it belongs to an older fault */
	if (rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN)
		err = sqlite3_system_errno(db);
	(void)fail_set(fail, FAIL_SYSTEM, "ledger: %s: %s%s%s", what,
	    sqlite3_errmsg(db), err != 0 ? ": " : "",
	    err != 0 ? strerror(err) : "");
	return is_damage(rc) ? DAMAGED : -1;
}

static int
db_exec(sqlite3 *db, const char *sql, const char *what, struct fail *fail)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return db_fail(db, what, fail);
}

/* First column of the first row, as a number or copied as a text. */
static int
db_ask(sqlite3 *db, const char *sql, int64_t *number, char *text, size_t size,
    struct fail *fail)
{
	sqlite3_stmt *s = NULL;
	const char *word;
	int rc;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		return db_fail(db, sql, fail);
	if (sqlite3_step(s) == SQLITE_ROW) {
		if (number != NULL)
			*number = sqlite3_column_int64(s, 0);
		word = (const char *)sqlite3_column_text(s, 0);
		if (text != NULL)
			(void)strlcpy(text, word != NULL ? word : "", size);
		(void)sqlite3_finalize(s);
		return 0;
	}
	rc = db_fail(db, sql, fail);
	(void)sqlite3_finalize(s);
	return rc;
}

/* --- opening --- */

/* SQLite gives -wal and -shm the mode of the database: make it first. */
static int
file_make(const char *dir, const char *path, struct fail *fail)
{
	struct stat st;
	int fd;

	if (access(dir, W_OK | X_OK) != 0)
		return fail_set(fail, FAIL_SYSTEM, "state folder %s: %s", dir,
		    strerror(errno));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return fail_set(fail, FAIL_SYSTEM, "ledger %s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return fail_set(fail, FAIL_SYSTEM, "ledger %s: not a file",
		    path);
	}
	/* close before SQLite takes locks, since a later close would drop
	 * them */
	(void)close(fd);
	return 0;
}

static int
db_configure(sqlite3 *db, struct fail *fail)
{
	char mode[16];
	int rc;

	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_busy_timeout(db, BUSY_MS);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, ROW_MAX);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	rc = db_exec(db, "PRAGMA trusted_schema = OFF;"
	    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;",
	    "settings", fail);
	if (rc != 0)
		return rc;
	rc = db_ask(db, "PRAGMA journal_mode = WAL", NULL, mode, sizeof(mode),
	    fail);
	if (rc != 0)
		return rc;
	if (strcmp(mode, "wal") != 0)
		return fail_set(fail, FAIL_SYSTEM, "ledger: this file system "
		    "allows no write-ahead log; put state_dir on a local one");
	return db_exec(db, "PRAGMA synchronous = FULL;"
	    "PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -256;",
	    "settings", fail);
}

static int
schema_upgrade(sqlite3 *db, int version, struct fail *fail)
{
	char mark[128];
	int rc;

	if ((rc = db_exec(db, "BEGIN IMMEDIATE", "begin", fail)) != 0)
		return rc;
	for (int v = version; rc == 0 && v < SCHEMA; v++)
		rc = db_exec(db, schema_steps[v], "new schema", fail);
	(void)snprintf(mark, sizeof(mark),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
	    APPLICATION_ID, SCHEMA);
	if (rc == 0)
		rc = db_exec(db, mark, "new schema", fail);
	if (rc != 0)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* Check what kind of database this is, and bring it to our schema. */
static int
schema_check(sqlite3 *db, struct fail *fail)
{
	int64_t version = 0, id = 0, tables = 0;
	char sound[256];
	int rc;

	if ((rc = db_ask(db, "SELECT count(*) FROM sqlite_master", &tables,
	    NULL, 0, fail)) != 0 ||
	    (rc = db_ask(db, "PRAGMA user_version", &version, NULL, 0,
	    fail)) != 0 ||
	    (rc = db_ask(db, "PRAGMA application_id", &id, NULL, 0, fail)) != 0)
		return rc;
	if (tables == 0 && version == 0)
		return schema_upgrade(db, 0, fail);
	if (id != APPLICATION_ID || version < 1) {
		(void)fail_set(fail, FAIL_SYSTEM, "ledger: not a ledger");
		return DAMAGED;
	}
	if (version > SCHEMA)
		return fail_set(fail, FAIL_SYSTEM, "ledger: written by a newer "
		    "version (schema %lld, this one knows %d): install that "
		    "version again, or move the ledger away",
		    (long long)version, SCHEMA);
	if ((rc = db_ask(db, "PRAGMA quick_check(1)", NULL, sound,
	    sizeof(sound), fail)) != 0)
		return rc;
	if (strcmp(sound, "ok") != 0) {
		(void)fail_set(fail, FAIL_SYSTEM, "ledger: %s", sound);
		return DAMAGED;
	}
	return version < SCHEMA ? schema_upgrade(db, (int)version, fail) : 0;
}

static int
statements_make(struct ledger *l, struct fail *fail)
{
	int rc;

	if (sqlite3_prepare_v3(l->db, RECORD_SAVE, -1,
	    SQLITE_PREPARE_PERSISTENT, &l->save, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v3(l->db, "SELECT state FROM job WHERE id = ?1",
	    -1, SQLITE_PREPARE_PERSISTENT, &l->state, NULL) == SQLITE_OK)
		return 0;
	rc = sqlite3_errcode(l->db);
	(void)db_fail(l->db, "schema", fail);
	/* it has our version number, but not our columns */
	return is_damage(rc) || rc == SQLITE_ERROR ? DAMAGED : -1;
}

static void
db_close(struct ledger *l)
{
	(void)sqlite3_finalize(l->save);
	(void)sqlite3_finalize(l->state);
	l->save = l->state = NULL;
	(void)sqlite3_close(l->db);
	l->db = NULL;
}

/* 0, -1 or DAMAGED. */
static int
db_open(struct ledger *l, const char *path, struct fail *fail)
{
	int rc;

	if (file_make(l->dir, path, fail) != 0)
		return -1;
	if (sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = db_fail(l->db, path, fail);
	else if ((rc = db_configure(l->db, fail)) == 0 &&
	    (rc = schema_check(l->db, fail)) == 0)
		rc = statements_make(l, fail);
	if (rc != 0)
		db_close(l);
	return rc;
}

/* Rename the database with its -wal and -shm, so that sqlite3(1) can still read
 * it. The database goes first: SQLite drops a log without one. */
static char *
set_away(const char *path, struct fail *fail)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char *to = NULL, *from, *part, when[32];
	time_t now = (time_t)sys_wall();
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		(void)strlcpy(when, "unknown", sizeof(when));
	for (int i = 1; i < 1000; i++) {
		free(to);
		to = i == 1 ? xasprintf("%s.damaged-%s", path, when) :
		    xasprintf("%s.damaged-%s-%d", path, when, i);
		if (access(to, F_OK) != 0)
			break;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		from = xasprintf("%s%s", path, parts[i]);
		part = xasprintf("%s%s", to, parts[i]);
		if (rename(from, part) != 0 && errno != ENOENT) {
			(void)fail_set(fail, FAIL_SYSTEM,
			    "damaged ledger: rename %s: %s", from,
			    strerror(errno));
			free(to);
			to = NULL;
		}
		free(from);
		free(part);
		if (to == NULL)
			return NULL;
	}
	return to;
}

struct ledger *
ledger_open(const char *state_dir, char **set_aside, struct fail *fail)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	char *path = xasprintf("%s/ledger.sqlite", state_dir), *aside = NULL;
	int rc;

	l->dir = xstrdup(state_dir);
	rc = db_open(l, path, fail);
	if (rc == DAMAGED && (aside = set_away(path, fail)) != NULL)
		rc = db_open(l, path, fail);
	free(path);
	*set_aside = aside;
	if (rc == 0)
		return l;
	free(l->dir);
	free(l);
	return NULL;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	db_close(l);
	free(l->dir);
	free(l);
}

/* --- one transaction --- */

static bool
run(struct ledger *l, const char *sql)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

int
ledger_try(struct ledger *l, struct fail *fail)
{
	char mark[64];

	/* an empty transaction would not touch the disk */
	(void)snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", SCHEMA);
	if (run(l, mark))
		return 0;
	(void)db_fail(l->db, "write", fail);
	return -1;
}

static bool
save_one(struct ledger *l, const struct life *life, int64_t wall,
    struct fail *fail)
{
	bool saved = record_bind(l->save, life, wall) == SQLITE_OK &&
	    sqlite3_step(l->save) == SQLITE_DONE;

	if (!saved)
		(void)db_fail(l->db, "save", fail);
	(void)sqlite3_reset(l->save);
	(void)sqlite3_clear_bindings(l->save);
	return saved;
}

int
ledger_save(struct ledger *l, const struct life *const *lives, size_t n,
    int64_t wall, struct fail *fail)
{
	bool saved = true;

	if (!run(l, "BEGIN IMMEDIATE")) {
		(void)db_fail(l->db, "begin", fail);
		return -1;
	}
	for (size_t i = 0; i < n && saved; i++)
		saved = save_one(l, lives[i], wall, fail);
	if (saved && sqlite3_exec(l->db, "COMMIT", NULL, NULL, NULL) ==
	    SQLITE_OK)
		return 0;
	if (saved)
		(void)db_fail(l->db, "commit", fail);
	/* some faults have already ended it */
	if (!sqlite3_get_autocommit(l->db))
		(void)run(l, "ROLLBACK");
	return -1;
}

/* --- asking --- */

int
ledger_open_jobs(struct ledger *l, void (*take)(struct life *, void *),
    void *arg, struct fail *fail)
{
	sqlite3_stmt *s = NULL;
	struct fail why;
	struct life *j;
	char id[JOB_ID_SIZE];
	int step, bad = 0;

	if (sqlite3_prepare_v2(l->db, RECORD_SELECT
	    "WHERE state NOT IN ('done', 'dropped') ORDER BY claimed, rowid",
	    -1, &s, NULL) != SQLITE_OK) {
		(void)db_fail(l->db, "read", fail);
		return -1;
	}
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		j = xcalloc(1, sizeof(*j));
		if (record_read(s, j, &why) == 0) {
			take(j, arg);
			continue;
		}
		free(j);
		(void)log_safe(id, sizeof(id),
		    (const char *)sqlite3_column_text(s, 0));
		if (bad++ == 0)
			(void)fail_set(fail, FAIL_SYSTEM, "ledger: record of "
			    "job %s: %s", id, why.text);
	}
	if (step != SQLITE_DONE)
		(void)db_fail(l->db, "read", fail);
	(void)sqlite3_finalize(s);
	return step == SQLITE_DONE && bad == 0 ? 0 : -1;
}

enum life_state
ledger_state(struct ledger *l, const char *id)
{
	enum life_state state = LIFE_NEW;
	const char *word;

	if (sqlite3_bind_text(l->state, 1, id, -1, SQLITE_STATIC) ==
	    SQLITE_OK && sqlite3_step(l->state) == SQLITE_ROW) {
		word = (const char *)sqlite3_column_text(l->state, 0);
		state = word == NULL ? LIFE_NEW : life_state_parse(word);
	}
	(void)sqlite3_reset(l->state);
	(void)sqlite3_clear_bindings(l->state);
	return state;
}

int
ledger_prune(struct ledger *l, int64_t before_wall, struct fail *fail)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(l->db, "DELETE FROM job WHERE "
	    "state IN ('done', 'dropped') AND changed < ?1", -1, &s, NULL) ==
	    SQLITE_OK && sqlite3_bind_int64(s, 1, before_wall) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_DONE)
		rc = 0;
	else
		(void)db_fail(l->db, "forget old jobs", fail);
	(void)sqlite3_finalize(s);
	return rc;
}

int64_t
ledger_free_space(const struct ledger *l)
{
	struct statvfs vfs;

	if (statvfs(l->dir, &vfs) != 0 || vfs.f_frsize == 0)
		return INT64_MAX;
	if (vfs.f_bavail > (uint64_t)INT64_MAX / vfs.f_frsize)
		return INT64_MAX;
	return (int64_t)(vfs.f_bavail * vfs.f_frsize);
}
