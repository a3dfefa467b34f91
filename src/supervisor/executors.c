/*
 * Executors from the supervisor's side. A report pipe is read to its end before
 * the exit counts.
 */
#include <sys/queue.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_lines.h"
#include "executors.h"
#include "ipc_order.h"
#include "log.h"
#include "mem.h"
#include "priority.h"
#include "sys.h"
#include "zygote.h"


struct executor {
	LIST_ENTRY(executor)	 link;
	struct executors	*all;
	void			*job;
	uint32_t		 number;
	int			 order_fd, pidfd;
	pid_t			 pid;		/* 0: not known yet */
	struct child_lines	 lines;
	struct buf		 out;
	sd_event_source		*order_source, *exit_source;
	bool			 closed;
};

LIST_HEAD(executor_list, executor);

struct executors {
	sd_event		*event;
	struct zygote		*zygote;
	struct executor_list	 list;
	struct executor_list	 closed;	/* freed in the next turn, since
						   one of their handlers may be
						   running */
	sd_event_source		*burial;
	uint32_t		 last_number;
	struct executors_calls	 calls;
	void			*arg;
};

void
executor_free(struct executor *executor)
{
	struct executors *all;

	if (executor == NULL)
		return;
	all = executor->all;
	executor->closed = true;
	if (executor->lines.fd != -1)
		child_lines_close(&executor->lines);
	executor->order_source =
	    sd_event_source_disable_unref(executor->order_source);
	executor->exit_source =
	    sd_event_source_disable_unref(executor->exit_source);
	sys_close(&executor->order_fd);
	sys_close(&executor->pidfd);
	buf_free(&executor->out);
	LIST_REMOVE(executor, link);
	LIST_INSERT_HEAD(&all->closed, executor, link);
	(void)sd_event_source_set_enabled(all->burial, SD_EVENT_ONESHOT);
}

static void
bury(struct executors *all)
{
	struct executor *executor;

	while ((executor = LIST_FIRST(&all->closed)) != NULL) {
		LIST_REMOVE(executor, link);
		free(executor);
	}
}

static int
on_burial(sd_event_source *source, void *arg)
{
	(void)source;
	bury(arg);
	return 0;
}

bool
executor_known(const struct executor *executor)
{
	return executor->pid > 0;
}

void
executor_signal(struct executor *executor, int sig)
{
	if (executor->pidfd != -1)
		(void)sys_pidfd_signal(executor->pidfd, sig);
}

/* The executor is gone, or never came: tell the owner last. */
static void
fail_start(struct executor *executor, const char *why)
{
	struct executors *all = executor->all;
	void *job = executor->job;

	executor_free(executor);
	all->calls.failed(job, why, all->arg);
}

/* --- its process --- */

static bool
crash_signal(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS ||
	    sig == SIGILL || sig == SIGFPE || sig == SIGSYS;
}

static int
on_exit_source(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct executor *executor = arg;
	struct executors *all = executor->all;
	struct executor_end end;
	siginfo_t info = { 0 };
	void *job = executor->job;

	(void)source, (void)revents;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return 0;
	if (executor->lines.fd != -1)
		child_lines_drain(&executor->lines);
	if (executor->closed)		/* a callback closed it */
		return 0;
	end.signaled = info.si_code != CLD_EXITED;
	end.status = info.si_status;
	end.crash = end.signaled && crash_signal(info.si_status);
	executor_free(executor);
	/* An attacker may learn from a crash what all executors share with
	 * their zygote: addresses and canary. */
	if (end.crash)
		zygote_renew(all->zygote, false, "an executor crashed");
	all->calls.ended(job, &end, all->arg);
	return 0;
}

static bool
is_executor(const struct executors *all, pid_t pid)
{
	const struct executor *executor;

	LIST_FOREACH(executor, &all->list, link)
		if (executor->pid == pid)
			return true;
	return false;
}

/* Whether a child of ours is somebody already. */
static bool
pid_known(const struct executors *all, pid_t pid)
{
	return is_executor(all, pid) || zygote_is(all->zygote, pid) ||
	    all->calls.known(pid, all->arg);
}

/* Take a process as ours, as the zygote says or, told, as it says itself. It
 * must be a child of this process that nobody else is: else the number means
 * another one, which would be killed in its place. */
