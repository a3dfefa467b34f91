/*
 * What a confined process cannot do: a hundred ways out, each tried as root and
 * as somebody else, with and without Landlock, and without any confinement,
 * where it has to succeed: else something else would stop it, and the attempt
 * would show nothing. Where another filter is in force already, as in a
 * container or a unit, the latter is only counted.
 *
 * And what it must still be able to do.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/executor/confine.h"
#include "sys.h"
#include "tests/unit/confine_attempts.h"

#define NOBODY		65534
#define ATTEMPTS_MAX	256
#define SHOWN_MIN	90	/* attempts that succeed without confinement */
#define UNCONFINED	250	/* exit status: confine failed */

enum who { AS_ROOT, AS_OTHER, WHO_MAX };
enum how { FREELY, BY_SECCOMP, BY_BOTH, HOW_MAX };

static const char *const who_names[WHO_MAX] = { "root", "another user" };
static const char *const how_names[HOW_MAX] = { "without confinement",
	"without Landlock", "with Landlock" };

/* What came of one attempt. */
struct outcome {
	bool	tried;
	bool	same;		/* nothing changed */
	int	status;		/* of wait */
};

static const struct attempt *attempts[ATTEMPTS_MAX];
static size_t nattempts;
static struct outcome (*outcomes)[HOW_MAX][ATTEMPTS_MAX];	/* by who */
static bool may_be[WHO_MAX];	/* root may be everybody, others only they */
static bool others;		/* filters, or root without its powers */
static bool landlock;

/* --- the attempts, each in a process of its own --- */

static void __attribute__((noreturn))
attempt_in_child(const struct attempt *a, struct scene *s, enum how how,
    pid_t parent)
{
	const int keep[] = { s->lock, s->terminal };

	if ((a->flags & STDERR) != 0)
		(void)dup2(s->left, STDERR_FILENO);
	if (how != FREELY && confine(parent, keep, 2) == -1)
		_exit(UNCONFINED);
	_exit(a->run(s));
}

static void
attempt(const struct attempt *a, enum how how, struct outcome *o)
{
	struct state before, after;
	struct scene s;
	pid_t parent = getpid(), pid;

	if (!scene_make(&s))
		return;
	scene_look(&s, &before);
	if ((pid = fork()) == 0)
		attempt_in_child(a, &s, how, parent);
	if (pid > 0 && waitpid(pid, &o->status, 0) == pid) {
		scene_look(&s, &after);
		o->same = memcmp(&before, &after, sizeof(before)) == 0;
		o->tried = true;
	}
	scene_remove(&s);
}

static void
become_other(void)
{
	if (setgroups(0, NULL) == -1 ||
	    setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1)
		_exit(1);
	/* else /proc is root's */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* All attempts one after the other, in a process that stands for the zygote and
 * the supervisor. */
static int
rig(enum who who, enum how how)
{
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)umask(077);
		if (who == AS_OTHER && getuid() == 0)
			become_other();
		if (how != FREELY &&
		    (confine_prepare(how == BY_BOTH ? INT_MAX : 0) == -1 ||
		    confine_files(NULL, 0) == -1))
			_exit(2);
		for (size_t i = 0; i < nattempts; i++)
			attempt(attempts[i], how, &outcomes[who][how][i]);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ?
	    0 : -1;
}

/* --- what came of them --- */

static const char *
show(char dst[64], const struct outcome *o)
{
	if (!o->tried)
		(void)snprintf(dst, 64, "could not be tried");
	else if (WIFSIGNALED(o->status))
		(void)snprintf(dst, 64, "signal %d%s", WTERMSIG(o->status),
		    o->same ? "" : ", and something changed");
	else
		(void)snprintf(dst, 64, "%s%s", WEXITSTATUS(o->status) == 0 ?
		    "it got through" : WEXITSTATUS(o->status) == UNCONFINED ?
		    "not confined" : strerror(WEXITSTATUS(o->status)),
		    o->same ? "" : ", and something changed");
	return dst;
}

static bool
is_stopped(const struct attempt *a, enum who who, enum how how,
    const struct outcome *o)
{
	int expected = a->expected;

	if (how == BY_SECCOMP && (a->flags & LANDLOCK) != 0 &&
	    (who != AS_ROOT || (a->flags & POWERS) == 0))
		expected = 0;		/* the page says so */
	if (!o->tried || !o->same)
		return false;
	if ((a->flags & DIES) != 0)
		return WIFSIGNALED(o->status) &&
		    WTERMSIG(o->status) == expected;
	if (!WIFEXITED(o->status))
		return false;
	return WEXITSTATUS(o->status) == expected || (expected == EACCES &&
	    (a->flags & HIDDEN) != 0 && WEXITSTATUS(o->status) == ENOENT);
}

static bool
succeeds_freely(const struct attempt *a, const struct outcome *o)
{
	return o->tried && WIFEXITED(o->status) &&
	    WEXITSTATUS(o->status) == 0 &&
	    ((a->flags & MARKS) == 0 || !o->same);
}

static bool
must_succeed_freely(const struct attempt *a, enum who who)
{
	return !others && (a->flags & MAYBE) == 0 &&
	    (who == AS_ROOT || (a->flags & ROOT) == 0);
}

