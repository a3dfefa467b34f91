/*
 * A turn of the loop: what dispatch and commit make of events that are due
 * together, and what whoever tells the status hears of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "src/supervisor/dispatch.h"
#include "src/supervisor/job_log.h"
#include "src/supervisor/ledger.h"
#include "src/supervisor/order.h"

/* --- what stands below, played --- */

static struct board board;
static struct commit commit;
static struct conf conf;
static sd_event *event;
static unsigned timer_fx, put_notes;
static int saves, saved_jobs, save_rc;
static int changes, ledger_changes;

unsigned
life_step(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)now;
	life->notes = ev->type == EV_PUT_ANSWER ? put_notes : 0;
	life->wake_ms = 0;
	life->dirty = ev->type == EV_TIMER;
	return ev->type == EV_TIMER ? timer_fx : 0;
}

void
life_free(struct life *life)
{
	(void)life;
}

bool
life_at_rest(const struct life *life)
{
	(void)life;
	return true;
}

int
ledger_save(struct ledger *ledger, const struct life *const *lives, size_t n,
    int64_t wall, struct fail *fail)
{
	(void)ledger, (void)lives, (void)wall;
	saves++;
	saved_jobs += (int)n;
	if (save_rc != 0)
		(void)fail_set(fail, FAIL_SYSTEM, "disk full");
	return save_rc;
}

int
ledger_try(struct ledger *ledger, struct fail *fail)
{
	(void)ledger, (void)fail;
	return 0;
}

int64_t
ledger_free_space(const struct ledger *ledger)
{
	(void)ledger;
	return INT64_MAX;
}

/* --- what no test gets to --- */

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define NEVER(name, ...)	void name(__VA_ARGS__) { fail(); }
NEVER(requests_acknowledge, struct requests *r, struct entry *e)
NEVER(requests_details, struct requests *r, struct entry *e)
NEVER(requests_put, struct requests *r, struct entry *e)
NEVER(requests_cancel_details, struct entry *e)
NEVER(requests_cancel, struct entry *e)
NEVER(aws_call_cancel, struct aws_call *call)
NEVER(executor_free, struct executor *executor)
NEVER(executor_signal, struct executor *executor, int sig)
NEVER(executor_write, struct executor *executor, const struct buf *line,
    bool answer)
NEVER(executors_renew, struct executors *all, const char *why)
NEVER(job_log_stop, const struct life *life)
NEVER(job_log_call, const struct life *life, const struct ipc_report *report)
NEVER(job_log_progress, const struct life *life,
    const struct ipc_report *report, enum ipc_step before)

struct executor *
executor_start(struct executors *all, void *job, struct fail *why)
{
	(void)all, (void)job, (void)why;
	fail();
	return NULL;
}

bool
executor_known(const struct executor *executor)
{
	return executor != NULL;
}

int
order_write(struct buf *line, const struct life *life, struct job_data *data,
    const struct order_terms *terms, const struct life_now *now,
    struct fail *why)
{
	(void)line, (void)life, (void)data, (void)terms, (void)now, (void)why;
	fail();
	return -1;
}

#define NO_KEYS(type, name)						\
	type name(const struct aws_keys *keys) { (void)keys; return 0; }
NO_KEYS(const char *, aws_keys_region)
NO_KEYS(const char *, aws_keys_ca_bundle)
NO_KEYS(bool, aws_keys_use_fips)
NO_KEYS(bool, aws_keys_use_dualstack)
NO_KEYS(const char *, aws_keys_user_agent)
NO_KEYS(int, aws_keys_max_attempts)
NO_KEYS(pid_t, aws_keys_child)

const char *
aws_keys_endpoint(const struct aws_keys *keys, enum aws_service service)
{
	(void)keys, (void)service;
	return NULL;
}

void
job_log(const struct life *life, enum journal_event kind, int priority,
    const char *fmt, ...)
{
	(void)life, (void)kind, (void)priority, (void)fmt;
}

void
job_log_notes(const struct life *life, const struct life_event *ev)
{
	(void)life, (void)ev;
}

/* --- the rig --- */

static void
on_changed(bool freed, void *arg)
{
	(void)freed, (void)arg;
	changes++;
}

static void
on_ledger(void *arg)
{
	(void)arg;
	ledger_changes++;
}

static struct dispatch dispatch;

static int
setup(void **state)
{
	(void)state;
	timer_fx = put_notes = 0;
	saves = saved_jobs = save_rc = changes = ledger_changes = 0;
	assert_true(sd_event_new(&event) >= 0);
	board_init(&board, 4, dispatch_event, &dispatch);
	commit_init(&commit, event, NULL, &board, &conf);
	commit.changed = on_ledger;
	dispatch = (struct dispatch){ .event = event, .conf = &conf,
	    .board = &board, .commit = &commit, .changed = on_changed };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	board_clear(&board);
	commit_free(&commit);
	event = sd_event_unref(event);
	return 0;
}

/* Whatever is due now. */
static void
run_due(void)
{
	while (sd_event_run(event, 0) > 0)
		continue;
}

static struct entry *
add(const char *id)
{
	struct entry *entry = board_add(&board);

	(void)strlcpy(entry->life.id, id, sizeof(entry->life.id));
	return entry;
}

static void
put_answer(struct entry *entry, unsigned notes)
{
	static const struct life_answer answer = { .ok = true, .code = "" };
	struct life_event ev = { .type = EV_PUT_ANSWER,
	    .u.answer = &answer };

	put_notes = notes;
	board_tell(entry, &ev);
}

static int
on_due(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	board_tell_simple(arg, EV_TIMER);
	return 0;
}

/* --- the tests --- */

/* Jobs whose timers run out together share a transaction. */
static void
timers_share_a_transaction(void **state)
{
	sd_event_source *timers[3] = { NULL, NULL, NULL };
	const char *const ids[3] = { "a", "b", "c" };

	(void)state;
	timer_fx = FX_SAVE;
	for (int i = 0; i < 3; i++)
		timer_at(event, &timers[i], 1, on_due, add(ids[i]));
	run_due();
	assert_int_equal(saves, 1);
	assert_int_equal(saved_jobs, 3);
	for (int i = 0; i < 3; i++)
		sd_event_source_disable_unref(timers[i]);
}

/* The counts that a status shows changed, though no executor and no slot. */
static void
a_count_is_news(void **state)
{
	struct entry *entry = add("a");

	(void)state;
	put_answer(entry, 0);
	assert_int_equal(changes, 0);
	entry->life.result.outcome = OUTCOME_SUCCESS;
	put_answer(entry, NOTE_PUT);
	assert_int_equal(board.succeeded, 1);
	assert_int_equal(changes, 1);
}

static void
a_broken_ledger_is_news(void **state)
{
	struct entry *entry = add("a");

	(void)state;
	save_rc = -1;
	timer_fx = FX_SAVE;
	board_tell_simple(entry, EV_TIMER);
	run_due();
	assert_true(commit.broken);
	assert_int_equal(ledger_changes, 1);
	board_tell_simple(entry, EV_TIMER);
	run_due();
	assert_int_equal(ledger_changes, 1);	/* as before */
	assert_true(commit_takes_more(&commit));
	assert_false(commit.broken);
	assert_int_equal(ledger_changes, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_share_a_transaction,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(a_count_is_news, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(a_broken_ledger_is_news,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
