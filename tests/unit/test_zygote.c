/*
 * The zygote from the supervisor's side. Its process is a puppet, and so are
 * the executors that are forked from it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static long long quick_ms, ready_ms;

#define QUICK_MS	quick_ms
#define READY_MS	ready_ms

#include "src/supervisor/zygote.c"

#include <sys/stat.h>

#include "tests/unit/puppet.h"
#include "tests/unit/records.h"

#define LIMIT_MS	60000	/* patience, of one wait */
#define NEVER_MS	3600000
#define TURNS_MAX	1000	/* more would never end */
#define ANSWERS_MAX	512

static const char *folder;
static sd_event *event;
static struct zygote *zygote;
static int shared_fd;
/* What came back. */
static int readies, ended;
static struct answer {
	uint32_t	number;
	pid_t		pid;		/* 0: failed */
	char		why[64];
} answers[ANSWERS_MAX];
static int nanswers;

static void
on_ready(void *arg)
{
	assert_ptr_equal(arg, &readies);
	assert_true(zygote_ready(zygote));
	readies++;
}

static void
on_forked(uint32_t number, pid_t pid, void *arg)
{
	assert_ptr_equal(arg, &readies);
	assert_true(nanswers < ANSWERS_MAX);
	answers[nanswers++] = (struct answer){ .number = number, .pid = pid };
}

static void
on_failed(uint32_t number, const char *why, void *arg)
{
	struct answer *answer = &answers[nanswers++];

	assert_ptr_equal(arg, &readies);
	answer->number = number;
	answer->pid = 0;
	(void)strlcpy(answer->why, why, sizeof(answer->why));
}

static void
on_ended(void *arg)
{
	assert_ptr_equal(arg, &readies);
	ended++;
}

static const struct zygote_calls calls = { .ready = on_ready,
    .forked = on_forked, .failed = on_failed, .ended = on_ended };

static int
setup(void **state)
{
	(void)state;
	readies = ended = nanswers = 0;
	quick_ms = 0;		/* none ends quickly */
	ready_ms = NEVER_MS;
	zygote = NULL;
	shared_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	records_clear();
	if (sd_event_new(&event) < 0)
		return -1;
	puppets_loop(event);
	return 0;
}

static void
assert_no_child(void)
{
	siginfo_t info;

	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT),
	    -1);
	assert_int_equal(errno, ECHILD);
}

/* A test that failed leaves puppets behind; one that did not leaves nothing. */
static int
teardown(void **state)
{
	int left;

	(void)state;
	zygote_free(zygote);
	left = puppets_reap();
	event = sd_event_unref(event);
	(void)close(shared_fd);
	return left;
}

/* Turn the loop until so much has been counted. */
static void
run_until(const int *count, int wanted)
{
	int64_t until = sys_now_ms() + LIMIT_MS;

	while (*count < wanted && sys_now_ms() < until)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_int_equal(*count, wanted);
}

/* All that is due now. */
static void
run_dry(void)
{
	int turns = 0;

	while (sd_event_run(event, 0) > 0)
		assert_true(++turns < TURNS_MAX);
}

/* A zygote that has not given its sign of life. */
static struct puppet *
begin(void)
{
	struct fail fail;

	zygote = zygote_new(event, folder, &calls, &readies, &fail);
	assert_non_null(zygote);
	zygote_share(zygote, shared_fd);
	return puppet_next();
}

static struct puppet *
begin_ready(void)
{
	struct puppet *puppet = begin();

	puppet_ready(puppet);
	run_until(&readies, 1);
	return puppet;
}

/* Ask for an executor with pipes that nobody uses. */
static void
ask(uint32_t number)
{
	struct fail fail;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (zygote_ask(zygote, number, null, null, &fail) != 0)
		fail_msg("%s", fail.text);
	(void)close(null);
}

static void
assert_refused(const char *text)
{
	struct fail fail = { 0 };

	assert_int_equal(zygote_ask(zygote, 1, shared_fd, shared_fd, &fail),
	    -1);
	assert_int_equal(fail.kind, FAIL_AGAIN);
	if (strstr(fail.text, text) == NULL)
		fail_msg("%s", fail.text);
}

