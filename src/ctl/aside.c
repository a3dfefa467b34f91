/*
 * A child and the pipe that its value comes through.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aside.h"
#include "buf.h"
#include "json.h"
#include "mem.h"
#include "sys.h"
#include "write.h"

struct aside {
	pid_t	pid;
	int	fd;
};

static void __attribute__((noreturn))
child_run(json_t *(*work)(void *), void *arg, int fd, pid_t parent)
{
	json_t *value;
	char *line;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127);
	value = work(arg);
	line = json_line(value);
	if (line == NULL || write_all(fd, line, strlen(line)) != 0)
		_exit(1);
	_exit(0);
}

struct aside *
aside_start(json_t *(*work)(void *), void *arg)
{
	pid_t parent = getpid();
	struct aside *a;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return NULL;
	(void)fflush(NULL);	/* else the child would have a copy to print */
	a = xcalloc(1, sizeof(*a));
	a->fd = fds[0];
	if ((a->pid = fork()) == 0)
		child_run(work, arg, fds[1], parent);
	(void)close(fds[1]);
	if (a->pid != -1)
		return a;
	(void)close(fds[0]);
	free(a);
	return NULL;
}

/* Read to the end of the pipe. -1: not whole. */
static int
collect(int fd, struct buf *to, int64_t limit_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = sys_now_ms() + limit_ms, left;
	char piece[4096];
	ssize_t n;

	while ((left = end - sys_now_ms()) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (n == 0)
			return 0;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || buf_add(to, piece, (size_t)n) != 0)
			return -1;
	}
	return -1;
}

json_t *
aside_end(struct aside *a, int64_t limit_ms)
{
	struct buf text;
	json_t *value = NULL;
	int rc, status = 0;

	buf_init(&text, ASIDE_ANSWER_MAX);
	rc = collect(a->fd, &text, limit_ms);
	(void)close(a->fd);
	if (rc != 0)
		(void)kill(a->pid, SIGKILL);
	while (waitpid(a->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		value = json_parse(buf_text(&text), text.len, NULL);
	buf_free(&text);
	free(a);
	return value;
}
