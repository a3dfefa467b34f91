/*
 * Attempts to reach other processes: signals, their memory, what the kernel
 * does for them.
 */
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/confine_attempts.h"

#ifndef SYS_process_madvise
#define SYS_process_madvise	440
#endif

/* --- signals --- */

static int
by_kill(struct scene *s)
{
	return attempt_result(kill(s->neighbour, SIGKILL));
}

static int
by_group(struct scene *s)
{
	return attempt_result(kill(-s->neighbour, SIGKILL));
}

static int
by_tkill(struct scene *s)
{
	return attempt_result(syscall(SYS_tkill, s->neighbour, SIGKILL));
}

static int
by_tgkill(struct scene *s)
{
	return attempt_result(syscall(SYS_tgkill, s->neighbour, s->neighbour,
	    SIGKILL));
}

static int
by_queue(struct scene *s)
{
	siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_QUEUE };

	return attempt_result(syscall(SYS_rt_sigqueueinfo, s->neighbour,
	    SIGKILL, &info));
}

static int
by_thread_queue(struct scene *s)
{
	siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_QUEUE };

	return attempt_result(syscall(SYS_rt_tgsigqueueinfo, s->neighbour,
	    s->neighbour, SIGKILL, &info));
}

static int
by_pidfd(struct scene *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->neighbour, 0);

	if (fd == -1)
		return errno;
	return attempt_result(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL,
	    0));
}

/* When the pipe can be read, its owner is signalled; nothing of this may be
 * refused silently. The first refusal tells. */
static int
by_pipe(int (*own)(int fd, struct scene *), struct scene *s)
{
	int fds[2], rv = 0, next;

	if (pipe(fds) == -1)
		return errno;
	rv = own(fds[0], s);
	next = attempt_result(fcntl(fds[0], F_SETSIG, SIGKILL));
	rv = rv != 0 ? rv : next;
	next = attempt_result(fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	rv = rv != 0 ? rv : next;
	next = attempt_result(write(fds[1], "x", 1));
	return rv != 0 ? rv : next;
}

static int
setown(int fd, struct scene *s)
{
	return attempt_result(fcntl(fd, F_SETOWN, s->neighbour));
}

static int
setown_ex(int fd, struct scene *s)
{
	struct f_owner_ex owner = { F_OWNER_TID, s->neighbour };

	return attempt_result(fcntl(fd, F_SETOWN_EX, &owner));
}

static int
by_owner(struct scene *s)
{
	return by_pipe(setown, s);
}

static int
by_owner_ex(struct scene *s)
{
	return by_pipe(setown_ex, s);
}

/* The same by ioctl, at a socket; SIGIO ends a process, too. */
static int
by_socket(unsigned long request, struct scene *s)
{
	int fds[2], on = 1, rv, next;
	int owner = (int)s->neighbour;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return errno;
	rv = attempt_result(ioctl(fds[0], request, &owner));
	next = attempt_result(ioctl(fds[0], FIOASYNC, &on));
	rv = rv != 0 ? rv : next;
	next = attempt_result(write(fds[1], "x", 1));
	return rv != 0 ? rv : next;
}

static int
by_fiosetown(struct scene *s)
{
	return by_socket(FIOSETOWN, s);
}

static int
by_siocspgrp(struct scene *s)
{
	return by_socket(SIOCSPGRP, s);
}

/* Only the flag: a pipe whose owner a former process was. */
static int
async_alone(struct scene *s)
{
	int fds[2];

	(void)s;
	if (pipe(fds) == -1)
		return errno;
	return attempt_result(fcntl(fds[0], F_SETFL, O_ASYNC));
}

static int
by_timer(struct scene *s)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
	    .sigev_signo = SIGUSR1 };
	int id;

	(void)s;
	return attempt_result(syscall(SYS_timer_create, CLOCK_MONOTONIC,
	    &event, &id));
}

static int
by_directory(struct scene *s)
{
	int fd = open(s->folder, O_RDONLY | O_DIRECTORY);

	/* not the opening is tried */
	return attempt_result(fcntl(fd == -1 ? s->lock : fd, F_NOTIFY,
	    DN_MODIFY));
}

static int
by_lease(struct scene *s)
{
	return attempt_result(fcntl(s->lock, F_SETLEASE, F_RDLCK) == -1 &&
	    errno == EAGAIN ? 0 : fcntl(s->lock, F_SETLEASE, F_WRLCK));
}

