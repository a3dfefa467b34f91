/*
 * Executors from the supervisor's side: those that never come, and how they
 * end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "sys.h"
#include "tests/unit/executors_rig.h"

/* --- executors that never come --- */

static void
ends_before_its_first_message(void **state)
{
	uint32_t number = begin_unanswered(&one);
	pid_t pid = one.puppet->pid;

	(void)state;
	puppet_exit(one.puppet, 1);
	run_dry();
	assert_heard(&one, "failed:it ended before its first message");
	assert_null(one.executor);
	/* the zygote's word comes late, and it is reaped by then */
	puppet_answer(zygote_puppet, number, pid, 0);
	run_dry();
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_heard(&one, "failed:it ended before its first message");
}

/* The zygote's word came first: then there is an exit to tell. */
static void
ends_without_a_message(void **state)
{
	(void)state;
	begin(&one);
	run_dry();
	puppet_exit(one.puppet, IPC_EXIT_CONFINE);
	run_dry();
	assert_heard(&one, "status:12");
}

/* It closes its pipe and stays: nobody waits for it. */
static void
silent_before_its_first_message(void **state)
{
	uint32_t number = begin_unanswered(&one);
	pid_t pid = one.puppet->pid;

	(void)state;
	puppet_silence(one.puppet);
	run_dry();
	assert_heard(&one, "failed:it ended before its first message");
	puppet_answer(zygote_puppet, number, pid, 0);
	until_reaped(pid);
	run_dry();
	assert_int_equal(one.words, 1);
}

static void
cannot_be_forked(void **state)
{
	(void)state;
	ask_for(&one);
	assert_true(puppet_serve(zygote_puppet, SERVE_REFUSE) > 0);
	run_dry();
	assert_int_equal(one.words, 1);
	assert_true(strncmp(one.heard, "failed:", 7) == 0);
	assert_null(one.executor);
}

static void
zygote_dies_with_the_request(void **state)
{
	(void)state;
	ask_for(&one);
	puppet_raise(zygote_puppet, SIGKILL);
	run_until(&one.words, 1);
	assert_heard(&one, "failed:it ended before its first message");
}

/* Neither descriptors nor memory are left of it. */
static int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

static void
none_can_be_had(void **state)
{
	struct fail fail = { 0 };
	int before;

	(void)state;
	puppet_raise(zygote_puppet, SIGKILL);
	before = open_descriptors();
	assert_null(executor_start(all, &one, &fail));
	assert_int_equal(fail.kind, FAIL_AGAIN);
	assert_int_equal(open_descriptors(), before);
	assert_heard(&one, "");
}

/* --- ends --- */

static void
status_and_signals(void **state)
{
	static const struct {
		int		 sig;
		const char	*heard;
	} cases[] = {
		{ 0, "status:10" }, { SIGTERM, "signal:15" },
		{ SIGKILL, "signal:9" }, { SIGSEGV, "signal:11:crash" },
		{ SIGABRT, "signal:6:crash" }, { SIGBUS, "signal:7:crash" },
		{ SIGILL, "signal:4:crash" }, { SIGFPE, "signal:8:crash" },
		{ SIGSYS, "signal:31:crash" }, { SIGXCPU, "signal:24" },
	};
	int renewals = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_working(&one);
		if (cases[i].sig == 0)
			puppet_exit(one.puppet, 10);
		else
			puppet_raise(one.puppet, cases[i].sig);
		run_until(&one.words, 1);
		assert_heard(&one, cases[i].heard);
		/* it is reaped */
		assert_int_equal(waitpid(one.puppet->pid, NULL, WNOHANG), -1);
		puppet_free(one.puppet);
		/* a crash has renewed the zygote by the time it is told */
		if (strstr(cases[i].heard, "crash") != NULL) {
			renewals++;
			assert_false(executors_ready(all));
			puppet_free(zygote_puppet);
			zygote_puppet = puppet_next();
			puppet_ready(zygote_puppet);
			run_until(&readies, 1 + renewals);
		}
		assert_int_equal(one.renewals, renewals);
		memset(&one, 0, sizeof(one));
	}
	assert_int_equal(renewals, 6);
}

/* A pipe full of reports, and then the end: all is delivered first. */
static void
pipe_is_drained_before_the_exit(void **state)
{
	char lines[1000 * sizeof(SETUP)] = "";
	int n = 30000 / (int)(sizeof(SETUP) - 1);

	(void)state;
	begin_working(&one);
	for (int i = 0; i < n; i++)
		(void)strlcat(lines, i % 2 ? SETUP : LOGIN, sizeof(lines));
	say(&one, lines);
	say(&one, RESULT);
	puppet_exit(one.puppet, 0);
	rig_exit_first(one.executor);
	run_until(&one.words, n + 2);
	/* the beginning is all that fits */
	assert_true(strncmp(one.heard, "login setup login ", 18) == 0);
	assert_null(one.executor);
}

