/*
 * The board and what delivers events to it. The step of a life is played, so
 * that each effect can be asked for by itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "tests/unit/board_rig.h"

#define OTHER_JOB	"ffffffff-0000-4000-8000-000000000002"
#define THIRD_JOB	"eeeeeeee-0000-4000-8000-000000000003"

/* --- the step, played --- */

/* What the next steps want, and what they were given. */
static struct played {
	unsigned	fx, notes;
	int64_t		wake_ms;
	bool		slot;
	enum job_outcome outcome;
} script[16];
static struct seen {
	enum life_event_type type;
	char		text[64];
	bool		passing;
} seen[16];
static int nseen;

static unsigned
play(struct life *life, const struct life_event *event)
{
	const struct played *now = &script[nseen];
	struct seen *last = &seen[nseen++];

	assert_true(nseen < 16);
	last->type = event->type;
	last->text[0] = '\0';
	if (event->type == EV_START_FAILED || event->type == EV_NO_ORDER ||
	    event->type == EV_FAULT)
		(void)strlcpy(last->text, event->u.text, sizeof(last->text));
	if (event->type == EV_ACK_ANSWER || event->type == EV_PUT_ANSWER ||
	    event->type == EV_DETAILS_ANSWER) {
		last->passing = event->u.answer->passing;
		assert_string_equal(event->u.answer->code, "");
		assert_null(event->u.answer->text);
	}
	life->notes = now->notes;
	life->wake_ms = now->wake_ms;
	life->slot = now->slot;
	life->result.outcome = now->outcome;
	return now->fx;
}

static int
setup(void **state)
{
	memset(script, 0, sizeof(script));
	memset(seen, 0, sizeof(seen));
	nseen = 0;
	if (rig_setup(state) != 0)
		return -1;
	rig.step = play;
	return 0;
}

static void
assert_seen(int i, enum life_event_type type)
{
	assert_true(i < nseen);
	assert_int_equal(seen[i].type, type);
}

/* --- the queue --- */

static void
post_three(void *job)
{
	board_post(job, EV_NO_ORDER, "second");
	board_post_unsent(job, EV_PUT_ANSWER);
	board_post(job, EV_START_FAILED, "fourth");
	assert_int_equal(nseen, 1);	/* nothing is delivered from within */
}

static void
posted_events_are_drained_in_order(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_asked = post_three;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 4);
	assert_seen(0, EV_TIMER);
	assert_seen(1, EV_NO_ORDER);
	assert_string_equal(seen[1].text, "second");
	assert_seen(2, EV_PUT_ANSWER);
	assert_true(seen[2].passing);
	assert_seen(3, EV_START_FAILED);
	assert_string_equal(seen[3].text, "fourth");
}

static void
post_one(void *job)
{
	board_post(job, EV_NO_ORDER, "again");
}

/* What an event of the queue posts comes after those that wait already. */
static void
posted_by_posted(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_asked = post_one;
	fake_calls_fail = "no";
	script[0].fx = FX_START | FX_PUT;	/* posts NO_ORDER, PUT_ANSWER */
	script[1].fx = FX_ACKNOWLEDGE;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 4);
	assert_seen(1, EV_NO_ORDER);
	assert_seen(2, EV_PUT_ANSWER);
	assert_seen(3, EV_ACK_ANSWER);
}

/* The text is the queue's own. */
static void
post_borrowed(void *job)
{
	char text[] = "borrowed";

	board_post(job, EV_START_FAILED, text);
	memset(text, 'x', sizeof(text) - 1);
}

static void
posted_text_is_copied(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_asked = post_borrowed;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_string_equal(seen[1].text, "borrowed");
}

static void
tell_from_within(void *job)
{
	rig_tell(job, EV_TIMER);
}

static void
tell_within_an_effect(void)
{
	struct entry *entry = rig_entry(RIG_JOB);

	fake_executors_asked = tell_from_within;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
}

static void
post_outside(void)
{
	board_post(rig_entry(RIG_JOB), EV_START_FAILED, "nobody delivers it");
}

