/*
 * The zygote from the supervisor's side: starts it from a descriptor held since
 * the program's start, asks it for executors over a socket pair, and replaces
 * it when it dies or does not answer.
 */
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "journal.h"
#include "log.h"
#include "mem.h"
#include "priority.h"
#include "sys.h"
#include "timer.h"
#include "zygote.h"

#define ZYGOTE_FD	3	/* its end of the socket pair */
#ifndef QUICK_MS		/* a test does not wait so long */
#define QUICK_MS	5000	/* if it ends sooner, start the next one
				   later */
#endif
#ifndef READY_MS
#define READY_MS	10000	/* from the start to the sign of life */
#endif

/* A replaced zygote on its way out: asked nothing more, it may still answer
 * what it was asked. */
struct retired {
	LIST_ENTRY(retired) link;
	struct zygote	*zygote;
	pid_t		 pid;
	int		 sock, pidfd;
	sd_event_source	*answer_source, *exit_source;
};

struct zygote {
	sd_event	*event;
	struct zygote_calls calls;
	void		*arg;
	int		 shared_fd;	/* for every executor; -1: none yet */
	int		 exe_fd;	/* O_PATH */
	int		 sock, pidfd;
	pid_t		 pid;		/* 0: none now */
	int64_t		 started_ms;
	unsigned	 quick_ends;
	bool		 ready;		/* it gave its sign of life */
	bool		 told_landlock;
	char		*environment[16];
	sd_event_source	*answer_source, *exit_source, *again_source;
	sd_event_source	*ready_source;
	LIST_HEAD(, retired) retired;
};

static void	zygote_start(struct zygote *);

