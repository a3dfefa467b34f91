/*
 * The ledger, with the .c file included, so that the test can fill the disk
 * through its database handle.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>

#include "json.h"
#include "src/supervisor/ledger.c"
#include "src/supervisor/lock.h"

#define WALL	1795449600
#define ID	"0a1b2c3d-0000-4000-8000-00000000000"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	(void)strlcpy(dir, "/tmp/test-ledger-XXXXXX", sizeof(dir));
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct dirent *e;
	DIR *d;

	(void)state;
	if ((d = opendir(dir)) == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

static const char *
file(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct ledger *
open_sound(void)
{
	struct ledger *l;
	struct fail f = { 0 };
	char *aside;

	l = ledger_open(dir, &aside, &f);
	if (l == NULL)
		fail_msg("%s", f.text);
	assert_null(aside);
	return l;
}

/* A job with every member of the record set to something of its own. */
static void
fill(struct life *j, int n, enum life_state state)
{
	memset(j, 0, sizeof(*j));
	(void)snprintf(j->id, sizeof(j->id),
	    "0a1b2c3d-0000-4000-8000-%012d", n);
	(void)memset(j->nonce, 'n', JOB_NONCE_SIZE - 1);
	j->action = ACTION_RUN;
	(void)strlcpy(j->version, "10", sizeof(j->version));
	(void)memset(j->pipeline, 'p', JOB_NAME_SIZE - 1);
	(void)strlcpy(j->stage, "it's \"staged\"", sizeof(j->stage));
	(void)strlcpy(j->name, "Run", sizeof(j->name));
	(void)strlcpy(j->execution, "11111111-2222-3333-4444-555555555555",
	    sizeof(j->execution));
	j->state = state;
	j->claimed_wall = WALL + n;
	j->deadline_wall = WALL + n + 900;
	j->facts.intent = INTENT_COMMAND;
	j->facts.sandbox_ours = true;
	(void)memset(j->facts.sandbox_id, 's', SANDBOX_ID_SIZE - 1);
	j->facts.sandbox_name = xstrdup("B\xc3\xa4r - CodePipeline [0a1b2c3d]");
	j->facts.blueprint = xstrdup("B\xc3\xa4r");
	(void)strlcpy(j->facts.execution_id, "exec-1",
	    sizeof(j->facts.execution_id));
	j->facts.start_wall = 1764100000;
	j->facts.starts_lost = 2;
	j->facts.giving_up = xstrdup("no artifact");
	j->facts.stop_accepted = true;
	j->facts.execution_ended = true;
	j->result.outcome = OUTCOME_FAILURE;
	j->result.kind = FAIL_PERMISSION;
	j->result.text = xstrdup("line one\nline 'two'; DROP TABLE job;--");
	j->result.external_id = xstrdup("sandbox/1");
	j->result.variables = json_pack("{s:s, s:s}", "SandboxId", "x",
	    "CommandOutput", "a\tb");
	j->result.continuation = xstrdup("token");
	j->result.sandbox_ended = j->result.sandbox_kept = true;
	j->cleanup = true;
	j->put_done = true;
	j->step = STEP_COMMAND;
}

static void
empty(struct life *j)
{
	job_facts_free(&j->facts);
	job_result_free(&j->result);
}

