/*
 * What a confined process can and cannot do. Each try is a child of its own,
 * which exits with 0 if the call was denied with EPERM.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/executor/executor.h"

#define DENIED(call)	((call) == -1 && errno == EPERM ? 0 : 1)

static int
try_write(void)
{
	return DENIED(open("/tmp/confine", O_WRONLY | O_CREAT, 0600)) |
	    DENIED(open("/dev/null", O_RDWR)) | DENIED(unlink("/nothing")) |
	    DENIED(rename("/nothing", "/else")) | DENIED(mkdir("/x", 0700)) |
	    DENIED(chmod("/nothing", 0600)) | DENIED(symlink("a", "/b"));
}

static int
try_processes(void)
{
	return DENIED(fork()) | DENIED(kill(getppid(), 0)) |
	    DENIED(syscall(SYS_tgkill, getppid(), getppid(), 0)) |
	    DENIED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) |
	    DENIED(syscall(SYS_pidfd_open, getppid(), 0)) |
	    DENIED(setuid(12345));
}

static int
try_sockets(void)
{
	return DENIED(socket(AF_PACKET, SOCK_RAW, 0)) |
	    DENIED(socket(AF_ALG, SOCK_SEQPACKET, 0)) |
	    DENIED(listen(0, 1));
}

static int
try_exec(void)
{
	char *const argv[] = { (char *)"true", NULL };

	(void)execve("/bin/true", argv, argv + 1);
	return 1;
}

static int
try_abort(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void *
thread(void *arg)
{
	return arg;
}

/* What must still work. */
static int
try_allowed(void)
{
	pthread_t t;
	void *got = NULL;
	int fd;

	if (pthread_create(&t, NULL, thread, &fd) != 0 ||
	    pthread_join(t, &got) != 0 || got != &fd)
		return 1;
	if ((fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC)) == -1)
		return 2;
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) == -1)
		return 3;
	return 0;
}

/* Wait status of a try in a confined child. */
static int
run(int (*what)(void))
{
	pid_t parent = getpid(), pid;
	int status = -1;

	if ((pid = fork()) == 0) {
		if (confine(parent, NULL, 0) == -1)
			_exit(99);
		_exit(what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
denied(void **state)
{
	(void)state;
	assert_int_equal(run(try_write), 0);
	assert_int_equal(run(try_processes), 0);
	assert_int_equal(run(try_sockets), 0);
}

static void
allowed_calls(void **state)
{
	(void)state;
	assert_int_equal(run(try_allowed), 0);
}

static void
signals(void **state)
{
	int status;

	(void)state;
	status = run(try_exec);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = run(try_abort);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* A process whose parent is another one does not go on. */
static void
orphan(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(confine(1234567, NULL, 0) == -1 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
prepare(void **state)
{
	(void)state;
	return confine_prepare();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied),
		cmocka_unit_test(allowed_calls),
		cmocka_unit_test(signals),
		cmocka_unit_test(orphan),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
