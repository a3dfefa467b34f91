/*
 * A zygote whose executors misbehave on demand; tests put it in the place of
 * `executor`. Each executor takes the first line off the file "mode" beside the
 * binary, a word of the tables below. Without a line it behaves. The file
 * "release" ends "hold".
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "ipc_order.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "sys.h"
#include "write.h"

#define ZYGOTE_SOCKET	3
#define MODE_SIZE	32
#define MODES_MAX	65536
#define LOOK_MS		10

static char folder[4096];
static int fds[IPC_ZYGOTE_FDS];
static int until_hello[2] = { -1, -1 };	/* its end: the hello is out */
static char order[IPC_ORDER_MAX + 1];

/* --- the files beside the binary --- */

static char *
beside(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void
find_folder(void)
{
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *end;

	if (n == -1)
		fatal("/proc/self/exe");
	folder[n] = '\0';
	if ((end = strrchr(folder, '/')) != NULL)
		*end = '\0';
}

/* Take the first line off the file. */
static void
next_mode(char mode[MODE_SIZE])
{
	char *path = beside("mode"), *text, *rest;
	FILE *f;

	(void)strlcpy(mode, "good", MODE_SIZE);
	text = sys_read_file(path, MODES_MAX, NULL);
	if (text != NULL && (rest = strchr(text, '\n')) != NULL) {
		*rest++ = '\0';
		(void)strlcpy(mode, text, MODE_SIZE);
		if ((f = fopen(path, "w")) == NULL)
			fatal("%s", path);
		(void)fputs(rest, f);
		(void)fclose(f);
	}
	free(text);
	free(path);
}

static bool
is_released(void)
{
	char *path = beside("release");
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* --- the executor's side of the pipes --- */

static void
say(const char *text, size_t len)
{
	if (write_all(fds[1], text, len) == -1)
		_exit(IPC_EXIT_REPORT);
}

static void
report(const struct ipc_report *r)
{
	struct buf line;

	buf_init(&line, IPC_REPORT_MAX);
	if (ipc_report_encode(&line, r) == -1)
		fatalx("report");
	say(line.data, line.len);
	buf_free(&line);
}

static void
hello(int version, pid_t pid)
{
	struct ipc_report r = { .type = IPC_HELLO };

	r.u.hello.version = version;
	r.u.hello.pid = pid;
	report(&r);
}

static void
progress(void)
{
	struct ipc_report r = { .type = IPC_PROGRESS };

	r.u.progress.step = STEP_SETUP;
	report(&r);
}

static void
result(void)
{
	struct ipc_report r = { .type = IPC_RESULT };

	r.u.result.outcome = OUTCOME_SUCCESS;
	r.u.result.text = (char *)(uintptr_t)"done";
	report(&r);
}

/* false: the pipe has ended. */
static bool
read_line(void)
{
	size_t len = 0;

	while (len < sizeof(order) - 1) {
		ssize_t n = read(fds[0], order + len, 1);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (order[len++] == '\n')
			break;
	}
	order[len] = '\0';
	return true;
}

static void __attribute__((noreturn))
sleep_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* --- executors, from their hello on --- */

static void
do_good(void)
{
	result();
}

static void
do_hold(void)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };

	progress();
	while (!is_released())
		if (poll(&p, 1, LOOK_MS) == 1 && (!read_line() ||
		    strstr(order, "\"park\"") != NULL))
			_exit(IPC_EXIT_PARKED);
	result();
}

static void
do_twice(void)
{
	result();
	result();
	sleep_for_ever();
}

static void
do_endless(void)
{
	char piece[4096];

	memset(piece, 'x', sizeof(piece));
	for (;;)
		say(piece, sizeof(piece));
}

static void
do_silent(void)
{
	progress();
	sleep_for_ever();
}

static void
do_deaf(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	do_silent();
}

/* Wait until the supervisor closes the report pipe. */
static void
await_close(void)
{
	struct pollfd p = { .fd = fds[1], .events = 0 };
	int n;

	do
		n = poll(&p, 1, -1);
	while (n != 1);
}

/* A child of the executor holds the report pipe. */
static void
do_grandchild(void)
{
	if (fork() == 0) {
		await_close();
		_exit(0);
	}
	result();
}

/* The same, and the child goes on writing. */
static void
do_noise(void)
{
	(void)signal(SIGPIPE, SIG_DFL);
	result();
	if (fork() == 0)
		for (;;)
			progress();
}

static void
do_empty(void)
{
}

static void
do_cut(void)
{
	say("{\"type\":\"resu", 13);
}

static void
do_unknown(void)
{
	say("{\"type\":\"surprise\"}\n", 20);
	sleep_for_ever();
}

/* Report the order, with all its secrets. */
static void
do_echo(void)
{
	say(order, strlen(order));
	sleep_for_ever();
}

/* The same without a line end. */
static void
do_cut_echo(void)
{
	say(order, strlen(order) - 1);
}

/* A line with secrets that is not JSON. */
static void
do_garbage(void)
{
	say("x", 1);
	do_echo();
}

