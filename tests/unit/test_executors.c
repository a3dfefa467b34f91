/*
 * Executors from the supervisor's side: what they say and what they are told.
 * Zygote and executors are puppets, so that each order of pipe, answer and exit
 * can be had.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipc_order.h"
#include "json.h"
#include "sys.h"
#include "tests/unit/executors_rig.h"

#define TURNS_MAX	100000	/* more would never end */

/* --- hello --- */

static void
hello_after_the_answer(void **state)
{
	(void)state;
	begin(&one);
	run_dry();
	assert_true(executor_known(one.executor));
	assert_heard(&one, "");
	puppet_hello(one.puppet, IPC_VERSION, one.puppet->pid);
	run_dry();
	assert_heard(&one, "hello");
	assert_int_equal(one.pid, one.puppet->pid);
}

static void
hello_before_the_answer(void **state)
{
	uint32_t number = begin_unanswered(&one);

	(void)state;
	puppet_hello(one.puppet, IPC_VERSION, one.puppet->pid);
	run_dry();
	assert_heard(&one, "hello");
	puppet_answer(zygote_puppet, number, one.puppet->pid, 0);
	run_dry();
	assert_heard(&one, "hello");
	puppet_exit(one.puppet, 4);
	run_dry();
	assert_heard(&one, "hello status:4");
}

static void
another_version(void **state)
{
	(void)state;
	begin(&one);
	puppet_hello(one.puppet, IPC_VERSION + 1, one.puppet->pid);
	say(&one, LOGIN);
	run_dry();
	say(&one, RESULT);
	run_dry();
	assert_heard(&one, "version:2");
	puppet_raise(one.puppet, SIGKILL);
	run_dry();
	assert_heard(&one, "version:2 signal:9");
}

/* A pid that is not its own would let it be killed, or reaped, in the place of
 * somebody else. */
static void
assert_lie(pid_t pid, const char *text)
{
	char expected[256];
	uint32_t number = begin_unanswered(&one);

	puppet_hello(one.puppet, IPC_VERSION, pid);
	say(&one, LOGIN);
	run_dry();
	(void)snprintf(expected, sizeof(expected), "fault:process %d %s",
	    (int)pid, text);
	assert_heard(&one, expected);
	assert_false(executor_known(one.executor));
	executor_free(one.executor);	/* as a kill of nobody does */
	one.executor = NULL;
	/* its number comes late: it is nobody's any more */
	puppet_answer(zygote_puppet, number, one.puppet->pid, 0);
	until_reaped(one.puppet->pid);
	assert_heard(&one, expected);
	puppet_free(one.puppet);
	memset(&one, 0, sizeof(one));
}

static void
foreign_pids(void **state)
{
	(void)state;
	assert_lie(1, "is not a child of the supervisor");
	assert_lie(getpid(), "is not a child of the supervisor");
	/* children, but others */
	begin_hello(&two);
	assert_lie(two.puppet->pid, "is known as somebody else");
	assert_lie(zygote_puppet->pid, "is known as somebody else");
	known_pid = two.puppet->pid;
	executor_free(two.executor);
	two.executor = NULL;
	assert_lie(known_pid, "is known as somebody else");
	puppet_exit(two.puppet, 0);
	assert_int_equal(waitpid(known_pid, NULL, 0), known_pid);
	assert_true(executors_ready(all));
}

/* A neighbour whose number was stolen goes on to be heard. */
static void
neighbour_is_safe(void **state)
{
	(void)state;
	begin_working(&two);
	assert_lie(two.puppet->pid, "is known as somebody else");
	say(&two, RESULT);
	puppet_exit(two.puppet, 0);
	run_dry();
	assert_heard(&two, "result status:0");
}

/* The zygote has said which one it is. */
static void
another_pid_than_the_zygote_says(void **state)
{
	char expected[128];

	(void)state;
	begin(&one);
	run_dry();
	puppet_hello(one.puppet, IPC_VERSION, 1);
	say(&one, LOGIN);
	run_dry();
	say(&one, LOGIN);
	run_dry();
	(void)snprintf(expected, sizeof(expected), "fault:it calls itself "
	    "process 1 but is %d", (int)one.puppet->pid);
	assert_heard(&one, expected);
	/* and that one is who is killed */
	executor_signal(one.executor, SIGKILL);
	run_until(&one.words, 2);
	assert_non_null(strstr(one.heard, " signal:9"));
}