static int
adopt(struct executor *executor, pid_t pid, bool told, struct fail *fail)
{
	siginfo_t info;

	if (executor->pid == pid)
		return 0;
	if (executor->pid != 0)
		return fail_set(fail, FAIL_SYSTEM, "it calls itself process %d "
		    "but is %d", (int)pid, (int)executor->pid);
	if (is_executor(executor->all, pid) ||
	    (told && pid_known(executor->all, pid)))
		return fail_set(fail, FAIL_SYSTEM, "process %d is known as "
		    "somebody else", (int)pid);
	executor->pidfd = sys_pidfd_open(pid);
	if (executor->pidfd == -1)
		return fail_set(fail, FAIL_SYSTEM, "process %d: %s", (int)pid,
		    strerror(errno));
	memset(&info, 0, sizeof(info));
	if (waitid(SYS_P_PIDFD, (id_t)executor->pidfd, &info,
	    WEXITED | WNOHANG | WNOWAIT) != 0) {
		sys_close(&executor->pidfd);
		return fail_set(fail, FAIL_SYSTEM,
		    "process %d is not a child of the supervisor", (int)pid);
	}
	if (sd_event_add_io(executor->all->event, &executor->exit_source,
	    executor->pidfd, EPOLLIN, on_exit_source, executor) < 0)
		fatalx("cannot watch an executor");
	(void)sd_event_source_set_priority(executor->exit_source,
	    PRIO_EXIT);
	executor->pid = pid;
	return 0;
}

/* --- the report pipe --- */

/* It broke the protocol: nothing more of it is believed. */
static void
on_fault(void *arg, const char *text)
{
	struct executor *executor = arg;

	child_lines_ignore(&executor->lines);
	executor->all->calls.fault(executor->job, text, executor->all->arg);
}

static void
on_hello(void *arg, const struct ipc_report *report)
{
	struct executor *executor = arg;
	const struct executors *all = executor->all;
	struct fail fail;

	if (report->u.hello.version != IPC_VERSION) {
		child_lines_ignore(&executor->lines);
		all->calls.other_version(executor->job,
		    report->u.hello.version, all->arg);
	} else if (adopt(executor, report->u.hello.pid, true, &fail) != 0)
		on_fault(executor, fail.text);
	else
		all->calls.hello(executor->job, executor->pid, all->arg);
}

static void
on_end(void *arg)
{
	struct executor *executor = arg;

	if (executor->pid == 0)		/* otherwise its exit follows */
		fail_start(executor, "it ended before its first message");
}

/* --- the order pipe --- */

