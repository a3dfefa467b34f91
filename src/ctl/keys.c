/*
 * Runs aws-credentials as a child: constant argument list, fixed environment,
 * two bounded pipes, a time limit. Whatever it starts ends with it.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "keys.h"
#include "log.h"
#include "mem.h"
#include "sys.h"

#define ERRORS_MAX	4096	/* bytes kept of its stderr */
#define NONE		"aws-credentials: no credentials"

struct child {
	pid_t		 pid;
	int		 out[2], err[2];
	struct buf	 answer, errors;
	bool		 too_big, timed_out;
	const char	*argv[AWS_LOOKUP_ARGUMENTS];
	char		**envp;
};

/* --- the child --- */

static void __attribute__((noreturn))
child_run(const struct child *c, int in, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127);
	(void)setpgid(0, 0);
	if (dup2(in, STDIN_FILENO) == -1 ||
	    dup2(c->out[1], STDOUT_FILENO) == -1 ||
	    dup2(c->err[1], STDERR_FILENO) == -1)
		_exit(127);
	sys_close_all_but(STDERR_FILENO + 1, NULL, 0);
	sys_reset_signals();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(127);
	(void)execve(c->argv[0], (char *const *)(uintptr_t)c->argv, c->envp);
	_exit(errno == ENOENT ? 126 : 127);
}

static int
child_start(struct child *c, struct fail *fail)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid();

	if (in == -1 || pipe2(c->out, O_CLOEXEC) != 0 ||
	    pipe2(c->err, O_CLOEXEC) != 0 || (c->pid = fork()) == -1) {
		(void)fail_set(fail, FAIL_SYSTEM, "cannot run %s: %s",
		    c->argv[0], strerror(errno));
		sys_close(&in);
		return -1;
	}
	if (c->pid == 0)
		child_run(c, in, parent);
	(void)setpgid(c->pid, c->pid);
	sys_close(&in);
	sys_close(&c->out[1]);
	sys_close(&c->err[1]);
	return 0;
}

/* --- what it says --- */

/* -1: the pipe is at its end. */
static int
take(struct child *c, int fd, struct buf *to)
{
	char piece[4096];
	ssize_t n = read(fd, piece, sizeof(piece));

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n > 0 && buf_add(to, piece, (size_t)n) != 0) {
		if (to == &c->answer)
			c->too_big = true;
		else {		/* the last line says what is wrong */
			buf_clear(to);
			(void)buf_add(to, piece, (size_t)n);
		}
	}
	explicit_bzero(piece, sizeof(piece));
	return n > 0 ? 0 : -1;
}

/* Until both pipes are closed, too much came, or time is up. */
static void
listen_to(struct child *c, int64_t limit_ms)
{
	int64_t end = sys_now_ms() + limit_ms, left;
	struct pollfd fds[2] = { { .fd = c->out[0], .events = POLLIN },
	    { .fd = c->err[0], .events = POLLIN } };

	while ((fds[0].fd != -1 || fds[1].fd != -1) && !c->too_big) {
		if ((left = end - sys_now_ms()) <= 0) {
			c->timed_out = true;
			return;
		}
		if (poll(fds, 2, (int)left) == -1)
			continue;
		if (fds[0].revents != 0 &&
		    take(c, c->out[0], &c->answer) != 0)
			fds[0].fd = -1;
		if (fds[1].revents != 0 &&
		    take(c, c->err[0], &c->errors) != 0)
			fds[1].fd = -1;
	}
}

/* Kill what is left of the group, then wait: until then the number is its
 * own. Returns waitpid's status. */
static int
child_end(struct child *c)
{
	siginfo_t info;
	int status = 0;

	if (c->too_big || c->timed_out)
		(void)kill(-c->pid, SIGKILL);
	while (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT) != 0 &&
	    errno == EINTR)
		continue;
	(void)kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

static const char *
last_line(struct buf *errors)
{
	char *line;

	while (errors->len > 0 && (errors->data[errors->len - 1] == '\n' ||
	    errors->data[errors->len - 1] == '\r'))
		errors->data[--errors->len] = '\0';
	line = errors->len == 0 ? NULL : memrchr(errors->data, '\n',
	    errors->len);
	return line != NULL ? line + 1 : buf_text(errors);
}

/* 0: it found something, which answer says. */
static int
judge(struct child *c, int status, int64_t limit_ms, bool *none,
    struct fail *fail)
{
	const char *line = last_line(&c->errors);
	char safe[1024];

	if (c->timed_out)
		return fail_set(fail, FAIL_SYSTEM, "aws-credentials did not "
		    "answer within %lld s", (long long)limit_ms / 1000);
	if (c->too_big)
		return fail_set(fail, FAIL_SYSTEM, "the answer of "
		    "aws-credentials is larger than %d bytes", AWS_FOUND_MAX);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return fail_set(fail, FAIL_SYSTEM, "aws-credentials died of "
		    "signal %d", WTERMSIG(status));
	if (*line == '\0')
		return fail_set(fail, FAIL_SYSTEM, "cannot run %s%s",
		    c->argv[0], WEXITSTATUS(status) == 126 ?
		    ": No such file or directory" : "");
	*none = strncmp(line, NONE, strlen(NONE)) == 0;
	return fail_set(fail, FAIL_CONFIG, "%s", log_safe(safe, sizeof(safe),
	    line));
}

int
keys_find(const struct keys_place *place, struct aws_found *found, bool *none,
    struct fail *fail)
{
	int64_t limit_ms = place->limit_ms != 0 ? place->limit_ms :
	    AWS_LOOKUP_MS;
	struct child c = { .out = { -1, -1 }, .err = { -1, -1 } };
	int rc;

	*none = false;
	buf_init(&c.answer, AWS_FOUND_MAX);
	buf_init(&c.errors, ERRORS_MAX);
	c.envp = aws_lookup_environment(place->env);
	aws_lookup_arguments(&place->lookup, c.argv);
	if ((rc = child_start(&c, fail)) == 0) {
		listen_to(&c, limit_ms);
		rc = judge(&c, child_end(&c), limit_ms, none, fail);
	}
	if (rc == 0)
		rc = aws_found_read(found, buf_text(&c.answer), c.answer.len,
		    fail);
	for (int i = 0; i < 2; i++) {
		sys_close(&c.out[i]);
		sys_close(&c.err[i]);
	}
	buf_free(&c.answer);
	buf_free(&c.errors);
	free(c.envp);
	return rc;
}
