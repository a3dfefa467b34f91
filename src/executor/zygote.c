/*
 * The zygote: has loaded everything an executor needs and knows no secret. For
 * each request it splits off one executor as a child of the *supervisor*, which
 * waits for it; the zygote itself keeps no record and reaps nothing.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "zygote.h"

static void
close_fds(const int fds[IPC_ZYGOTE_FDS])
{
	int i;

	for (i = 0; i < IPC_ZYGOTE_FDS; i++)
		if (fds[i] != -1)
			(void)close(fds[i]);
}

/* Take the descriptors out of a message; those too many are closed. */
static size_t
take_fds(struct msghdr *msg, int fds[IPC_ZYGOTE_FDS])
{
	struct cmsghdr *cm;
	size_t i, n, taken = 0;
	int fd;

	for (cm = CMSG_FIRSTHDR(msg); cm != NULL; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(fd),
			    sizeof(fd));
			if (taken < IPC_ZYGOTE_FDS)
				fds[taken++] = fd;
			else
				(void)close(fd);
		}
	}
	return taken;
}

/* Wait for one request. false at end of file; a broken request is fatal, since
 * the supervisor starts a new zygote then. */
static bool
receive(int sock, struct ipc_zygote_request *req, int fds[IPC_ZYGOTE_FDS])
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * 8)];
	} control;
	struct iovec iov = { req, sizeof(*req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	size_t taken;
	ssize_t n;
	int i;

	for (i = 0; i < IPC_ZYGOTE_FDS; i++)
		fds[i] = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return false;
	if (n == -1)
		fatal("request");
	taken = take_fds(&msg, fds);
	if (n != sizeof(*req) || taken != IPC_ZYGOTE_FDS ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		fatalx("broken request: %zd bytes, %zu descriptors", n, taken);
	return true;
}

/*
 * The raw call, since no wrapper of glibc passes CLONE_PARENT without a new
 * stack. The child keeps glibc's idea of the zygote's thread id. That is
 * harmless: one thread, no lock held, no handlers to run; glibc uses the kept
 * id only as owner mark of locks, and getpid and raise ask the kernel.
 */
static pid_t
split(void)
{
#if defined(__s390x__)
	return (pid_t)syscall(SYS_clone, 0, CLONE_PARENT | SIGCHLD, 0, 0, 0);
#else
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
#endif
}

static void
answer(int sock, const struct ipc_zygote_answer *a)
{
	ssize_t n;

	do
		n = send(sock, a, sizeof(*a), MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno != EPIPE && errno != ECONNRESET)
		fatal("answer");
}

bool
zygote_serve(int sock, int landlock, int fds[IPC_ZYGOTE_FDS])
{
	const struct ipc_zygote_answer alive = { .number = IPC_ZYGOTE_READY,
	    .pid = getpid(), .landlock = landlock };
	struct ipc_zygote_request req;
	sigset_t term, before;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	answer(sock, &alive);
	while (receive(sock, &req, fds)) {
		struct ipc_zygote_answer a = { .number = req.number };

		/* a SIGTERM before the executor listens must not be lost */
		sigprocmask(SIG_BLOCK, &term, &before);
		a.pid = split();
		a.error = a.pid == -1 ? errno : 0;
		if (a.pid == 0) {
			(void)close(sock);
			return true;
		}
		sigprocmask(SIG_SETMASK, &before, NULL);
		close_fds(fds);
		answer(sock, &a);
	}
	return false;
}
