/*
 * What an executor gives up before it reads its order: everything but talking
 * to the network and reading certificates and the resolver's files.
 *
 * Landlock restricts each executor anew, not the zygote once: so each has a
 * domain of its own and cannot signal the others. The rules are made in the
 * zygote. A rule belongs to the file that was there when it was made, though,
 * and DHCP clients put a new /etc/resolv.conf in the place of the old one. Then
 * an executor that begins makes rules of its own, and one that runs parks
 * itself for another one to go on (confine_outdated).
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "filter.h"
#include "landlock.h"
#include "sys.h"

#define FILES_MAX	64
/* Address space: an artifact, its copies and the threads' stacks. */
#define MEMORY_MAX	((rlim_t)1024 * 1024 * 1024)

#define RESOLVER_FILES	5

/* What may be read, where it exists; then the places of confine_files. */
static const char *readable[RESOLVER_FILES + 8 + CONFINE_PLACES] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	"/etc/host.conf", "/etc/gai.conf",
	/* what resolv.conf may lead to is replaced, too */
	"/run/systemd/resolve", "/run/resolvconf",
	/* certificates, and what links in these folders lead to */
	"/etc/ssl/certs", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/etc/pki/tls/certs",
	"/etc/pki/ca-trust/extracted", "/var/lib/ca-certificates",
};
static size_t nreadable = RESOLVER_FILES + 8;
static int landlock;		/* as confine_landlock tells it */
static int rules = -1;		/* of Landlock, made in the zygote ... */
static struct id {
	dev_t	 dev;
	ino_t	 ino;
} known[RESOLVER_FILES];	/* ... for these; zero: there was none */

static int
limit(int what, rlim_t most)
{
	struct rlimit r = { most, most };

	return setrlimit(what, &r);
}

/* RLIMIT_NPROC is left alone: it counts all processes and threads of the user,
 * so that any value either never counts or lets one executor keep the others
 * from starting the resolver's threads. */
static int
set_limits(void)
{
	/* the lock could be written to: that then fails, no more */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	if (limit(RLIMIT_NOFILE, FILES_MAX) != 0 ||
	    limit(RLIMIT_FSIZE, 0) != 0)
		return -1;
#ifndef SYS_SANITIZED
	if (limit(RLIMIT_AS, MEMORY_MAX) != 0)
		return -1;
#endif
	return 0;
}

/* Only root's have any. The unit does not allow capset. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];
	static const struct __user_cap_data_struct
	    none[_LINUX_CAPABILITY_U32S_3];

	memset(have, 0, sizeof(have));
	if (syscall(SYS_capget, &head, have) != 0)
		return -1;
	if (memcmp(have, none, sizeof(have)) == 0)
		return 0;
	return (int)syscall(SYS_capset, &head, none);
}

/* What it says goes over the report pipe; only a sanitizer's words, which end
 * it, do not. */
static int
close_stderr(int null)
{
#ifdef SYS_SANITIZED
	(void)null;
	return 0;
#else
	return dup2(null, STDERR_FILENO) == -1 ? -1 : 0;
#endif
}

static void
look(struct id now[RESOLVER_FILES])
{
	struct stat st;

	memset(now, 0, RESOLVER_FILES * sizeof(now[0]));
	for (size_t i = 0; i < RESOLVER_FILES; i++)
		if (stat(readable[i], &st) == 0) {
			now[i].dev = st.st_dev;
			now[i].ino = st.st_ino;
		}
}

static int
restrict_files(void)
{
	struct id now[RESOLVER_FILES];

	if (landlock <= 0)
		return 0;
	look(now);
	if (memcmp(now, known, sizeof(now)) != 0 && confine_files(NULL, 0) ==
	    -1)
		return -1;
	return landlock_restrict(rules);
}

int
confine_prepare(int newest)
{
	int version = newest > 0 ? landlock_version() : 0;

	/* anything else is a fault, not a kernel without it */
	if (version == -1 && errno != ENOSYS && errno != EOPNOTSUPP &&
	    errno != EPERM)
		return -1;
	landlock = version == -1 ? -errno :
	    version < newest ? version : newest;
	return filter_prepare();
}

int
confine_files(const char *const *places, size_t n)
{
	assert(nreadable + n <= sizeof(readable) / sizeof(readable[0]));
	for (size_t i = 0; i < n; i++)
		readable[nreadable++] = places[i];
	if (landlock <= 0)
		return 0;
	look(known);
	rules = landlock_rules(landlock, readable, nreadable);
	return rules == -1 ? -1 : 0;
}

int
confine_landlock(void)
{
	return landlock;
}

bool
confine_outdated(void)
{
	struct id now[RESOLVER_FILES];
	int fd;

	if (landlock <= 0)
		return false;
	look(now);
	for (size_t i = 0; i < RESOLVER_FILES; i++) {
		if (now[i].ino == 0 ||
		    memcmp(&now[i], &known[i], sizeof(now[i])) == 0)
			continue;
		fd = open(readable[i], O_RDONLY | O_CLOEXEC);
		if (fd == -1 && errno == EACCES)
			return true;
		if (fd != -1)
			(void)close(fd);
		known[i] = now[i];	/* by one of the folders */
	}
	return false;
}

int
confine(pid_t supervisor, const int *keep, size_t n)
{
	int null;

	sys_no_core();		/* inherited, and said again */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return -1;
	if (getppid() != supervisor) {
		errno = ESRCH;
		return -1;
	}
	if (set_limits() != 0 || drop_capabilities() != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    (null = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1 ||
	    restrict_files() != 0 || close_stderr(null) != 0)
		return -1;
	sys_close_all_but(3, keep, n);
	return filter_load();
}
