/*
 * The ledger's turn. The step of a life is played.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "log.h"
#include "tests/unit/board_rig.h"

#define OTHER_JOB	"ffffffff-0000-4000-8000-000000000002"

/* What is done with an event, by its type. */
static unsigned fx[EV_MAX];
static int seen[EV_MAX];

static unsigned
play(struct life *life, const struct life_event *event)
{
	seen[event->type]++;
	life->dirty = fx[event->type] & FX_SAVE;
	return fx[event->type];
}

static int
setup(void **state)
{
	memset(fx, 0, sizeof(fx));
	memset(seen, 0, sizeof(seen));
	fx[EV_PROGRESS] = FX_SAVE;
	if (rig_setup(state) != 0)
		return -1;
	rig.step = play;
	return 0;
}

static void
one_transaction_for_all(void **state)
{
	struct entry *one = rig_entry(RIG_JOB), *two = rig_entry(OTHER_JOB);

	(void)state;
	(void)rig_entry("eeeeeeee-0000-4000-8000-000000000003");
	one->life.state = LIFE_OURS;
	two->life.state = LIFE_RESULT;
	rig_tell(one, EV_PROGRESS);
	rig_tell(two, EV_PROGRESS);
	rig_tell(one, EV_PROGRESS);
	assert_string_equal(trace_take(), "");	/* not before its turn */
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "ours result commit ");
	assert_int_equal(seen[EV_SAVED], 2);
	assert_int_equal(seen[EV_SAVE_FAILED], 0);
	/* and that was all */
	fake_loop_pass(1000);
	assert_string_equal(trace_take(), "");
	rig_tell(two, EV_PROGRESS);
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "result commit ");
	assert_int_equal(seen[EV_SAVED], 3);
	assert_int_equal(records_with(""), 0);
}

static unsigned
save_once_more(struct life *life, const struct life_event *event)
{
	seen[event->type]++;
	life->dirty = seen[event->type] < 3;
	return life->dirty ? FX_SAVE : 0;
}

/* What is wanted while a transaction is told is for the next one. */
static void
saved_may_want_to_be_saved(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig.step = save_once_more;
	rig_tell(entry, EV_PROGRESS);
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "new commit new commit new commit ");
	assert_int_equal(seen[EV_SAVED], 3);
}

static void
failure_is_heard_by_all(void **state)
{
	struct entry *one = rig_entry(RIG_JOB), *two = rig_entry(OTHER_JOB);

	(void)state;
	rig.ledger_fails = "disk I/O error";
	rig_tell(one, EV_PROGRESS);
	rig_tell(two, EV_PROGRESS);
	fake_loop_pass(0);
	assert_int_equal(rig.commits, 0);
	assert_int_equal(seen[EV_SAVE_FAILED], 2);
	assert_int_equal(seen[EV_SAVED], 0);
	assert_true(rig.commit.broken);
}

/* A fault that lasts is told once a minute. */
static void
failure_is_told_seldom(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig.ledger_fails = "disk I/O error";
	for (int s = 0; s < 150; s++) {
		rig_tell(entry, EV_PROGRESS);
		fake_loop_pass(1000);
	}
	assert_int_equal(records_with("disk I/O error; the worker claims "
	    "nothing"), 3);
	assert_int_equal(records_find("disk I/O")->priority, LOG_ERR);
	rig.ledger_fails = NULL;
	rig_tell(entry, EV_PROGRESS);
	fake_loop_pass(0);
	assert_false(rig.commit.broken);
	assert_int_equal(records_with("can be written again"), 1);
	assert_int_equal(records_with(""), 4);
	/* the next one is told at once */
	rig.ledger_fails = "disk I/O error";
	rig_tell(entry, EV_PROGRESS);
	fake_loop_pass(0);
	assert_int_equal(records_with("disk I/O error"), 4);
}

/* Whether the ledger can be written is known only when something is. */
static void
forgetting_mends_nothing(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig.ledger_fails = "disk I/O error";
	fx[EV_SAVE_FAILED] = FX_FORGET;
	rig_tell(entry, EV_PROGRESS);
	fake_loop_pass(0);
	assert_int_equal(rig_entries(), 0);
	assert_true(rig.commit.broken);
	assert_int_equal(records_with("can be written again"), 0);
	assert_false(commit_takes_more(&rig.commit));
	assert_string_equal(trace_take(), "try ");
}

static void
takes_more_if_it_can_write(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	assert_true(commit_takes_more(&rig.commit));
	assert_string_equal(trace_take(), "");	/* it is not tried */
	rig.ledger_fails = "disk I/O error";
	rig_tell(entry, EV_PROGRESS);
	fake_loop_pass(0);
	(void)trace_take();
	assert_false(commit_takes_more(&rig.commit));
	assert_string_equal(trace_take(), "try ");
	assert_int_equal(records_with("disk I/O error"), 1);
	rig.ledger_fails = NULL;
	assert_true(commit_takes_more(&rig.commit));
	assert_int_equal(records_with("can be written again"), 1);
	(void)trace_take();
	assert_true(commit_takes_more(&rig.commit));
	assert_string_equal(trace_take(), "");
}

static void
room_on_the_disk(void **state)
{
	(void)state;
	rig.ledger_room = rig.conf.worker.min_free;
	assert_true(commit_takes_more(&rig.commit));
	rig.ledger_room--;
	for (int i = 0; i < 3; i++) {
		assert_false(commit_takes_more(&rig.commit));
		assert_true(rig.commit.disk_full);
	}
	assert_int_equal(records_with("/state: less than"), 1);
	rig.ledger_room++;
	for (int i = 0; i < 3; i++) {
		assert_true(commit_takes_more(&rig.commit));
		assert_false(rig.commit.disk_full);
	}
	assert_int_equal(records_with("/state: there is room again"), 1);
	assert_int_equal(records_with(""), 2);
}

/* At the end of the process nobody is there to hear. */
static void
the_last_one(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig_tell(entry, EV_PROGRESS);
	commit_last(&rig.commit);
	assert_string_equal(trace_take(), "new commit ");
	assert_int_equal(seen[EV_SAVED], 0);
	entry->save = false;
	commit_last(&rig.commit);
	assert_string_equal(trace_take(), "");
	/* before there is a ledger */
	entry->save = true;
	rig.commit.ledger = NULL;
	commit_last(&rig.commit);
	assert_string_equal(trace_take(), "");
}

/* A real life: a claim that cannot be written down is not made, and the next
 * one is not tried until the ledger works. */
static void
claims_end_with_the_ledger(void **state)
{
	(void)state;
	rig.step = NULL;
	rig.ledger_fails = "disk I/O error";
	(void)rig_offered(RIG_JOB);
	fake_loop_pass(0);
	assert_int_equal(rig_entries(), 0);
	assert_int_equal(fake_calls_started(), 0);
	assert_false(commit_takes_more(&rig.commit));
	assert_int_equal(records_with(""), 1);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_transaction_for_all),
		CASE(saved_may_want_to_be_saved),
		CASE(failure_is_heard_by_all),
		CASE(failure_is_told_seldom),
		CASE(forgetting_mends_nothing),
		CASE(takes_more_if_it_can_write),
		CASE(room_on_the_disk),
		CASE(the_last_one),
		CASE(claims_end_with_the_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