/* An executor of this zygote, ended and reaped. */
static void
end_executor(struct puppet *puppet)
{
	assert_true(puppet->executor);
	puppet_exit(puppet, 0);
	assert_int_equal(waitpid(puppet->pid, NULL, WNOHANG), puppet->pid);
	puppet_free(puppet);
}

/* --- start --- */

static void
comes_alive(void **state)
{
	struct puppet *puppet = begin();
	siginfo_t info = { 0 };

	(void)state;
	run_dry();
	assert_false(zygote_ready(zygote));
	assert_int_equal(readies, 0);
	puppet_ready(puppet);
	run_until(&readies, 1);
	assert_true(zygote_ready(zygote));
	assert_int_equal(zygote->pid, puppet->pid);
	assert_int_equal(waitid(P_PID, (id_t)puppet->pid, &info, WEXITED |
	    WNOHANG | WNOWAIT), 0);
	assert_int_equal(nanswers, 0);
	assert_int_equal(records_with(""), 0);
	puppet_free(puppet);
}

static void
assert_config_fault(const char *path, const char *reason)
{
	struct fail fail = { 0 };

	assert_null(zygote_new(event, path, &calls, &readies, &fail));
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, path));
	assert_non_null(strstr(fail.text, reason));
	assert_non_null(strstr(fail.text, "worker.libexec_dir"));
}

static void
cannot_be_run(void **state)
{
	char dir[] = "/tmp/test-zygote-XXXXXX", path[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/executor", dir);
	assert_config_fault(dir, "No such file");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	(void)close(fd);
	assert_config_fault(dir, "Permission denied");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_no_child();
}

/* The program may be replaced meanwhile: the one that was opened counts. */
static void
program_is_held(void **state)
{
	char program[96], aside[96];
	struct puppet *puppet = begin_ready();

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/executor", folder);
	(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
	assert_int_equal(rename(program, aside), 0);
	zygote_renew(zygote, true, "test");
	puppet_free(puppet);
	puppet = puppet_next();
	assert_int_equal(puppet->pid, zygote->pid);
	assert_int_equal(rename(aside, program), 0);
	run_until(&ended, 1);
	puppet_free(puppet);
}

/* Environment, descriptors, session and signals are the stated ones. */
static void
what_it_is_given(void **state)
{
	int spare = open("/dev/null", O_RDONLY);	/* not close-on-exec */
	sigset_t some, before;
	struct puppet *puppet;
	const char *given;

	(void)state;
	assert_true(spare > ZYGOTE_FD);
	assert_int_equal(setenv("https_proxy", "http://proxy:1", 1), 0);
	assert_int_equal(setenv("CLOUDSHELL_PASSWORD", "hidden", 1), 0);
	assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "hidden", 1), 0);
	assert_int_equal(setenv("SSLKEYLOGFILE", "/tmp/hidden", 1), 0);
	assert_int_equal(setenv("LD_PRELOAD_TEST", "hidden", 1), 0);
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &some, &before);
	puppet = begin();
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	given = puppet_state(puppet);
	assert_non_null(strstr(given, "env PATH=/usr/bin:/bin\n"));
	assert_non_null(strstr(given, "env LANG=C.UTF-8\n"));
	assert_non_null(strstr(given, "env https_proxy=http://proxy:1\n"));
	assert_null(strstr(given, "hidden"));
	assert_non_null(strstr(given, "fd 0\nfd 1\nfd 2\nfd 3\nsession own\n"
	    "blocked none\npipe default\ndeath 9\n"));
	puppet_free(puppet);
	(void)close(spare);
	assert_int_equal(unsetenv("https_proxy"), 0);
	assert_int_equal(unsetenv("CLOUDSHELL_PASSWORD"), 0);
	assert_int_equal(unsetenv("AWS_SECRET_ACCESS_KEY"), 0);
	assert_int_equal(unsetenv("SSLKEYLOGFILE"), 0);
	assert_int_equal(unsetenv("LD_PRELOAD_TEST"), 0);
}

