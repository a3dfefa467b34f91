/*
 * Small safe system calls: memory that cannot fail, clocks, descriptors,
 * process handles, hardening that every program applies to itself.
 */
#ifndef SYS_H
#define SYS_H

#include <sys/types.h>
#include <sys/wait.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Defined in builds with the address sanitizer, which needs its shadow of the
 * address space and to be traced. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SYS_SANITIZED	1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(SYS_SANITIZED)
#define SYS_SANITIZED	1
#endif

/* Memory; no memory ends the process. */
void	*xcalloc(size_t n, size_t size);
void	*xreallocarray(void *, size_t n, size_t size);
char	*xstrdup(const char *);			/* NULL in, NULL out */
char	*xstrndup(const char *, size_t);
/* One allocation of the size needed, so that no piece of a secret stays behind
 * in freed memory. */
char	*xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));
void	 xfree_secret(char *);			/* wipe a text, then free it */

/* malloc family that wipes what is freed, for libraries that take one. */
void	*wipe_malloc(size_t);
void	*wipe_calloc(size_t, size_t);
void	*wipe_realloc(void *, size_t);
char	*wipe_strdup(const char *);
void	 wipe_free(void *);

/* The clock of deadlines: it goes on while the machine is suspended, as
 * CodePipeline's does. */
#define SYS_CLOCK	CLOCK_BOOTTIME

/* SYS_CLOCK in milliseconds; CLOCK_REALTIME in seconds. */
int64_t	sys_now_ms(void);
int64_t	sys_wall(void);

/* Exponential back-off with jitter: uniformly between half and all of
 * min(base_ms * 2^attempt, max_ms); attempt counts from 0. */
int64_t	sys_backoff_ms(unsigned attempt, int64_t base_ms, int64_t max_ms);

/* P_PIDFD of waitid; glibc of EL 9 has no name for it. */
#define SYS_P_PIDFD	((idtype_t)3)

/* As the calls of the same name; glibc of EL 9 lacks the wrappers. */
int	sys_pidfd_open(pid_t);
int	sys_pidfd_signal(int pidfd, int sig);

/* Close every descriptor from low up, except those in keep (n of them). */
void	sys_close_all_but(int low, const int *keep, size_t n);

/* Write all of it to a blocking descriptor. -1 with errno. */
int	sys_write_all(int fd, const void *, size_t);

/* Read a file of at most max bytes as text (NUL added). NULL with errno;
 * EFBIG if larger, EINVAL if it holds a NUL. Freed with xfree_secret. */
char	*sys_read_file(const char *path, size_t max, size_t *len);

/* Open /dev/null in place of standard descriptors that are closed, so that
 * nothing else gets their numbers. */
void	sys_fill_stdio(void);

/* Default disposition for every signal, none blocked: an inherited "ignore
 * SIGCHLD" breaks waiting for children. SIGPIPE is then ignored. */
void	sys_reset_signals(void);

/* No core file and, unless the build has a sanitizer, not dumpable. */
void	sys_no_core(void);

/* Keeps only the named variables (NULL-terminated list) in environ, of a name
 * that ends in '*' all that begin so; the values of the others are wiped. */
void	sys_clean_environment(const char *const *keep);

/* Cut a text to at most max bytes at a UTF-8 boundary; returns its length. */
size_t	utf8_cut(char *, size_t max);

/* Drop the piece of a character that a cut left at the end. */
void	utf8_trim(char *);

/* Bytes of the character at the start of a text; 0 at its end and for bytes
 * that are not UTF-8. */
size_t	utf8_len(const char *);

/* Whether all of a text is UTF-8. */
bool	utf8_valid(const char *);

/* Bytes of the character at the start of a text if it is one that steers how
 * the rest is shown: a control character, a separator of lines or a control of
 * the text's direction, which can make a line read as another one; else 0. */
size_t	utf8_control(const char *);

/* Replace such characters by a blank for each of their bytes (line ends stay if
 * lines is true) and bytes that are not UTF-8 by '?', in place. */
void	utf8_clean(char *, bool lines);

#endif
