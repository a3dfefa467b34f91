#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "board_rig.h"
#include "sys.h"

unsigned	rig_step(struct life *, const struct life_event *,
		    const struct life_now *);

#define life_step	rig_step

#include "src/supervisor/dispatch.c"
#include "src/supervisor/commit.c"

#undef life_step

#define START_MS	1000000

struct rig rig;

/* --- the parts, played --- */

unsigned
rig_step(struct life *life, const struct life_event *event,
    const struct life_now *now)
{
	assert_int_equal(now->ms, fake_now_ms());
	rig.steps++;
	return rig.step != NULL ? rig.step(life, event) :
	    life_step(life, event, now);
}

const char *
aws_keys_region(const struct aws_keys *keys)
{
	(void)keys;
	return "eu-central-1";
}

const char *
aws_keys_endpoint(const struct aws_keys *keys, enum aws_service service)
{
	(void)keys;
	assert_int_equal(service, AWS_S3);
	return "https://s3.example";
}

const char *
aws_keys_ca_bundle(const struct aws_keys *keys)
{
	(void)keys;
	return NULL;
}

bool
aws_keys_use_fips(const struct aws_keys *keys)
{
	(void)keys;
	return false;
}

bool
aws_keys_use_dualstack(const struct aws_keys *keys)
{
	(void)keys;
	return true;
}

const char *
aws_keys_user_agent(const struct aws_keys *keys)
{
	(void)keys;
	return "rig/1";
}

int
aws_keys_max_attempts(const struct aws_keys *keys)
{
	(void)keys;
	return 4;
}

pid_t
aws_keys_child(const struct aws_keys *keys)
{
	(void)keys;
	return 4711;
}

void
token_key_refresh(struct token_source *source)
{
	assert_ptr_equal(source, &rig.tokens);
	rig.keys_made++;
}

static int
ledger_answer(struct fail *fail)
{
	return rig.ledger_fails == NULL ? 0 :
	    fail_set(fail, FAIL_SYSTEM, "%s", rig.ledger_fails);
}

int
ledger_try(struct ledger *ledger, struct fail *fail)
{
	(void)ledger;
	trace_add("try");
	return ledger_answer(fail);
}

int
ledger_save(struct ledger *ledger, const struct life *const *lives, size_t n,
    int64_t wall, struct fail *fail)
{
	(void)ledger;
	assert_int_equal(wall, fake_wall());
	assert_true(n > 0);
	if (ledger_answer(fail) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		trace_add(life_state_names[lives[i]->state]);
	trace_add("commit");
	rig.saves += (int)n;
	rig.commits++;
	return 0;
}

int64_t
ledger_free_space(const struct ledger *ledger)
{
	(void)ledger;
	return rig.ledger_room;
}

/* --- the board --- */

static void
on_ready(void *arg)
{
	assert_ptr_equal(arg, &rig);
	rig.readies++;
}

static void
on_changed(bool freed, void *arg)
{
	assert_ptr_equal(arg, &rig);
	rig.changes++;
	rig.freed += freed;
}

static void
on_upgrade(void *arg)
{
	assert_ptr_equal(arg, &rig);
	rig.upgrades++;
}

static void
call_begun(const struct aws_call *call)
{
	trace_add(call->operation);
}

static char *
text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static void
fill_conf(struct conf *conf)
{
	conf->cloudshell.url = text("https://cloudshell.example");
	conf->cloudshell.user = text("user");
	conf->cloudshell.domain = text("Global");
	conf->cloudshell.verify = true;
	conf->worker.max_jobs = 4;
	conf->worker.max_request_rate = 10;
	conf->worker.min_free = 1024;
	conf->worker.kill_grace = 10000;
	conf->worker.state_dir = text("/state");
}

int
rig_setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	fake_calls_reset();
	fake_calls_begun = call_begun;
	fake_executors_fail = NULL;
	fake_executors_asked = NULL;
	fake_loop_reset(START_MS);
	records_clear();
	(void)trace_take();
	fill_conf(&rig.conf);
	rig.password = secret_text(RIG_PASSWORD);
	rig.tokens = (struct token_source){ .conf = &rig.conf,
	    .password = rig.password, .key = { .known = true } };
	board_init(&rig.board, rig.conf.worker.max_jobs, dispatch_event,
	    &rig.dispatch);
	commit_init(&rig.commit, NULL, (struct ledger *)&rig, &rig.board,
	    &rig.conf);
	rig.requests = (struct requests){ &rig.aws, &rig.tokens };
	rig.dispatch = (struct dispatch){ .conf = &rig.conf,
	    .board = &rig.board, .commit = &rig.commit,
	    .requests = &rig.requests, .ready = on_ready,
	    .changed = on_changed, .upgrade = on_upgrade, .arg = &rig };
	rig.rules = (struct life_rules){ .timeout_ms = RIG_TIMEOUT_MS,
	    .kill_grace_ms = rig.conf.worker.kill_grace,
	    .key = &rig.tokens.key };
	rig.ledger_room = INT64_MAX;
	return 0;
}

