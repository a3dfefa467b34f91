/*
 * What each version of Landlock takes away, apart from the filter of system
 * calls, which hides most of it in an executor.
 */
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/executor/landlock.h"

#define REFUSED(call, why)	((call) == -1 && errno == (why))

static char folder[] = "/tmp/test-landlock-XXXXXX";
static char open_file[64], closed_file[64];	/* may be read, may not */
static int rules = -1;
static int version;	/* of the rules */

/* The name of an abstract socket that a process outside listens at. */
static struct sockaddr_un abstract = { .sun_family = AF_UNIX };
static socklen_t abstract_len = sizeof(sa_family_t);

static bool
may_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

static int
connect_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&abstract, abstract_len);
}

static int
bind_tcp(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&here, sizeof(here));
}

/* In a restricted child: 0, or the number of what was not as it should be. */
static int
look(void)
{
	if (!may_read(open_file))
		return 1;
	if (may_read(closed_file) || errno != EACCES)
		return 2;
	if (!REFUSED(open(open_file, O_WRONLY), EACCES) ||
	    !REFUSED(unlink(open_file), EACCES) ||
	    !REFUSED(mkdir("/tmp/test-landlock-made", 0700), EACCES))
		return 3;
	if (version >= 3 && !REFUSED(truncate(open_file, 0), EACCES))
		return 4;
	if (version >= 4 ? !REFUSED(bind_tcp(), EACCES) : bind_tcp() == -1)
		return 5;
	if (version >= 6 ? !REFUSED(kill(getppid(), 0), EPERM) :
	    kill(getppid(), 0) == -1)
		return 6;
	if (version >= 6 ? !REFUSED(connect_abstract(), EPERM) :
	    connect_abstract() == -1)
		return 7;
	return 0;
}

static void
restrict_self(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    landlock_restrict(rules) == -1)
		_exit(99);
}

static int
status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
make_rules(int wanted)
{
	const char *readable[] = { open_file, "/no/such/file" };

	version = wanted;
	rules = landlock_rules(version, readable, 2);
	assert_true(rules != -1);
}

static void
versions(void **state)
{
	int newest = landlock_version();
	pid_t pid;

	(void)state;
	for (int v = 1; v <= newest && v <= 7; v++) {
		make_rules(v);
		if ((pid = fork()) == 0) {
			restrict_self();
			_exit(look());
		}
		if (status_of(pid) != 0)
			fail_msg("version %d", v);
		(void)close(rules);
	}
}

/* Two that were restricted by the same rules cannot signal each other. */
static void
apart(void **state)
{
	int hold[2], ready[2], status;
	pid_t first, second;
	char c;

	(void)state;
	if (landlock_version() < 6)
		skip();
	make_rules(6);
	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(ready), 0);
	if ((first = fork()) == 0) {
		(void)close(hold[1]);
		restrict_self();
		if (write(ready[1], "r", 1) != 1)
			_exit(98);
		_exit(read(hold[0], &c, 1) == 0 ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(first, 0), 0);
	if ((second = fork()) == 0) {
		restrict_self();
		_exit(REFUSED(kill(first, SIGKILL), EPERM) ? 0 : 1);
	}
	assert_int_equal(status_of(second), 0);
	(void)close(hold[1]);
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(status, 0);
	(void)close(rules);
}

/* A file that takes the place of one that may be read is another file. */
static void
replaced(void **state)
{
	char new[80];
	pid_t pid;
	FILE *f;

	(void)state;
	make_rules(1);
	if ((pid = fork()) == 0) {
		restrict_self();
		_exit(may_read(open_file) ? 0 : 1);
	}
	assert_int_equal(status_of(pid), 0);
	(void)snprintf(new, sizeof(new), "%s.new", open_file);
	assert_non_null(f = fopen(new, "w"));
	(void)fclose(f);
	assert_int_equal(rename(new, open_file), 0);
	if ((pid = fork()) == 0) {
		restrict_self();
		_exit(may_read(open_file) ? 1 : 0);
	}
	assert_int_equal(status_of(pid), 0);
	(void)close(rules);
}

static int
make_files(void **state)
{
	const char *const paths[] = { open_file, closed_file };
	int fd;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(open_file, sizeof(open_file), "%s/open", folder);
	(void)snprintf(closed_file, sizeof(closed_file), "%s/closed", folder);
	for (int i = 0; i < 2; i++) {
		fd = open(paths[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd == -1 || write(fd, "x", 1) != 1)
			return -1;
		(void)close(fd);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* the kernel chooses a name that is free */
	if (bind(fd, (struct sockaddr *)&abstract, abstract_len) == -1)
		return -1;
	abstract_len = sizeof(abstract);
	return getsockname(fd, (struct sockaddr *)&abstract, &abstract_len) ==
	    -1 || listen(fd, 64) == -1 ? -1 : 0;
}

static int
remove_files(void **state)
{
	(void)state;
	(void)unlink(open_file);
	(void)unlink(closed_file);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(apart),
		cmocka_unit_test(replaced),
	};

	if (landlock_version() < 1) {
		printf("ok 1 # SKIP this kernel has no Landlock\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
