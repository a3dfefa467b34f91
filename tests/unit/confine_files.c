/*
 * Attempts to read what is not for an executor, and to write anything at all.
 */
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"
#include "tests/unit/confine_attempts.h"

#ifndef SYS_openat2
#define SYS_openat2	437
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* --- reading --- */

/* That file of the scene, or where the worker is installed, the real ones. */
static int
read_any(const struct scene *s, const char *name, const char *const *real)
{
	int fd = open(scene_path(s, name), O_RDONLY | O_CLOEXEC), rv;
	char c;

	rv = fd == -1 ? errno : attempt_result(read(fd, &c, 1));
	for (; *real != NULL && rv != 0; real++)
		if (open(*real, O_RDONLY | O_CLOEXEC) != -1)
			rv = 0;
	return rv;
}

static int
read_ledger(struct scene *s)
{
	static const char *const real[] = {
	    "/var/lib/quali-job-worker/ledger.sqlite",
	    "/var/lib/quali-job-worker/ledger.sqlite-wal", NULL };

	return read_any(s, "ledger.sqlite", real);
}

static int
read_aws(struct scene *s)
{
	static const char *const real[] = {
	    "/etc/quali-job-worker/aws/credentials",
	    "/etc/quali-job-worker/aws/config", NULL };

	return read_any(s, "credentials", real);
}

static int
read_settings(struct scene *s)
{
	static const char *const real[] = {
	    "/etc/quali-job-worker/worker.conf", NULL };

	return read_any(s, "worker.conf", real);
}

static int
read_password(struct scene *s)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[256] = "/nowhere";
	const char *const real[] = { path, NULL };

	if (folder != NULL)
		(void)snprintf(path, sizeof(path), "%s/cloudshell-password",
		    folder);
	return read_any(s, "password", real);
}

