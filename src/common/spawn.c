/*
 * Running a program to its end.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "spawn.h"
#include "sys.h"

enum { IN, OUT, ERR, STATUS, PIPES };	/* STATUS: errno of a failed exec */

struct run {
	const struct spawn *what;
	pid_t		 pid;
	int		 pidfd;
	int		 fd[PIPES];	/* our ends; IN: -1 */
	int		 theirs[PIPES];	/* IN: /dev/null */
	bool		 too_big;
};

/* --- the child's side --- */

static void __attribute__((noreturn))
child(const struct run *r, pid_t parent)
{
	sigset_t none;
	int error;

	(void)setpgid(0, 0);
	/* when we are killed, it must not stay; it may start others, though */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127);
	if (r->what->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !=
	    0)
		_exit(127);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(r->theirs[IN], STDIN_FILENO) != -1 &&
	    dup2(r->theirs[OUT], STDOUT_FILENO) != -1 &&
	    dup2(r->theirs[ERR], STDERR_FILENO) != -1) {
		sys_close_all_but(STDERR_FILENO + 1, &r->theirs[STATUS], 1);
		(void)execve(r->what->path, r->what->argv, r->what->env);
	}
	error = errno;
	(void)!write(r->theirs[STATUS], &error, sizeof(error));
	_exit(127);
}

/* --- ours --- */

static int
pipes_open(struct run *r)
{
	int ends[2];

	if ((r->theirs[IN] = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	for (int i = OUT; i < PIPES; i++) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			return -1;
		r->fd[i] = ends[0];
		r->theirs[i] = ends[1];
	}
	if (fcntl(r->fd[OUT], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(r->fd[ERR], F_SETFL, O_NONBLOCK) != 0)
		return -1;
	return 0;
}

static void
pipes_close(int fd[PIPES])
{
	for (int i = 0; i < PIPES; i++)
		sys_close(&fd[i]);
}

/* Start the program; errno of what went wrong, or 0. */
static int
start(struct run *r)
{
	pid_t parent = getpid();
	int error = 0;
	ssize_t n;

	if (r->what->path == NULL)
		return ENOENT;
	if (pipes_open(r) != 0)
		return errno;
	if ((r->pid = fork()) == -1)
		return errno;
	if (r->pid == 0)
		child(r, parent);
	(void)setpgid(r->pid, r->pid);	/* whoever of us comes first */
	pipes_close(r->theirs);
	do
		n = read(r->fd[STATUS], &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		error = 0;
	if (error == 0 && (r->pidfd = sys_pidfd_open(r->pid)) == -1)
		error = errno;
	return error;
}

/* Read what is there; false: nothing more will come. */
static bool
drain(struct run *r, int which)
{
	struct buf *to = which == OUT ? r->what->out : r->what->errors;
	char piece[4096];
	bool more = true;
	ssize_t n;

	/* bounded, so that endless output does not hide the time limit */
	for (int i = 0; i < 32 && !r->too_big; i++) {
		n = read(r->fd[which], piece, sizeof(piece));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			more = n != 0;
			break;
		}
		if (which == ERR) {
			/* the last bytes count */
			size_t skip = (size_t)n > to->max ?
			    (size_t)n - to->max : 0;
			size_t room = to->max - to->len;

			if ((size_t)n - skip > room)
				buf_consume(to, (size_t)n - skip - room);
			(void)buf_add(to, piece + skip, (size_t)n - skip);
		} else if (buf_add(to, piece, (size_t)n) != 0)
			r->too_big = true;
	}
	explicit_bzero(piece, sizeof(piece));
	return more;
}

/* Read until the program ends, which a child of it that holds the pipes does
 * not delay. -1: the time is over. */
static int
follow(struct run *r)
{
	int64_t until = sys_now_ms() + r->what->limit_ms, left;
	struct pollfd p[3] = {
		{ .fd = r->fd[OUT], .events = POLLIN },
		{ .fd = r->fd[ERR], .events = POLLIN },
		{ .fd = r->pidfd, .events = POLLIN },
	};

	while (!r->too_big) {
		if ((left = until - sys_now_ms()) <= 0)
			return -1;
		if (poll(p, 3, (int)left) == -1 && errno != EINTR)
			return -1;
		if (p[0].revents != 0 && !drain(r, OUT))
			p[0].fd = -1;
		if (p[1].revents != 0 && !drain(r, ERR))
			p[1].fd = -1;
		if (p[2].revents != 0) {
			(void)drain(r, OUT);
			(void)drain(r, ERR);
			break;
		}
	}
	return 0;
}

static struct spawn_end
judge(const struct run *r, int status, bool late)
{
	if (r->too_big)
		return (struct spawn_end){ SPAWN_TOO_MUCH, 0 };
	if (late)
		return (struct spawn_end){ SPAWN_LATE, 0 };
	if (WIFSIGNALED(status))
		return (struct spawn_end){ SPAWN_DIED, WTERMSIG(status) };
	return (struct spawn_end){ SPAWN_ENDED, WEXITSTATUS(status) };
}

struct spawn_end
spawn_wait(const struct spawn *what)
{
	struct run r = { .what = what, .pid = -1, .pidfd = -1,
	    .fd = { -1, -1, -1, -1 }, .theirs = { -1, -1, -1, -1 } };
	int error = start(&r), status = 0;
	bool late = false;

	if (error == 0)
		late = follow(&r) != 0;
	if (r.pid != -1) {
		/* before it is reaped: its number is still its own */
		(void)kill(-r.pid, SIGKILL);
		(void)kill(r.pid, SIGKILL);
		while (waitpid(r.pid, &status, 0) == -1 && errno == EINTR)
			continue;
	}
	sys_close(&r.pidfd);
	pipes_close(r.fd);
	pipes_close(r.theirs);
	return error != 0 ? (struct spawn_end){ SPAWN_FAILED, error } :
	    judge(&r, status, late);
}
