#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
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
#include "mem.h"
#include "puppet.h"
#include "sys.h"
#include "write.h"

#define ZYGOTE_NAME	"quali-job-worker-zygote"	/* its argv[0] */
#define ZYGOTE_SOCKET	3
#define PIECE_MAX	32768
#define WAIT_MS		60000	/* patience, of one wait */
#define TURN_MS		10
#define PUPPET_LOST	99	/* status: the test has gone */

enum command {
	DO_HELLO, DO_READY, DO_SERVE, DO_ANSWER, DO_BABBLE, DO_SERVE_ALL,
	DO_SAY, DO_SILENCE, DO_READ, DO_SHARED, DO_EXIT, DO_RAISE, DO_STATE,
};

struct message {
	enum command	 command;
	int64_t		 one, two, three;
	size_t		 len;
	char		 data[PIECE_MAX];
};

extern char **environ;

/* --- the puppet's side --- */

static int fds[IPC_ZYGOTE_FDS] = { -1, -1, -1 };
static int control = -1;

static void
connect_to_test(bool executor)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct message hello = { .command = DO_HELLO, .one = executor,
	    .two = getpid() };
	ssize_t n = readlink("/proc/self/exe", sun.sun_path,
	    sizeof(sun.sun_path) - 1);
	char *end = n > 0 ? strrchr(sun.sun_path, '/') : NULL;

	if (end == NULL)
		err(PUPPET_LOST, "puppet: /proc/self/exe");
	*end = '\0';
	(void)strlcat(sun.sun_path, "/control", sizeof(sun.sun_path));
	control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (control == -1 || connect(control, (struct sockaddr *)&sun,
	    sizeof(sun)) != 0 || send(control, &hello, sizeof(hello),
	    MSG_NOSIGNAL) == -1)
		_exit(PUPPET_LOST);
}

static void
zygote_answer(uint32_t number, pid_t pid, int error)
{
	struct ipc_zygote_answer answer = { .number = number,
	    .pid = pid, .error = error };

	(void)send(ZYGOTE_SOCKET, &answer, sizeof(answer), MSG_NOSIGNAL);
}

static void	play(bool executor) __attribute__((noreturn));

/* Take a request: its number, 0 at the end, or -1. */
static int
take_request(void)
{
	struct ipc_zygote_request request = { 0 };
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(fds))];
	} space;
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = space.bytes, .msg_controllen = sizeof(space) };
	ssize_t n = recvmsg(ZYGOTE_SOCKET, &msg, MSG_CMSG_CLOEXEC);

	if (n <= 0)
		return (int)n;
	if (n != sizeof(request) || CMSG_FIRSTHDR(&msg) == NULL)
		return -1;
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fds));
	return (int)request.number;
}

static int
serve(enum puppet_serve how)
{
	int number = take_request();
	pid_t pid = -1;

	if (number <= 0)
		return number;
	if (how != SERVE_REFUSE)
		pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0,
		    0, 0);
	if (pid == 0) {
		(void)close(ZYGOTE_SOCKET);
		(void)close(control);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		play(true);
	}
	for (int i = 0; i < IPC_ZYGOTE_FDS; i++)
		sys_close(&fds[i]);
	if (how != SERVE_FORK_ONLY)
		zygote_answer((uint32_t)number, pid, pid == -1 ? EAGAIN : 0);
	return number;
}

static void
serve_all(void)
{
	zygote_answer(IPC_ZYGOTE_READY, getpid(), 0);
	while (serve(SERVE_FORK) > 0)
		continue;
	_exit(0);
}

/* Add a line to the text of a message. */
static void __attribute__((format(printf, 2, 3)))
add_line(struct message *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text->data + text->len,
	    sizeof(text->data) - text->len, fmt, ap);
	va_end(ap);
	(void)strlcat(text->data, "\n", sizeof(text->data));
	text->len = strlen(text->data);
}

static void
tell_state(struct message *text)
{
	struct sigaction pipe_action;
	sigset_t blocked;
	int death = 0, any = 0;

	text->len = 0;
	for (char **e = environ; *e != NULL; e++)
		add_line(text, "env %s", *e);
	for (int fd = 0; fd < 256; fd++)
		if (fd != control && fcntl(fd, F_GETFD) != -1)
			add_line(text, "fd %d", fd);
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int sig = 1; sig < 32; sig++)
		any |= sigismember(&blocked, sig) == 1;
	(void)sigaction(SIGPIPE, NULL, &pipe_action);
	(void)prctl(PR_GET_PDEATHSIG, &death);
	add_line(text, "session %s", getsid(0) == getpid() ? "own" : "other");
	add_line(text, "blocked %s", any ? "some" : "none");
	add_line(text, "pipe %s", pipe_action.sa_handler == SIG_DFL ?
	    "default" : "other");
	add_line(text, "death %d", death);
}

