/*
 * What an executor gives up before it reads its order: everything but talking
 * to the network and reading files (certificates, the resolver's settings).
 *
 * The filter of system calls is a list of those allowed, compiled once in the
 * zygote, since compiling takes longer than the whole start of an executor.
 * What is not on the list answers EPERM, which libraries cope with; to execute
 * a program kills the process, for nothing in it ever tries.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "confine.h"
#include "log.h"
#include "mem.h"
#include "sys.h"

#define FILES_MAX	64
/* Address space: an artifact, its copies and the threads' stacks. */
#define MEMORY_MAX	((rlim_t)1024 * 1024 * 1024)

#define ANY	{ 0, SCMP_CMP_EQ, 0, 0 }, false

/* Of open's flags: whatever changes or makes a file. */
#define WRITING	(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

/* Allowed calls by name, so that those of other machines and of a newer
 * libseccomp can stand here; with a condition only where it holds. */
static const struct allowed {
	const char		*name;
	struct scmp_arg_cmp	 arg;
	bool			 limited;
} allowed[] = {
	/* memory */
	{ "brk", ANY }, { "mmap", ANY }, { "munmap", ANY },
	{ "mremap", ANY }, { "mprotect", ANY }, { "madvise", ANY },
	{ "mlock", ANY }, { "mlock2", ANY }, { "munlock", ANY },
	{ "mincore", ANY }, { "membarrier", ANY },
	/* descriptors that are open */
	{ "read", ANY }, { "write", ANY }, { "readv", ANY },
	{ "writev", ANY }, { "pread64", ANY }, { "lseek", ANY },
	{ "close", ANY }, { "close_range", ANY }, { "dup", ANY },
	{ "fcntl", ANY }, { "fstat", ANY }, { "pipe", ANY },
	{ "pipe2", ANY }, { "eventfd2", ANY },
	{ "ioctl", { 1, SCMP_CMP_EQ, 0x541b /* FIONREAD */, 0 }, true },
	{ "ioctl", { 1, SCMP_CMP_EQ, 0x5421 /* FIONBIO */, 0 }, true },
	{ "ioctl", { 1, SCMP_CMP_EQ, 0x5401 /* TCGETS */, 0 }, true },
	/* waiting */
	{ "poll", ANY }, { "ppoll", ANY }, { "select", ANY },
	{ "pselect6", ANY }, { "epoll_create1", ANY }, { "epoll_ctl", ANY },
	{ "epoll_wait", ANY }, { "epoll_pwait", ANY },
	{ "epoll_pwait2", ANY }, { "timerfd_create", ANY },
	{ "timerfd_settime", ANY }, { "signalfd4", ANY },
	{ "nanosleep", ANY }, { "clock_nanosleep", ANY },
	{ "restart_syscall", ANY },
	/* reading files */
	{ "open", { 1, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY }, true },
	{ "openat", { 2, SCMP_CMP_MASKED_EQ, WRITING, O_RDONLY }, true },
	{ "stat", ANY }, { "lstat", ANY }, { "newfstatat", ANY },
	{ "statx", ANY }, { "fstatfs", ANY }, { "statfs", ANY },
	{ "access", ANY }, { "faccessat", ANY }, { "faccessat2", ANY },
	{ "readlink", ANY }, { "readlinkat", ANY }, { "getdents64", ANY },
	{ "getcwd", ANY }, { "fadvise64", ANY },
	/* the network: as client only, no raw or packet sockets */
	{ "socket", { 0, SCMP_CMP_EQ, AF_UNIX, 0 }, true },
	{ "socket", { 0, SCMP_CMP_EQ, AF_INET, 0 }, true },
	{ "socket", { 0, SCMP_CMP_EQ, AF_INET6, 0 }, true },
	{ "socket", { 0, SCMP_CMP_EQ, AF_NETLINK, 0 }, true },
	{ "socketpair", { 0, SCMP_CMP_EQ, AF_UNIX, 0 }, true },
	{ "bind", ANY }, { "connect", ANY }, { "shutdown", ANY },
	{ "getsockname", ANY }, { "getpeername", ANY },
	{ "getsockopt", ANY }, { "setsockopt", ANY },
	{ "sendto", ANY }, { "sendmsg", ANY }, { "sendmmsg", ANY },
	{ "recvfrom", ANY }, { "recvmsg", ANY }, { "recvmmsg", ANY },
	/* threads, for libcurl's resolver; a process needs other flags */
	{ "clone", { 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD },
	    true },
	{ "futex", ANY }, { "set_robust_list", ANY },
	{ "set_tid_address", ANY }, { "rseq", ANY }, { "gettid", ANY },
	{ "sched_yield", ANY }, { "sched_getaffinity", ANY },
	{ "exit", ANY }, { "exit_group", ANY },
	/* signals; tgkill see own_signals */
	{ "rt_sigaction", ANY }, { "rt_sigprocmask", ANY },
	{ "rt_sigreturn", ANY }, { "sigaltstack", ANY }, { "tgkill", ANY },
	/* itself, the time, chance */
	{ "getpid", ANY }, { "getppid", ANY }, { "getuid", ANY },
	{ "geteuid", ANY }, { "getgid", ANY }, { "getegid", ANY },
	{ "getresuid", ANY }, { "getresgid", ANY }, { "uname", ANY },
	{ "sysinfo", ANY }, { "getrlimit", ANY }, { "getrusage", ANY },
	{ "prctl", { 0, SCMP_CMP_EQ, PR_SET_NAME, 0 }, true },
	{ "clock_gettime", ANY }, { "clock_getres", ANY },
	{ "gettimeofday", ANY }, { "time", ANY }, { "times", ANY },
	{ "getrandom", ANY },
};