/* The zygote says another one than it has said itself. */
static void
zygote_says_another_pid(void **state)
{
	uint32_t number = begin_unanswered(&one);

	(void)state;
	puppet_hello(one.puppet, IPC_VERSION, one.puppet->pid);
	run_dry();
	give(&one, "order\n", true);
	puppet_answer(zygote_puppet, number, 1, 0);
	run_dry();
	say(&one, LOGIN);
	run_dry();
	assert_int_equal(one.words, 2);
	assert_non_null(strstr(one.heard, "hello fault:it calls itself"));
}

/* --- reports --- */

static void
reports_in_order(void **state)
{
	(void)state;
	begin_working(&one);
	say(&one, LOGIN SETUP "{\"type\":\"progress\",");
	run_dry();
	assert_heard(&one, "login setup");
	say(&one, "\"step\":\"command\"}\n" RESULT);
	run_dry();
	assert_heard(&one, "login setup command result");
}

static void
faults(void **state)
{
	static const struct {
		const char	*said, *heard;
		int		 words;
	} cases[] = {
		{ "x\n" LOGIN, "fault:report", 1 },
		{ LOGIN "{}\n" SETUP, "login fault:report: no type", 2 },
		{ RESULT RESULT, "result fault:report 3 came out of turn", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_working(&one);
		say(&one, cases[i].said);
		run_dry();
		/* nothing more is believed */
		say(&one, LOGIN);
		run_dry();
		say(&one, "y\n");
		run_dry();
		assert_int_equal(one.words, cases[i].words);
		if (strncmp(one.heard, cases[i].heard,
		    strlen(cases[i].heard)) != 0)
			fail_msg("%s", one.heard);
		puppet_exit(one.puppet, 0);
		run_dry();
		assert_non_null(strstr(one.heard, " status:0"));
		puppet_free(one.puppet);
		memset(&one, 0, sizeof(one));
	}
}

static void
endless_line(void **state)
{
	static char piece[IPC_REPORT_MAX];

	(void)state;
	begin_working(&one);
	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 3; i++) {
		puppet_say(one.puppet, piece, sizeof(piece));
		run_dry();
	}
	assert_heard(&one, "fault:a report line is too long");
}

static void
out_of_turn(void **state)
{
	(void)state;
	begin(&one);
	say(&one, LOGIN);
	run_dry();
	assert_heard(&one, "fault:report 1 came out of turn");
	begin_hello(&two);
	say(&two, LOGIN);
	run_dry();
	assert_heard(&two, "hello fault:report 2 came out of turn");
}

/* --- orders --- */

/* What it does not read waits, in order, and nothing blocks. */
static void
orders_wait(void **state)
{
	static char order[200 * 1024 + 1], got[3 * sizeof(order)];
	int turns = 0;

	(void)state;
	begin_working(&one);
	for (int i = 0; i < 3; i++) {
		memset(order, 'a' + i, sizeof(order) - 1);
		give(&one, order, true);
	}
	while (strlen(got) < 3 * (sizeof(order) - 1)) {
		assert_true(++turns < TURNS_MAX);
		assert_true(strlcat(got, puppet_read(one.puppet),
		    sizeof(got)) < sizeof(got));
		run_dry();
	}
	for (size_t i = 0; i < 3 * (sizeof(order) - 1); i++)
		if (got[i] != (char)('a' + i / (sizeof(order) - 1)))
			fail_msg("byte %zu", i);
}

/* What is more than may wait is not taken, and none is taken in part. */
static void
orders_are_bounded(void **state)
{
	static char order[IPC_ORDER_MAX + 1];
	size_t got = 0, n = sizeof(order) - 1;
	const char *piece;
	int turns = 0;

	(void)state;
	begin_working(&one);
	memset(order, 'x', n);
	order[n - 1] = '\n';
	for (int i = 0; i < 10; i++)
		give(&one, order, true);
	assert_true(rig_unwritten(one.executor)->len <= 2 * IPC_ORDER_MAX);
	for (;;) {
		assert_true(++turns < TURNS_MAX);
		piece = puppet_read(one.puppet);
		got += strlen(piece);
		if (piece[0] == '\0' && rig_unwritten(one.executor)->len == 0)
			break;
		run_dry();
	}
	assert_int_equal(got % n, 0);
	assert_in_range(got / n, 2, 3);
}

/* Nothing is kept of what was written. */
static void
orders_are_wiped(void **state)
{
	static char order[IPC_ORDER_MAX + 1];
	int turns = 0;

	(void)state;
	begin_working(&one);
	memset(order, 's', sizeof(order) - 1);
	give(&one, order, true);
	while (rig_unwritten(one.executor)->len > 0) {
		assert_true(++turns < TURNS_MAX);
		(void)puppet_read(one.puppet);
		run_dry();
	}
	for (size_t i = 0; i < rig_unwritten(one.executor)->size; i++)
		assert_int_equal(rig_unwritten(one.executor)->data[i], 0);
}