static void
assert_same(const struct life *a, const struct life *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->nonce, b->nonce);
	assert_int_equal(a->action, b->action);
	assert_string_equal(a->version, b->version);
	assert_string_equal(a->pipeline, b->pipeline);
	assert_string_equal(a->stage, b->stage);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->execution, b->execution);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->claimed_wall, b->claimed_wall);
	assert_int_equal(a->deadline_wall, b->deadline_wall);
	assert_int_equal(a->facts.intent, b->facts.intent);
	assert_int_equal(a->facts.sandbox_ours, b->facts.sandbox_ours);
	assert_string_equal(a->facts.sandbox_id, b->facts.sandbox_id);
	assert_string_equal(a->facts.sandbox_name, b->facts.sandbox_name);
	assert_string_equal(a->facts.blueprint, b->facts.blueprint);
	assert_string_equal(a->facts.execution_id, b->facts.execution_id);
	assert_int_equal(a->facts.start_wall, b->facts.start_wall);
	assert_int_equal(a->facts.starts_lost, b->facts.starts_lost);
	assert_string_equal(a->facts.giving_up, b->facts.giving_up);
	assert_int_equal(a->facts.stop_accepted, b->facts.stop_accepted);
	assert_int_equal(a->facts.execution_ended, b->facts.execution_ended);
	assert_int_equal(a->result.outcome, b->result.outcome);
	assert_int_equal(a->result.kind, b->result.kind);
	assert_string_equal(a->result.text, b->result.text);
	assert_string_equal(a->result.external_id, b->result.external_id);
	assert_true(json_equal(a->result.variables, b->result.variables));
	assert_string_equal(a->result.continuation, b->result.continuation);
	assert_int_equal(a->result.sandbox_ended, b->result.sandbox_ended);
	assert_int_equal(a->result.sandbox_kept, b->result.sandbox_kept);
	assert_int_equal(a->cleanup, b->cleanup);
	assert_int_equal(a->put_done, b->put_done);
	assert_int_equal(a->step, b->step);
}

struct taken {
	struct life	*job[64];
	size_t		 n;
};

static void
take(struct life *j, void *arg)
{
	struct taken *t = arg;

	assert_true(t->n < 64);
	t->job[t->n++] = j;
}

static void
taken_free(struct taken *t)
{
	while (t->n > 0) {
		empty(t->job[--t->n]);
		free(t->job[t->n]);
	}
}

static size_t
count_open(struct ledger *l)
{
	struct taken t = { .n = 0 };
	size_t n;

	assert_int_equal(ledger_open_jobs(l, take, &t, NULL), 0);
	n = t.n;
	taken_free(&t);
	return n;
}

/* Several at once: one transaction. */
static int
save(struct ledger *l, const struct life *a, const struct life *b,
    struct fail *f)
{
	const struct life *lives[] = { a, b };

	return ledger_save(l, lives, b != NULL ? 2 : 1, WALL, f);
}

static void
save_a_job(struct ledger *l, int n, enum life_state state, int64_t wall)
{
	const struct life *life;
	struct life j;

	fill(&j, n, state);
	life = &j;
	assert_int_equal(ledger_save(l, &life, 1, wall, NULL), 0);
	empty(&j);
}

