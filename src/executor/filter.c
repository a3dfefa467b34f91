/*
 * The filter of system calls: a list of those allowed, each with the arguments
 * that are needed, compiled once in the zygote, since compiling takes longer
 * than the whole start of an executor.
 *
 * What is not on the list answers EPERM, which libraries cope with. To execute
 * a program, or to call the kernel by the numbers of another machine, kills the
 * process, for nothing in it ever does.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "filter.h"
#include "mem.h"

#define ARGS_MAX	3

/* Of an argument the kernel reads 32 bits where it is an int; what a caller
 * leaves in the others must not matter. */
#define INT_BITS	0xffffffffU
#define IS(i, value)	{ (i), SCMP_CMP_MASKED_EQ, INT_BITS, (value) }
#define WITHOUT(i, bits) { (i), SCMP_CMP_MASKED_EQ, INT_BITS & (bits), 0 }
#define FLAGS(i, value)	{ (i), SCMP_CMP_EQ, (value), 0 }	/* all 64 */

/* Of open's flags: whatever changes or makes a file, or has it signal. */
#define WRITING		(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_ASYNC)
/* What F_SETFL may set; O_ASYNC would send signals. */
#define SETTABLE	(O_ACCMODE | O_NONBLOCK)
#define PRIVATE(i)	{ (i), SCMP_CMP_MASKED_EQ, MAP_TYPE, MAP_PRIVATE }
/* A type of socket with what may be added to it. */
#define KIND(i, type)	{ (i), SCMP_CMP_MASKED_EQ,			\
	INT_BITS & ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK), (type) }

/* Exactly what glibc gives clone for a thread. A process of its own needs other
 * flags, and so does sharing anything with one. */
#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
	CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | \
	CLONE_CHILD_CLEARTID)
#if defined(__s390x__)
#define CLONE_FLAGS	1
#else
#define CLONE_FLAGS	0
#endif

/* Stands for the pid of the executor, which filter_load knows. No process has
 * this number (PID_MAX_LIMIT is 4,194,304). */
#define OWN_PID		0x7fffffff

/* By name, so that calls of other machines and of a newer libseccomp can stand
 * here. All conditions of a rule must hold; rules for one call are
 * alternatives. */
