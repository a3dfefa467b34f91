/*
 * Small safe system calls: clocks, descriptors, process handles, and the
 * hardening that every program applies to itself.
 */
#ifndef SYS_H
#define SYS_H

#include <sys/types.h>
#include <sys/wait.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Defined in builds with the address sanitizer, which needs a huge address
 * space and must be traceable. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SYS_SANITIZED	1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(SYS_SANITIZED)
#define SYS_SANITIZED	1
#endif

/* The clock of deadlines: it runs while the machine is suspended, as
 * CodePipeline's does. */
#define SYS_CLOCK	CLOCK_BOOTTIME

/* SYS_CLOCK in milliseconds; CLOCK_REALTIME in seconds. */
int64_t	sys_now_ms(void);
int64_t	sys_wall(void);

/* Sleep that long, signals or not: for programs that may block. */
void	sys_pause_ms(int64_t ms);

/* Exponential back-off with jitter: uniformly between half and all of
 * min(base_ms * 2^attempt, max_ms); attempt counts from 0. */
int64_t	sys_backoff_ms(unsigned attempt, int64_t base_ms, int64_t max_ms);

/* P_PIDFD of waitid, which the glibc of EL 9 does not define. */
#define SYS_P_PIDFD	((idtype_t)3)

/* The calls of the same name, for which the glibc of EL 9 lacks wrappers. */
int	sys_pidfd_open(pid_t);
int	sys_pidfd_signal(int pidfd, int sig);

/* Close every descriptor from low up, except those in keep (n of them). */
void	sys_close_all_but(int low, const int *keep, size_t n);

/* Close a descriptor unless it is -1, and set it to -1; keeps errno. */
void	sys_close(int *fd);

/* Read a file of at most max bytes as text (NUL added). NULL with errno;
 * EFBIG if larger, EINVAL if it holds a NUL. Freed with xfree_secret. */
char	*sys_read_file(const char *path, size_t max, size_t *len);

/* Why sys_read_file failed, by errno: "larger than 64 KiB". In a static buffer,
 * valid until the next call. */
const char	*sys_read_error(int errnum, size_t max);

/* Open /dev/null in place of standard descriptors that are closed, so that
 * nothing else gets their numbers. */
void	sys_fill_stdio(void);

/* Give every signal its default disposition and block none: an inherited
 * "ignore SIGCHLD" breaks waiting for children. Then ignore SIGPIPE. */
void	sys_reset_signals(void);

/* No core file and, unless the build has a sanitizer, not dumpable. */
void	sys_no_core(void);

/* What the supervisor keeps of its environment besides systemd's variables, and
 * what qualictl therefore takes for the service's. */
#define SYS_KEPT_VARIABLES						\
	"CLOUDSHELL_*", "AWS_*", "HOME", "PATH", "TMPDIR", "LANG",	\
	"LC_ALL", "TZ", "http_proxy", "https_proxy", "HTTPS_PROXY",	\
	"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",		\
	"RES_OPTIONS", "SSL_CERT_FILE", "SSL_CERT_DIR"

/* Whether a NULL-terminated list names a variable, "NAME" or "NAME=VALUE"; a
 * name that ends in '*' stands for all that begin so. */
bool	sys_is_named(const char *variable, const char *const *names);
/* Keeps only the named variables in environ; the values of the others are
 * wiped. */
void	sys_clean_environment(const char *const *keep);

#endif
