/*
 * Small safe system calls, in all programs.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "sys.h"

/* --- memory --- */

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		fatal("%zu times %zu bytes", n, size);
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		fatal("%zu times %zu bytes", n, size);
	return p;
}

char *
xstrdup(const char *s)
{
	return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = xcalloc(1, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	/* vasprintf grows its text by realloc and leaves pieces behind */
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatal("format a text");
	s = xcalloc(1, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
xfree_secret(char *s)
{
	wipe_free(s);
}

/* All the bytes of an allocation. A compiler that knows what was asked for
 * takes the rest for an overflow (_FORTIFY_SOURCE=3 with LTO): it is not to
 * know where the pointer comes from. */
static size_t
whole(void **p)
{
	__asm__("" : "+r" (*p));
	return malloc_usable_size(*p);
}

/* Libraries leave some of their results unchecked: no memory is fatal here,
 * too. */
void *
wipe_malloc(size_t n)
{
	void *p = malloc(n != 0 ? n : 1);

	if (p == NULL)
		fatal("%zu bytes", n);
	return p;
}

void *
wipe_calloc(size_t n, size_t size)
{
	return xcalloc(n, size);
}

void *
wipe_realloc(void *old, size_t n)
{
	size_t had;
	void *p;

	p = wipe_malloc(n);
	if (old == NULL)
		return p;
	had = whole(&old);
	memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

char *
wipe_strdup(const char *s)
{
	return xstrdup(s);
}

void
wipe_free(void *p)
{
	int saved = errno;
	size_t size;

	if (p == NULL)
		return;
	size = whole(&p);
	explicit_bzero(p, size);
	free(p);
	errno = saved;
}

/* --- time --- */

int64_t
sys_now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(SYS_CLOCK, &ts) == -1)
		fatal("clock_gettime");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
sys_wall(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		fatal("clock_gettime");
	return ts.tv_sec;
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
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur > 1048576)
		rl.rlim_cur = 1048576;
	for (unsigned fd = first; fd <= last && fd < rl.rlim_cur; fd++)
		(void)close((int)fd);
}

void
sys_close_all_but(int low, const int *keep, size_t n)
{
	unsigned from = low > 0 ? (unsigned)low : 0;

	for (;;) {
		unsigned next = UINT_MAX;	/* least kept one from here */

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

int
sys_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Read to the end of file, one byte over max at most. */
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

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("forbid core files");
#ifndef SYS_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
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

void
sys_clean_environment(const char *const *keep)
{
	char **to = environ;

	for (char **from = environ; from != NULL && *from != NULL; from++) {
		const char *const *k = keep;

		while (*k != NULL && !is_named(*from, *k))
			k++;
		if (*k != NULL)
			*to++ = *from;
		else
			explicit_bzero(*from, strlen(*from));
	}
	if (to != NULL)
		*to = NULL;
}

/* --- UTF-8 --- */

size_t
utf8_len(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char least = 0x80, most = 0xbf;
	size_t n;

	if (p[0] == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	/* longer than needed, surrogates, beyond U+10FFFF */
	if (p[0] == 0xe0)
		least = 0xa0;
	else if (p[0] == 0xed)
		most = 0x9f;
	else if (p[0] == 0xf0)
		least = 0x90;
	else if (p[0] == 0xf4)
		most = 0x8f;
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
utf8_cut(char *s, size_t max)
{
	size_t len = strnlen(s, max + 1);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	s[max] = '\0';
	return max;
}

void
utf8_trim(char *s)
{
	size_t len = strlen(s), back = 0;

	while (back < 3 && back < len &&
	    ((unsigned char)s[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back >= len)
		return;
	s += len - 1 - back;
	if ((unsigned char)*s >= 0xc0 && utf8_len(s) != back + 1)
		*s = '\0';
}

bool
utf8_valid(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n)
		if ((n = utf8_len(s)) == 0)
			return false;
	return true;
}

/* Of three bytes: marks of direction, embeddings, overrides and isolates, and
 * the separators of lines and paragraphs. */
static bool
turns_text(const unsigned char *p)
{
	if (p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)	/* U+200E U+200F U+2028 ... U+202E */
		return p[2] == 0x8e || p[2] == 0x8f ||
		    (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9; /* U+2066 ... */
}

size_t
utf8_control(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	switch (utf8_len(s)) {
	case 1:
		return p[0] < 0x20 || p[0] == 0x7f ? 1 : 0;
	case 2:			/* C1, and U+061C */
		return (p[0] == 0xc2 && p[1] < 0xa0) ||
		    (p[0] == 0xd8 && p[1] == 0x9c) ? 2 : 0;
	case 3:
		return turns_text(p) ? 3 : 0;
	default:
		return 0;
	}
}

void
utf8_clean(char *s, bool lines)
{
	while (*s != '\0') {
		size_t n = utf8_len(s);

		if (n == 0) {
			*s++ = '?';
			continue;
		}
		if (!(lines && *s == '\n'))
			memset(s, ' ', utf8_control(s));
		s += n;
	}
}
