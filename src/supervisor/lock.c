/*
 * One supervisor per ledger. The lock belongs to the open file description,
 * which every executor inherits: it is free only when the last of them is gone.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "lock.h"
#include "log.h"
#include "sys.h"

#define LOCK_POLL_MS	100

/* Runs before the loop and before READY=1, when there is nothing else to do:
 * only here the supervisor sleeps. Ending a blocking flock would take a signal
 * or a thread. */
static int
lock_wait(int fd, const char *path, int64_t wait_ms)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	int64_t until = sys_now_ms() + wait_ms;
	bool told = false;
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || sys_now_ms() >= until)
			return -1;
		if (!told)
			log_info("%s is locked: waiting up to %lld s for the "
			    "executors of the former worker", path,
			    (long long)((wait_ms + 999) / 1000));
		told = true;
		/* both are blocked for the loop */
		if (sigtimedwait(&ends, NULL, &pause) != -1) {
			errno = EINTR;
			return -1;
		}
	}
	return 0;
}

int
lock_take(const char *state_dir, int64_t wait_ms, struct fail *fail)
{
	char *path = xasprintf("%s/lock", state_dir);
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1) {
		(void)fail_set(fail, FAIL_SYSTEM, "worker.state_dir: lock "
		    "%s: %s", path, strerror(errno));
	} else if (lock_wait(fd, path, wait_ms) != 0) {
		(void)fail_set(fail, FAIL_SYSTEM, "lock %s: %s", path,
		    errno == EINTR ? "stopped while waiting for it" :
		    errno == EWOULDBLOCK ? "another quali-job-worker, or an "
		    "executor of a former one, uses this state folder" :
		    strerror(errno));
		(void)close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}
