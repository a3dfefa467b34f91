/*
 * Attempts to run something else: programs, processes, code of one's own, and
 * the parts of the kernel that an executor has no use for.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"
#include "tests/unit/confine_attempts.h"

#ifndef SYS_clone3
#define SYS_clone3	435
#endif

/* --- programs and processes --- */

static char *const true_argv[] = { (char []){ "true" }, NULL };

static int
execute(struct scene *s)
{
	(void)s;
	return attempt_result(execve("/bin/true", true_argv, true_argv + 1));
}

static int
execute_at(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_execveat, AT_FDCWD, "/bin/true",
	    true_argv, true_argv + 1, 0));
}

/* The child ends at once; it is waited for where that can be. */
static int
split(long flags)
{
	long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		(void)waitpid((pid_t)pid, NULL, 0);
	return attempt_result(pid);
}

static int
split_off(struct scene *s)
{
	(void)s;
	return split(SIGCHLD);
}

/* As the zygote does: it would be the supervisor's child. */
static int
split_off_sibling(struct scene *s)
{
	(void)s;
	return split(CLONE_PARENT | SIGCHLD);
}

static int
split_off_namespace(struct scene *s)
{
	(void)s;
	return split(CLONE_NEWUSER | SIGCHLD);
}

static int
split_off_by_clone3(struct scene *s)
{
	uint64_t args[8] = { [4] = SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof(args));

	(void)s;
	if (pid == 0)
		_exit(0);
	return attempt_result(pid);
}

static int
leave_namespace(struct scene *s)
{
	(void)s;
	return attempt_result(unshare(CLONE_FS));
}

static int
enter_namespace(struct scene *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->neighbour, 0);

	return fd == -1 ? errno : attempt_result(setns(fd, CLONE_NEWUTS));
}

/* --- code of one's own --- */

static int
map_code(struct scene *s)
{
	(void)s;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int
map_file_as_code(struct scene *s)
{
	int fd = open_readable();

	(void)s;
	if (fd == -1)
		return errno;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) ==
	    MAP_FAILED ? errno : 0;
}

static void *
data(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);
}

static int
make_code(struct scene *s)
{
	(void)s;
	return attempt_result(mprotect(data(), 4096, PROT_READ | PROT_EXEC));
}

static int
make_code_by_key(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_pkey_mprotect, data(), 4096UL,
	    PROT_READ | PROT_EXEC, -1));
}

static int
make_all_code(struct scene *s)
{
	(void)s;
	return attempt_result(personality(READ_IMPLIES_EXEC));
}

/* --- calls by the numbers of another machine --- */

#if defined(__x86_64__)
static int
call_as_i386(struct scene *s)
{
	long rv;

	__asm__ volatile ("int $0x80" : "=a" (rv) : "0" (20L /* getpid */) :
	    "memory", "r8", "r9", "r10", "r11");
	(void)s;
	return rv == getpid() ? 0 : ENOSYS;
}

static int
call_as_x32(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(0x40000000L + SYS_getpid));
}
#endif

/* --- what it may use up --- */

#ifndef SYS_SANITIZED
static int
take_memory(struct scene *s)
{
	(void)s;
	return mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
	    MAP_FAILED ? errno : 0;
}
#endif

static int
take_descriptors(struct scene *s)
{
	(void)s;
	for (int i = 0; i < 100; i++)
		if (dup(0) == -1)
			return errno;
	return 0;
}

static int
raise_limit(struct scene *s)
{
	struct rlimit r = { 16, 16 };

	(void)s;
	return attempt_result(setrlimit(RLIMIT_NOFILE, &r));
}

/* --- System V's --- */

static int
share_memory(struct scene *s)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	(void)s;
	if (id == -1)
		return errno;
	return attempt_result(shmctl(id, IPC_RMID, NULL));
}

static int
share_semaphore(struct scene *s)
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	(void)s;
	return id == -1 ? errno : attempt_result(semctl(id, 0, IPC_RMID));
}

static int
share_messages(struct scene *s)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	(void)s;
	return id == -1 ? errno : attempt_result(msgctl(id, IPC_RMID, NULL));
}

/* --- parts of the kernel --- */

static int
rings(struct scene *s)
{
	char params[120] = { 0 };

	(void)s;
	return attempt_result(syscall(SYS_io_uring_setup, 1, params));
}

static int
make_bpf_map(struct scene *s)
{
	union bpf_attr attr;

	(void)s;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return attempt_result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr,
	    sizeof(attr)));
}

static int
keep_key(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_add_key, "user", "test-confine",
	    "x", 1UL, -1 /* of the thread */));
}

static int
find_keyring(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */,
	    -1 /* of the thread */, 1));
}

static int
ask_for_key(struct scene *s)
{
	long rv = syscall(SYS_request_key, "user", "test-confine", NULL, 0);

	(void)s;
	return rv == -1 && errno == ENOKEY ? 0 : attempt_result(rv);
}

