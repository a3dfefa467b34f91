#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/supervisor/executors.c"

#include "executors_rig.h"

#define LIMIT_MS	60000	/* patience, of one wait */
#define TURNS_MAX	1000	/* more would never end */

static const char *folder;
sd_event *event;
struct executors *all;
struct puppet *zygote_puppet;
int readies;
static int shared_fd;
pid_t known_pid;

struct job one, two;

static void
hear(struct job *job, const char *word)
{
	(void)strlcat(job->heard, job->words > 0 ? " " : "",
	    sizeof(job->heard));
	(void)strlcat(job->heard, word, sizeof(job->heard));
	job->words++;
	if (job->free_at != NULL && strcmp(job->free_at, word) == 0) {
		executor_free(job->executor);
		job->executor = NULL;
	}
}

/* --- the callbacks --- */

static void
on_ready(void *arg)
{
	assert_ptr_equal(arg, &all);
	readies++;
}

static void
hello_heard(void *arg, pid_t pid, void *all_arg)
{
	struct job *job = arg;

	assert_ptr_equal(all_arg, &all);
	assert_true(executor_known(job->executor));
	job->pid = pid;
	hear(job, "hello");
}

static void
on_other_version(void *arg, int version, void *all_arg)
{
	char word[32];

	assert_ptr_equal(all_arg, &all);
	(void)snprintf(word, sizeof(word), "version:%d", version);
	hear(arg, word);
}

static void
report_heard(void *arg, const struct ipc_report *report, void *all_arg)
{
	assert_ptr_equal(all_arg, &all);
	if (report->type == IPC_PROGRESS)
		hear(arg, ipc_step_name(report->u.progress.step));
	else
		hear(arg, report->type == IPC_RESULT ? "result" : "other");
}

static void
fault_heard(void *arg, const char *text, void *all_arg)
{
	struct job *job = arg;

	assert_ptr_equal(all_arg, &all);
	hear(job, "fault");
	(void)strlcat(job->heard, ":", sizeof(job->heard));
	(void)strlcat(job->heard, text, sizeof(job->heard));
}

static void
on_failed(void *arg, const char *why, void *all_arg)
{
	struct job *job = arg;

	assert_ptr_equal(all_arg, &all);
	job->executor = NULL;
	hear(job, "failed:");
	(void)strlcat(job->heard, why, sizeof(job->heard));
}

static void
on_ended(void *arg, const struct executor_end *end, void *all_arg)
{
	struct job *job = arg;
	char word[64];

	assert_ptr_equal(all_arg, &all);
	job->executor = NULL;
	job->renewals = records_with("replacing zygote");
	if (job->free_other != NULL) {
		executor_free(job->free_other->executor);
		job->free_other->executor = NULL;
	}
	(void)snprintf(word, sizeof(word), "%s:%d%s", end->signaled ?
	    "signal" : "status", end->status, end->crash ? ":crash" : "");
	hear(job, word);
}

static bool
is_known(pid_t pid, void *arg)
{
	assert_ptr_equal(arg, &all);
	return pid == known_pid;
}

static const struct executors_calls calls = { .ready = on_ready,
    .hello = hello_heard, .other_version = on_other_version,
    .report = report_heard, .fault = fault_heard, .failed = on_failed,
    .ended = on_ended, .known = is_known };

/* --- set-up --- */

void
run_until(const int *count, int wanted)
{
	int64_t until = sys_now_ms() + LIMIT_MS;

	while (*count < wanted && sys_now_ms() < until)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_int_equal(*count, wanted);
}

/* All that is due now. */
void
run_dry(void)
{
	int turns = 0;

	while (sd_event_run(event, 0) > 0)
		assert_true(++turns < TURNS_MAX);
}

/* One look at what has happened, and the callbacks of all of it. */
void
one_turn(void)
{
	assert_true(sd_event_run(event, 0) >= 0);
	run_dry();
}

int
rig_setup(void **state)
{
	struct fail fail;

	(void)state;
	memset(&one, 0, sizeof(one));
	memset(&two, 0, sizeof(two));
	readies = 0;
	known_pid = 0;
	records_clear();
	shared_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (sd_event_new(&event) < 0)
		return -1;
	puppets_loop(event);
	all = executors_new(event, folder, &calls, &all, &fail);
	if (all == NULL)
		return -1;
	executors_share(all, shared_fd);
	zygote_puppet = puppet_next();
	puppet_ready(zygote_puppet);
	run_until(&readies, 1);
	return executors_ready(all) ? 0 : -1;
}

int
rig_teardown(void **state)
{
	(void)state;
	executor_free(one.executor);
	executor_free(two.executor);
	executors_free(all);
	(void)puppets_reap();
	event = sd_event_unref(event);
	(void)close(shared_fd);
	return 0;
}

void
ask_for(struct job *job)
{
	struct fail fail;

	job->executor = executor_start(all, job, &fail);
	if (job->executor == NULL)
		fail_msg("%s", fail.text);
	assert_false(executor_known(job->executor));
}

/* Forked, but nothing has been said of it or by it. */
void
begin(struct job *job)
{
	ask_for(job);
	assert_true(puppet_serve(zygote_puppet, SERVE_FORK) > 0);
	job->puppet = puppet_next();
}

/* The same without the zygote's answer; its number. */
uint32_t
begin_unanswered(struct job *job)
{
	int number;

	ask_for(job);
	number = puppet_serve(zygote_puppet, SERVE_FORK_ONLY);
	assert_true(number > 0);
	job->puppet = puppet_next();
	return (uint32_t)number;
}

/* Has said its hello. */
void
begin_hello(struct job *job)
{
	begin(job);
	puppet_hello(job->puppet, IPC_VERSION, job->puppet->pid);
	run_until(&job->words, 1);
	run_dry();
	assert_string_equal(job->heard, "hello");
	assert_int_equal(job->pid, job->puppet->pid);
}

void
give(struct job *job, const char *text, bool answer)
{
	struct buf line;

	buf_init(&line, IPC_ORDER_MAX);
	assert_int_equal(buf_adds(&line, text), 0);
	executor_write(job->executor, &line, answer);
	buf_free(&line);
}

/* Has its order. */
void
begin_working(struct job *job)
{
	begin_hello(job);
	give(job, "order\n", true);
	assert_string_equal(puppet_read(job->puppet), "order\n");
	job->heard[0] = '\0';
	job->words = 0;
}

void
say(struct job *job, const char *text)
{
	puppet_say(job->puppet, text, strlen(text));
}

/* Turn the loop until this child is gone. */
void
until_reaped(pid_t pid)
{
	siginfo_t info;
	int64_t until = sys_now_ms() + LIMIT_MS;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    0) {
		assert_true(sys_now_ms() < until);
		assert_true(sd_event_run(event, 20000) >= 0);
	}
	assert_int_equal(errno, ECHILD);
}

void
assert_heard(const struct job *job, const char *expected)
{
	assert_string_equal(job->heard, expected);
}

int
rig_begin(void **state)
{
	(void)state;
	return (folder = puppets_begin()) == NULL ? -1 : 0;
}

int
rig_end(void **state)
{
	(void)state;
	puppets_end();
	return 0;
}

const struct buf *
rig_unwritten(const struct executor *executor)
{
	return &executor->out;
}

void
rig_exit_first(struct executor *executor)
{
	(void)sd_event_source_set_priority(executor->lines.source,
	    PRIO_COMMIT);
}