/* Between fork and exec: only async-signal-safe calls. */
static void __attribute__((noreturn))
become_zygote(const struct zygote *zygote, int sock, pid_t parent)
{
	/* as long as the titles that will replace it */
	char name[] = "quali-job-worker-zygote";
	char *const argv[] = { name, NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null;

	/* A session of its own: Ctrl-C at a terminal is only for the
	 * supervisor. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    setsid() == -1)
		_exit(127);
	null = open("/dev/null", O_RDWR);
	if (null == -1 || dup2(null, 0) == -1 || dup2(null, 1) == -1 ||
	    dup2(sock, ZYGOTE_FD) == -1)
		_exit(127);
	if (sock == ZYGOTE_FD)
		(void)fcntl(sock, F_SETFD, 0);
#ifdef CLOSE_RANGE_CLOEXEC
	if (close_range(ZYGOTE_FD + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0)
		_exit(127);
#endif
	(void)sigaction(SIGPIPE, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)fexecve(zygote->exe_fd, argv, zygote->environment);
	_exit(127);
}

static void
zygote_close(struct zygote *zygote)
{
	zygote->answer_source =
	    sd_event_source_disable_unref(zygote->answer_source);
	zygote->exit_source =
	    sd_event_source_disable_unref(zygote->exit_source);
	zygote->ready_source =
	    sd_event_source_disable_unref(zygote->ready_source);
	if (zygote->sock != -1)
		(void)close(zygote->sock);
	if (zygote->pidfd != -1)
		(void)close(zygote->pidfd);
	zygote->sock = zygote->pidfd = -1;
	zygote->pid = 0;
	zygote->ready = false;
}

static int
on_again(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	zygote_start(arg);
	return 0;
}

static void
start_later(struct zygote *zygote)
{
	int64_t ms = sys_backoff_ms(zygote->quick_ends++, 100, 5000);

	timer_in(zygote->event, &zygote->again_source, ms, on_again, zygote);
}

static int
on_zygote_exit(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct zygote *zygote = arg;
	siginfo_t info = { 0 };

	(void)source, (void)revents;
	if (waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return 0;
	journal_event(JOURNAL_ZYGOTE, LOG_WARNING, "zygote %d ended (%s %d): "
	    "starting another one; running jobs go on", (int)info.si_pid,
	    info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
	zygote_close(zygote);
	zygote->calls.ended(zygote->arg);
	if (sys_now_ms() - zygote->started_ms >= QUICK_MS)
		zygote->quick_ends = 0;
	if (zygote->quick_ends == 0) {
		zygote->quick_ends = 1;
		zygote_start(zygote);
	} else
		start_later(zygote);
	return 0;
}

/* Once: it is the same for every zygote. */
static void
tell_landlock(struct zygote *zygote, int landlock)
{
	if (zygote->told_landlock)
		return;
	zygote->told_landlock = true;
	if (landlock > 0)
		log_info("executors are confined by seccomp and by version %d "
		    "of Landlock", landlock);
	else
		log_warnx("executors are confined by seccomp alone, and can "
		    "read every file that this user can read: the kernel "
		    "offers no Landlock: %s", strerror(-landlock));
}

static void
on_sign_of_life(struct zygote *zygote, int landlock)
{
	zygote->ready = true;
	tell_landlock(zygote, landlock);
	zygote->ready_source =
	    sd_event_source_disable_unref(zygote->ready_source);
	zygote->calls.ready(zygote->arg);
}

/* 1: an answer was taken, 0: there is none now, -1: there will be no more. */
static int
take_answer(struct zygote *zygote, int fd, bool present)
{
	struct ipc_zygote_answer answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != (ssize_t)sizeof(answer))	/* its exit follows */
		return -1;
	if (answer.number == IPC_ZYGOTE_READY) {
		if (present)
			on_sign_of_life(zygote, answer.landlock);
	} else if (answer.pid > 0)
		zygote->calls.forked(answer.number, answer.pid, zygote->arg);
	else
		zygote->calls.failed(answer.number, strerror(answer.error),
		    zygote->arg);
	return 1;
}

static int
on_answer(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)revents;
	if (take_answer(arg, fd, true) == -1)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/* The worker claims nothing without a zygote, so kill one that hangs. */
static int
on_not_ready(sd_event_source *source, uint64_t usec, void *arg)
{
	struct zygote *zygote = arg;

	(void)source, (void)usec;
	journal_event(JOURNAL_ZYGOTE, LOG_WARNING, "zygote %d gives no sign of "
	    "life: killing it", (int)zygote->pid);
	(void)sys_pidfd_signal(zygote->pidfd, SIGKILL);
	return 0;
}

static void
watch(struct zygote *zygote)
{
	sd_event *event = zygote->event;

	timer_in(event, &zygote->ready_source, READY_MS, on_not_ready, zygote);
	if (sd_event_add_io(event, &zygote->answer_source, zygote->sock,
	    EPOLLIN, on_answer, zygote) < 0 ||
	    sd_event_add_io(event, &zygote->exit_source, zygote->pidfd,
	    EPOLLIN, on_zygote_exit, zygote) < 0)
		fatalx("cannot watch the zygote");
	(void)sd_event_source_set_priority(zygote->answer_source, PRIO_EXIT);
	(void)sd_event_source_set_priority(zygote->exit_source, PRIO_EXIT);
}

static void
zygote_start(struct zygote *zygote)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_warn("zygote: socketpair");
		start_later(zygote);
		return;
	}
	pid = fork();
	if (pid == 0)
		become_zygote(zygote, pair[1], parent);
	(void)close(pair[1]);
	if (pid == -1) {
		log_warn("zygote: fork");
		(void)close(pair[0]);
		start_later(zygote);
		return;
	}
	zygote->sock = pair[0];
	(void)fcntl(zygote->sock, F_SETFL, O_NONBLOCK);
	zygote->pid = pid;
	zygote->started_ms = sys_now_ms();
	zygote->pidfd = sys_pidfd_open(pid);
	if (zygote->pidfd == -1) {	/* the closed socket ends it */
		log_warn("zygote: pidfd_open");
		zygote_close(zygote);
		start_later(zygote);
		return;
	}
	watch(zygote);
}

/* Constant, except for the proxies for libcurl and the options of the resolver
 * and of sanitizers. */