static void
exec(const char *name, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file(name), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
keeps_every_member(void **state)
{
	struct taken t = { .n = 0 };
	struct ledger *l = open_sound();
	struct life full, bare = { .action = ACTION_END,
	    .state = LIFE_CLAIMING, .claimed_wall = 1 };
	struct stat st;

	(void)state;
	fill(&full, 7, LIFE_RESULT);
	(void)strlcpy(bare.id, "bare", sizeof(bare.id));
	assert_int_equal(save(l, &full, &bare, NULL), 0);
	ledger_close(l);

	l = open_sound();
	assert_int_equal(ledger_open_jobs(l, take, &t, NULL), 0);
	assert_int_equal(t.n, 2);
	assert_same(t.job[1], &full);
	assert_string_equal(t.job[0]->id, "bare");
	assert_int_equal(t.job[0]->action, ACTION_END);
	assert_int_equal(t.job[0]->result.outcome, OUTCOME_NONE);
	assert_null(t.job[0]->result.text);
	assert_null(t.job[0]->facts.sandbox_name);
	assert_int_equal(t.job[0]->facts.intent, INTENT_NONE);
	assert_false(t.job[0]->cleanup);
	taken_free(&t);
	empty(&full);
	assert_int_equal(stat(file("ledger.sqlite"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(file("ledger.sqlite-wal"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	ledger_close(l);
}

/* Each enumeration goes through its words. */
static void
keeps_every_word(void **state)
{
	struct ledger *l = open_sound();
	struct taken t = { .n = 0 };
	struct life j;

	(void)state;
	for (int i = 0; i < 40; i++) {
		fill(&j, i, LIFE_CLAIMING + i % 3);
		j.action = i % ACTION_MAX;
		j.step = i % STEP_MAX;
		j.facts.intent = i % INTENT_MAX;
		j.result.outcome = 1 + i % (OUTCOME_MAX - 1);
		j.result.kind = j.result.outcome == OUTCOME_FAILURE ?
		    1 + i % (FAIL_MAX - 1) : FAIL_NONE;
		assert_int_equal(save(l, &j, NULL, NULL), 0);
		empty(&j);
	}
	assert_int_equal(ledger_open_jobs(l, take, &t, NULL), 0);
	assert_int_equal(t.n, 40);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(t.job[i]->state, LIFE_CLAIMING + i % 3);
		assert_int_equal(t.job[i]->action, i % ACTION_MAX);
		assert_int_equal(t.job[i]->step, i % STEP_MAX);
		assert_int_equal(t.job[i]->facts.intent, i % INTENT_MAX);
		assert_int_equal(t.job[i]->result.outcome,
		    1 + i % (OUTCOME_MAX - 1));
		assert_int_equal(t.job[i]->result.kind,
		    t.job[i]->result.outcome == OUTCOME_FAILURE ?
		    1 + i % (FAIL_MAX - 1) : FAIL_NONE);
	}
	taken_free(&t);
	ledger_close(l);
}

static void
last_save_wins_and_order_stays(void **state)
{
	struct ledger *l = open_sound();
	struct taken t = { .n = 0 };
	struct life j;

	(void)state;
	save_a_job(l, 2, LIFE_OURS, WALL);
	save_a_job(l, 1, LIFE_CLAIMING, WALL);
	save_a_job(l, 3, LIFE_DONE, WALL);
	fill(&j, 1, LIFE_RESULT);
	(void)strlcpy(j.nonce, "another", sizeof(j.nonce));
	assert_int_equal(save(l, &j, NULL, NULL), 0);
	assert_int_equal(ledger_open_jobs(l, take, &t, NULL), 0);
	assert_int_equal(t.n, 2);
	assert_same(t.job[0], &j);
	assert_int_equal(t.job[1]->claimed_wall, WALL + 2);
	taken_free(&t);
	assert_int_equal(ledger_state(l, j.id), LIFE_RESULT);
	assert_int_equal(ledger_state(l, ID "3"), LIFE_DONE);
	assert_int_equal(ledger_state(l, "unknown"), LIFE_NEW);
	empty(&j);
	ledger_close(l);
}

/* A variable of so many bytes. */
static void
swell(struct life *j, size_t size)
{
	char *text = xcalloc(1, size + 1);

	memset(text, 'x', size);
	json_put_text(j->result.variables, "CommandOutput", text);
	free(text);
}

static void
full_disk_fails_the_whole_turn(void **state)
{
	struct ledger *l = open_sound();
	struct fail f = { 0 };
	struct life small, large;

	(void)state;
	save_a_job(l, 1, LIFE_OURS, WALL);
	assert_int_equal(sqlite3_exec(l->db, "PRAGMA max_page_count = 12",
	    NULL, NULL, NULL), SQLITE_OK);
	fill(&small, 2, LIFE_OURS);
	fill(&large, 3, LIFE_OURS);
	swell(&large, 100000);
	assert_int_equal(save(l, &small, &large, &f), -1);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_non_null(strstr(f.text, "full"));
	assert_int_equal(ledger_state(l, small.id), LIFE_NEW);

	/* there is room again */
	assert_int_equal(sqlite3_exec(l->db, "PRAGMA max_page_count = 10000",
	    NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(save(l, &large, NULL, NULL), 0);
	assert_int_equal(count_open(l), 2);
	empty(&small);
	empty(&large);
	ledger_close(l);
}

/* An empty transaction succeeds where nothing can be written. */
static void
a_try_writes(void **state)
{
	struct ledger *l = open_sound();
	struct fail f = { 0 };

	(void)state;
	assert_int_equal(ledger_try(l, NULL), 0);
	assert_int_equal(sqlite3_exec(l->db, "PRAGMA query_only = 1", NULL,
	    NULL, NULL), SQLITE_OK);
	assert_int_equal(ledger_try(l, &f), -1);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_int_equal(sqlite3_exec(l->db, "PRAGMA query_only = 0", NULL,
	    NULL, NULL), SQLITE_OK);
	assert_int_equal(ledger_try(l, NULL), 0);
	save_a_job(l, 1, LIFE_OURS, WALL);
	ledger_close(l);
}

/* A fault leaves SQLite's transaction open: the rest must not be kept. */
static void
one_bad_save_fails_the_turn(void **state)
{
	struct ledger *l = open_sound();
	struct fail f = { 0 };
	struct life good, huge;

	(void)state;
	fill(&good, 1, LIFE_OURS);
	fill(&huge, 2, LIFE_OURS);
	swell(&huge, ROW_MAX);
	assert_int_equal(save(l, &good, &huge, &f), -1);
	assert_non_null(strstr(f.text, "too big"));
	assert_int_equal(ledger_state(l, good.id), LIFE_NEW);
	save_a_job(l, 1, LIFE_OURS, WALL);
	empty(&good);
	empty(&huge);
	ledger_close(l);
}

static void
locked_database_fails_the_turn(void **state)
{
	struct ledger *l = open_sound();
	struct fail f = { 0 };
	struct life j;
	sqlite3 *db;

	(void)state;
	fill(&j, 1, LIFE_OURS);
	assert_int_equal(sqlite3_open(file("ledger.sqlite"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(save(l, &j, NULL, &f), -1);
	assert_non_null(strstr(f.text, "locked"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	save_a_job(l, 1, LIFE_OURS, WALL);
	empty(&j);
	ledger_close(l);
}

/* SQLite keeps two users apart; the lock file keeps the second out. */
static void
two_opens_see_each_other(void **state)
{
	struct ledger *a = open_sound(), *b = open_sound();

	(void)state;
	save_a_job(a, 1, LIFE_OURS, WALL);
	assert_int_equal(count_open(b), 1);
	save_a_job(b, 2, LIFE_OURS, WALL);
	assert_int_equal(count_open(a), 2);
	ledger_close(a);
	save_a_job(b, 3, LIFE_OURS, WALL);
	ledger_close(b);
	a = open_sound();
	assert_int_equal(count_open(a), 3);
	ledger_close(a);
}

static void
prune_forgets_old_history_only(void **state)
{
	struct ledger *l = open_sound();

	(void)state;
	save_a_job(l, 1, LIFE_DONE, WALL - 10);
	save_a_job(l, 2, LIFE_DONE, WALL);
	save_a_job(l, 3, LIFE_DROPPED, WALL - 10);
	save_a_job(l, 4, LIFE_OURS, WALL - 10);
	save_a_job(l, 5, LIFE_RESULT, WALL - 10);
	assert_int_equal(ledger_prune(l, WALL, NULL), 0);
	assert_int_equal(count_open(l), 2);
	assert_int_equal(ledger_state(l, ID "1"), LIFE_NEW);
	assert_int_equal(ledger_state(l, ID "2"), LIFE_DONE);
	assert_int_equal(ledger_state(l, ID "3"), LIFE_NEW);
	ledger_close(l);
}

/* Open a ledger that must turn out damaged; the old bytes are kept. */
static void
expect_set_aside(const char *what)
{
	struct ledger *l;
	struct fail f = { 0 };
	char *aside = NULL;

	l = ledger_open(dir, &aside, &f);
	if (l == NULL)
		fail_msg("%s: %s", what, f.text);
	if (aside == NULL)
		fail_msg("%s: not seen as damaged", what);
	assert_int_equal(access(aside, F_OK), 0);
	assert_non_null(strstr(aside, "/ledger.sqlite.damaged-"));
	assert_int_equal(count_open(l), 0);
	save_a_job(l, 1, LIFE_OURS, WALL);
	assert_int_equal(count_open(l), 1);
	ledger_close(l);
	free(aside);
	l = open_sound();
	assert_int_equal(count_open(l), 1);
	ledger_close(l);
}

static void
overwrite(off_t at, size_t n, int byte)
{
	char junk[4096];
	int fd = open(file("ledger.sqlite"), O_WRONLY | O_CLOEXEC);

	assert_true(fd != -1 && n <= sizeof(junk));
	memset(junk, byte, n);
	assert_int_equal(pwrite(fd, junk, n, at), n);
	assert_int_equal(close(fd), 0);
}

static void
damaged_is_set_aside(void **state)
{
	struct ledger *l = open_sound();

	(void)state;
	save_a_job(l, 1, LIFE_OURS, WALL);
	ledger_close(l);
	overwrite(0, 16, 'x');
	expect_set_aside("magic");
	overwrite(100, 300, 0xff);
	expect_set_aside("schema page");
	overwrite(4096, 4096, 0xff);
	expect_set_aside("data page");
	overwrite(8192, 200, 0x5a);
	expect_set_aside("index page");
	assert_int_equal(truncate(file("ledger.sqlite"), 4096), 0);
	expect_set_aside("cut short");
	assert_int_equal(truncate(file("ledger.sqlite"), 0), 0);
	overwrite(0, 20, 'a');
	expect_set_aside("text file");
	exec("ledger.sqlite", "DROP TABLE job");
	expect_set_aside("no table");
	exec("ledger.sqlite", "PRAGMA application_id = 1");
	expect_set_aside("another program's");
	exec("ledger.sqlite", "PRAGMA user_version = 0");
	expect_set_aside("no schema number");
}

static void
newer_schema_is_refused(void **state)
{
	struct ledger *l = open_sound();
	struct fail f = { 0 };
	char *aside;

	(void)state;
	save_a_job(l, 1, LIFE_OURS, WALL);
	ledger_close(l);
	exec("ledger.sqlite", "PRAGMA user_version = 99");
	assert_null(ledger_open(dir, &aside, &f));
	assert_null(aside);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_non_null(strstr(f.text, "newer"));
	exec("ledger.sqlite", "PRAGMA user_version = 1");
	l = open_sound();
	assert_int_equal(count_open(l), 1);
	ledger_close(l);
}

static void
odd_record_does_not_hide_others(void **state)
{
	static const char *const odd[] = {
		"facts = '{'", "facts = '{}'", "state = 'frozen'",
		"action = 'dance'", "nonce = hex(zeroblob(200))",
		"result = '[]'", "result = '{\"outcome\":\"won\"}'",
	};
	struct ledger *l = open_sound();
	struct taken t = { .n = 0 };
	struct fail f;
	char sql[256];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		save_a_job(l, 1, LIFE_OURS, WALL);
		save_a_job(l, 2, LIFE_OURS, WALL);
		(void)snprintf(sql, sizeof(sql), "UPDATE job SET %s "
		    "WHERE claimed = %d", odd[i], WALL + 1);
		exec("ledger.sqlite", sql);
		memset(&f, 0, sizeof(f));
		assert_int_equal(ledger_open_jobs(l, take, &t, &f), -1);
		assert_int_equal(f.kind, FAIL_SYSTEM);
		assert_non_null(strstr(f.text, "0a1b2c3d-0000-4000-8000-0"));
		assert_int_equal(t.n, 1);
		assert_int_equal(t.job[0]->claimed_wall, WALL + 2);
		taken_free(&t);
	}
	ledger_close(l);
}

static void
odd_bytes_are_saved(void **state)
{
	struct ledger *l = open_sound();
	struct taken t = { .n = 0 };
	struct life j;

	(void)state;
	fill(&j, 1, LIFE_RESULT);
	free(j.result.text);
	j.result.text = xstrdup("bad \xff byte");
	assert_int_equal(save(l, &j, NULL, NULL), 0);
	assert_int_equal(ledger_open_jobs(l, take, &t, NULL), 0);
	assert_string_equal(t.job[0]->result.text, "bad ? byte");
	taken_free(&t);
	empty(&j);
	ledger_close(l);
}

static void
bad_folder_is_told(void **state)
{
	struct fail f = { 0 };
	char *aside;

	(void)state;
	assert_null(ledger_open("/nonexistent/folder", &aside, &f));
	assert_null(aside);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_non_null(strstr(f.text, "/nonexistent/folder: No such file"));
	assert_int_equal(mkdir(file("ledger.sqlite"), 0700), 0);
	memset(&f, 0, sizeof(f));
	assert_null(ledger_open(dir, &aside, &f));
	assert_non_null(strstr(f.text, "ledger.sqlite: Is a directory"));
	assert_int_equal(rmdir(file("ledger.sqlite")), 0);
	assert_int_equal(symlink("/tmp/elsewhere", file("ledger.sqlite")), 0);
	assert_null(ledger_open(dir, &aside, &f));
	assert_int_equal(unlink(file("ledger.sqlite")), 0);
}

static void
free_space_is_told(void **state)
{
	struct ledger *l = open_sound();
	int64_t n = ledger_free_space(l);

	(void)state;
	assert_true(n >= 0 && n < INT64_MAX);
	ledger_close(l);
}

static void
lock_is_held_by_every_copy(void **state)
{
	struct fail f = { 0 };
	int64_t before;
	int a, copy, b;

	(void)state;
	assert_true((a = lock_take(dir, 0, &f)) != -1);
	assert_int_equal(fcntl(a, F_GETFD), FD_CLOEXEC);
	before = sys_now_ms();
	assert_int_equal(lock_take(dir, 250, &f), -1);
	assert_true(sys_now_ms() - before >= 250);
	assert_int_equal(f.kind, FAIL_SYSTEM);
	assert_non_null(strstr(f.text, "another quali-job-worker"));
	assert_true((copy = dup(a)) != -1);	/* as an executor has it */
	assert_int_equal(close(a), 0);
	assert_int_equal(lock_take(dir, 0, &f), -1);
	assert_int_equal(close(copy), 0);
	assert_true((b = lock_take(dir, 0, &f)) != -1);
	assert_int_equal(close(b), 0);
	assert_int_equal(lock_take("/nonexistent/folder", 0, &f), -1);
	assert_non_null(strstr(f.text, "No such file"));
}

/* A confirmed commit is on disk, whatever happens to the power. */
static void
commits_are_synced(void **state)
{
	struct ledger *l = open_sound();
	sqlite3_stmt *s;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(l->db, "PRAGMA synchronous", -1,
	    &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 2);	/* FULL */
	(void)sqlite3_finalize(s);
	ledger_close(l);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(commits_are_synced),
		CASE(keeps_every_member),
		CASE(keeps_every_word),
		CASE(last_save_wins_and_order_stays),
		CASE(full_disk_fails_the_whole_turn),
		CASE(a_try_writes),
		CASE(one_bad_save_fails_the_turn),
		CASE(locked_database_fails_the_turn),
		CASE(two_opens_see_each_other),
		CASE(prune_forgets_old_history_only),
		CASE(damaged_is_set_aside),
		CASE(newer_schema_is_refused),
		CASE(odd_record_does_not_hide_others),
		CASE(odd_bytes_are_saved),
		CASE(bad_folder_is_told),
		CASE(free_space_is_told),
		CASE(lock_is_held_by_every_copy),
	};

	json_init();
	log_init("test_ledger", LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