static int
by_queue_of_messages(struct scene *s)
{
	char name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "test-confine-%d", (int)getpid());
	(void)s;
	fd = (int)syscall(SYS_mq_open, name, O_RDWR | O_CREAT, 0600, NULL);
	if (fd == -1)
		return errno;
	(void)syscall(SYS_mq_unlink, name);
	return 0;
}

static int
by_terminal(struct scene *s)
{
	return attempt_result(ioctl(s->terminal, TIOCSTI, "x"));
}

/* A thread that the process starts is confined as it is. */
static void *
kill_in_thread(void *arg)
{
	struct scene *s = arg;
	static int rv;

	rv = attempt_result(kill(s->neighbour, SIGKILL));
	return &rv;
}

static int
by_thread(struct scene *s)
{
	pthread_t thread;
	void *rv;

	if (pthread_create(&thread, NULL, kill_in_thread, s) != 0 ||
	    pthread_join(thread, &rv) != 0)
		return ENOSYS;
	return *(int *)rv;
}

/* --- memory and descriptors --- */

static int
seize(struct scene *s)
{
	return attempt_result(ptrace(PTRACE_SEIZE, s->neighbour, NULL, NULL));
}

static int
attach(struct scene *s)
{
	if (ptrace(PTRACE_ATTACH, s->neighbour, NULL, NULL) == -1)
		return errno;
	/* it must not stay stopped */
	(void)waitpid(s->neighbour, NULL, __WALL);
	return attempt_result(ptrace(PTRACE_DETACH, s->neighbour, NULL, NULL));
}

static int
transfer(struct scene *s, long call, char *word)
{
	struct iovec mine = { word, 8 };
	struct iovec its = { (void *)(uintptr_t)confine_word, 8 };

	return attempt_result(syscall(call, s->neighbour, &mine, 1, &its, 1,
	    0));
}

static int
read_memory(struct scene *s)
{
	char word[16] = "";

	return transfer(s, SYS_process_vm_readv, word);
}

static int
write_memory(struct scene *s)
{
	char word[16] = "changed!";

	return transfer(s, SYS_process_vm_writev, word);
}

static int
open_proc(pid_t pid, const char *name, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, flags | O_CLOEXEC);
}

static int
read_proc_memory(struct scene *s)
{
	int fd = open_proc(s->neighbour, "mem", O_RDONLY);
	char word[16];

	if (fd == -1)
		return errno;
	return attempt_result(pread(fd, word, 8,
	    (off_t)(uintptr_t)confine_word));
}

static int
write_proc_memory(struct scene *s)
{
	int fd = open_proc(s->neighbour, "mem", O_RDWR);

	if (fd == -1)
		return errno;
	return attempt_result(pwrite(fd, "changed!", 8,
	    (off_t)(uintptr_t)confine_word));
}

static int
read_hidden_memory(struct scene *s)
{
	return attempt_result(open_proc(s->hidden, "mem", O_RDONLY));
}

static int
read_environment(struct scene *s)
{
	return attempt_result(open_proc(s->neighbour, "environ", O_RDONLY));
}

static int
steal_descriptor(struct scene *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->neighbour, 0);

	if (fd == -1)
		return errno;
	return attempt_result(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int
advise(struct scene *s)
{
	struct iovec its = { (void *)((uintptr_t)confine_word &
	    ~(uintptr_t)4095), 4096 };
	int fd = (int)syscall(SYS_pidfd_open, s->neighbour, 0);

	if (fd == -1)
		return errno;
	return attempt_result(syscall(SYS_process_madvise, fd, &its, 1,
	    20 /* MADV_COLD */, 0));
}

static int
compare(struct scene *s)
{
	return attempt_result(syscall(SYS_kcmp, getpid(), s->neighbour,
	    KCMP_FILES, 0, 0));
}

static int
move_pages_of(struct scene *s)
{
	void *page = (void *)(uintptr_t)confine_word;
	int status;

	return attempt_result(syscall(SYS_move_pages, s->neighbour, 1UL, &page,
	    NULL, &status, 0));
}

/* --- limits and priorities --- */

static int
limit_files(struct scene *s)
{
	struct rlimit r = { 8, 8 };

	return attempt_result(prlimit(s->neighbour, RLIMIT_NOFILE, &r, NULL));
}

static int
ask_limit(struct scene *s)
{
	struct rlimit r;

	return attempt_result(prlimit(s->neighbour, RLIMIT_NOFILE, NULL, &r));
}

static int
set_priority(struct scene *s)
{
	return attempt_result(setpriority(PRIO_PROCESS, (id_t)s->neighbour,
	    19));
}

static int
set_affinity(struct scene *s)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	return attempt_result(sched_setaffinity(s->neighbour, sizeof(set),
	    &set));
}

