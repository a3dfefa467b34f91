/*
 * One executor from the supervisor's side: its two pipes, its process, its
 * end. The report pipe is always read to its end before the exit counts.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "sys.h"
#include "worker.h"

#define READ_AT_ONCE	(64 * 1024)
#define DRAIN_MAX	(1024 * 1024)	/* a grandchild may go on writing */

struct child {
	struct entry		*entry;
	uint32_t		 number;
	int			 order_fd, report_fd, pidfd;
	pid_t			 pid;		/* 0: not known yet */
	struct child_pipe	 pipe;
	struct buf		 out;
	sd_event_source		*report_source, *order_source, *exit_source;
	bool			 ordered;
	unsigned		 busy;		/* a handler of it is running */
	bool			 dead;		/* to be freed when it is not */
};

static uint32_t last_number;

static void
set_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

void
child_free(struct child *child)
{
	if (child == NULL)
		return;
	child->report_source =
	    sd_event_source_disable_unref(child->report_source);
	child->order_source =
	    sd_event_source_disable_unref(child->order_source);
	child->exit_source = sd_event_source_disable_unref(child->exit_source);
	set_close(&child->order_fd);
	set_close(&child->report_fd);
	set_close(&child->pidfd);
	buf_clear(&child->out);
	buf_clear(&child->pipe.in);
	if (child->busy > 0) {
		child->dead = true;
		return;
	}
	buf_free(&child->out);
	buf_free(&child->pipe.in);
	free(child);
}

/* Begin and end of a handler: false if the child went away in between. */
static void
enter(struct child *child)
{
	child->busy++;
}

static bool
leave(struct child *child)
{
	bool dead = child->dead;

	if (--child->busy == 0 && dead)
		child_free(child);
	return !dead;
}

bool
child_known(const struct child *child)
{
	return child->pid > 0;
}

void
child_signal(struct child *child, int sig)
{
	if (child->pidfd != -1)
		(void)sys_pidfd_signal(child->pidfd, sig);
}

/* --- its process --- */

static bool
crash_signal(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS ||
	    sig == SIGILL || sig == SIGFPE || sig == SIGSYS;
}

static void	drain(struct child *);

static void
tell_exit(struct entry *entry, const struct job_exit *end)
{
	const struct job *job = &entry->job;

	if (end->crash)
		journal_job(job, JOURNAL_CRASHED, LOG_ERR, "the executor "
		    "crashed with signal %d (%s) while %s", end->status,
		    strsignal(end->status), ipc_step_text(job->step));
	else if (end->signaled && job->child == CHILD_STOPPING &&
	    end->status == SIGTERM)
		journal_job(job, JOURNAL_KILLED, LOG_WARNING,
		    "the executor was ended by the stop itself");
	else if (end->signaled && job->child != CHILD_KILLED)
		journal_job(job, JOURNAL_KILLED, LOG_WARNING, "the executor "
		    "was ended by signal %d (%s) from outside while %s",
		    end->status, strsignal(end->status),
		    ipc_step_text(job->step));
	else if (end->signaled)
		journal_job(job, JOURNAL_KILLED, LOG_WARNING,
		    "the executor was killed");
	else if (job->state == JOB_RESULT && end->status != 0)
		journal_job(job, JOURNAL_OTHER, LOG_WARNING, "the executor "
		    "ended with status %d after its result", end->status);
}

static int
on_exit_source(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct child *child = arg;
	struct entry *entry = child->entry;
	struct worker *worker = entry->worker;
	struct job_event ev = { .type = EV_EXIT };
	siginfo_t info = { 0 };

	(void)source, (void)revents;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return 0;
	enter(child);
	drain(child);
	if (!leave(child))
		return 0;
	ev.u.exit.signaled = info.si_code != CLD_EXITED;
	ev.u.exit.status = info.si_status;
	ev.u.exit.crash = ev.u.exit.signaled && crash_signal(info.si_status);
	tell_exit(entry, &ev.u.exit);
	entry->child = NULL;
	child_free(child);
	/* A crash may have been helped by what all executors share with their
	 * zygote: addresses and canary. */
	if (ev.u.exit.crash)
		zygote_renew(worker->zygote, false,
		    "an executor crashed");
	dispatch_event(entry, &ev);
	return 0;
}