static void
do_chatter(void)
{
	for (;;)
		progress();
}

static void
do_linger(void)
{
	result();
	sleep_for_ever();
}

static void
do_crash(void)
{
	progress();
	abort();
}

static const struct {
	const char	*name;
	void		(*act)(void);
} acts[] = {
	{ "good", do_good }, { "hold", do_hold }, { "twice", do_twice },
	{ "endless", do_endless }, { "silent", do_silent },
	{ "deaf", do_deaf }, { "grandchild", do_grandchild },
	{ "noise", do_noise }, { "empty", do_empty }, { "cut", do_cut },
	{ "unknown", do_unknown }, { "echo", do_echo },
	{ "cut-echo", do_cut_echo },
	{ "garbage", do_garbage }, { "chatter", do_chatter },
	{ "linger", do_linger }, { "crash", do_crash },
};

static void __attribute__((noreturn))
executor(const char *mode)
{
	struct ipc_report r = { .type = IPC_INTENT };

	(void)prctl(PR_SET_NAME, "quali-executor");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		_exit(IPC_EXIT_CONFINE);
	if (strcmp(mode, "die") == 0 || strcmp(mode, "zygote-and-it") == 0)
		_exit(1);
	if (strcmp(mode, "no-hello") == 0)
		sleep_for_ever();
	if (strcmp(mode, "early") == 0 || strcmp(mode, "late-answer") == 0) {
		r.u.facts.intent = INTENT_COMMAND;
		report(&r);
		sleep_for_ever();
	}
	if (strcmp(mode, "lie") == 0) {
		await_close();
		_exit(1);
	}
	hello(strcmp(mode, "version") == 0 ? IPC_VERSION + 1 : IPC_VERSION,
	    strcmp(mode, "stranger") == 0 ? 1 : getpid());
	(void)close(until_hello[1]);
	if (strcmp(mode, "late-lie") == 0 || strcmp(mode, "unread") == 0)
		sleep_for_ever();
	if (!read_line())
		_exit(IPC_EXIT_ORPHAN);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, mode) == 0) {
			acts[i].act();
			_exit(IPC_EXIT_OK);
		}
	do_good();	/* the zygote's own words */
	_exit(IPC_EXIT_OK);
}

/* --- the zygote --- */

static bool
receive(struct ipc_zygote_request *req)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(fds))];
	} control;
	struct iovec iov = { req, sizeof(*req) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space) };
	ssize_t n = recvmsg(ZYGOTE_SOCKET, &msg, MSG_CMSG_CLOEXEC);

	if (n == 0)
		return false;
	if (n != sizeof(*req) || CMSG_FIRSTHDR(&msg) == NULL)
		fatal("request");
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fds));
	return true;
}

static void
answer(uint32_t number, pid_t pid, int error)
{
	struct ipc_zygote_answer a = { .number = number, .pid = pid,
	    .error = error, .landlock = number == IPC_ZYGOTE_READY };

	if (send(ZYGOTE_SOCKET, &a, sizeof(a), MSG_NOSIGNAL) == -1)
		fatal("answer");
}

static void
await_hello(void)
{
	char c;

	(void)close(until_hello[1]);
	while (read(until_hello[0], &c, 1) == -1 && errno == EINTR)
		continue;
	(void)close(until_hello[0]);
}

/* "zygote-asked": dies on the request. "zygote-cloned", "zygote-and-it": dies
 * between clone and answer, the latter with its executor. "refuse", "lie",
 * "late-lie": answers with an error, with the number of another process before
 * or after the hello. "late-answer": answers when nobody waits any more. */
static void
serve(const struct ipc_zygote_request *req)
{
	char mode[MODE_SIZE];
	pid_t pid = -1;

	next_mode(mode);
	if (strcmp(mode, "zygote-asked") == 0)
		(void)raise(SIGKILL);
	if (strcmp(mode, "late-lie") == 0 &&
	    pipe2(until_hello, O_CLOEXEC) == -1)
		fatal("pipe");
	if (strcmp(mode, "refuse") != 0)
		pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0,
		    0, 0);
	if (pid == 0) {
		(void)close(ZYGOTE_SOCKET);
		executor(mode);
	}
	if (strcmp(mode, "late-lie") == 0)
		await_hello();
	if (strcmp(mode, "late-answer") == 0)
		await_close();
	for (int i = 0; i < IPC_ZYGOTE_FDS; i++)
		(void)close(fds[i]);
	if (strcmp(mode, "zygote-cloned") == 0 ||
	    strcmp(mode, "zygote-and-it") == 0)
		(void)raise(SIGKILL);
	if (strstr(mode, "lie") != NULL)
		pid = 1;
	answer(req->number, pid, pid == -1 ? EAGAIN : 0);
}

int
main(void)
{
	struct ipc_zygote_request req;

	json_init();
	log_init("fakeexec", LOG_INFO);
	sys_reset_signals();
	(void)prctl(PR_SET_NAME, "quali-zygote");
	find_folder();
	answer(IPC_ZYGOTE_READY, getpid(), 0);
	while (receive(&req))
		serve(&req);
	return 0;
}