static void
read_order(struct message *text)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };
	ssize_t n = 0;

	text->len = 0;
	while (text->len < sizeof(text->data) - 1 && poll(&p, 1, 0) == 1) {
		n = read(fds[0], text->data + text->len,
		    sizeof(text->data) - 1 - text->len);
		if (n <= 0)
			break;
		text->len += (size_t)n;
	}
	text->data[text->len] = '\0';
	if (text->len == 0 && p.revents != 0 && n == 0)
		(void)strlcpy(text->data, "EOF", sizeof(text->data));
}

/* Carry it out; what is left in the message is the reply. */
static void
obey(struct message *text)
{
	struct stat st;
	int sig;

	switch (text->command) {
	case DO_READY:
		zygote_answer(IPC_ZYGOTE_READY, getpid(), 0);
		break;
	case DO_SERVE:
		text->one = serve((enum puppet_serve)text->one);
		break;
	case DO_ANSWER:
		zygote_answer((uint32_t)text->one, (pid_t)text->two,
		    (int)text->three);
		break;
	case DO_BABBLE:
		(void)send(ZYGOTE_SOCKET, "?", 1, MSG_NOSIGNAL);
		break;
	case DO_SAY:
		text->one = write_all(fds[1], text->data, text->len);
		break;
	case DO_SILENCE:
		sys_close(&fds[1]);
		break;
	case DO_READ:
		read_order(text);
		break;
	case DO_SHARED:
		if (fstat(fds[2], &st) == 0) {
			text->one = (int64_t)st.st_dev;
			text->two = (int64_t)st.st_ino;
		}
		break;
	case DO_STATE:
		tell_state(text);
		break;
	case DO_EXIT:
		_exit((int)text->one);
	case DO_RAISE:
		sig = (int)text->one;
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
		break;
	case DO_SERVE_ALL:
	case DO_HELLO:
		break;
	}
}

static void
play(bool executor)
{
	const struct rlimit none = { 0, 0 };
	static struct message told;

	(void)setrlimit(RLIMIT_CORE, &none);
	connect_to_test(executor);
	while (recv(control, &told, sizeof(told), 0) ==
	    (ssize_t)sizeof(told)) {
		obey(&told);
		if (send(control, &told, sizeof(told), MSG_NOSIGNAL) == -1)
			break;
		if (told.command == DO_SERVE_ALL)
			serve_all();
	}
	_exit(PUPPET_LOST);
}

void
puppet_main(char **argv)
{
	if (strcmp(argv[0], ZYGOTE_NAME) == 0)
		play(false);
}

/* --- the test's side --- */

static char folder[64], program[96], path[96];
static int listener = -1;
static sd_event *loop;
static LIST_HEAD(, puppet) puppets = LIST_HEAD_INITIALIZER(puppets);
static struct message m;

static void
copy_program(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n = 0;

	if (from == -1 || to == -1)
		err(1, "%s", program);
	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		continue;
	if (n == -1 || close(to) != 0)
		err(1, "%s", program);
	(void)close(from);
}

const char *
puppets_begin(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)strlcpy(folder, "/tmp/test-puppets-XXXXXX", sizeof(folder));
	if (mkdtemp(folder) == NULL)
		return NULL;
	(void)snprintf(program, sizeof(program), "%s/executor", folder);
	(void)snprintf(path, sizeof(path), "%s/control", folder);
	copy_program();
	(void)strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener == -1 || bind(listener, (struct sockaddr *)&sun,
	    sizeof(sun)) != 0 || listen(listener, 64) != 0)
		err(1, "%s", path);
	return folder;
}

void
puppets_end(void)
{
	(void)close(listener);
	(void)unlink(path);
	(void)unlink(program);
	(void)rmdir(folder);
}

void
puppets_loop(sd_event *event)
{
	loop = event;
}

/* Wait until a descriptor can be read. */
static void
await(int fd, bool turn)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t until = sys_now_ms() + WAIT_MS;

	while (poll(&p, 1, turn ? 0 : WAIT_MS) != 1) {
		if (sys_now_ms() >= until)
			errx(1, "a puppet does not answer");
		if (turn && sd_event_run(loop, TURN_MS * 1000) < 0)
			errx(1, "the loop ended");
	}
}

static struct puppet *
take(bool turn)
{
	struct puppet *puppet = xcalloc(1, sizeof(*puppet));

	await(listener, turn);
	puppet->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (puppet->fd == -1)
		err(1, "accept");
	await(puppet->fd, turn);
	if (recv(puppet->fd, &m, sizeof(m), 0) != (ssize_t)sizeof(m))
		errx(1, "a puppet went away");
	puppet->executor = m.one != 0;
	puppet->pid = (pid_t)m.two;
	LIST_INSERT_HEAD(&puppets, puppet, link);
	return puppet;
}

