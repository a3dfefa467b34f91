/*
 * Plays the supervisor to a real zygote: asks for executors one after another
 * and measures the time from each request to the end of the hello line. Prints
 * the median and the 99th percentile in microseconds.
 *
 * usage: bench-start EXECUTOR STARTS
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc.h"

#define ZYGOTE_FD	3	/* its end of the socket pair */
#define PATIENCE_MS	10000	/* for each step: ends a start that hangs */
#define WARM_UP		20	/* starts that do not count */
#define STARTS_MAX	1000000

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void __attribute__((noreturn))
become_zygote(const char *executor, int sock)
{
	char name[] = "quali-job-worker-zygote";
	char *const argv[] = { name, NULL };
	char path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C.UTF-8";
	char *const environment[] = { path, lang, NULL };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    dup2(sock, ZYGOTE_FD) == -1)
		_exit(127);
	if (sock == ZYGOTE_FD)
		(void)fcntl(sock, F_SETFD, 0);
	(void)execve(executor, argv, environment);
	_exit(127);
}

static pid_t
zygote_start(const char *executor, int *sock)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		err(1, "socketpair");
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		become_zygote(executor, pair[1]);
	(void)close(pair[1]);
	*sock = pair[0];
	return pid;
}

static void
ask(int sock, uint32_t number, const int fds[IPC_ZYGOTE_FDS])
{
	struct ipc_zygote_request request = { .number = number };
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(int) * IPC_ZYGOTE_FDS)];
	} control = { 0 };
	struct iovec iov = { .iov_base = &request, .iov_len = sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * IPC_ZYGOTE_FDS);
	memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * IPC_ZYGOTE_FDS);
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		err(1, "request to the zygote");
}

static void
wait_readable(int fd, const char *what)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) != 1)
		errx(1, "no %s in %d ms", what, PATIENCE_MS);
}

static void
read_hello(int fd)
{
	char line[1024];
	size_t len = 0;

	do {
		ssize_t n;

		wait_readable(fd, "hello");
		n = read(fd, line + len, sizeof(line) - 1 - len);
		if (n <= 0)
			errx(1, "the executor ended without a hello");
		len += (size_t)n;
	} while (line[len - 1] != '\n');
	line[len] = '\0';
	if (strstr(line, "\"hello\"") == NULL)
		errx(1, "no hello: %s", line);
}

static pid_t
read_answer(int sock, uint32_t number)
{
	struct ipc_zygote_answer answer;

	wait_readable(sock, "answer of the zygote");
	if (recv(sock, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer))
		errx(1, "the zygote ended");
	if (answer.number != number)
		errx(1, "answer %u of the zygote, not %u", answer.number,
		    number);
	if (answer.pid <= 0)
		errx(1, "the zygote started nothing: %s",
		    strerror(answer.error));
	return answer.pid;
}

/* One executor from the request to its end, without an order. */
static double
start_one(int sock, uint32_t number, int lock)
{
	int order[2], report[2];
	double begin, took;
	pid_t pid;

	if (pipe2(order, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
		err(1, "pipe");
	begin = now_us();
	ask(sock, number, (int [IPC_ZYGOTE_FDS]){ order[0], report[1], lock });
	read_hello(report[0]);
	took = now_us() - begin;
	pid = read_answer(sock, number);
	(void)close(order[0]);
	(void)close(order[1]);
	(void)close(report[0]);
	(void)close(report[1]);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "executor %d is no child", (int)pid);
	return took;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	long starts = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	uint32_t number = IPC_ZYGOTE_READY + 1;
	int sock, lock;
	double *took;
	pid_t zygote;

	if (starts < 1 || starts > STARTS_MAX)
		errx(2, "usage: bench-start EXECUTOR STARTS");
	took = calloc((size_t)starts, sizeof(*took));
	lock = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (took == NULL || lock == -1)
		err(1, "set-up");
	zygote = zygote_start(argv[1], &sock);
	if (read_answer(sock, IPC_ZYGOTE_READY) != zygote)
		errx(1, "the zygote does not know its pid");
	for (; number <= WARM_UP; number++)
		(void)start_one(sock, number, lock);
	for (long i = 0; i < starts; i++)
		took[i] = start_one(sock, number++, lock);
	(void)close(sock);
	if (waitpid(zygote, NULL, 0) != zygote)
		err(1, "zygote");
	qsort(took, (size_t)starts, sizeof(*took), compare);
	printf("%.1f %.1f\n", took[starts / 2], took[starts * 99 / 100]);
	free(took);
	return 0;
}
