/*
 * Small safe system calls, in all programs.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "sys.h"

/* --- time --- */

int64_t
sys_now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(SYS_CLOCK, &ts) != 0)
		fatal("clock_gettime");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
sys_wall(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		fatal("clock_gettime");
	return ts.tv_sec;
}

void
sys_pause_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) != 0)
		continue;
}

int64_t
sys_backoff_ms(unsigned attempt, int64_t base_ms, int64_t max_ms)
{
	int64_t most = base_ms, half;

	if (most > max_ms)
		most = max_ms;
	for (unsigned i = 0; i < attempt && most < max_ms; i++)
		most = most > max_ms / 2 ? max_ms : most * 2;
	if (most > INT32_MAX)
		most = INT32_MAX;
	if (most <= 0)
		return 0;
	half = most / 2;
	return half + arc4random_uniform((uint32_t)(most - half) + 1);
}

/* --- processes and descriptors --- */

int
sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int
sys_pidfd_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static void
close_range_of(unsigned first, unsigned last)
{
	struct rlimit rl;

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur > 1048576)
		rl.rlim_cur = 1048576;
	for (unsigned fd = first; fd <= last && fd < rl.rlim_cur; fd++)
		(void)close((int)fd);
}

void
sys_close_all_but(int low, const int *keep, size_t n)
{
	unsigned from = low > 0 ? (unsigned)low : 0;

	for (;;) {
		unsigned next = UINT_MAX;	/* lowest descriptor to keep
						   from here on */

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from &&
			    (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next == UINT_MAX)
			break;
		if (next > from)
			close_range_of(from, next - 1);
		from = next + 1;
	}
	close_range_of(from, UINT_MAX);
}

void
sys_close(int *fd)
{
	int saved = errno;

	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

/* Read to the end of the file, but at most one byte more than max. */
static char *
read_all(int fd, size_t max, size_t *len)
{
	size_t size = max < 4096 ? max + 2 : 4096, used = 0;
	char *text = wipe_malloc(size);

	for (;;) {
		ssize_t n;

		if (used + 1 == size) {
			if (used > max)
				break;
			size = size > (max + 2) / 2 ? max + 2 : size * 2;
			text = wipe_realloc(text, size);
		}
		n = read(fd, text + used, size - 1 - used);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			wipe_free(text);
			return NULL;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	*len = used;
	return text;
}

char *
sys_read_file(const char *path, size_t max, size_t *lenp)
{
	size_t len = 0;
	char *text;
	int fd, saved;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return NULL;
	text = read_all(fd, max, &len);
	saved = errno;
	(void)close(fd);
	errno = saved;
	if (text == NULL)
		return NULL;
	if (len > max || memchr(text, '\0', len) != NULL) {
		wipe_free(text);
		errno = len > max ? EFBIG : EINVAL;
		return NULL;
	}
	if (lenp != NULL)
		*lenp = len;
	return text;
}

const char *
sys_read_error(int errnum, size_t max)
{
	static char text[64];
	bool mega = max % (1 << 20) == 0;

	if (errnum == EINVAL)
		return "holds a NUL byte";
	if (errnum != EFBIG)
		return strerror(errnum);
	(void)snprintf(text, sizeof(text), "larger than %zu %s",
	    mega ? max >> 20 : max >> 10, mega ? "MiB" : "KiB");
	return text;
}

void
sys_fill_stdio(void)
{
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			fatal("/dev/null");
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
}

void
sys_reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)sigemptyset(&sa.sa_mask);
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void
sys_no_core(void)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		fatal("forbid core files");
#ifndef SYS_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal("become not dumpable");
#endif
}

/* Whether the variable has that name, or begins as a name that ends in '*'. */
static bool
is_named(const char *variable, const char *name)
{
	size_t n = strlen(name);

	if (n > 0 && name[n - 1] == '*')
		return strncmp(variable, name, n - 1) == 0;
	return strcspn(variable, "=") == n && strncmp(variable, name, n) == 0;
}

bool
sys_is_named(const char *variable, const char *const *names)
{
	while (*names != NULL && !is_named(variable, *names))
		names++;
	return *names != NULL;
}

void
sys_clean_environment(const char *const *keep)
{
	char **to = environ;

	for (char **from = environ; from != NULL && *from != NULL; from++)
		if (sys_is_named(*from, keep))
			*to++ = *from;
		else
			explicit_bzero(*from, strlen(*from));
	if (to != NULL)
		*to = NULL;
}