static int
read_users(struct scene *s)
{
	(void)s;
	return attempt_result(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int
read_program(struct scene *s)
{
	(void)s;
	return attempt_result(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static int
list_folder(struct scene *s)
{
	return attempt_result(open(s->folder, O_RDONLY | O_DIRECTORY));
}

/* By a descriptor that gives no right by itself. */
static int
reopen(struct scene *s)
{
	int fd = open(scene_path(s, "ledger.sqlite"), O_PATH | O_CLOEXEC);
	char path[64];

	if (fd == -1)
		return errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return attempt_result(open(path, O_RDONLY | O_CLOEXEC));
}

static int
by_openat2(struct scene *s)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { O_RDONLY, 0, 0 };

	return attempt_result(syscall(SYS_openat2, AT_FDCWD,
	    scene_path(s, "ledger.sqlite"), &how, sizeof(how)));
}

static int
by_handle(struct scene *s)
{
	union {
		struct file_handle h;
		char		   room[sizeof(struct file_handle) + 128];
	} u = { .h = { .handle_bytes = 128 } };
	int mount;

	if (name_to_handle_at(AT_FDCWD, scene_path(s, "ledger.sqlite"), &u.h,
	    &mount, 0) == -1)
		return errno;
	return attempt_result(open_by_handle_at(AT_FDCWD, &u.h, O_RDONLY));
}

/* --- what lies there --- */

static int
write_ledger(struct scene *s)
{
	int fd = open(scene_path(s, "ledger.sqlite"), O_RDWR | O_CLOEXEC);

	return fd == -1 ? errno : attempt_result(write(fd, "x", 1));
}

static int
append(struct scene *s)
{
	return attempt_result(open(scene_path(s, "ledger.sqlite"),
	    O_RDONLY | O_APPEND));
}

static int
truncate_by_open(struct scene *s)
{
	return attempt_result(open(scene_path(s, "ledger.sqlite"),
	    O_RDONLY | O_TRUNC));
}

static int
truncate_by_name(struct scene *s)
{
	return attempt_result(truncate(scene_path(s, "ledger.sqlite"), 0));
}

static int
change_mode(struct scene *s)
{
	return attempt_result(chmod(scene_path(s, "password"), 0644));
}

static int
change_owner(struct scene *s)
{
	return attempt_result(chown(scene_path(s, "password"), getuid(),
	    getgid()));
}

static int
change_times(struct scene *s)
{
	static const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	return attempt_result(utimensat(AT_FDCWD, scene_path(s, "password"),
	    times, 0));
}

static int
change_attribute(struct scene *s)
{
	return attempt_result(setxattr(scene_path(s, "password"), "user.x",
	    "x", 1, 0));
}

static int
remove_ledger(struct scene *s)
{
	return attempt_result(unlink(scene_path(s, "ledger.sqlite")));
}

static int
rename_ledger(struct scene *s)
{
	return attempt_result(rename(scene_path(s, "ledger.sqlite"),
	    scene_path(s, "gone")));
}

/* --- making something --- */

static int
make_a_file(struct scene *s)
{
	return attempt_result(open(scene_path(s, "new"), O_RDONLY | O_CREAT,
	    0600));
}

static int
make_by_creat(struct scene *s)
{
	return attempt_result(creat(scene_path(s, "new"), 0600));
}

static int
make_unnamed(struct scene *s)
{
	return attempt_result(open(s->folder, O_TMPFILE | O_RDWR, 0600));
}

static int
make_folder(struct scene *s)
{
	return attempt_result(mkdir(scene_path(s, "new"), 0700));
}

static int
make_fifo(struct scene *s)
{
	return attempt_result(mkfifo(scene_path(s, "new"), 0600));
}

static int
make_symlink(struct scene *s)
{
	return attempt_result(symlink("ledger.sqlite", scene_path(s, "new")));
}

static int
make_link(struct scene *s)
{
	return attempt_result(link(scene_path(s, "ledger.sqlite"),
	    scene_path(s, "new")));
}

static int
make_memory_file(struct scene *s)
{
	(void)s;
	return attempt_result(memfd_create("x", 0));
}

static int
make_secret_memory(struct scene *s)
{
	(void)s;
	return attempt_result(syscall(SYS_memfd_secret, 0));
}

static int
watch_files(struct scene *s)
{
	int fd = inotify_init1(0);

	return fd == -1 ? errno : attempt_result(inotify_add_watch(fd,
	    scene_path(s, "ledger.sqlite"), IN_MODIFY));
}

static int
write_device(struct scene *s)
{
	(void)s;
	return attempt_result(open("/dev/null", O_RDWR | O_CLOEXEC));
}

/* --- descriptors that it was left with --- */

static int
write_lock(struct scene *s)
{
	return attempt_result(write(s->lock, "x", 1));
}

static int
write_lock_by_map(struct scene *s)
{
	char *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, s->lock,
	    0);

	if (p == MAP_FAILED)
		return errno;
	p[0] = 'x';
	return attempt_result(msync(p, 1, MS_SYNC));
}

static int
write_lock_by_sendfile(struct scene *s)
{
	int fd = open_readable();

	return fd == -1 ? errno : attempt_result(sendfile(s->lock, fd, NULL,
	    16));
}

static int
write_lock_by_splice(struct scene *s)
{
	int fds[2];

	if (pipe(fds) == -1 || write(fds[1], "x", 1) != 1)
		return errno;
	return attempt_result(splice(fds[0], NULL, s->lock, NULL, 1, 0));
}

static int
cut_lock(struct scene *s)
{
	return attempt_result(ftruncate(s->lock, 0));
}

static int
extend_lock(struct scene *s)
{
	return attempt_result(fallocate(s->lock, 0, 0, 65536));
}

static int
open_lock_to_all(struct scene *s)
{
	return attempt_result(fchmod(s->lock, 0666));
}

/* Another supervisor would start beside the one that runs. */
static int
unlock(struct scene *s)
{
	return attempt_result(flock(s->lock, LOCK_UN));
}

static int
unlock_by_fcntl(struct scene *s)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	return attempt_result(fcntl(s->lock, F_OFD_SETLK, &all));
}

static int
write_left(struct scene *s)
{
	return attempt_result(write(s->left, "x", 1));
}

#ifndef SYS_SANITIZED
/* It succeeds, and leads nowhere. */
static int
write_stderr(struct scene *s)
{
	(void)s;
	return attempt_result(write(STDERR_FILENO, "x", 1));
}
#endif

const struct attempt attempts_files[] = {
	{ "read the ledger", read_ledger, EACCES, LANDLOCK },
	{ "read AWS's files", read_aws, EACCES, LANDLOCK },
	{ "read worker.conf", read_settings, EACCES, LANDLOCK },
	{ "read the password", read_password, EACCES, LANDLOCK },
	{ "read /etc/passwd", read_users, EACCES, LANDLOCK },
	{ "read the program", read_program, EACCES, LANDLOCK },
	{ "list a folder", list_folder, EACCES, LANDLOCK },
	{ "open by /proc/self/fd", reopen, EACCES, LANDLOCK },
	{ "openat2", by_openat2, EPERM, 0 },
	{ "open_by_handle_at", by_handle, EPERM, MAYBE },
	{ "write the ledger", write_ledger, EPERM, MARKS },
	{ "open O_APPEND", append, EPERM, 0 },
	{ "open O_TRUNC", truncate_by_open, EPERM, MARKS },
	{ "truncate", truncate_by_name, EPERM, MARKS },
	{ "chmod", change_mode, EPERM, MARKS },
	{ "chown", change_owner, EPERM, 0 },
	{ "utimensat", change_times, EPERM, MARKS },
	{ "setxattr", change_attribute, EPERM, MAYBE },
	{ "unlink", remove_ledger, EPERM, MARKS },
	{ "rename", rename_ledger, EPERM, MARKS },
	{ "open O_CREAT", make_a_file, EPERM, MARKS },
	{ "creat", make_by_creat, EPERM, MARKS },
	{ "open O_TMPFILE", make_unnamed, EPERM, MAYBE },
	{ "mkdir", make_folder, EPERM, MARKS },
	{ "mkfifo", make_fifo, EPERM, MARKS },
	{ "symlink", make_symlink, EPERM, MARKS },
	{ "link", make_link, EPERM, MARKS },
	{ "memfd_create", make_memory_file, EPERM, 0 },
	{ "memfd_secret", make_secret_memory, EPERM, MAYBE },
	{ "inotify", watch_files, EPERM, 0 },
	{ "open /dev/null to write", write_device, EPERM, 0 },
	{ "write to the lock", write_lock, EFBIG, MARKS },
	{ "write to the lock by mmap", write_lock_by_map, EPERM, MARKS },
	{ "write to the lock by sendfile", write_lock_by_sendfile, EPERM,
	    MARKS },
	{ "write to the lock by splice", write_lock_by_splice, EPERM, MARKS },
	{ "ftruncate the lock", cut_lock, EPERM, MARKS },
	{ "fallocate the lock", extend_lock, EPERM, MARKS },
	{ "fchmod the lock", open_lock_to_all, EPERM, MARKS },
	{ "unlock by flock", unlock, EPERM, MARKS },
	{ "unlock by fcntl", unlock_by_fcntl, EPERM, 0 },
	{ "write to a descriptor left over", write_left, EBADF, MARKS },
#ifndef SYS_SANITIZED
	{ "write to standard error", write_stderr, 0, MARKS | STDERR },
#endif
};
const size_t nattempts_files =
    sizeof(attempts_files) / sizeof(attempts_files[0]);