/* A process of its own, in which an assertion ends it. */
static void
assert_aborts(void (*act)(void))
{
	const struct rlimit none = { 0, 0 };
	int status = 0;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)close(STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
nothing_re_enters(void **state)
{
	(void)state;
	assert_aborts(tell_within_an_effect);
	assert_aborts(post_outside);
}

/* Another job may hear of something meanwhile. */
static struct entry *neighbour;

static void
tell_neighbour(void *job)
{
	if (job != neighbour)
		rig_tell(neighbour, EV_CANCEL);
}

static void
jobs_are_apart(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	neighbour = rig_entry(OTHER_JOB);
	fake_executors_asked = tell_neighbour;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 2);
	assert_seen(1, EV_CANCEL);
}

/* --- effects that fail at once --- */

static void
no_executor(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_fail = "no process now";
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 2);
	assert_seen(1, EV_START_FAILED);
	assert_string_equal(seen[1].text, "no process now");
	assert_null(entry->executor);
	assert_int_equal(records_find("cannot start a process for it: "
	    "no process now")->priority, LOG_ERR);
	assert_int_equal(rig.changes, 0);
}

static void
no_calls(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_calls_fail = "no credentials";
	script[0].fx = FX_ACKNOWLEDGE;
	script[1].fx = FX_DETAILS;
	script[2].fx = FX_PUT;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 4);
	assert_seen(1, EV_ACK_ANSWER);
	assert_seen(2, EV_DETAILS_ANSWER);
	assert_seen(3, EV_PUT_ANSWER);
	for (int i = 1; i < 4; i++)
		assert_true(seen[i].passing);
	assert_null(entry->acknowledge);
	assert_null(entry->details);
	assert_null(entry->put);
}

static void
no_order(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig.tokens.password = NULL;	/* and no file is named */
	script[0].fx = FX_START;
	script[1].fx = FX_ORDER;
	rig_tell(entry, EV_TIMER);
	rig_tell(entry, EV_HELLO);
	assert_int_equal(nseen, 3);
	assert_seen(2, EV_NO_ORDER);
	assert_string_equal(seen[2].text, "cloudshell.password_file: not set");
	assert_string_equal(trace_take(), "start ");
	assert_int_equal(records_with("password_file: not set"), 1);
}

/* One that is asked for, but not known: closing its pipes ends it. */
static void
kill_of_nobody(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].fx = FX_START;
	script[1].fx = FX_RENEW | FX_KILL;
	rig_tell(entry, EV_TIMER);
	(void)strlcpy(entry->life.why, "it said no hello in time",
	    sizeof(entry->life.why));
	rig_tell(entry, EV_TIMER);
	assert_string_equal(trace_take(), "start renew free ");
	assert_null(entry->executor);
	assert_seen(2, EV_START_FAILED);
	assert_string_equal(seen[2].text, "it said no hello in time");
	/* and without any at all */
	script[3].fx = FX_KILL;
	rig_tell(entry, EV_TIMER);
	assert_seen(4, EV_START_FAILED);
}

static void
kill_of_a_known_one(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].fx = FX_START;
	script[2].fx = FX_STOP;
	script[3].fx = FX_KILL;
	rig_tell(entry, EV_TIMER);
	rig_hello(entry);
	rig_tell(entry, EV_TIMER);
	rig_tell(entry, EV_TIMER);
	assert_string_equal(trace_take(), "start term kill ");
	assert_non_null(entry->executor);	/* its end follows */
	assert_int_equal(nseen, 4);
}

/* Clean-ups wait until as many work as may. */
static void
clean_up_waits_for_a_slot(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	rig.board.max_jobs = 1;
	neighbour = rig_entry(OTHER_JOB);
	entry->life.state = LIFE_RESULT;
	entry->life.child = CHILD_ASKED;
	entry->life.cleaning = entry->life.active = true;
	neighbour->life.active = true;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_seen(1, EV_BUSY);
	assert_null(entry->executor);
	neighbour->life.active = false;
	script[2].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_non_null(entry->executor);
	assert_int_equal(records_with("cleaning up"), 1);
}

static void
upgrade_is_passed_on(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].fx = FX_UPGRADE;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.upgrades, 1);
}

/* --- timers --- */

