/*
 * The scene of one attempt, and what is left of it afterwards.
 */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/confine_attempts.h"

volatile char confine_word[16] = WORD;

static const char *const files[] = { "ledger.sqlite", "credentials",
	"worker.conf", "password", "lock", "left" };
#define NFILES	(sizeof(files) / sizeof(files[0]))

const char *
scene_path(const struct scene *s, const char *name)
{
	static char paths[4][400];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", s->folder, name);
	return path;
}

int
open_readable(void)
{
	static const char *const known[] = { "/etc/hosts",
	    "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/host.conf",
	    "/etc/ssl/certs/ca-certificates.crt" };
	struct stat st;
	int fd;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((fd = open(known[i], O_RDONLY | O_CLOEXEC)) != -1) {
			if (fstat(fd, &st) == 0 && st.st_size > 0)
				return fd;
			(void)close(fd);
		}
	return -1;
}

int
attempt_result(long rv)
{
	return rv == -1 ? errno : 0;
}

/* --- the neighbours --- */

/* Tells its state for each byte that it reads; ends at end of file. */
static void __attribute__((noreturn))
live(int ask, int answer)
{
	struct state st;
	struct rlimit limit;
	char c;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#ifdef PR_SET_PTRACER
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
	while (read(ask, &c, 1) == 1) {
		memset(&st, 0, sizeof(st));
		memcpy(st.neighbour.word, (const void *)(uintptr_t)
		    confine_word, sizeof(st.neighbour.word));
		(void)getrlimit(RLIMIT_NOFILE, &limit);
		st.neighbour.files = limit.rlim_cur;
		st.neighbour.nice = (uint64_t)getpriority(PRIO_PROCESS, 0);
		st.neighbour.policy = (uint64_t)sched_getscheduler(0);
		st.neighbour.ioprio = (uint64_t)syscall(SYS_ioprio_get, 1, 0);
		if (write(answer, &st.neighbour, sizeof(st.neighbour)) == -1)
			break;
	}
	_exit(0);
}

static bool
start_neighbour(struct scene *s)
{
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC) == -1 || pipe2(answer, O_CLOEXEC) == -1 ||
	    (s->neighbour = fork()) == -1)
		return false;
	if (s->neighbour == 0) {
		(void)close(ask[1]);
		(void)close(answer[0]);
		live(ask[0], answer[1]);
	}
	(void)close(ask[0]);
	(void)close(answer[1]);
	s->ask = ask[1];
	s->answer = answer[0];
	/* known by both sides now, whoever comes first */
	(void)setpgid(s->neighbour, s->neighbour);
	return true;
}

/* It waits, not dumpable, until it is killed. */
static bool
start_hidden(struct scene *s)
{
	int ready[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) == -1 || (s->hidden = fork()) == -1)
		return false;
	if (s->hidden == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		(void)!write(ready[1], "r", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	(void)!read(ready[0], &c, 1);
	(void)close(ready[0]);
	return true;
}

/* --- files and sockets --- */

static int
make_file(const struct scene *s, const char *name)
{
	int fd = open(scene_path(s, name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd != -1 && dprintf(fd, "secret of %s\n", name) < 0)
		return -1;
	return fd;
}

static bool
make_files(struct scene *s)
{
	int fd;

	(void)strlcpy(s->folder, "/tmp/test-confine-XXXXXX",
	    sizeof(s->folder));
	if (mkdtemp(s->folder) == NULL)
		return false;
	for (size_t i = 0; i < NFILES; i++) {
		if ((fd = make_file(s, files[i])) == -1)
			return false;
		if (strcmp(files[i], "lock") == 0)
			s->lock = fd;
		else if (strcmp(files[i], "left") == 0)
			s->left = fd;
		else
			(void)close(fd);
	}
	return flock(s->lock, LOCK_EX | LOCK_NB) == 0;
}

static int
listen_at(const struct scene *s, const char *name, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)strlcpy(a.sun_path, scene_path(s, name), sizeof(a.sun_path));
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 8) == -1))
		return -1;
	return fd;
}