static void
make_environment(struct zygote *zygote)
{
	static const char *const passed[] = { "http_proxy", "https_proxy",
	    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	    "RES_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };
	size_t n = 0;

	zygote->environment[n++] = xstrdup("PATH=/usr/bin:/bin");
	zygote->environment[n++] = xstrdup("LANG=C.UTF-8");
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (getenv(passed[i]) != NULL)
			zygote->environment[n++] = xasprintf("%s=%s",
			    passed[i], getenv(passed[i]));
}

struct zygote *
zygote_new(sd_event *event, const char *libexec_dir,
    const struct zygote_calls *calls, void *arg, struct fail *fail)
{
	struct zygote *zygote = xcalloc(1, sizeof(*zygote));
	char *path = xasprintf("%s/executor", libexec_dir);

	zygote->event = event;
	zygote->calls = *calls;
	zygote->arg = arg;
	zygote->sock = zygote->pidfd = zygote->shared_fd = -1;
	LIST_INIT(&zygote->retired);
	zygote->exe_fd = open(path, O_PATH | O_CLOEXEC);
	if (zygote->exe_fd == -1 ||
	    faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
		fail_set(fail, FAIL_CONFIG, "%s: %s (worker.libexec_dir)",
		    path, strerror(errno));
		if (zygote->exe_fd != -1)
			(void)close(zygote->exe_fd);
		free(zygote);
		free(path);
		return NULL;
	}
	free(path);
	make_environment(zygote);
	zygote_start(zygote);
	return zygote;
}

int
zygote_ask(struct zygote *zygote, uint32_t number, int order_fd,
    int report_fd, struct fail *fail)
{
	struct ipc_zygote_request request = { .number = number };
	const int fds[IPC_ZYGOTE_FDS] = { order_fd, report_fd,
	    zygote->shared_fd };
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	struct iovec iov = { .iov_base = &request, .iov_len = sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	if (zygote->sock == -1)
		return fail_set(fail, FAIL_AGAIN, "there is no zygote now");
	if (sendmsg(zygote->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)sizeof(request))
		return fail_set(fail, FAIL_AGAIN, "the zygote does not take "
		    "the request: %s", strerror(errno));
	return 0;
}

/* --- replacing it --- */

/* The sources first: a fork that has not executed yet holds the descriptors,
 * too, and epoll would go on reporting them. */
static void
retired_free(struct retired *retired)
{
	sd_event_source_disable_unref(retired->answer_source);
	sd_event_source_disable_unref(retired->exit_source);
	LIST_REMOVE(retired, link);
	(void)close(retired->sock);
	(void)close(retired->pidfd);
	free(retired);
}

static int
on_retired_answer(sd_event_source *source, int fd, uint32_t revents,
    void *arg)
{
	struct retired *retired = arg;

	(void)revents;
	if (take_answer(retired->zygote, fd, false) == -1)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int
on_retired_exit(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct retired *retired = arg;
	struct zygote *zygote = retired->zygote;
	siginfo_t info;

	(void)source, (void)revents;
	(void)waitid(SYS_P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG);
	while (take_answer(zygote, retired->sock, false) == 1)
		continue;
	retired_free(retired);
	zygote->calls.ended(zygote->arg);
	return 0;
}

/* Let the present zygote go. The end of its requests ends it when it has
 * served them; its socket stays open until then, since closing it with an
 * answer unread would take the requests away that are on their way. */
static void
retire(struct zygote *zygote)
{
	struct retired *retired = xcalloc(1, sizeof(*retired));

	retired->zygote = zygote;
	retired->pid = zygote->pid;
	retired->sock = zygote->sock;
	retired->pidfd = zygote->pidfd;
	LIST_INSERT_HEAD(&zygote->retired, retired, link);
	zygote->sock = zygote->pidfd = -1;
	zygote_close(zygote);
	(void)shutdown(retired->sock, SHUT_WR);
	if (sd_event_add_io(zygote->event, &retired->answer_source,
	    retired->sock, EPOLLIN, on_retired_answer, retired) < 0 ||
	    sd_event_add_io(zygote->event, &retired->exit_source,
	    retired->pidfd, EPOLLIN, on_retired_exit, retired) < 0)
		fatalx("cannot watch the zygote");
	(void)sd_event_source_set_priority(retired->answer_source, PRIO_EXIT);
	(void)sd_event_source_set_priority(retired->exit_source, PRIO_EXIT);
}

void
zygote_renew(struct zygote *zygote, bool deaf, const char *why)
{
	if (zygote->pid == 0)
		return;
	journal_event(JOURNAL_ZYGOTE, LOG_WARNING, "replacing zygote %d: %s",
	    (int)zygote->pid, why);
	if (deaf)
		(void)sys_pidfd_signal(zygote->pidfd, SIGKILL);
	retire(zygote);
	zygote_start(zygote);
}

static void
end_retired(struct zygote *zygote)
{
	struct retired *retired;
	siginfo_t info;

	while ((retired = LIST_FIRST(&zygote->retired)) != NULL) {
		(void)sys_pidfd_signal(retired->pidfd, SIGKILL);
		(void)waitid(SYS_P_PIDFD, (id_t)retired->pidfd, &info,
		    WEXITED);
		retired_free(retired);
	}
}

void
zygote_free(struct zygote *zygote)
{
	pid_t pid;

	if (zygote == NULL)
		return;
	end_retired(zygote);
	pid = zygote->pid;
	if (zygote->pidfd != -1)
		(void)sys_pidfd_signal(zygote->pidfd, SIGKILL);
	zygote_close(zygote);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	sd_event_source_disable_unref(zygote->again_source);
	for (size_t i = 0; zygote->environment[i] != NULL; i++)
		free(zygote->environment[i]);
	(void)close(zygote->exe_fd);
	free(zygote);
}

void
zygote_share(struct zygote *zygote, int fd)
{
	zygote->shared_fd = fd;
}

bool
zygote_ready(const struct zygote *zygote)
{
	return zygote->ready;
}

bool
zygote_is(const struct zygote *zygote, pid_t pid)
{
	const struct retired *retired;

	LIST_FOREACH(retired, &zygote->retired, link)
		if (retired->pid == pid)
			return true;
	return pid == zygote->pid;
}