int
rig_teardown(void **state)
{
	(void)state;
	board_clear(&rig.board);
	commit_free(&rig.commit);
	assert_int_equal(fake_executors(), 0);
	assert_int_equal(fake_calls(), 0);
	assert_int_equal(fake_loop_sources(), 0);
	secret_free(rig.password);
	return 0;
}

struct entry *
rig_entry(const char *id)
{
	struct offer offer = { .action = ACTION_START };
	struct life_now now = now_is();
	struct entry *entry = board_add(&rig.board);

	offer.data = &entry->data;
	(void)strlcpy(entry->data.id, id, sizeof(entry->data.id));
	(void)strlcpy(entry->data.nonce, "nonce", sizeof(entry->data.nonce));
	entry->data.configuration = json_pack("{s:s}", "BlueprintName", "B");
	entry->data.credentials.access_key_id = xstrdup("ASIA");
	entry->data.credentials.secret_key = secret_text(RIG_SECRET);
	life_new(&entry->life, &offer, &rig.rules, &now);
	return entry;
}

struct entry *
rig_offered(const char *id)
{
	struct entry *entry = rig_entry(id);

	rig_tell(entry, EV_OFFERED);
	return entry;
}

struct entry *
rig_working(const char *id)
{
	struct entry *entry = rig_offered(id);

	fake_loop_pass(0);
	fake_answer(entry->acknowledge, "{\"status\":\"InProgress\"}");
	fake_loop_pass(0);
	rig_hello(entry);
	assert_int_equal(entry->life.child, CHILD_WORKING);
	(void)trace_take();
	records_clear();
	rig.changes = rig.freed = rig.saves = rig.commits = 0;
	return entry;
}

int
rig_entries(void)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &rig.board.entries, link)
		n++;
	return n;
}

/* --- what executors say --- */

void
rig_hello(struct entry *entry)
{
	assert_non_null(entry->executor);
	entry->executor->known = true;
	dispatch_executors_calls.hello(entry, 100, &rig.dispatch);
}

void
rig_result(struct entry *entry, enum job_outcome outcome,
    enum fail_kind kind)
{
	struct ipc_report report = { .type = IPC_RESULT,
	    .u.result = { .outcome = outcome, .kind = kind } };

	report.u.result.text = xstrdup("told");
	dispatch_executors_calls.report(entry, &report, &rig.dispatch);
	free(report.u.result.text);
}

/* As executors.c does it: first the executor is freed. */
void
rig_exit(struct entry *entry, bool signaled, int status)
{
	struct executor_end end = { .signaled = signaled, .status = status };

	executor_free(entry->executor);
	dispatch_executors_calls.ended(entry, &end, &rig.dispatch);
}

void
rig_tell(struct entry *entry, enum life_event_type type)
{
	board_tell_simple(entry, type);
}