static const struct rule {
	const char		*name;
	unsigned		 n;
	struct scmp_arg_cmp	 arg[ARGS_MAX];
} rules[] = {
	/* memory, but none that can be executed, and none that writes to a
	 * file: the lock is open for writing */
	{ "mmap", 2, { WITHOUT(2, PROT_EXEC), PRIVATE(3) } },
	{ "mprotect", 1, { WITHOUT(2, PROT_EXEC) } },
	{ "brk", 0, {} }, { "munmap", 0, {} }, { "mremap", 0, {} },
	{ "madvise", 0, {} }, { "mlock", 0, {} }, { "mlock2", 0, {} },
	{ "munlock", 0, {} },
	/* descriptors that are open */
	{ "read", 0, {} }, { "write", 0, {} }, { "readv", 0, {} },
	{ "writev", 0, {} }, { "pread64", 0, {} }, { "lseek", 0, {} },
	{ "close", 0, {} }, { "dup", 0, {} }, { "fstat", 0, {} },
	{ "pipe", 0, {} }, { "pipe2", 0, {} }, { "eventfd2", 0, {} },
	/* F_SETOWN with F_SETSIG would signal others, a lock of the ledger
	 * could be taken off */
	{ "fcntl", 1, { IS(1, F_DUPFD) } },
	{ "fcntl", 1, { IS(1, F_DUPFD_CLOEXEC) } },
	{ "fcntl", 1, { IS(1, F_GETFD) } },
	{ "fcntl", 1, { IS(1, F_SETFD) } },
	{ "fcntl", 1, { IS(1, F_GETFL) } },
	{ "fcntl", 2, { IS(1, F_SETFL), WITHOUT(2, ~(unsigned)SETTABLE) } },
	{ "ioctl", 1, { IS(1, FIONREAD) } },	/* glibc's resolver */
	{ "ioctl", 1, { IS(1, FIONBIO) } },
	/* waiting */
	{ "poll", 0, {} }, { "ppoll", 0, {} }, { "select", 0, {} },
	{ "pselect6", 0, {} }, { "epoll_create1", 0, {} },
	{ "epoll_ctl", 0, {} }, { "epoll_wait", 0, {} },
	{ "epoll_pwait", 0, {} }, { "epoll_pwait2", 0, {} },
	{ "timerfd_create", 0, {} }, { "timerfd_settime", 0, {} },
	{ "signalfd4", 0, {} }, { "nanosleep", 0, {} },
	{ "clock_nanosleep", 0, {} }, { "restart_syscall", 0, {} },
	/* reading files; which ones, Landlock says */
	{ "open", 1, { WITHOUT(1, WRITING) } },
	{ "openat", 1, { WITHOUT(2, WRITING) } },
	{ "stat", 0, {} }, { "newfstatat", 0, {} }, { "statx", 0, {} },
	/* the network, as client: nothing is bound, so nobody can connect */
	{ "socket", 3, { IS(0, AF_INET), KIND(1, SOCK_STREAM), IS(2, 0) } },
	{ "socket", 3, { IS(0, AF_INET), KIND(1, SOCK_STREAM),
	    IS(2, IPPROTO_TCP) } },
	{ "socket", 3, { IS(0, AF_INET), KIND(1, SOCK_DGRAM), IS(2, 0) } },
	{ "socket", 3, { IS(0, AF_INET), KIND(1, SOCK_DGRAM),
	    IS(2, IPPROTO_UDP) } },
	{ "socket", 3, { IS(0, AF_INET6), KIND(1, SOCK_STREAM), IS(2, 0) } },
	{ "socket", 3, { IS(0, AF_INET6), KIND(1, SOCK_STREAM),
	    IS(2, IPPROTO_TCP) } },
	{ "socket", 3, { IS(0, AF_INET6), KIND(1, SOCK_DGRAM), IS(2, 0) } },
	{ "socket", 3, { IS(0, AF_INET6), KIND(1, SOCK_DGRAM),
	    IS(2, IPPROTO_UDP) } },
	/* libcurl's threads wake it by a pair; one of datagrams could send to
	 * any other socket of the machine */
	{ "socketpair", 2, { IS(0, AF_UNIX), KIND(1, SOCK_STREAM) } },
	{ "connect", 0, {} }, { "shutdown", 0, {} }, { "getsockname", 0, {} },
	{ "getpeername", 0, {} }, { "getsockopt", 0, {} },
	{ "sendto", 0, {} }, { "sendmsg", 0, {} }, { "sendmmsg", 0, {} },
	{ "recvfrom", 0, {} }, { "recvmsg", 0, {} }, { "recvmmsg", 0, {} },
	{ "setsockopt", 2, { IS(1, SOL_SOCKET), IS(2, SO_KEEPALIVE) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_TCP), IS(2, TCP_KEEPIDLE) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_TCP), IS(2, TCP_KEEPINTVL) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_TCP), IS(2, TCP_KEEPCNT) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_IP), IS(2, IP_RECVERR) } },
	{ "setsockopt", 2, { IS(1, IPPROTO_IPV6), IS(2, IPV6_RECVERR) } },
	/* threads, for libcurl's resolver */
	{ "clone", 1, { FLAGS(CLONE_FLAGS, THREAD_FLAGS) } },
	{ "futex", 0, {} }, { "set_robust_list", 0, {} },
	{ "set_tid_address", 0, {} }, { "rseq", 0, {} }, { "gettid", 0, {} },
	{ "sched_yield", 0, {} },
	{ "sched_getaffinity", 0, {} },	/* pthread_getattr_np asks by tid */
	{ "exit", 0, {} }, { "exit_group", 0, {} },
	/* signals, to itself: abort, and the end of a thread */
	{ "tgkill", 1, { IS(0, OWN_PID) } },
	{ "rt_sigaction", 0, {} }, { "rt_sigprocmask", 0, {} },
	{ "rt_sigreturn", 0, {} }, { "sigaltstack", 0, {} },
	/* itself, the time, chance */
	{ "getpid", 0, {} }, { "getppid", 0, {} }, { "getuid", 0, {} },
	{ "geteuid", 0, {} }, { "getgid", 0, {} }, { "getegid", 0, {} },
	{ "getresuid", 0, {} }, { "getresgid", 0, {} }, { "uname", 0, {} },
	{ "sysinfo", 0, {} }, { "getrusage", 0, {} }, { "getrlimit", 0, {} },
	{ "prlimit64", 2, { IS(0, 0), FLAGS(2, 0) } },	/* asks only */
	{ "clock_gettime", 0, {} }, { "clock_getres", 0, {} },
	{ "gettimeofday", 0, {} }, { "time", 0, {} }, { "times", 0, {} },
	{ "getrandom", 0, {} },
};