static void
write_some(struct executor *executor)
{
	ssize_t n;

	while (executor->out.len > 0) {
		n = write(executor->order_fd, executor->out.data,
		    executor->out.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		buf_consume(&executor->out, (size_t)n);
	}
	if (executor->out.len > 0 && errno != EAGAIN)
		buf_clear(&executor->out);	/* gone: its exit follows */
	if (executor->out.len == 0)
		buf_clear(&executor->out);
	(void)sd_event_source_set_enabled(executor->order_source,
	    executor->out.len > 0 ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int
on_order(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source, (void)fd, (void)revents;
	write_some(arg);
	return 0;
}

void
executor_write(struct executor *executor, const struct buf *line, bool answer)
{
	if (answer)
		executor->lines.turn.waiting = false;
	executor->lines.turn.ordered = true;
	if (buf_add(&executor->out, line->data, line->len) != 0)
		return;		/* reads nothing: its deadline ends it */
	write_some(executor);
}

/* --- start --- */

static int
make_pipes(int order[2], int report[2])
{
	order[0] = order[1] = report[0] = report[1] = -1;
	if (pipe2(order, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0)
		return -1;
	(void)fcntl(order[1], F_SETFL, O_NONBLOCK);
	(void)fcntl(report[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static struct executor *
executor_new(struct executors *all, void *job, int order_fd, int report_fd)
{
	struct executor *executor = xcalloc(1, sizeof(*executor));
	const struct child_lines_ears ears = { .report = all->calls.report,
	    .job = job, .job_arg = all->arg, .hello = on_hello,
	    .fault = on_fault, .end = on_end, .arg = executor };

	executor->all = all;
	executor->job = job;
	executor->number = ++all->last_number;
	executor->order_fd = order_fd;
	executor->pidfd = -1;
	buf_init(&executor->out, IPC_ORDER_MAX * 2);
	if (sd_event_add_io(all->event, &executor->order_source, order_fd,
	    EPOLLOUT, on_order, executor) < 0)
		fatalx("cannot watch the pipes of an executor");
	(void)sd_event_source_set_enabled(executor->order_source,
	    SD_EVENT_OFF);
	child_lines_open(&executor->lines, all->event, report_fd, &ears);
	LIST_INSERT_HEAD(&all->list, executor, link);
	return executor;
}

struct executor *
executor_start(struct executors *all, void *job, struct fail *fail)
{
	struct executor *executor = NULL;
	int order[2], report[2];

	if (make_pipes(order, report) != 0) {
		(void)fail_set(fail, FAIL_SYSTEM, "pipe: %s",
		    strerror(errno));
	} else if (zygote_ask(all->zygote, all->last_number + 1, order[0],
	    report[1], fail) == 0) {
		executor = executor_new(all, job, order[1], report[0]);
		order[1] = report[0] = -1;
	}
	for (int i = 0; i < 2; i++) {
		sys_close(&order[i]);
		sys_close(&report[i]);
	}
	return executor;
}

/* --- what the zygote says --- */

static struct executor *
find(const struct executors *all, uint32_t number)
{
	struct executor *executor;

	LIST_FOREACH(executor, &all->list, link)
		if (executor->number == number)
			return executor;
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
 * message, or broke the protocol before the zygote reported its number. */
static void
end_stray(const struct executors *all, pid_t pid)
{
	sd_event_source *source;
	siginfo_t info;
	int fd = sys_pidfd_open(pid);

	if (fd == -1)
		return;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT) !=
	    0 || sd_event_add_io(all->event, &source, fd, EPOLLIN,
	    on_stray_exit, NULL) < 0) {
		(void)close(fd);
		return;
	}
	(void)sys_pidfd_signal(fd, SIGKILL);
}

static void
forked(uint32_t number, pid_t pid, void *arg)
{
	struct executors *all = arg;
	struct executor *executor = find(all, number);
	struct fail fail;

	if (executor == NULL)
		end_stray(all, pid);
	else if (adopt(executor, pid, false, &fail) != 0)
		on_fault(executor, fail.text);
}

static void
not_forked(uint32_t number, const char *why, void *arg)
{
	struct executors *all = arg;
	struct executor *executor = find(all, number);

	if (executor != NULL && executor->pid == 0)
		fail_start(executor, why);
}

static void
ready(void *arg)
{
	struct executors *all = arg;

	all->calls.ready(all->arg);
}

static void
zygote_ended(void *arg)
{
	executors_sweep(arg);
}

/* --- all of them --- */

struct executors *
executors_new(sd_event *event, const char *libexec_dir,
    const struct executors_calls *calls, void *arg, struct fail *fail)
{
	static const struct zygote_calls zygote_calls = { .ready = ready,
	    .forked = forked, .failed = not_forked, .ended = zygote_ended };
	struct executors *all = xcalloc(1, sizeof(*all));

	all->event = event;
	all->calls = *calls;
	all->arg = arg;
	LIST_INIT(&all->list);
	LIST_INIT(&all->closed);
	if (sd_event_add_defer(event, &all->burial, on_burial, all) < 0)
		fatalx("cannot add an event source");
	(void)sd_event_source_set_enabled(all->burial, SD_EVENT_OFF);
	all->zygote = zygote_new(event, libexec_dir, &zygote_calls, all, fail);
	if (all->zygote != NULL)
		return all;
	executors_free(all);
	return NULL;
}

void
executors_free(struct executors *all)
{
	if (all == NULL)
		return;
	zygote_free(all->zygote);
	bury(all);
	sd_event_source_disable_unref(all->burial);
	free(all);
}

void
executors_share(struct executors *all, int fd)
{
	zygote_share(all->zygote, fd);
}

bool
executors_ready(const struct executors *all)
{
	return zygote_ready(all->zygote);
}

void
executors_renew(struct executors *all, const char *why)
{
	zygote_renew(all->zygote, true, why);
}

void
executors_sweep(struct executors *all)
{
	for (int i = 0; i < 1000; i++) {
		siginfo_t info = { 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid == 0 || pid_known(all, info.si_pid))
			return;
		(void)waitid(P_PID, (id_t)info.si_pid, &info,
		    WEXITED | WNOHANG);
	}
}