static void
timer_follows_the_life(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);
	int64_t now = fake_now_ms();

	(void)state;
	script[0].wake_ms = now + 1000;
	rig_tell(entry, EV_PROGRESS);
	assert_int_equal(fake_loop_due(), now + 1000);
	/* the same time again: nothing to do */
	script[1].wake_ms = now + 1000;
	rig_tell(entry, EV_PROGRESS);
	assert_int_equal(fake_loop_armed(), 1);
	script[2].wake_ms = now + 500;
	rig_tell(entry, EV_PROGRESS);
	assert_int_equal(fake_loop_due(), now + 500);
	script[3].wake_ms = 0;
	rig_tell(entry, EV_PROGRESS);
	assert_int_equal(fake_loop_due(), -1);
	script[4].wake_ms = now + 500;
	rig_tell(entry, EV_PROGRESS);
	assert_int_equal(fake_loop_due(), now + 500);
	/* it fires, and the next step wants the same time once more */
	script[5].wake_ms = now + 500;
	script[6].wake_ms = 0;
	fake_loop_pass(500);
	assert_int_equal(nseen, 7);
	assert_seen(5, EV_TIMER);
	assert_seen(6, EV_TIMER);
	assert_int_equal(fake_loop_due(), -1);
}

/* Only the last step of a delivery counts. */
static void
timer_is_set_after_the_queue(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_fail = "no";
	script[0].fx = FX_START;
	script[0].wake_ms = fake_now_ms() + 1;
	script[1].wake_ms = fake_now_ms() + 2;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(fake_loop_armed(), 1);
	assert_int_equal(fake_loop_due(), fake_now_ms() + 2);
}

/* --- who else hears of it --- */

static void
slots_that_come_free_are_told(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].slot = true;
	rig_tell(entry, EV_OFFERED);
	assert_int_equal(rig.changes, 0);
	script[1].slot = true;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.changes, 0);
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.freed, 1);
	assert_int_equal(rig.changes, 1);
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.changes, 1);
}

/* Over counts as free, whatever the life says. */
static void
slot_of_one_that_is_over(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].slot = true;
	rig_tell(entry, EV_OFFERED);
	script[1] = (struct played){ .slot = true, .fx = FX_FORGET };
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.freed, 1);
}

/* Executors that come and go are told, although the slot is kept. */
static void
executors_are_told(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	for (int i = 0; i < 16; i++)
		script[i].slot = true;
	script[0].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.changes, 1);
	rig_hello(entry);
	assert_int_equal(rig.changes, 1);
	rig_exit(entry, true, SIGKILL);
	assert_null(entry->executor);
	assert_int_equal(rig.changes, 2);
	/* never came */
	script[nseen].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	executor_free(entry->executor);
	dispatch_executors_calls.failed(entry, "why", &rig.dispatch);
	assert_seen(nseen - 1, EV_START_FAILED);
	assert_string_equal(seen[nseen - 1].text, "why");
	assert_int_equal(rig.changes, 4);
	/* given up */
	script[nseen].fx = FX_START;
	rig_tell(entry, EV_TIMER);
	script[nseen].fx = FX_KILL;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig.changes, 6);
	assert_int_equal(rig.freed, 0);
}

static void
others_are_passed_on(void **state)
{
	(void)state;
	dispatch_executors_calls.ready(&rig.dispatch);
	assert_int_equal(rig.readies, 1);
	/* the look-up's child, and nobody without one */
	rig.aws.keys = (struct aws_keys *)&rig;
	assert_true(dispatch_executors_calls.known(4711, &rig.dispatch));
	assert_false(dispatch_executors_calls.known(4712, &rig.dispatch));
	rig.aws.keys = NULL;
	assert_false(dispatch_executors_calls.known(4711, &rig.dispatch));
}

/* --- what executors say --- */