/* One row: *state is its number. */
static void
row(void **state)
{
	size_t i = *(size_t *)*state;
	const struct attempt *a = attempts[i];
	char text[64];
	int wrong = 0;

	for (int who = 0; who < WHO_MAX; who++) {
		struct outcome *o = &outcomes[who][FREELY][i];

		if (!may_be[who])
			continue;
		if (must_succeed_freely(a, who) && !succeeds_freely(a, o)) {
			print_error("%s, as %s, %s: %s\n", a->name,
			    who_names[who], how_names[FREELY], show(text, o));
			wrong++;
		}
		for (int how = BY_SECCOMP; how < HOW_MAX; how++) {
			o = &outcomes[who][how][i];
			if ((how == BY_BOTH && !landlock) ||
			    is_stopped(a, who, how, o))
				continue;
			print_error("%s, as %s, %s: %s\n", a->name,
			    who_names[who], how_names[how], show(text, o));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* Enough attempts have shown that they could succeed; the others are named. */
static void
shown(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < nattempts; i++) {
		bool any = false;

		for (int who = 0; who < WHO_MAX; who++)
			any = any || (may_be[who] && succeeds_freely(
			    attempts[i], &outcomes[who][FREELY][i]));
		n += any;
		if (!any)
			print_message("# no success without confinement "
			    "here: %s\n", attempts[i]->name);
	}
	print_message("# %zu of %zu attempts succeed without confinement; "
	    "Landlock: %s\n", n, nattempts, landlock ? "yes" : "no");
	if (!others)
		assert_in_range(n, SHOWN_MIN, nattempts);
}

/* The one that this test began with: whatever else is in force. */
static void
shown_by_owner(void **state)
{
	(void)state;
	for (size_t i = 0; i < nattempts; i++)
		if (strcmp(attempts[i]->name, "fcntl F_SETOWN") == 0)
			for (int who = 0; who < WHO_MAX; who++)
				if (may_be[who])
					assert_true(succeeds_freely(
					    attempts[i],
					    &outcomes[who][FREELY][i]));
}

/* --- what must still work --- */

static void *
thread(void *arg)
{
	return arg;
}

static int
try_allowed(void)
{
	int fd, pair[2], on = 1;
	pthread_t t;
	void *got = NULL;

	if (pthread_create(&t, NULL, thread, &fd) != 0 ||
	    pthread_join(t, &got) != 0 || got != &fd)
		return 1;
	if (open_readable() == -1)
		return 2;
	for (int family = 0; family < 2; family++) {
		fd = socket(family == 0 ? AF_INET : AF_INET6, SOCK_STREAM |
		    SOCK_CLOEXEC, IPPROTO_TCP);
		if (fd == -1 && errno != EAFNOSUPPORT)
			return 3;
	}
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == -1)
		return 4;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return 5;
	/* an error of its own, not the filter's */
	return open("/etc/ssl/certs/no-such.0", O_RDONLY) == -1 &&
	    errno == ENOENT ? 0 : 6;
}

static int
try_abort(void)
{
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

/* Wait status of a try in a confined child. */
static int
run(int (*what)(void))
{
	pid_t parent = getpid(), pid;
	int status = -1;

	if ((pid = fork()) == 0) {
		if (confine(parent, NULL, 0) == -1)
			_exit(UNCONFINED);
		_exit(what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
allowed_calls(void **state)
{
	int status;

	(void)state;
	assert_int_equal(run(try_allowed), 0);
	status = run(try_abort);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static glob_t certificates;

static int
try_certificates(void)
{
	int fd;

	for (size_t i = 0; i < certificates.gl_pathc; i++) {
		fd = open(certificates.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			return 1;
		(void)close(fd);
	}
	return 0;
}

/* What the links in the system's folder lead to can be read. */
static void
certificates_are_read(void **state)
{
	(void)state;
	if (glob("/etc/ssl/certs/*.[0-9]", 0, NULL, &certificates) != 0)
		skip();
	assert_int_equal(run(try_certificates), 0);
	globfree(&certificates);
}

/* A process whose parent is another one does not go on. */
static void
orphan(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(confine(1234567, NULL, 0) == -1 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- all of it --- */

/* Whether what is not confined here may do all that its user may. */
static bool
is_restricted(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2];

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
		return true;
	memset(have, 0, sizeof(have));
	return getuid() == 0 &&
	    (syscall(SYS_capget, &head, have) == -1 ||
	    (have[0].effective & (1U << CAP_SYS_ADMIN)) == 0 ||
	    (have[0].effective & (1U << CAP_NET_RAW)) == 0);
}

static void
add(const struct attempt *table, size_t n)
{
	for (size_t i = 0; i < n && nattempts < ATTEMPTS_MAX; i++)
		attempts[nattempts++] = &table[i];
}

static int
prepare(void **state)
{
	(void)state;
	for (int who = 0; who < WHO_MAX; who++)
		for (int how = 0; may_be[who] && how < HOW_MAX; how++)
			if (rig(who, how) == -1)
				return -1;
	if (confine_prepare(INT_MAX) == -1 || confine_files(NULL, 0) == -1)
		return -1;
	landlock = confine_landlock() > 0;
	return 0;
}

int
main(void)
{
	static struct CMUnitTest tests[ATTEMPTS_MAX + 5];
	static size_t numbers[ATTEMPTS_MAX];
	size_t n = 0;

	add(attempts_processes, nattempts_processes);
	add(attempts_files, nattempts_files);
	add(attempts_sockets, nattempts_sockets);
	add(attempts_kernel, nattempts_kernel);
	others = is_restricted();
	may_be[AS_ROOT] = getuid() == 0;
	may_be[AS_OTHER] = !may_be[AS_ROOT] || !others;
	outcomes = mmap(NULL, sizeof(*outcomes) * WHO_MAX, PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < nattempts; i++) {
		numbers[i] = i;
		tests[n++] = (struct CMUnitTest){ attempts[i]->name, row, NULL,
		    NULL, &numbers[i] };
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(shown);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(shown_by_owner);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(allowed_calls);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
	    certificates_are_read);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(orphan);
	return _cmocka_run_group_tests("ways out", tests, n, prepare, NULL);
}