/* It has gone: its exit follows, and the order is not kept for it. */
static void
order_for_nobody(void **state)
{
	(void)state;
	begin_working(&one);
	puppet_exit(one.puppet, 0);
	give(&one, "order\n", true);
	assert_int_equal(rig_unwritten(one.executor)->len, 0);
	run_dry();
	assert_heard(&one, "status:0");
}

/* What answers it lets it ask again; what does not answer it does not. */
static void
answers(void **state)
{
	static const char need[] = "{\"type\":\"need-credentials\"}\n";

	(void)state;
	begin_working(&one);
	say(&one, need);
	run_dry();
	give(&one, "credentials\n", true);
	say(&one, need);
	run_dry();
	assert_heard(&one, "other other");
	give(&one, "park\n", false);
	say(&one, need);
	run_dry();
	assert_non_null(strstr(one.heard, "other other fault:report 4 came "
	    "out of turn"));
}

/* --- the rest --- */

static void
signals(void **state)
{
	(void)state;
	ask_for(&two);
	executor_signal(two.executor, SIGKILL);		/* nobody yet */
	assert_true(puppet_serve(zygote_puppet, SERVE_FORK) > 0);
	two.puppet = puppet_next();
	begin_working(&one);
	executor_signal(one.executor, SIGTERM);
	run_until(&one.words, 1);
	assert_heard(&one, "signal:15");
	assert_heard(&two, "");
}

/* Children that nobody knows are reaped, others are left alone. */
static pid_t
zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT),
	    0);
	return pid;
}

static void
sweep(void **state)
{
	pid_t strays[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		strays[i] = zombie();
	executors_sweep(all);
	for (int i = 0; i < 3; i++)
		assert_int_equal(waitpid(strays[i], NULL, WNOHANG), -1);
	/* somebody else's */
	known_pid = zombie();
	executors_sweep(all);
	assert_int_equal(waitpid(known_pid, NULL, WNOHANG), known_pid);
	/* an executor, and the zygote */
	begin_working(&one);
	puppet_exit(one.puppet, 5);
	executors_sweep(all);
	run_dry();
	assert_heard(&one, "status:5");
	puppet_exit(zygote_puppet, 6);
	executors_sweep(all);
	run_dry();
	assert_int_equal(records_with("ended (status 6)"), 1);
}

/* What a zygote forked and did not live to tell is swept with its end. */
static void
zygote_takes_its_words_along(void **state)
{
	uint32_t number = begin_unanswered(&one);
	pid_t pid = one.puppet->pid;

	(void)state;
	(void)number;
	puppet_exit(one.puppet, 0);
	puppet_raise(zygote_puppet, SIGKILL);
	run_until(&one.words, 1);
	assert_heard(&one, "failed:it ended before its first message");
	while (records_with("starting another one") == 0)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void
renewed_by_hand(void **state)
{
	(void)state;
	begin_working(&one);
	executors_renew(all, "it is deaf");
	assert_false(executors_ready(all));
	assert_int_equal(records_with("it is deaf"), 1);
	puppet_free(zygote_puppet);
	zygote_puppet = puppet_next();
	puppet_ready(zygote_puppet);
	run_until(&readies, 2);
	assert_true(executors_ready(all));
	say(&one, RESULT);
	run_dry();
	assert_heard(&one, "result");
	begin_working(&two);
}

static void
cannot_be_run(void **state)
{
	static const struct executors_calls none;
	struct fail fail = { 0 };

	(void)state;
	assert_null(executors_new(event, "/nonexistent", &none, NULL, &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	executors_free(NULL);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(hello_after_the_answer),
		CASE(hello_before_the_answer),
		CASE(another_version),
		CASE(foreign_pids),
		CASE(neighbour_is_safe),
		CASE(another_pid_than_the_zygote_says),
		CASE(zygote_says_another_pid),
		CASE(reports_in_order),
		CASE(faults),
		CASE(endless_line),
		CASE(out_of_turn),
		CASE(orders_wait),
		CASE(orders_are_bounded),
		CASE(orders_are_wiped),
		CASE(order_for_nobody),
		CASE(answers),
		CASE(signals),
		CASE(sweep),
		CASE(zygote_takes_its_words_along),
		CASE(renewed_by_hand),
		CASE(cannot_be_run),
	};

	(void)argc;
	puppet_main(argv);
	json_init();
	sys_reset_signals();
	return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