/* All that may be passed on fits. */
static void
whole_environment(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy",
	    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	    "RES_OPTIONS" };
	char line[64];
	struct puppet *puppet;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(setenv(names[i], "timeout:1", 1), 0);
	puppet = begin();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(line, sizeof(line), "env %s=timeout:1\n",
		    names[i]);
		assert_non_null(strstr(puppet_state(puppet), line));
		assert_int_equal(unsetenv(names[i]), 0);
	}
	puppet_free(puppet);
}

/* --- requests --- */

static void
forks(void **state)
{
	struct puppet *puppet = begin_ready(), *executor;
	siginfo_t info = { 0 };

	(void)state;
	ask(7);
	assert_int_equal(puppet_serve(puppet, SERVE_FORK), 7);
	executor = puppet_next();
	assert_int_equal(nanswers, 0);		/* not before a turn */
	run_until(&nanswers, 1);
	assert_int_equal(answers[0].number, 7);
	assert_int_equal(answers[0].pid, executor->pid);
	/* it is a child of ours, not of the zygote */
	assert_int_equal(waitid(P_PID, (id_t)executor->pid, &info, WEXITED |
	    WNOHANG | WNOWAIT), 0);
	end_executor(executor);
	puppet_free(puppet);
}

/* Both pipes and the shared descriptor come, and in this order. */
static void
descriptors_arrive(void **state)
{
	struct puppet *puppet = begin_ready(), *executor;
	int order[2], report[2];
	char text[8] = "";
	struct fail fail;
	struct stat st;
	dev_t dev;
	ino_t ino;

	(void)state;
	assert_int_equal(pipe2(order, O_CLOEXEC), 0);
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	assert_int_equal(zygote_ask(zygote, 1, order[0], report[1], &fail), 0);
	assert_int_equal(close(order[0]), 0);
	assert_int_equal(close(report[1]), 0);
	assert_int_equal(puppet_serve(puppet, SERVE_FORK), 1);
	executor = puppet_next();
	assert_int_equal(write(order[1], "order", 5), 5);
	assert_string_equal(puppet_read(executor), "order");
	puppet_say(executor, "report", 6);
	assert_int_equal(read(report[0], text, sizeof(text)), 6);
	assert_string_equal(text, "report");
	assert_int_equal(fstat(shared_fd, &st), 0);
	puppet_shared(executor, &dev, &ino);
	assert_true(dev == st.st_dev && ino == st.st_ino);
	end_executor(executor);
	/* nobody else holds the pipe */
	assert_int_equal(read(report[0], text, sizeof(text)), 0);
	(void)close(order[1]);
	(void)close(report[0]);
	puppet_free(puppet);
}

static void
cannot_fork(void **state)
{
	struct puppet *puppet = begin_ready();

	(void)state;
	ask(3);
	assert_int_equal(puppet_serve(puppet, SERVE_REFUSE), 3);
	run_until(&nanswers, 1);
	assert_int_equal(answers[0].number, 3);
	assert_int_equal(answers[0].pid, 0);
	assert_string_equal(answers[0].why, strerror(EAGAIN));
	puppet_free(puppet);
}

/* Requests wait for a sign of life, and answers come in any order. */
static void
many_requests(void **state)
{
	struct puppet *puppet = begin();

	(void)state;
	for (uint32_t i = 1; i <= 20; i++)
		ask(i);
	puppet_ready(puppet);
	for (int i = 1; i <= 20; i++)
		assert_int_equal(puppet_serve(puppet, SERVE_REFUSE), i);
	puppet_answer(puppet, 40, 1000, 0);
	puppet_answer(puppet, 30, 0, ENOMEM);
	run_until(&nanswers, 22);
	for (int i = 0; i < 20; i++)
		assert_int_equal(answers[i].number, i + 1);
	assert_int_equal(answers[20].number, 40);
	assert_int_equal(answers[20].pid, 1000);
	assert_int_equal(answers[21].number, 30);
	assert_int_equal(answers[21].pid, 0);
	assert_int_equal(readies, 1);
	puppet_free(puppet);
}

