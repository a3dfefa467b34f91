/*
 * sys_no_core: no core file, and no other process of the same user can look
 * into this one. Runs in a child, so that the test itself can be debugged.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "sys.h"

static int
look(void)
{
	struct rlimit r = { 1, 1 };

	sys_no_core();
	if (getrlimit(RLIMIT_CORE, &r) == -1 || r.rlim_cur != 0 ||
	    r.rlim_max != 0)
		return 1;
#ifndef SYS_SANITIZED
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 2;
#endif
	return 0;
}

static void
no_core(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(look());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
