/*
 * What an executor gives up before it reads its order: everything but talking
 * to the network and reading files (certificates, the resolver's settings).
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "confine.h"
#include "filter.h"
#include "sys.h"

#define FILES_MAX	64
/* Address space: an artifact, its copies and the threads' stacks. */
#define MEMORY_MAX	((rlim_t)1024 * 1024 * 1024)

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
confine_prepare(void)
{
	return filter_prepare();
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
	return filter_load();
}