/* Take a process as ours. It must be a child of this process: else the number
 * means another one. */
static int
adopt(struct child *child, pid_t pid, struct fail *fail)
{
	siginfo_t info;

	if (child->pid == pid)
		return 0;
	if (child->pid != 0)
		return fail_set(fail, FAIL_SYSTEM, "it calls itself process %d "
		    "but is %d", (int)pid, (int)child->pid);
	child->pidfd = sys_pidfd_open(pid);
	if (child->pidfd == -1)
		return fail_set(fail, FAIL_SYSTEM, "process %d: %s", (int)pid,
		    strerror(errno));
	memset(&info, 0, sizeof(info));
	if (waitid(SYS_P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG |
	    WNOWAIT) != 0) {
		set_close(&child->pidfd);
		return fail_set(fail, FAIL_SYSTEM,
		    "process %d is no child of the supervisor", (int)pid);
	}
	if (sd_event_add_io(child->entry->worker->event, &child->exit_source,
	    child->pidfd, EPOLLIN, on_exit_source, child) < 0)
		fatalx("cannot watch an executor");
	(void)sd_event_source_set_priority(child->exit_source, PRIO_EXIT);
	child->pid = pid;
	return 0;
}

/* --- the report pipe --- */

static void
lines(struct child *child)
{
	struct entry *entry = child->entry;
	pid_t told = 0;
	struct fail fail;

	report_lines(entry, &child->pipe, &told);
	if (told == 0 || child->dead)
		return;
	if (adopt(child, told, &fail) != 0) {
		journal_job(&entry->job, JOURNAL_OTHER, LOG_ERR,
		    "hello of the executor: %s", fail.text);
		dispatch_text(entry, EV_FAULT, fail.text);
		return;
	}
	journal_job(&entry->job, JOURNAL_BEGUN, LOG_INFO, "executor %d begins",
	    (int)told);
	dispatch_simple(entry, EV_HELLO);
	if (!child->dead)
		report_lines(entry, &child->pipe, &told);
}

/* Read once. 1: more may come, 0: nothing now, -1: end of file. */
static int
read_some(struct child *child)
{
	char chunk[READ_AT_ONCE];
	size_t room = child->pipe.in.max - child->pipe.in.len;
	ssize_t n;

	if (child->report_fd == -1)
		return -1;
	n = read(child->report_fd, chunk, room < sizeof(chunk) ? room :
	    sizeof(chunk));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	(void)buf_add(&child->pipe.in, chunk, (size_t)n);
	explicit_bzero(chunk, (size_t)n);
	lines(child);
	return 1;
}

static void
drain(struct child *child)
{
	for (int i = 0; i < DRAIN_MAX / READ_AT_ONCE && !child->dead; i++)
		if (read_some(child) != 1)
			break;
}

static int
on_report(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct child *child = arg;
	struct entry *entry = child->entry;
	int got;

	(void)fd, (void)revents;
	enter(child);
	got = read_some(child);
	if (!leave(child) || got >= 0)
		return 0;
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (child->pid != 0)
		return 0;	/* its exit follows */
	entry->child = NULL;
	child_free(child);
	dispatch_text(entry, EV_START_FAILED,
	    "it ended before its first message");
	return 0;
}

/* --- the order pipe --- */