/* The compiled filter; kept from confine_prepare on. */
static struct sock_fprog program;

static int
allow(scmp_filter_ctx ctx, const struct allowed *a)
{
	int nr, rv;

	nr = seccomp_syscall_resolve_name(a->name);
	if (nr == __NR_SCMP_ERROR)
		return 0;	/* newer than this libseccomp */
	if (a->limited)
		rv = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, a->arg);
	else
		rv = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	/* -EDOM: this machine has no such call */
	return rv == -EDOM ? 0 : rv;
}

static int
add_rules(scmp_filter_ctx ctx)
{
	size_t i;
	int rv;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if ((rv = allow(ctx, &allowed[i])) < 0)
			return rv;
	/* glibc falls back to clone, whose flags can be looked at */
	if ((rv = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
	    SCMP_SYS(clone3), 0)) < 0)
		return rv;
	/* asking for a limit is fine, for oneself */
	if ((rv = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
	    SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A2(SCMP_CMP_EQ, 0, 0))) < 0)
		return rv;
	if ((rv = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS,
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

int
confine_prepare(void)
{
	scmp_filter_ctx ctx;
	int rv = -ENOMEM;

	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL)
		goto out;
	/* binary search: each call passes some 7 comparisons, not 100 */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((rv = add_rules(ctx)) == 0)
		rv = export(ctx);
	seccomp_release(ctx);
out:
	errno = -rv;
	return rv == 0 ? 0 : -1;
}

/* By prctl: systemd's @system-service has no seccomp(2). */
static int
load(const struct sock_fprog *filter)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0);
}

/* A second, small filter: tgkill reaches this process only. It depends on the
 * pid, which the zygote's filter cannot know. The kernel obeys the stricter of
 * both, so that the first one's look at the architecture holds here too. */
static int
own_signals(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		    offsetof(struct seccomp_data, args[0]) + 4),
#else
		    offsetof(struct seccomp_data, args[0])),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	return load(&filter);
}

static int
limit(int what, rlim_t most)
{
	struct rlimit r = { most, most };

	return setrlimit(what, &r);
}

static int
set_limits(void)
{
	/* standard error may be a file: writing to it then fails, no more */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	if (limit(RLIMIT_NOFILE, FILES_MAX) == -1 ||
	    limit(RLIMIT_FSIZE, 0) == -1)
		return -1;
#ifndef SYS_SANITIZED
	if (limit(RLIMIT_AS, MEMORY_MAX) == -1)
		return -1;
#endif
	return 0;
}

int
confine(pid_t supervisor, const int *keep, size_t n)
{
	sys_no_core();		/* inherited, and said again */
	sys_close_all_but(3, keep, n);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	if (getppid() != supervisor) {
		errno = ESRCH;
		return -1;
	}
	if (set_limits() == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	if (own_signals() == -1)	/* first: then prctl is denied */
		return -1;
	return load(&program);
}
