/*
 * Lines of a report pipe: however they are cut, and what is no line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "mem.h"
#include "src/supervisor/child_lines.h"

#define HELLO	"{\"type\":\"hello\",\"version\":1,\"pid\":42," \
		"\"build\":\"b\"}\n"
#define STEP	"{\"type\":\"progress\",\"step\":\"%s\"}\n"
#define LOGIN	"{\"type\":\"progress\",\"step\":\"login\"}\n"
#define SETUP	"{\"type\":\"progress\",\"step\":\"setup\"}\n"
#define RESULT	"{\"type\":\"result\",\"outcome\":\"success\"," \
		"\"text\":\"%s\",\"sandbox_ended\":false," \
		"\"sandbox_kept\":false}\n"

static sd_event *event;
static struct child_lines lines;
static int writer;		/* -1: closed */
/* What was heard: words, each with a blank after it. */
static char heard[2048];
static int nheard;
static const char *close_at;	/* close it in the callback of this word */

static void
hear(const char *word)
{
	(void)strlcat(heard, word, sizeof(heard));
	(void)strlcat(heard, " ", sizeof(heard));
	nheard++;
	if (close_at != NULL && strcmp(close_at, word) == 0)
		child_lines_close(&lines);
}

static void
on_hello(void *arg, const struct ipc_report *report)
{
	assert_ptr_equal(arg, &lines);
	assert_int_equal(report->u.hello.version, 1);
	assert_int_equal(report->u.hello.pid, 42);
	hear("hello");
}

static void
on_report(void *job, const struct ipc_report *report, void *job_arg)
{
	assert_ptr_equal(job, heard);
	assert_ptr_equal(job_arg, &nheard);
	if (report->type == IPC_PROGRESS)
		hear(ipc_step_name(report->u.progress.step));
	else
		hear(report->type == IPC_RESULT ? report->u.result.text :
		    "other");
}

static void
on_fault(void *arg, const char *text)
{
	assert_ptr_equal(arg, &lines);
	hear("fault:");
	(void)strlcat(heard, text, sizeof(heard));
}

static void
on_end(void *arg)
{
	assert_ptr_equal(arg, &lines);
	hear("end");
}

static void
begin(void)
{
	static const struct child_lines_ears ears = { .report = on_report,
	    .job = heard, .job_arg = &nheard, .hello = on_hello,
	    .fault = on_fault, .end = on_end, .arg = &lines };
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	writer = fds[1];
	heard[0] = '\0';
	nheard = 0;
	close_at = NULL;
	child_lines_open(&lines, event, fds[0], &ears);
}

static void
end(void)
{
	child_lines_close(&lines);
	if (writer != -1)
		(void)close(writer);
	writer = -1;
}

static int
setup(void **state)
{
	(void)state;
	if (sd_event_new(&event) < 0)
		return -1;
	begin();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	end();
	event = sd_event_unref(event);
	return 0;
}

static void
run_dry(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

/* Write it, and read it on the loop. */
static void
add(const char *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n) {
		n = write(writer, data, len);
		assert_true(n > 0);
		run_dry();
	}
}

static void
add_text(const char *text)
{
	add(text, strlen(text));
}

static void
assert_heard(const char *expected)
{
	assert_string_equal(heard, expected);
}

/* The last that was heard is a fault with this text, after n words. */
static void
assert_fault(int n, const char *text)
{
	const char *fault = strstr(heard, "fault: ");

	assert_int_equal(nheard, n + 1);
	if (fault == NULL || strstr(fault, text) == NULL)
		fail_msg("%s", heard);
}

/* Nothing more is believed, whatever comes. */
static void
assert_deaf(void)
{
	int n = nheard;

	for (int i = 0; i < 3; i++)
		add_text("\n" LOGIN HELLO);
	assert_int_equal(nheard, n);
	assert_int_equal(lines.in.len, 0);
}

/* Hello and order are behind us. */
static void
begin_work(void)
{
	add_text(HELLO);
	assert_heard("hello ");
	heard[0] = '\0';
	nheard = 0;
	lines.turn.ordered = true;
}