static int
handle_faults(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_userfaultfd, 1 /* user mode only */));
}

static int
watch_performance(struct scene *s)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK,
	    .exclude_kernel = 1, .exclude_hv = 1 };

	(void)s;
	return attempt_result(syscall(SYS_perf_event_open, &attr, 0, -1, -1,
	    0));
}

static int
filter_again(struct scene *s)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &all };

	(void)s;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return attempt_result(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
	    &program, 0, 0));
}

static int
become_dumpable(struct scene *s)
{
	(void)s;
	return attempt_result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
outlive_supervisor(struct scene *s)
{
	(void)s;
	return attempt_result(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
}

static int
ask_kernel_log(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_syslog, 10 /* size */, NULL, 0));
}

/* --- privileges --- */

static int
change_user(struct scene *s)
{
	(void)s;
	return attempt_result(setuid(getuid()));
}

static int
change_groups(struct scene *s)
{
	(void)s;
	return attempt_result(setgroups(0, NULL));
}

static int
change_capabilities(struct scene *s)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2];

	(void)s;
	memset(none, 0, sizeof(none));
	return attempt_result(syscall(SYS_capset, &head, none));
}

static int
change_root(struct scene *s)
{
	return attempt_result(chroot(s->folder));
}

static int
mount_memory(struct scene *s)
{
	if (unshare(CLONE_NEWNS) == -1)
		return errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return errno;
	return attempt_result(mount("x", s->folder, "tmpfs", 0, NULL));
}

static int
open_tree_of(struct scene *s)
{
	return attempt_result(syscall(428 /* open_tree */, AT_FDCWD, s->folder,
	    0));
}

static int
name_machine(struct scene *s)
{
	char name[256];

	(void)s;
	if (gethostname(name, sizeof(name)) == -1)
		return errno;
	return attempt_result(sethostname(name, strlen(name)));
}

const struct attempt attempts_kernel[] = {
	{ "execve", execute, SIGSYS, DIES },
	{ "execveat", execute_at, SIGSYS, DIES },
	{ "fork", split_off, EPERM, 0 },
	{ "clone CLONE_PARENT", split_off_sibling, EPERM, 0 },
	{ "clone CLONE_NEWUSER", split_off_namespace, EPERM, MAYBE },
	{ "clone3", split_off_by_clone3, ENOSYS, MAYBE },
	{ "unshare", leave_namespace, EPERM, 0 },
	{ "setns", enter_namespace, EPERM, ROOT },
	{ "mmap PROT_EXEC", map_code, EPERM, 0 },
	{ "mmap PROT_EXEC of a file", map_file_as_code, EPERM, 0 },
	{ "mprotect PROT_EXEC", make_code, EPERM, 0 },
	{ "pkey_mprotect PROT_EXEC", make_code_by_key, EPERM, MAYBE },
	{ "personality READ_IMPLIES_EXEC", make_all_code, EPERM, 0 },
#if defined(__x86_64__)
	{ "a call of i386", call_as_i386, SIGSYS, DIES | MAYBE },
	{ "a call of x32", call_as_x32, SIGSYS, DIES | MAYBE },
#endif
#ifndef SYS_SANITIZED
	{ "2 GiB of memory", take_memory, ENOMEM, 0 },
#endif
	{ "100 descriptors", take_descriptors, EMFILE, 0 },
	{ "setrlimit", raise_limit, EPERM, 0 },
	{ "shmget", share_memory, EPERM, MAYBE },
	{ "semget", share_semaphore, EPERM, MAYBE },
	{ "msgget", share_messages, EPERM, MAYBE },
	{ "io_uring", rings, EPERM, MAYBE },
	{ "bpf", make_bpf_map, EPERM, MAYBE },
	{ "add_key", keep_key, EPERM, MAYBE },
	{ "keyctl", find_keyring, EPERM, MAYBE },
	{ "request_key", ask_for_key, EPERM, MAYBE },
	{ "userfaultfd", handle_faults, EPERM, MAYBE },
	{ "perf_event_open", watch_performance, EPERM, MAYBE },
	{ "a second filter", filter_again, EPERM, 0 },
	{ "prctl PR_SET_DUMPABLE", become_dumpable, EPERM, 0 },
	{ "prctl PR_SET_PDEATHSIG", outlive_supervisor, EPERM, 0 },
	{ "syslog", ask_kernel_log, EPERM, MAYBE },
	{ "setuid", change_user, EPERM, 0 },
	{ "setgroups", change_groups, EPERM, ROOT },
	{ "capset", change_capabilities, EPERM, 0 },
	{ "chroot", change_root, EPERM, ROOT },
	{ "mount", mount_memory, EPERM, ROOT },
	{ "open_tree", open_tree_of, EPERM, MAYBE },
	{ "sethostname", name_machine, EPERM, ROOT },
};
const size_t nattempts_kernel =
    sizeof(attempts_kernel) / sizeof(attempts_kernel[0]);