/* A zygote that takes nothing does not hold up the supervisor. */
static void
requests_do_not_wait(void **state)
{
	struct puppet *puppet = begin_ready();
	struct fail fail = { 0 };
	int n = 0;

	(void)state;
	while (n < 100000 && zygote_ask(zygote, 1, shared_fd, shared_fd,
	    &fail) == 0)
		n++;
	assert_true(n > 10 && n < 100000);
	assert_int_equal(fail.kind, FAIL_AGAIN);
	puppet_free(puppet);
}

/* A broken answer is no answer; what is wrong with it shows by its exit. */
static void
broken_answer(void **state)
{
	struct puppet *puppet = begin_ready();

	(void)state;
	puppet_babble(puppet);
	run_dry();
	assert_int_equal(nanswers, 0);
	assert_int_equal(readies, 1);
	assert_true(zygote_ready(zygote));
	puppet_exit(puppet, 1);
	run_until(&ended, 1);
	puppet_free(puppet);
	puppet_free(puppet_next());
}

/* --- ends --- */

static void
another_one_is_started(void **state)
{
	struct puppet *puppet = begin_ready();
	pid_t was = puppet->pid;

	(void)state;
	ask(1);
	puppet_raise(puppet, SIGKILL);
	assert_refused("the zygote does not take the request");
	run_until(&ended, 1);
	assert_int_equal(records_with("ended (signal 9): starting another "
	    "one"), 1);
	assert_false(zygote_ready(zygote));
	assert_true(zygote->pid > 0);
	assert_int_not_equal(zygote->pid, was);
	puppet_free(puppet);
	puppet = puppet_next();
	assert_int_equal(puppet->pid, zygote->pid);
	puppet_ready(puppet);
	run_until(&readies, 2);
	/* what the dead one was asked is nobody's */
	ask(2);
	assert_int_equal(puppet_serve(puppet, SERVE_REFUSE), 2);
	run_until(&nanswers, 1);
	assert_int_equal(answers[0].number, 2);
	puppet_exit(puppet, 3);
	run_until(&ended, 2);
	assert_int_equal(records_with("ended (status 3)"), 1);
	puppet_free(puppet);
	puppet_free(puppet_next());
}

/* After the second quick end the next one waits. */
static void
quick_ends_back_off(void **state)
{
	struct puppet *puppet;

	(void)state;
	quick_ms = NEVER_MS;
	puppet = begin();
	puppet_exit(puppet, 1);
	puppet_free(puppet);
	run_until(&ended, 1);
	puppet = puppet_next();		/* at once */
	for (unsigned n = 1; n < 4; n++) {
		int64_t from = sys_now_ms();

		puppet_exit(puppet, 1);
		puppet_free(puppet);
		run_until(&ended, (int)n + 1);
		assert_int_equal(zygote->pid, 0);
		assert_false(zygote_ready(zygote));
		assert_refused("there is no zygote now");
		zygote_renew(zygote, true, "nobody is there");
		assert_int_equal(zygote->pid, 0);
		puppet = puppet_await();
		assert_true(sys_now_ms() - from >= 50 << n);
	}
	assert_int_equal(records_with("replacing"), 0);
	puppet_free(puppet);
}

/* One that lived long enough is replaced at once again. */
static void
long_life_ends_the_back_off(void **state)
{
	struct puppet *puppet;

	(void)state;
	quick_ms = NEVER_MS;
	puppet = begin();
	for (int i = 1; i <= 3; i++) {
		puppet_exit(puppet, 1);
		puppet_free(puppet);
		run_until(&ended, i);
		puppet = puppet_await();
	}
	quick_ms = 0;
	for (int i = 4; i <= 8; i++) {
		puppet_exit(puppet, 1);
		puppet_free(puppet);
		run_until(&ended, i);
		assert_true(zygote->pid > 0);
		puppet = puppet_next();
	}
	puppet_free(puppet);
}

