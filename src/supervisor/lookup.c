/*
 * Runs aws-credentials: fork and exec with a constant argument list and a fixed
 * environment, two bounded pipes, a pidfd and a time limit.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aws_lookup.h"
#include "lookup.h"
#include "mem.h"
#include "log.h"
#include "priority.h"
#include "sys.h"
#include "timer.h"

struct lookup {
	pid_t		 pid;
	int		 pidfd, out_fd, err_fd;
	sd_event_source	*out, *err, *exit, *timer;
	struct buf	 answer, errors;
	bool		 too_big, timed_out;
	lookup_done	 done;
	void		*arg;
};

/* All that the child needs, made before the fork: between fork and exec only
 * async-signal-safe calls are allowed. */
struct spawn {
	char		 *path;
	const char	 *argv[AWS_LOOKUP_ARGUMENTS];
	char		**envp;
	int		  in, out[2], err[2];
	pid_t		  parent;
	char		 *fault;	/* start of the message if exec fails */
};

/* --- the child's side --- */

static void
child_say(const char *text)
{
	if (text != NULL)
		(void)!write(STDERR_FILENO, text, strlen(text));
}

static void __attribute__((noreturn))
child_run(const struct spawn *s)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != s->parent)
		_exit(127);
	(void)setsid();		/* so that a kill reaches what it starts */
	if (dup2(s->in, STDIN_FILENO) == -1 ||
	    dup2(s->out[1], STDOUT_FILENO) == -1 ||
	    dup2(s->err[1], STDERR_FILENO) == -1)
		_exit(127);
	sys_close_all_but(STDERR_FILENO + 1, NULL, 0);
	sys_reset_signals();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(127);
	(void)execve(s->path, (char *const *)(uintptr_t)s->argv, s->envp);
	child_say(s->fault);
#if __GLIBC_PREREQ(2, 32)
	child_say(strerrordesc_np(errno));	/* a constant, no locale */
#endif
	_exit(127);
}

/* --- before the fork --- */

