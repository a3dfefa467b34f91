/*
 * What a confined process can and cannot do. Each try is a child of its own,
 * which exits with 0 if the call was denied with EPERM.
 */
#include <sys/mman.h>
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
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/executor/confine.h"
#include "sys.h"

#define DENIED(call)	((call) == -1 && errno == EPERM ? 0 : 1)

static int left = -1;	/* a descriptor it keeps */

static int
try_write(void)
{
	return DENIED(open("/tmp/confine", O_WRONLY | O_CREAT, 0600)) |
	    DENIED(open("/dev/null", O_RDWR)) | DENIED(unlink("/nothing")) |
	    DENIED(rename("/nothing", "/else")) | DENIED(mkdir("/x", 0700)) |
	    DENIED(chmod("/nothing", 0600)) | DENIED(symlink("a", "/b"));
}

/* Not even what needs no permission to write. */
static int
try_truncate(void)
{
	return DENIED(open("/nothing", O_RDONLY | O_TRUNC)) |
	    DENIED(open("/nothing", O_RDONLY | O_CREAT, 0600)) |
	    DENIED(open("/nothing", O_RDONLY | O_APPEND)) |
	    DENIED(openat(AT_FDCWD, "/nothing", O_RDONLY | O_TRUNC));
}

/* A descriptor of a file that it was left with is of no use either. */
static int
try_left_file(void)
{
	errno = 0;
	return write(left, "x", 1) == -1 && errno == EFBIG ? 0 : 1;
}

#ifndef SYS_SANITIZED
static int
try_memory(void)
{
	void *p = mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}
#endif

static int
try_descriptors(void)
{
	int n = 0;

	while (n < 1000 && dup(0) != -1)
		n++;
	return errno == EMFILE && n < 64 ? 0 : 1;
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

static pid_t neighbour;		/* another process of the same user */

/* Ready for input, the pipe signals its owner: whom, and how, fcntl says. */
static int
try_owner(void)
{
	int fds[2];

	if (pipe(fds) == -1)
		return 1;
	(void)fcntl(fds[0], F_SETOWN, neighbour);
	(void)fcntl(fds[0], F_SETSIG, SIGKILL);
	(void)fcntl(fds[0], F_SETFL, O_RDONLY | O_NONBLOCK | O_ASYNC);
	return write(fds[1], "x", 1) == 1 ? 0 : 2;
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
	if ((fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC)) == -1)
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
		if (confine(parent, &left, left != -1) == -1)
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
	assert_int_equal(run(try_truncate), 0);
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
limits(void **state)
{
	char path[] = "/tmp/test-confine-XXXXXX";

	(void)state;
	assert_int_equal(run(try_descriptors), 0);
#ifndef SYS_SANITIZED
	assert_int_equal(run(try_memory), 0);
#endif
	left = mkstemp(path);
	assert_true(left != -1);
	(void)unlink(path);
	assert_int_equal(run(try_left_file), 0);
	(void)close(left);
	left = -1;
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

/* It lives as long as nobody signals it: its exit status is what the test
 * gives it at the end. */
static pid_t
start_neighbour(int *end)
{
	int fds[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		(void)close(fds[1]);
		_exit(read(fds[0], &c, 1) == 1 ? 42 : 1);
	}
	(void)close(fds[0]);
	*end = fds[1];
	return pid;
}

static void
signal_by_owner(void **state)
{
	int status, end;

	(void)state;
	neighbour = start_neighbour(&end);
	assert_int_equal(run(try_owner), 0);
	/* it may be dead by now */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)!write(end, "x", 1);
	(void)close(end);
	assert_int_equal(waitpid(neighbour, &status, 0), neighbour);
	assert_false(WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
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
	return confine_prepare(INT_MAX) == -1 ? -1 : confine_files(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied),
		cmocka_unit_test(allowed_calls),
		cmocka_unit_test(limits),
		cmocka_unit_test(signals),
		cmocka_unit_test(signal_by_owner),
		cmocka_unit_test(orphan),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