static void
no_sign_of_life(void **state)
{
	struct puppet *puppet;

	(void)state;
	ready_ms = 30;
	puppet = begin();
	ready_ms = NEVER_MS;
	run_until(&ended, 1);
	assert_int_equal(records_with("gives no sign of life"), 1);
	assert_int_equal(records_with("ended (signal 9)"), 1);
	puppet_free(puppet);
	puppet = puppet_next();
	puppet_ready(puppet);
	run_until(&readies, 1);
	puppet_free(puppet);
}

/* Once it has given it, it may be silent as long as it likes. */
static void
one_sign_is_enough(void **state)
{
	struct puppet *puppet = begin();

	(void)state;
	assert_non_null(zygote->ready_source);
	puppet_ready(puppet);
	run_until(&readies, 1);
	assert_null(zygote->ready_source);
	puppet_free(puppet);
}

/* --- renewal --- */

static void
renewed_deaf(void **state)
{
	struct puppet *old = begin_ready(), *executor, *new;

	(void)state;
	ask(1);
	assert_int_equal(puppet_serve(old, SERVE_FORK), 1);
	executor = puppet_next();
	run_until(&nanswers, 1);
	assert_int_equal(kill(old->pid, SIGSTOP), 0);
	zygote_renew(zygote, true, "it is deaf");
	assert_int_equal(records_with("replacing zygote"), 1);
	assert_int_equal(records_with("it is deaf"), 1);
	assert_int_not_equal(zygote->pid, old->pid);
	assert_false(zygote_ready(zygote));
	ask(2);				/* at once */
	new = puppet_next();
	run_until(&ended, 1);
	puppet_ready(new);
	assert_int_equal(puppet_serve(new, SERVE_REFUSE), 2);
	run_until(&nanswers, 2);
	assert_int_equal(readies, 2);
	assert_true(zygote_ready(zygote));
	/* the executor has not noticed anything */
	assert_int_equal(waitpid(executor->pid, NULL, WNOHANG), 0);
	end_executor(executor);
	puppet_free(old);
	puppet_free(new);
}