static int
set_scheduler(struct scene *s)
{
	struct sched_param param = { 0 };

	return attempt_result(sched_setscheduler(s->neighbour, SCHED_BATCH,
	    &param));
}

static int
set_attributes(struct scene *s)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t times[3];
	} attr = { .size = 48, .policy = SCHED_BATCH, .nice = 19 };

	return attempt_result(syscall(SYS_sched_setattr, s->neighbour, &attr,
	    0));
}

static int
set_io_priority(struct scene *s)
{
	return attempt_result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS,
	    s->neighbour, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)));
}

const struct attempt attempts_processes[] = {
	{ "kill", by_kill, EPERM, MARKS },
	{ "kill a process group", by_group, EPERM, MARKS },
	{ "tkill", by_tkill, EPERM, MARKS },
	{ "tgkill", by_tgkill, EPERM, MARKS },
	{ "rt_sigqueueinfo", by_queue, EPERM, MARKS },
	{ "rt_tgsigqueueinfo", by_thread_queue, EPERM, MARKS },
	{ "pidfd_send_signal", by_pidfd, EPERM, MARKS },
	{ "fcntl F_SETOWN", by_owner, EPERM, MARKS },
	{ "fcntl F_SETOWN_EX", by_owner_ex, EPERM, MARKS },
	{ "ioctl FIOSETOWN", by_fiosetown, EPERM, MARKS },
	{ "ioctl SIOCSPGRP", by_siocspgrp, EPERM, MARKS },
	{ "fcntl F_SETFL O_ASYNC", async_alone, EPERM, 0 },
	{ "fcntl F_NOTIFY", by_directory, EPERM, 0 },
	{ "fcntl F_SETLEASE", by_lease, EPERM, MAYBE },
	{ "timer_create", by_timer, EPERM, 0 },
	{ "mq_open", by_queue_of_messages, EPERM, MAYBE },
	{ "ioctl TIOCSTI", by_terminal, EPERM, MAYBE },
	{ "kill in a thread", by_thread, EPERM, MARKS },
	{ "ptrace PTRACE_SEIZE", seize, EPERM, 0 },
	{ "ptrace PTRACE_ATTACH", attach, EPERM, 0 },
	{ "process_vm_readv", read_memory, EPERM, 0 },
	{ "process_vm_writev", write_memory, EPERM, MARKS },
	{ "read /proc/PID/mem", read_proc_memory, EACCES,
	    LANDLOCK | POWERS | HIDDEN },
	{ "write /proc/PID/mem", write_proc_memory, EPERM, MARKS },
	{ "read /proc/PID/mem, not dumpable", read_hidden_memory, EACCES,
	    ROOT | HIDDEN },
	{ "read /proc/PID/environ", read_environment, EACCES,
	    LANDLOCK | POWERS | HIDDEN },
	{ "pidfd_getfd", steal_descriptor, EPERM, 0 },
	{ "process_madvise", advise, EPERM, MAYBE },
	{ "kcmp", compare, EPERM, MAYBE },
	{ "move_pages", move_pages_of, EPERM, MAYBE },
	{ "prlimit", limit_files, EPERM, MARKS },
	{ "prlimit, asking", ask_limit, EPERM, 0 },
	{ "setpriority", set_priority, EPERM, MARKS },
	{ "sched_setaffinity", set_affinity, EPERM, 0 },
	{ "sched_setscheduler", set_scheduler, EPERM, MARKS },
	{ "sched_setattr", set_attributes, EPERM, MARKS },
	{ "ioprio_set", set_io_priority, EPERM, MARKS },
};
const size_t nattempts_processes =
    sizeof(attempts_processes) / sizeof(attempts_processes[0]);