static void
reports_are_events(void **state)
{
	static const struct {
		enum ipc_type	said;
		enum life_event_type event;
	} pairs[] = {
		{ IPC_INTENT, EV_NOTED }, { IPC_FACT, EV_NOTED },
		{ IPC_PROGRESS, EV_PROGRESS },
		{ IPC_NEED_CREDENTIALS, EV_NEED_CREDENTIALS },
		{ IPC_RESULT, EV_RESULT },
	};
	struct entry *entry = rig_entry(RIG_JOB);
	struct ipc_report report = { .type = IPC_CALL };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		report.type = pairs[i].said;
		dispatch_executors_calls.report(entry, &report, &rig.dispatch);
		assert_int_equal(nseen, (int)i + 1);
		assert_seen((int)i, pairs[i].event);
	}
	assert_int_equal(records_with("fresh artifact credentials"), 1);
	/* calls are for the journal only */
	report = (struct ipc_report){ .type = IPC_CALL };
	dispatch_executors_calls.report(entry, &report, &rig.dispatch);
	assert_int_equal(nseen, (int)(sizeof(pairs) / sizeof(pairs[0])));
	assert_int_equal(records_with("(attempt 0, 0 ms)"), 1);
	dispatch_executors_calls.fault(entry, "it lies", &rig.dispatch);
	assert_seen(nseen - 1, EV_FAULT);
	assert_string_equal(seen[nseen - 1].text, "it lies");
	assert_int_equal(records_find("it lies")->priority, LOG_ERR);
	dispatch_executors_calls.other_version(entry, 7, &rig.dispatch);
	assert_seen(nseen - 1, EV_HELLO_VERSION);
	assert_int_equal(records_with("speaks protocol 7, this supervisor 1"),
	    1);
}

/* --- the end of an entry --- */

static void
over_hears_nothing_more(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	fake_executors_asked = post_one;
	fake_executors_fail = "no";
	script[0].fx = FX_START | FX_FORGET;	/* with two events waiting */
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 1);
	assert_true(STAILQ_EMPTY(&entry->events));
	rig_tell(entry, EV_TIMER);
	assert_int_equal(nseen, 1);
	assert_null(board_find(&rig.board, RIG_JOB));
	/* it goes with the commit, not before */
	assert_int_equal(rig_entries(), 1);
	fake_loop_pass(0);
	assert_int_equal(rig_entries(), 0);
}

static void
buried_only_after_the_commit(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].fx = FX_SAVE | FX_FORGET;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(rig_entries(), 1);
	fake_loop_pass(0);
	assert_string_equal(trace_take(), "new commit ");
	assert_int_equal(rig_entries(), 0);
	assert_int_equal(nseen, 1);
}

/* A late answer of GetJobDetails would bring the secrets back. */
static void
secrets_go_with_the_result(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	entry->fresh.secret_key = secret_text("fresh-secret");
	script[0].fx = FX_DETAILS | FX_ACKNOWLEDGE;
	rig_tell(entry, EV_TIMER);
	script[1].notes = NOTE_RESULT;
	rig_tell(entry, EV_TIMER);
	assert_null(entry->details);
	assert_non_null(entry->acknowledge);
	assert_int_equal(fake_calls_cancelled(), 1);
	assert_null(entry->data.configuration);
	assert_null(entry->data.credentials.secret_key);
	assert_null(entry->fresh.secret_key);
}

static void
counters(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);
	const struct board *board = &rig.board;

	(void)state;
	script[0].notes = NOTE_CLAIMED;
	script[1].notes = NOTE_AMBIGUOUS_RUN;
	script[2].notes = NOTE_AMBIGUOUS_DROP;
	script[3] = (struct played){ .notes = NOTE_RESULT,
	    .outcome = OUTCOME_SUCCESS };
	for (int i = 0; i < 4; i++)
		rig_tell(entry, EV_TIMER);
	assert_int_equal(board->claimed, 1);
	assert_int_equal(board->ambiguous, 2);
	/* counted when CodePipeline has taken it */
	assert_int_equal(board->succeeded + board->failed, 0);
	script[4] = (struct played){ .notes = NOTE_PUT,
	    .outcome = OUTCOME_SUCCESS };
	script[5] = (struct played){ .notes = NOTE_PUT,
	    .outcome = OUTCOME_FAILURE };
	script[6] = (struct played){ .notes = NOTE_PUT,
	    .outcome = OUTCOME_CONTINUE };
	script[7] = (struct played){ .notes = NOTE_PUT_REFUSED,
	    .outcome = OUTCOME_SUCCESS };
	script[8] = (struct played){ .notes = NOTE_PUT_BEFORE,
	    .outcome = OUTCOME_FAILURE };
	for (int i = 4; i < 9; i++) {
		entry->life.notes = 0;
		records_clear();
		script[i].notes |= NOTE_RESULT;
		rig_tell(entry, EV_TIMER);
	}
	assert_int_equal(board->succeeded, 1);
	assert_int_equal(board->failed, 1);
	assert_int_equal(board->claimed, 1);
}