/* The old one serves what it was asked, and then ends. */
static void
renewed_gently(void **state)
{
	struct puppet *old = begin_ready(), *new, *executor;

	(void)state;
	ask(1);
	ask(2);
	zygote_renew(zygote, false, "an executor crashed");
	ask(3);
	new = puppet_next();
	puppet_ready(new);
	assert_int_equal(puppet_serve(old, SERVE_FORK), 1);
	executor = puppet_next();
	assert_int_equal(puppet_serve(old, SERVE_REFUSE), 2);
	assert_int_equal(puppet_serve(old, SERVE_REFUSE), 0);
	assert_int_equal(puppet_serve(new, SERVE_REFUSE), 3);
	run_until(&nanswers, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(answers[i].pid, answers[i].number == 1 ?
		    executor->pid : 0);
	assert_int_equal(answers[0].number + answers[1].number +
	    answers[2].number, 6);
	assert_int_equal(ended, 0);
	puppet_exit(old, 0);
	run_until(&ended, 1);
	end_executor(executor);
	puppet_free(old);
	puppet_free(new);
}

/* The same when an answer of the old one has not been read yet. */
static void
renewed_with_an_answer_unread(void **state)
{
	struct puppet *old = begin_ready(), *new;

	(void)state;
	ask(1);
	ask(2);
	assert_int_equal(puppet_serve(old, SERVE_REFUSE), 1);
	zygote_renew(zygote, false, "an executor crashed");
	new = puppet_next();
	assert_int_equal(puppet_serve(old, SERVE_REFUSE), 2);
	assert_int_equal(puppet_serve(old, SERVE_REFUSE), 0);
	puppet_exit(old, 0);
	run_until(&ended, 1);
	assert_int_equal(nanswers, 2);
	assert_int_equal(answers[0].number, 1);
	assert_int_equal(answers[1].number, 2);
	puppet_free(old);
	puppet_free(new);
}

/* An old one's sign of life is none of the new one. */
static void
late_sign_of_life(void **state)
{
	struct puppet *old = begin(), *new;

	(void)state;
	zygote_renew(zygote, false, "test");
	new = puppet_next();
	puppet_ready(old);
	run_dry();
	assert_int_equal(readies, 0);
	assert_false(zygote_ready(zygote));
	puppet_ready(new);
	run_until(&readies, 1);
	puppet_exit(old, 0);
	run_until(&ended, 1);
	puppet_free(old);
	puppet_free(new);
}

static void
renewed_again_and_again(void **state)
{
	struct puppet *puppets[6];

	(void)state;
	puppets[0] = begin_ready();
	for (int i = 1; i < 6; i++) {
		zygote_renew(zygote, i % 2 == 0, "test");
		puppets[i] = puppet_next();
	}
	for (int i = 4; i >= 0; i--)
		if (i % 2 == 0)		/* the next renewal was gentle */
			puppet_exit(puppets[i], 0);
	run_until(&ended, 5);
	puppet_ready(puppets[5]);
	run_until(&readies, 2);
	assert_int_equal(zygote->pid, puppets[5]->pid);
	for (int i = 0; i < 6; i++)
		puppet_free(puppets[i]);
}

/* --- free --- */

static void
free_ends_it(void **state)
{
	struct puppet *puppet = begin_ready();

	(void)state;
	zygote_free(zygote);
	zygote = NULL;
	assert_no_child();
	run_dry();
	assert_int_equal(ended, 0);
	puppet_free(puppet);
	zygote_free(NULL);
}

/* Those on their way out go, too, and nobody is called for them any more. */
static void
free_ends_the_old_ones(void **state)
{
	struct puppet *old = begin_ready(), *killed, *new;

	(void)state;
	zygote_renew(zygote, false, "test");
	killed = puppet_next();
	zygote_renew(zygote, true, "test");
	new = puppet_next();
	zygote_free(zygote);
	zygote = NULL;
	run_dry();
	assert_int_equal(ended, 0);
	assert_no_child();
	puppet_free(old);
	puppet_free(killed);
	puppet_free(new);
}

/* While the next one waits for its time. */
static void
free_between_two(void **state)
{
	struct puppet *puppet;

	(void)state;
	quick_ms = NEVER_MS;
	puppet = begin();
	for (int i = 1; i <= 2; i++) {
		puppet_exit(puppet, 1);
		puppet_free(puppet);
		run_until(&ended, i);
		puppet = i == 1 ? puppet_next() : NULL;
	}
	assert_int_equal(zygote->pid, 0);
	zygote_free(zygote);
	zygote = NULL;
	assert_no_child();
}

static int
begin_group(void **state)
{
	(void)state;
	return (folder = puppets_begin()) == NULL ? -1 : 0;
}

static int
end_group(void **state)
{
	(void)state;
	puppets_end();
	return 0;
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(comes_alive),
		CASE(cannot_be_run),
		CASE(program_is_held),
		CASE(what_it_is_given),
		CASE(whole_environment),
		CASE(forks),
		CASE(descriptors_arrive),
		CASE(cannot_fork),
		CASE(many_requests),
		CASE(requests_do_not_wait),
		CASE(broken_answer),
		CASE(another_one_is_started),
		CASE(quick_ends_back_off),
		CASE(long_life_ends_the_back_off),
		CASE(no_sign_of_life),
		CASE(one_sign_is_enough),
		CASE(renewed_deaf),
		CASE(renewed_gently),
		CASE(renewed_with_an_answer_unread),
		CASE(late_sign_of_life),
		CASE(renewed_again_and_again),
		CASE(free_ends_it),
		CASE(free_ends_the_old_ones),
		CASE(free_between_two),
	};

	(void)argc;
	puppet_main(argv);
	sys_reset_signals();
	return cmocka_run_group_tests(tests, begin_group, end_group);
}