static bool
make_sockets(struct scene *s)
{
	s->control = listen_at(s, "control", SOCK_STREAM);
	s->journal = listen_at(s, "journal", SOCK_DGRAM);
	s->abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	s->address.sun_family = AF_UNIX;	/* the kernel finds a name */
	s->address_len = sizeof(s->address);
	return s->control != -1 && s->journal != -1 && s->abstract != -1 &&
	    bind(s->abstract, (struct sockaddr *)&s->address,
	    sizeof(sa_family_t)) == 0 &&
	    getsockname(s->abstract, (struct sockaddr *)&s->address,
	    &s->address_len) == 0 && listen(s->abstract, 8) == 0;
}

/* --- the scene as a whole --- */

bool
scene_make(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	return start_neighbour(s) && start_hidden(s) && make_files(s) &&
	    make_sockets(s);
}

static void
end(pid_t pid)
{
	if (pid > 0 && kill(pid, SIGKILL) == 0)
		(void)waitpid(pid, NULL, 0);
}

void
scene_remove(struct scene *s)
{
	struct dirent *e;
	DIR *d = opendir(s->folder);

	end(s->neighbour);
	end(s->hidden);
	(void)close(s->ask);
	(void)close(s->answer);
	(void)close(s->lock);
	(void)close(s->left);
	(void)close(s->terminal);
	(void)close(s->control);
	(void)close(s->journal);
	(void)close(s->abstract);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    unlink(scene_path(s, e->d_name)) == -1)
			(void)rmdir(scene_path(s, e->d_name));
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(s->folder);
}

/* FNV-1a */
static void
mix(uint64_t *hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static void
mix_file(uint64_t *hash, const char *path, const char *name)
{
	char bytes[256];
	struct stat st;
	ssize_t n;
	int fd;

	mix(hash, name, strlen(name) + 1);
	if (lstat(path, &st) == 0) {
		mix(hash, &st.st_mode, sizeof(st.st_mode));
		mix(hash, &st.st_nlink, sizeof(st.st_nlink));
		mix(hash, &st.st_size, sizeof(st.st_size));
		mix(hash, &st.st_mtim, sizeof(st.st_mtim));
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return;
	if ((n = read(fd, bytes, sizeof(bytes))) > 0)
		mix(hash, bytes, (size_t)n);
	(void)close(fd);
}

static uint64_t
hash_folder(const struct scene *s)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct dirent **list;
	int n = scandir(s->folder, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (strcmp(list[i]->d_name, ".") != 0 &&
		    strcmp(list[i]->d_name, "..") != 0)
			mix_file(&hash, scene_path(s, list[i]->d_name),
			    list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return hash;
}

static unsigned
connections(int fd)
{
	unsigned n = 0;
	int got;

	while ((got = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		(void)close(got);
		n++;
	}
	return n;
}

static bool
is_locked(const struct scene *s)
{
	int fd = open(scene_path(s, "lock"), O_RDWR | O_CLOEXEC);
	bool locked = fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == -1;

	if (fd != -1)
		(void)close(fd);
	return locked;
}

void
scene_look(struct scene *s, struct state *st)
{
	char datagram[64];

	memset(st, 0, sizeof(*st));
	/* a signal that it was sent ends it before it reads or answers */
	if (write(s->ask, "?", 1) != 1 ||
	    read(s->answer, &st->neighbour, sizeof(st->neighbour)) !=
	    (ssize_t)sizeof(st->neighbour))
		memset(&st->neighbour, 0, sizeof(st->neighbour));
	st->folder = hash_folder(s);
	st->connections = connections(s->control) + connections(s->abstract);
	while (recv(s->journal, datagram, sizeof(datagram), 0) != -1)
		st->datagrams++;
	st->locked = is_locked(s);
}