static void
write_some(struct child *child)
{
	ssize_t n;

	while (child->out.len > 0) {
		n = write(child->order_fd, child->out.data, child->out.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		buf_consume(&child->out, (size_t)n);
	}
	if (child->out.len > 0 && errno != EAGAIN)
		buf_clear(&child->out);		/* gone: its exit follows */
	if (child->out.len == 0)
		buf_clear(&child->out);
	(void)sd_event_source_set_enabled(child->order_source,
	    child->out.len > 0 ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int
on_order(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source, (void)fd, (void)revents;
	write_some(arg);
	return 0;
}

void
child_write(struct child *child, struct buf *line, bool answer)
{
	if (answer)
		child->pipe.turn.waiting = false;
	child->ordered = child->pipe.turn.ordered = true;
	if (buf_add(&child->out, line->data, line->len) != 0)
		return;		/* reads nothing: its deadline ends it */
	write_some(child);
}

/* --- start --- */

static int
make_pipes(struct child *child, int *order_read, int *report_write)
{
	int order[2], report[2];

	if (pipe2(order, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(report, O_CLOEXEC) != 0) {
		(void)close(order[0]);
		(void)close(order[1]);
		return -1;
	}
	*order_read = order[0];
	child->order_fd = order[1];
	child->report_fd = report[0];
	*report_write = report[1];
	(void)fcntl(order[1], F_SETFL, O_NONBLOCK);
	(void)fcntl(report[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void
watch_pipes(struct child *child)
{
	sd_event *event = child->entry->worker->event;

	if (sd_event_add_io(event, &child->report_source, child->report_fd,
	    EPOLLIN, on_report, child) < 0 ||
	    sd_event_add_io(event, &child->order_source, child->order_fd,
	    EPOLLOUT, on_order, child) < 0)
		fatalx("cannot watch the pipes of an executor");
	(void)sd_event_source_set_priority(child->report_source, PRIO_REPORT);
	(void)sd_event_source_set_enabled(child->order_source, SD_EVENT_OFF);
}

int
child_start(struct entry *entry, struct fail *fail)
{
	struct child *child = xcalloc(1, sizeof(*child));
	int order_read = -1, report_write = -1, rc;

	child->entry = entry;
	child->number = ++last_number;
	child->order_fd = child->report_fd = child->pidfd = -1;
	buf_init(&child->out, IPC_ORDER_MAX * 2);
	buf_init(&child->pipe.in, IPC_REPORT_MAX);
	if (make_pipes(child, &order_read, &report_write) != 0) {
		fail_set(fail, FAIL_SYSTEM, "pipe: %s", strerror(errno));
		child_free(child);
		return -1;
	}
	rc = zygote_ask(entry->worker->zygote, child->number, order_read,
	    report_write, fail);
	(void)close(order_read);
	(void)close(report_write);
	if (rc != 0) {
		child_free(child);
		return -1;
	}
	entry->child = child;
	watch_pipes(child);
	return 0;
}

static struct child *
child_find(struct worker *worker, uint32_t number)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->child != NULL && entry->child->number == number)
			return entry->child;
	return NULL;
}

static int
on_stray_exit(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	siginfo_t info = { 0 };

	(void)revents, (void)arg;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 &&
	    info.si_pid == 0)
		return 0;
	sd_event_source_disable_unref(source);
	(void)close(fd);
	return 0;
}

/* End a process that no job waits for any more: it died before its first
 * message or broke the protocol before the zygote told its number. */
static void
end_stray(struct worker *worker, pid_t pid)
{
	sd_event_source *source;
	siginfo_t info;
	int fd = sys_pidfd_open(pid);

	if (fd == -1)
		return;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT) !=
	    0 || sd_event_add_io(worker->event, &source, fd, EPOLLIN,
	    on_stray_exit, NULL) < 0) {
		(void)close(fd);
		return;
	}
	(void)sys_pidfd_signal(fd, SIGKILL);
}

void
child_started(struct worker *worker, uint32_t number, pid_t pid)
{
	struct child *child = child_find(worker, number);
	struct fail fail;

	if (child == NULL) {
		end_stray(worker, pid);
		return;
	}
	if (adopt(child, pid, &fail) != 0)
		dispatch_text(child->entry, EV_FAULT, fail.text);
	else
		dispatch_simple(child->entry, EV_STARTED);
}

void
child_start_failed(struct worker *worker, uint32_t number, const char *why)
{
	struct child *child = child_find(worker, number);
	struct entry *entry;

	if (child == NULL || child->pid != 0)
		return;
	entry = child->entry;
	entry->child = NULL;
	child_free(child);
	dispatch_text(entry, EV_START_FAILED, why);
}

static bool
pid_known(struct worker *worker, pid_t pid)
{
	struct entry *entry;

	if (pid == zygote_pid(worker->zygote) ||
	    pid == credentials_child(worker->credentials))
		return true;
	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->child != NULL && entry->child->pid == pid)
			return true;
	return false;
}

void
child_sweep(struct worker *worker)
{
	for (int i = 0; i < 1000; i++) {
		siginfo_t info = { 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid == 0 || pid_known(worker, info.si_pid))
			return;
		(void)waitid(P_PID, (id_t)info.si_pid, &info,
		    WEXITED | WNOHANG);
	}
}