static int
spawn_prepare(struct spawn *s, const struct conf *conf, struct fail *fail)
{
	struct aws_lookup lookup = { .profile = conf->aws.profile,
	    .region = conf->aws.region,
	    .config_file = conf->aws.config_file,
	    .credentials_file = conf->aws.credentials_file,
	    .ca_file = conf->aws.ca_file,
	    .metadata_v1 = conf->aws.metadata_v1 };

	s->path = xasprintf("%s/aws-credentials", conf->worker.libexec_dir);
	s->fault = xasprintf("cannot run %s: ", s->path);
	s->envp = aws_lookup_environment(environ);
	s->parent = getpid();
	lookup.program = s->path;
	aws_lookup_arguments(&lookup, s->argv);
	if ((s->in = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1 ||
	    pipe2(s->out, O_CLOEXEC) != 0 || pipe2(s->err, O_CLOEXEC) != 0)
		return fail_set(fail, FAIL_SYSTEM, "credentials: %s",
		    strerror(errno));
	/* the writing ends block, since the program has no loop */
	if (fcntl(s->out[0], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(s->err[0], F_SETFL, O_NONBLOCK) != 0)
		return fail_set(fail, FAIL_SYSTEM, "credentials: %s",
		    strerror(errno));
	/* dup2 of a number onto itself would leave it close-on-exec */
	if (s->in <= STDERR_FILENO || s->out[0] <= STDERR_FILENO ||
	    s->out[1] <= STDERR_FILENO || s->err[0] <= STDERR_FILENO ||
	    s->err[1] <= STDERR_FILENO)
		return fail_set(fail, FAIL_SYSTEM, "credentials: a standard "
		    "descriptor is closed");
	return 0;
}

static void
spawn_free(struct spawn *s)
{
	sys_close(&s->in);
	for (int i = 0; i < 2; i++) {
		sys_close(&s->out[i]);
		sys_close(&s->err[i]);
	}
	free(s->path);
	free(s->fault);
	free(s->envp);
}

/* --- the end --- */

static void
lookup_free(struct lookup *l)
{
	(void)sd_event_source_disable_unref(l->out);
	(void)sd_event_source_disable_unref(l->err);
	(void)sd_event_source_disable_unref(l->exit);
	(void)sd_event_source_disable_unref(l->timer);
	sys_close(&l->out_fd);
	sys_close(&l->err_fd);
	sys_close(&l->pidfd);
	buf_free(&l->answer);
	buf_free(&l->errors);
	free(l);
}

/* Kill the child's whole session, while its number cannot be another's. */
static void
kill_all(struct lookup *l)
{
	(void)kill(-l->pid, SIGKILL);
	(void)sys_pidfd_signal(l->pidfd, SIGKILL);
}

/* The last line that says something. */
static const char *
last_line(struct lookup *l)
{
	char *text = l->errors.data, *line;

	while (l->errors.len > 0 && (text[l->errors.len - 1] == '\n' ||
	    text[l->errors.len - 1] == '\r'))
		text[--l->errors.len] = '\0';
	if (l->errors.len == 0)
		return NULL;
	line = memrchr(text, '\n', l->errors.len);	/* there may be NULs */
	return line != NULL ? line + 1 : text;
}

/* NULL: the answer is there. */
static const char *
judge(struct lookup *l, const siginfo_t *info, char *text, size_t size)
{
	const char *line = last_line(l);

	if (l->timed_out)
		(void)snprintf(text, size, "aws-credentials did not answer "
		    "within %d s", LOOKUP_MS / 1000);
	else if (l->too_big)
		(void)snprintf(text, size, "the answer of aws-credentials is "
		    "larger than %d bytes", LOOKUP_ANSWER_MAX);
	else if (info->si_code != CLD_EXITED && info->si_code != 0)
		(void)snprintf(text, size, "aws-credentials died of signal %d",
		    info->si_status);
	else if (info->si_status == 0 && l->answer.len > 0)
		return NULL;
	else if (line != NULL)
		(void)log_safe(text, size, line);
	else
		(void)snprintf(text, size, "aws-credentials ended with status "
		    "%d and said nothing", info->si_status);
	return text;
}

/* --- the loop's side --- */

/* Read what is there now. */
static void
drain(struct lookup *l, int fd, struct buf *to, bool keep_last)
{
	char piece[4096];
	ssize_t n;

	/* bounded, so that a program that never stops writing cannot hold the
	 * loop */
	for (int i = 0; i < 32; i++) {
		n = read(fd, piece, sizeof(piece));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (keep_last && to->len + (size_t)n > to->max)
			buf_consume(to, to->len + (size_t)n - to->max);
		if (buf_add(to, piece, (size_t)n) != 0) {
			l->too_big = true;
			kill_all(l);
			break;
		}
	}
	explicit_bzero(piece, sizeof(piece));
}

static int
on_out(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct lookup *l = arg;

	drain(l, fd, &l->answer, false);
	if ((revents & EPOLLIN) == 0 || l->too_big)	/* closed */
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int
on_err(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct lookup *l = arg;

	drain(l, fd, &l->errors, true);
	if ((revents & EPOLLIN) == 0)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int
on_limit(sd_event_source *source, uint64_t usec, void *arg)
{
	struct lookup *l = arg;

	(void)source;
	(void)usec;
	l->timed_out = true;
	kill_all(l);		/* its exit ends the look-up */
	return 0;
}

static int
on_exit_of(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct lookup *l = arg;
	siginfo_t info;
	char text[1024];
	const char *error;

	(void)source;
	(void)revents;
	drain(l, l->out_fd, &l->answer, false);
	drain(l, l->err_fd, &l->errors, true);
	kill_all(l);		/* grandchildren; it is a zombie itself */
	memset(&info, 0, sizeof(info));
	/* ECHILD: somebody reaped it; then the answer decides */
	(void)waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG);
	error = judge(l, &info, text, sizeof(text));
	l->done(error == NULL ? &l->answer : NULL, error, l->arg);
	lookup_free(l);
	return 0;
}

static int
watch(struct lookup *l, sd_event *event)
{
	if (sd_event_add_io(event, &l->out, l->out_fd, EPOLLIN, on_out,
	    l) < 0 ||
	    sd_event_add_io(event, &l->err, l->err_fd, EPOLLIN, on_err,
	    l) < 0 ||
	    sd_event_add_io(event, &l->exit, l->pidfd, EPOLLIN, on_exit_of,
	    l) < 0)
		return -1;
	timer_in(event, &l->timer, LOOKUP_MS, on_limit, l);
	(void)sd_event_source_set_priority(l->out, PRIO_REPORT);
	(void)sd_event_source_set_priority(l->err, PRIO_REPORT);
	(void)sd_event_source_set_priority(l->exit, PRIO_EXIT);
	return 0;
}

static struct lookup *
lookup_new(lookup_done done, void *arg)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->pidfd = l->out_fd = l->err_fd = -1;
	l->done = done;
	l->arg = arg;
	buf_init(&l->answer, LOOKUP_ANSWER_MAX);
	buf_init(&l->errors, LOOKUP_ERROR_MAX);
	return l;
}

struct lookup *
lookup_start(sd_event *event, const struct conf *conf, lookup_done done,
    void *arg, struct fail *fail)
{
	struct spawn s = { .in = -1, .out = { -1, -1 }, .err = { -1, -1 } };
	struct lookup *l = lookup_new(done, arg);

	if (spawn_prepare(&s, conf, fail) != 0)
		goto bad;
	if ((l->pid = fork()) == -1) {
		(void)fail_set(fail, FAIL_SYSTEM, "credentials: fork: %s",
		    strerror(errno));
		goto bad;
	}
	if (l->pid == 0)
		child_run(&s);
	l->out_fd = s.out[0];
	l->err_fd = s.err[0];
	s.out[0] = s.err[0] = -1;
	l->pidfd = sys_pidfd_open(l->pid);
	if (l->pidfd == -1 || watch(l, event) != 0) {
		(void)fail_set(fail, FAIL_SYSTEM, "credentials: cannot watch "
		    "the child");
		/* its number is still its own: it is not reaped yet */
		(void)kill(l->pid, SIGKILL);
		(void)waitpid(l->pid, NULL, 0);
		goto bad;
	}
	spawn_free(&s);
	return l;
bad:
	spawn_free(&s);
	lookup_free(l);
	return NULL;
}

void
lookup_stop(struct lookup *l)
{
	siginfo_t info;

	if (l == NULL)
		return;
	kill_all(l);
	/* do not wait: the sweep for unknown zombies gets the rest */
	(void)waitid(SYS_P_PIDFD, (id_t)l->pidfd, &info, WEXITED | WNOHANG);
	lookup_free(l);
}

pid_t
lookup_pid(const struct lookup *l)
{
	return l->pid;
}
