/*
 * Landlock by its system calls, since glibc has no wrappers. Names and values
 * are written out: the headers of EL 9 and Debian 12 do not know them all.
 * Source: landlock(7) and Documentation/userspace-api/landlock.rst of the
 * kernel.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "landlock.h"

/* The same on all machines. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define ASK_VERSION	(UINT32_C(1) << 0)	/* of create_ruleset */
#define PATH_BENEATH	1			/* kind of a rule */

/* Rights on files: version 1 has bits 0 to 12. */
#define FS_READ_FILE	(UINT64_C(1) << 2)
#define FS_VERSION_1	((UINT64_C(1) << 13) - 1)
#define FS_REFER	(UINT64_C(1) << 13)	/* from 2 */
#define FS_TRUNCATE	(UINT64_C(1) << 14)	/* from 3 */
#define FS_IOCTL_DEV	(UINT64_C(1) << 15)	/* from 5 */
#define NET_BIND_TCP	(UINT64_C(1) << 0)	/* from 4 */
#define SCOPE_ABSTRACT	(UINT64_C(1) << 0)	/* from 6 */
#define SCOPE_SIGNAL	(UINT64_C(1) << 1)	/* from 6 */

/* struct landlock_ruleset_attr of version 6; an older kernel takes it as long
 * as what it does not know is 0. */
struct ruleset {
	uint64_t	fs, net, scoped;
};

/* struct landlock_path_beneath_attr */
struct path_rule {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((packed));

int
landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
}

static int
make_ruleset(int version)
{
	struct ruleset set = { .fs = FS_VERSION_1 };

	if (version >= 2)
		set.fs |= FS_REFER;
	if (version >= 3)
		set.fs |= FS_TRUNCATE;
	if (version >= 4)
		set.net |= NET_BIND_TCP;
	if (version >= 5)
		set.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		set.scoped |= SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
}

static int
add_path(int set, const char *path)
{
	struct path_rule rule = { .allowed = FS_READ_FILE };
	int rv;

	if ((rule.fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return errno == ENOENT || errno == ENOTDIR ||
		    errno == EACCES || errno == ELOOP ? 0 : -1;
	rv = (int)syscall(SYS_landlock_add_rule, set, PATH_BENEATH, &rule, 0);
	(void)close(rule.fd);
	return rv;
}

int
landlock_rules(int version, const char *const *readable, size_t n)
{
	int rules, saved;

	if ((rules = make_ruleset(version)) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_path(rules, readable[i]) != 0) {
			saved = errno;
			(void)close(rules);
			errno = saved;
			return -1;
		}
	return rules;
}

int
landlock_restrict(int rules)
{
	return (int)syscall(SYS_landlock_restrict_self, rules, 0);
}