struct puppet *
puppet_await(void)
{
	return take(true);
}

struct puppet *
puppet_next(void)
{
	return take(false);
}

void
puppet_free(struct puppet *puppet)
{
	if (puppet == NULL)
		return;
	LIST_REMOVE(puppet, link);
	(void)close(puppet->fd);
	free(puppet);
}

int
puppets_reap(void)
{
	bool left = !LIST_EMPTY(&puppets), children = false;
	struct pollfd p = { .fd = listener, .events = POLLIN };
	pid_t pid;
	int fd;

	while (!LIST_EMPTY(&puppets))
		puppet_free(LIST_FIRST(&puppets));
	while ((pid = waitpid(-1, NULL, WNOHANG)) != -1) {
		children = true;
		/* one may still be on its way here */
		if (pid == 0 && poll(&p, 1, TURN_MS) == 1)
			puppet_free(puppet_next());
	}
	/* or has ended before it was taken: the next test must not take it */
	while (poll(&p, 1, 0) == 1 && (fd = accept4(listener, NULL, NULL,
	    SOCK_CLOEXEC)) != -1)
		(void)close(fd);
	return children && !left ? -1 : 0;
}

/* The command is in m, and the reply then. */
static void
command(struct puppet *puppet, enum command what, bool turn)
{
	m.command = what;
	if (send(puppet->fd, &m, sizeof(m), MSG_NOSIGNAL) == -1)
		err(1, "puppet %d", (int)puppet->pid);
	await(puppet->fd, turn);
	if (recv(puppet->fd, &m, sizeof(m), 0) != (ssize_t)sizeof(m))
		errx(1, "puppet %d went away", (int)puppet->pid);
}

void
puppet_ready(struct puppet *puppet)
{
	command(puppet, DO_READY, false);
}

int
puppet_serve(struct puppet *puppet, enum puppet_serve how)
{
	m.one = how;
	command(puppet, DO_SERVE, false);
	return (int)m.one;
}

void
puppet_answer(struct puppet *puppet, uint32_t number, pid_t pid, int error)
{
	m.one = number;
	m.two = pid;
	m.three = error;
	command(puppet, DO_ANSWER, false);
}

void
puppet_babble(struct puppet *puppet)
{
	command(puppet, DO_BABBLE, false);
}

void
puppet_serve_all(struct puppet *puppet)
{
	command(puppet, DO_SERVE_ALL, false);
}

void
puppet_say(struct puppet *puppet, const void *data, size_t len)
{
	const char *bytes = data;
	bool turn = len > PIECE_MAX;	/* a pipe holds one without a reader */

	while (len > 0) {
		m.len = len < PIECE_MAX ? len : PIECE_MAX;
		memcpy(m.data, bytes, m.len);
		bytes += m.len;
		len -= m.len;
		command(puppet, DO_SAY, turn);
	}
}

void
puppet_hello(struct puppet *puppet, int version, pid_t pid)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "{\"type\":\"hello\","
	    "\"version\":%d,\"pid\":%d,\"build\":\"puppet\"}\n", version,
	    (int)pid);

	puppet_say(puppet, line, (size_t)len);
}

void
puppet_silence(struct puppet *puppet)
{
	command(puppet, DO_SILENCE, false);
}

const char *
puppet_read(struct puppet *puppet)
{
	command(puppet, DO_READ, false);
	return m.data;
}

void
puppet_shared(struct puppet *puppet, dev_t *dev, ino_t *ino)
{
	m.one = m.two = 0;
	command(puppet, DO_SHARED, false);
	*dev = (dev_t)m.one;
	*ino = (ino_t)m.two;
}

const char *
puppet_state(struct puppet *puppet)
{
	command(puppet, DO_STATE, false);
	return m.data;
}

static void
end(struct puppet *puppet, enum command how, int with)
{
	siginfo_t info;

	m.command = how;
	m.one = with;
	if (send(puppet->fd, &m, sizeof(m), MSG_NOSIGNAL) == -1)
		err(1, "puppet %d", (int)puppet->pid);
	if (waitid(P_PID, (id_t)puppet->pid, &info, WEXITED | WNOWAIT) != 0)
		err(1, "puppet %d is no child", (int)puppet->pid);
}

void
puppet_exit(struct puppet *puppet, int status)
{
	end(puppet, DO_EXIT, status);
}

void
puppet_raise(struct puppet *puppet, int sig)
{
	end(puppet, DO_RAISE, sig);
}