static void
result_before_the_exit(void **state)
{
	(void)state;
	for (int exit_first = 0; exit_first < 2; exit_first++) {
		begin_working(&one);
		say(&one, LOGIN RESULT);
		puppet_exit(one.puppet, 0);
		if (exit_first)
			rig_exit_first(one.executor);
		one_turn();
		assert_heard(&one, "login result status:0");
		puppet_free(one.puppet);
		memset(&one, 0, sizeof(one));
	}
}

/* Also what it said before it was known: hello, and all in one turn. */
static void
short_life(void **state)
{
	(void)state;
	begin(&one);
	puppet_hello(one.puppet, IPC_VERSION, one.puppet->pid);
	puppet_exit(one.puppet, IPC_EXIT_ORPHAN);
	one_turn();
	assert_heard(&one, "hello status:13");
}

/* A line that was cut off by the end is none. */
static void
cut_line(void **state)
{
	(void)state;
	begin_working(&one);
	say(&one, LOGIN "{\"type\":\"resu");
	puppet_raise(one.puppet, SIGKILL);
	run_dry();
	assert_heard(&one, "login signal:9");
}

/* Its pipe is closed, but it lives. */
static void
silent_one_is_waited_for(void **state)
{
	(void)state;
	begin_working(&one);
	puppet_silence(one.puppet);
	run_dry();
	assert_heard(&one, "");
	puppet_exit(one.puppet, 14);
	run_dry();
	assert_heard(&one, "status:14");
}

static void
two_end_in_one_turn(void **state)
{
	(void)state;
	begin_working(&one);
	begin_working(&two);
	say(&one, RESULT);
	puppet_exit(one.puppet, 0);
	say(&two, LOGIN);
	puppet_raise(two.puppet, SIGSEGV);
	one_turn();
	assert_heard(&one, "result status:0");
	assert_heard(&two, "login signal:11:crash");
}

/* The one that is told first takes the other one with it. */
static void
one_frees_the_other(void **state)
{
	(void)state;
	begin_working(&one);
	begin_working(&two);
	one.free_other = &two;
	two.free_other = &one;
	puppet_exit(one.puppet, 0);
	puppet_exit(two.puppet, 0);
	one_turn();
	assert_int_equal(one.words + two.words, 1);
	executors_sweep(all);
}

/* --- freed from within --- */

static void
assert_freed_at(const char *word, const char *heard)
{
	begin_working(&one);
	one.free_at = word;
	say(&one, LOGIN SETUP "{}\n" RESULT);
	run_dry();
	assert_heard(&one, heard);
	assert_null(one.executor);
	assert_string_equal(puppet_read(one.puppet), "EOF");
	puppet_exit(one.puppet, 0);
	run_dry();
	assert_heard(&one, heard);
	executors_sweep(all);
	assert_int_equal(waitpid(one.puppet->pid, NULL, WNOHANG), -1);
	puppet_free(one.puppet);
	memset(&one, 0, sizeof(one));
}

static void
freed_in_a_callback(void **state)
{
	(void)state;
	assert_freed_at("login", "login");
	assert_freed_at("setup", "login setup");
	assert_freed_at("fault", "login setup fault:report: no type");
	begin(&one);
	one.free_at = "hello";
	puppet_hello(one.puppet, IPC_VERSION, one.puppet->pid);
	say(&one, LOGIN);
	run_dry();
	assert_heard(&one, "hello");
	begin(&two);
	two.free_at = "version:7";
	puppet_hello(two.puppet, 7, two.puppet->pid);
	say(&two, LOGIN);
	run_dry();
	assert_heard(&two, "version:7");
	/* the zygote's word comes when nobody waits for them any more */
	until_reaped(one.puppet->pid);
	until_reaped(two.puppet->pid);
}

/* While the rest is read after its end. */
static void
freed_while_drained(void **state)
{
	(void)state;
	begin_working(&one);
	run_dry();
	one.free_at = "result";
	say(&one, RESULT LOGIN);
	puppet_exit(one.puppet, 0);
	rig_exit_first(one.executor);
	one_turn();
	assert_heard(&one, "result");
}

/* Nobody waits any more, and it has not even come. */
static void
freed_before_it_came(void **state)
{
	uint32_t number = begin_unanswered(&one);
	pid_t pid = one.puppet->pid;

	(void)state;
	executor_free(one.executor);
	one.executor = NULL;
	assert_string_equal(puppet_read(one.puppet), "EOF");
	puppet_answer(zygote_puppet, number, pid, 0);
	until_reaped(pid);
	assert_heard(&one, "");
	executor_free(NULL);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(ends_before_its_first_message),
		CASE(ends_without_a_message),
		CASE(silent_before_its_first_message),
		CASE(cannot_be_forked),
		CASE(zygote_dies_with_the_request),
		CASE(none_can_be_had),
		CASE(status_and_signals),
		CASE(pipe_is_drained_before_the_exit),
		CASE(result_before_the_exit),
		CASE(short_life),
		CASE(cut_line),
		CASE(silent_one_is_waited_for),
		CASE(two_end_in_one_turn),
		CASE(one_frees_the_other),
		CASE(freed_in_a_callback),
		CASE(freed_while_drained),
		CASE(freed_before_it_came),
	};

	(void)argc;
	puppet_main(argv);
	json_init();
	sys_reset_signals();
	return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