/* --- the board --- */

static void
slots_and_lists(void **state)
{
	struct entry *one = rig_entry(RIG_JOB), *two = rig_entry(OTHER_JOB);
	struct entry *three = rig_entry(THIRD_JOB);

	(void)state;
	assert_ptr_equal(board_find(&rig.board, OTHER_JOB), two);
	assert_null(board_find(&rig.board, ""));
	assert_int_equal(board_free_slots(&rig.board), 4);
	one->life.slot = three->life.slot = true;
	assert_int_equal(board_free_slots(&rig.board), 2);
	rig.board.max_jobs = 1;		/* results of more jobs than slots */
	assert_int_equal(board_free_slots(&rig.board), 0);
	assert_int_equal(board_active(&rig.board), 0);
	one->life.active = two->life.active = true;
	assert_int_equal(board_active(&rig.board), 2);
	assert_int_equal(board_running(&rig.board), 0);
	script[0].fx = FX_START;
	rig_tell(two, EV_TIMER);
	assert_int_equal(board_running(&rig.board), 1);
	nseen = 0;
	script[0].fx = 0;
	board_tell_all(&rig.board, EV_DRAIN);
	assert_int_equal(nseen, 3);
	for (int i = 0; i < 3; i++)
		assert_seen(i, EV_DRAIN);
}

static void
at_rest(void **state)
{
	struct entry *one = rig_entry(RIG_JOB);

	(void)state;
	(void)rig_entry(OTHER_JOB);
	one->life.state = LIFE_RESULT;
	assert_true(board_at_rest(&rig.board, false));
	assert_false(board_at_rest(&rig.board, true));
	one->life.put_done = true;
	assert_true(board_at_rest(&rig.board, true));
	one->life.dirty = true;
	assert_false(board_at_rest(&rig.board, false));
}

static void
post_and_clear(void *job)
{
	board_post(job, EV_START_FAILED, "x");
}

/* Calls, executors, timers and what waits in the queue go with the entry. */
static void
clear_leaves_nothing(void **state)
{
	struct entry *entry = rig_entry(RIG_JOB);

	(void)state;
	script[0].fx = FX_START | FX_ACKNOWLEDGE | FX_DETAILS | FX_PUT;
	script[0].wake_ms = fake_now_ms() + 5;
	rig_tell(entry, EV_TIMER);
	assert_int_equal(fake_calls(), 3);
	entry->busy = true;
	post_and_clear(entry);
	entry->refused = xstrdup("why");
	board_clear(&rig.board);
	commit_free(&rig.commit);
	assert_int_equal(rig_entries(), 0);
	assert_int_equal(fake_calls(), 0);
	assert_int_equal(fake_calls_cancelled(), 3);
	assert_int_equal(fake_executors(), 0);
	assert_int_equal(fake_loop_sources(), 0);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(posted_events_are_drained_in_order),
		CASE(posted_by_posted),
		CASE(posted_text_is_copied),
		CASE(nothing_re_enters),
		CASE(jobs_are_apart),
		CASE(no_executor),
		CASE(no_calls),
		CASE(no_order),
		CASE(kill_of_nobody),
		CASE(kill_of_a_known_one),
		CASE(clean_up_waits_for_a_slot),
		CASE(upgrade_is_passed_on),
		CASE(timer_follows_the_life),
		CASE(timer_is_set_after_the_queue),
		CASE(slots_that_come_free_are_told),
		CASE(slot_of_one_that_is_over),
		CASE(executors_are_told),
		CASE(others_are_passed_on),
		CASE(reports_are_events),
		CASE(over_hears_nothing_more),
		CASE(buried_only_after_the_commit),
		CASE(secrets_go_with_the_result),
		CASE(counters),
		CASE(slots_and_lists),
		CASE(at_rest),
		CASE(clear_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