static void
again(void)
{
	end();
	begin();
}

static void
byte_by_byte(void **state)
{
	static const char text[] = HELLO;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 2; i++) {
		add(text + i, 1);
		assert_heard("");
	}
	add_text("\n");
	assert_heard("hello ");
}

static void
many_in_one_read(void **state)
{
	(void)state;
	begin_work();
	add_text(LOGIN SETUP LOGIN "{\"type\":\"prog");
	assert_heard("login setup login ");
	add_text("ress\",\"step\":\"command\"}\n");
	assert_heard("login setup login command ");
}

/* A line with its end that has so many bytes; freed by the caller. */
static char *
line_of(size_t len)
{
	static const char head[] = "{\"type\":\"progress\",\"step\":\"login\"";
	char *line = xcalloc(1, len + 1);

	memset(line, ' ', len);
	memcpy(line, head, sizeof(head) - 1);
	line[len - 2] = '}';
	line[len - 1] = '\n';
	return line;
}

static void
longest_line(void **state)
{
	char *line = line_of(IPC_REPORT_MAX);

	(void)state;
	begin_work();
	for (int i = 0; i < 3; i++) {
		add(line, IPC_REPORT_MAX - 1);
		assert_int_equal(nheard, i);
		add(line + IPC_REPORT_MAX - 1, 1);
		assert_int_equal(nheard, i + 1);
	}
	assert_heard("login login login ");
	free(line);
}

static void
too_long_line(void **state)
{
	char *line = line_of(IPC_REPORT_MAX + 1);

	(void)state;
	begin_work();
	add(line, IPC_REPORT_MAX);
	assert_fault(0, "too long");
	assert_deaf();
	free(line);
}

/* The room that lines before it take does not count against a long one. */
static void
long_line_behind_others(void **state)
{
	char *line = line_of(IPC_REPORT_MAX);

	(void)state;
	begin_work();
	assert_true(write(writer, LOGIN SETUP, sizeof(LOGIN SETUP) - 1) > 0);
	add(line, IPC_REPORT_MAX);
	assert_heard("login setup login ");
	free(line);
}