/* The compiled filter, and which instruction of it compares with OWN_PID. */
static struct sock_fprog program;
static size_t own_pid;

static int
allow(scmp_filter_ctx ctx, const struct rule *rule)
{
	int nr, rv;

	nr = seccomp_syscall_resolve_name(rule->name);
	if (nr == __NR_SCMP_ERROR)
		return 0;	/* newer than this libseccomp */
	rv = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, rule->n,
	    rule->arg);
	/* -EDOM: this machine has no such call */
	return rv == -EDOM ? 0 : rv;
}

static int
add_rules(scmp_filter_ctx ctx)
{
	int rv;

	if ((rv = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) < 0)
		return rv;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if ((rv = allow(ctx, &rules[i])) < 0)
			return rv;
	/* glibc falls back to clone, whose flags can be looked at */
	if ((rv = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
	    SCMP_SYS(clone3), 0)) < 0 ||
	    (rv = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS,
	    SCMP_SYS(execve), 0)) < 0)
		return rv;
	return seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS,
	    SCMP_SYS(execveat), 0);
}

/* libseccomp gives the filter to a descriptor only. */
static int
export(scmp_filter_ctx ctx)
{
	off_t size;
	int fd, rv;

	if ((fd = memfd_create("filter", MFD_CLOEXEC)) == -1)
		return -errno;
	if ((rv = seccomp_export_bpf(ctx, fd)) < 0)
		goto out;
	rv = -EINVAL;
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || size % (off_t)sizeof(struct sock_filter) != 0 ||
	    size / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS)
		goto out;
	program.len = size / sizeof(struct sock_filter);
	program.filter = xcalloc(program.len, sizeof(struct sock_filter));
	if (pread(fd, program.filter, size, 0) == size)
		rv = 0;
out:
	(void)close(fd);
	return rv;
}

/* The one instruction that filter_load has to change. */
static int
find_own_pid(void)
{
	size_t found = 0;

	for (size_t i = 0; i < program.len; i++)
		if (program.filter[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    program.filter[i].k == OWN_PID) {
			own_pid = i;
			found++;
		}
	return found == 1 ? 0 : -EINVAL;
}

int
filter_prepare(void)
{
	scmp_filter_ctx ctx;
	int rv = -ENOMEM;

	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL)
		goto out;
	/* binary search: each call passes some 7 comparisons, not 100 */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((rv = add_rules(ctx)) == 0 && (rv = export(ctx)) == 0)
		rv = find_own_pid();
	seccomp_release(ctx);
out:
	errno = -rv;
	return rv == 0 ? 0 : -1;
}

/* By prctl: systemd's @system-service has no seccomp(2). */
int
filter_load(void)
{
	program.filter[own_pid].k = (uint32_t)getpid();
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
