/*
 * Names are still resolved when a process is confined: by /etc/hosts and by
 * DNS, whatever else nsswitch.conf names before, and whether or not resolv.conf
 * was replaced in between. In a network and with an /etc of its own, which
 * takes root.
 */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/executor/confine.h"

#define DNS_PORT	53
#define HEADER		12	/* bytes of a DNS message before its question */
#define TYPE_A		1

/* --- a name server that knows one name --- */

/* "box" by DNS is 192.0.2.7, whatever follows. Returns the answer's length. */
static size_t
answer(unsigned char *m, size_t len)
{
	static const unsigned char address[] = { 0xc0, HEADER, 0, TYPE_A, 0, 1,
		0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };
	size_t end = HEADER;
	bool known;

	while (end < len && m[end] != 0)
		end += (size_t)m[end] + 1;
	if (end + 5 > len)
		return 0;
	known = m[HEADER] == 3 && memcmp(m + HEADER + 1, "box", 3) == 0;
	m[2] |= 0x80;				/* an answer */
	m[3] = (unsigned char)(0x80 | (known ? 0 : 3));	/* no such name */
	memset(m + 6, 0, 6);
	len = end + 5;
	if (!known || m[end + 2] != TYPE_A)
		return len;
	m[7] = 1;
	memcpy(m + len, address, sizeof(address));
	return len + sizeof(address);
}

static void __attribute__((noreturn))
serve(int fd)
{
	unsigned char m[600];
	struct sockaddr_in from;
	socklen_t size;
	ssize_t n;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		size = sizeof(from);
		n = recvfrom(fd, m, 512, 0, (struct sockaddr *)&from, &size);
		if (n < HEADER)
			continue;
		n = (ssize_t)answer(m, (size_t)n);
		(void)sendto(fd, m, (size_t)n, 0, (struct sockaddr *)&from,
		    size);
	}
}

static pid_t
start_server(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
	    .sin_port = htons(DNS_PORT),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (fd == -1 || bind(fd, (struct sockaddr *)&here, sizeof(here)) == -1)
		return -1;
	if ((pid = fork()) == 0)
		serve(fd);
	(void)close(fd);
	return pid;
}

/* --- the surroundings --- */

static bool
write_file(const char *path, const char *text)
{
	char new[64];
	FILE *f;

	(void)snprintf(new, sizeof(new), "%s.new", path);
	if ((f = fopen(new, "w")) == NULL)
		return false;
	(void)fputs(text, f);
	return fclose(f) == 0 && rename(new, path) == 0;
}

static bool
raise_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd != -1 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;

	(void)close(fd);
	return up;
}

/* What a Fedora, a desktop and a domain member name, all at once. */
static bool
write_etc(void)
{
	return write_file("/etc/nsswitch.conf", "hosts: mymachines resolve "
	    "[!UNAVAIL=return] mdns4_minimal [NOTFOUND=return] sss files "
	    "myhostname dns\n") &&
	    write_file("/etc/hosts", "192.0.2.6 shelf.example\n") &&
	    write_file("/etc/resolv.conf", "nameserver 127.0.0.1\n"
	    "options timeout:5\n");
}

static bool
move_in(void)
{
	return unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("test", "/etc", "tmpfs", 0, NULL) == 0 && raise_loopback() &&
	    write_etc();
}

/* --- names --- */

/* As libcurl does, in a thread. */
static void *
look_up(void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	static char text[INET_ADDRSTRLEN + 16];
	int rv = getaddrinfo(arg, "443", &hints, &found);

	if (rv != 0) {
		(void)strlcpy(text, gai_strerror(rv), sizeof(text));
		return text;
	}
	if (found->ai_family == AF_INET)
		(void)inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)
		    found->ai_addr)->sin_addr, text, sizeof(text));
	freeaddrinfo(found);
	return text;
}

static bool
is_at(const char *name, const char *address)
{
	char copy[64];
	pthread_t t;
	void *text;

	(void)strlcpy(copy, name, sizeof(copy));
	return pthread_create(&t, NULL, look_up, copy) == 0 &&
	    pthread_join(t, &text) == 0 && strcmp(text, address) == 0;
}

/* What is wrong with a confined process, as bits. It is to find out whether the
 * files are replaced while it runs, which is done when it is ready. */
static unsigned
faults(bool landlock)
{
	int ready[2], done[2], status;
	pid_t parent = getpid(), pid;
	unsigned wrong = 0;
	char c;

	if (pipe(ready) == -1 || pipe(done) == -1)
		return 128;
	if ((pid = fork()) == 0) {
		const int keep[] = { ready[1], done[0] };

		if (confine(parent, keep, 2) == -1)
			_exit(128);
		wrong |= is_at("shelf.example", "192.0.2.6") ? 0 : 1;
		wrong |= is_at("box.example", "192.0.2.7") ? 0 : 2;
		wrong |= is_at("none.example", "192.0.2.7") ? 4 : 0;
		wrong |= confine_outdated() ? 8 : 0;
		if (write(ready[1], "r", 1) != 1 || read(done[0], &c, 1) != 1)
			_exit(128);
		_exit((int)(wrong | (confine_outdated() == landlock ? 0 :
		    16)));
	}
	(void)close(ready[1]);
	/* as a DHCP client does: the same text in another file */
	if (read(ready[0], &c, 1) == 1 && write_etc())
		(void)!write(done[1], "d", 1);
	(void)close(done[1]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		wrong = 128;
	else
		wrong = (unsigned)WEXITSTATUS(status);
	(void)close(ready[0]);
	(void)close(done[0]);
	return wrong;
}

static void
check(int newest)
{
	pid_t server;
	int status;
	pid_t pid;

	if ((pid = fork()) != 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(WEXITSTATUS(status), 0);
		return;
	}
	if (!move_in() || (server = start_server()) == -1)
		_exit(77);
	if (confine_prepare(newest) == -1 || confine_files(NULL, 0) == -1)
		_exit(1);
	/* the second one finds the files replaced when it begins */
	status = (int)(faults(confine_landlock() > 0) |
	    faults(confine_landlock() > 0));
	(void)kill(server, SIGKILL);
	_exit(status);
}

static void
with_landlock(void **state)
{
	(void)state;
	check(INT_MAX);
}

static void
without_landlock(void **state)
{
	(void)state;
	check(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_landlock),
		cmocka_unit_test(without_landlock),
	};

	if (getuid() != 0) {
		printf("ok 1 # SKIP an /etc of its own takes root\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