static void
broken_lines(void **state)
{
	static const struct {
		const char	*line;
		size_t		 len;
		const char	*text;
	} cases[] = {
		{ "\n", 1, "report" },
		{ "{}\n", 3, "no type" },
		{ "[]\n", 3, "report" },
		{ "{\"type\":\"surprise\"}\n", 20, "unknown type" },
		{ "{\"type\":\"progress\"}\n", 20, "step" },
		{ "x" LOGIN, sizeof("x" LOGIN) - 1, "report" },
		{ "{\"type\":\"progress\",\0\"step\":\"login\"}\n", 36,
		    "report" },
		{ "{\"type\":\"progress\",\"step\":\"lo\0gin\"}\n", 36,
		    "report" },
		{ "{\"type\":\"progress\",\"step\":\"login\"}\0\n", 36,
		    "report" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again();
		begin_work();
		add(cases[i].line, cases[i].len);
		add_text(LOGIN);
		assert_fault(0, cases[i].text);
		assert_deaf();
	}
}

/* What was good before the fault was delivered; what follows it is not. */
static void
fault_in_the_middle(void **state)
{
	(void)state;
	begin_work();
	add_text(LOGIN "{}\n" SETUP);
	assert_memory_equal(heard, "login ", 6);
	assert_fault(1, "no type");
	assert_deaf();
}

static void
out_of_turn(void **state)
{
	char result[256];

	(void)state;
	(void)snprintf(result, sizeof(result), RESULT, "done");
	add_text(LOGIN);		/* before hello */
	assert_fault(0, "report 1 came out of turn");
	assert_deaf();
	again();
	add_text(HELLO LOGIN);		/* before the order */
	assert_fault(1, "report 2 came out of turn");
	assert_deaf();
	again();
	begin_work();
	add_text(HELLO);
	assert_fault(0, "report 2 came out of turn");
	assert_deaf();
	again();
	begin_work();
	add_text(result);
	assert_heard("done ");
	add_text(LOGIN);
	assert_fault(1, "report 3 came out of turn");
	assert_deaf();
}

/* Two requests without an answer between them. */
static void
waits_for_its_answer(void **state)
{
	static const char need[] = "{\"type\":\"need-credentials\"}\n";

	(void)state;
	begin_work();
	add_text(need);
	assert_true(lines.turn.waiting);
	add_text(LOGIN);
	lines.turn.waiting = false;
	add_text(need);
	assert_heard("other login other ");
	add_text(need);
	assert_fault(3, "out of turn");
}

static void
too_many_lines(void **state)
{
	(void)state;
	begin_work();
	for (int i = 1; i < IPC_REPORTS_MAX; i++)
		add_text(LOGIN);
	assert_int_equal(nheard, IPC_REPORTS_MAX - 1);
	assert_null(strstr(heard, "fault:"));
	heard[0] = '\0';
	add_text(LOGIN);
	assert_fault(IPC_REPORTS_MAX - 1, "report 20001 came out of turn");
	assert_deaf();
}

static void
ignored(void **state)
{
	(void)state;
	begin_work();
	add_text(LOGIN "{\"type\"");
	child_lines_ignore(&lines);
	assert_deaf();
	(void)close(writer);
	writer = -1;
	run_dry();
	assert_heard("login end ");
}

static void
end_of_file(void **state)
{
	(void)state;
	begin_work();
	add_text(LOGIN "{\"type\"");	/* a cut line is none */
	(void)close(writer);
	writer = -1;
	run_dry();
	assert_heard("login end ");
	assert_int_equal(lines.fd, -1);
}

/* Ahead of the loop. */
static void
drained(void **state)
{
	(void)state;
	begin_work();
	assert_true(write(writer, LOGIN SETUP, sizeof(LOGIN SETUP) - 1) > 0);
	child_lines_drain(&lines);
	assert_heard("login setup ");
	child_lines_drain(&lines);
	assert_heard("login setup ");
}

static void
closed_in_a_callback(void **state)
{
	static const char *const words[] = { "login", "fault:", "end" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		again();
		begin_work();
		close_at = words[i];
		assert_true(write(writer, SETUP LOGIN "{}\n", sizeof(SETUP
		    LOGIN "{}\n") - 1) > 0);
		(void)close(writer);
		writer = -1;
		run_dry();
		assert_int_equal(nheard, (int)i + 2);
	}
}

/* Any cut of a conversation says the same. */
static void
random_cuts(void **state)
{
	char talk[4096] = "", expected[1024] = "", line[128];
	size_t len;

	(void)state;
	for (int i = 0; i < 20; i++) {
		const char *step = ipc_step_name(
		    (enum ipc_step)(1 + i % (STEP_MAX - 1)));

		(void)snprintf(line, sizeof(line), STEP, step);
		(void)strlcat(talk, line, sizeof(talk));
		(void)strlcat(expected, step, sizeof(expected));
		(void)strlcat(expected, " ", sizeof(expected));
	}
	(void)snprintf(line, sizeof(line), RESULT, "r\\u00e4sult");
	assert_true(strlcat(talk, line, sizeof(talk)) < sizeof(talk));
	(void)strlcat(expected, "r\xc3\xa4sult ", sizeof(expected));
	len = strlen(talk);
	for (int round = 0; round < 500; round++) {
		again();
		begin_work();
		for (size_t done = 0, n; done < len; done += n) {
			n = 1 + arc4random_uniform(200);
			n = n < len - done ? n : len - done;
			add(talk + done, n);
		}
		assert_heard(expected);
	}
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(byte_by_byte),
		CASE(many_in_one_read),
		CASE(longest_line),
		CASE(too_long_line),
		CASE(long_line_behind_others),
		CASE(broken_lines),
		CASE(fault_in_the_middle),
		CASE(out_of_turn),
		CASE(waits_for_its_answer),
		CASE(too_many_lines),
		CASE(ignored),
		CASE(end_of_file),
		CASE(drained),
		CASE(closed_in_a_callback),
		CASE(random_cuts),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
