/*
 * Runs a program again and again, and prints for each run the microseconds
 * from its start to the end of its output, and its peak RSS in KiB. The
 * measuring script cannot: getrusage counts the memory of whoever forked, and
 * Python has more than the programs that are measured.
 *
 * usage: bench-child RUNS PROGRAM [ARGUMENT ...]
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX	1000000

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void __attribute__((noreturn))
become(char **argv, int output)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    dup2(output, STDOUT_FILENO) == -1)
		_exit(127);
	(void)execv(argv[0], argv);
	_exit(127);
}

/* Bytes of the output, read to its end. */
static size_t
drain(int fd)
{
	char buf[4096];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno != EINTR)
			err(1, "output");
		if (n > 0)
			sum += (size_t)n;
	}
	return sum;
}

static void
run_one(char **argv)
{
	struct rusage usage;
	double begin, took;
	int output[2], status;
	size_t bytes;
	pid_t pid;

	if (pipe2(output, O_CLOEXEC) != 0)
		err(1, "pipe");
	begin = now_us();
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		become(argv, output[1]);
	(void)close(output[1]);
	bytes = drain(output[0]);
	took = now_us() - begin;
	(void)close(output[0]);
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "wait4");
	if (status != 0 || bytes == 0)
		errx(1, "%s: wait status %#x, %zu bytes of output", argv[0],
		    (unsigned)status, bytes);
	printf("%.1f %ld\n", took, usage.ru_maxrss);
}

int
main(int argc, char **argv)
{
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

	if (runs < 1 || runs > RUNS_MAX)
		errx(2, "usage: bench-child RUNS PROGRAM [ARGUMENT ...]");
	for (long i = 0; i < runs; i++) {
		run_one(argv + 2);
		(void)fflush(stdout);	/* before the next fork */
	}
	return 0;
}
