/*
 * The supervisor holds a lock on a file of its state folder as long as it runs.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "running.h"
#include "sys.h"

int
running_worker(const char *state_dir)
{
	char *path = xasprintf("%s/lock", state_dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc = -1;

	free(path);
	if (fd == -1)		/* without the folder no worker ever ran */
		return errno == ENOENT ? 0 : -1;
	/* A worker that starts at this very moment tries again. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		rc = 0;
	else if (errno == EWOULDBLOCK)
		rc = 1;
	sys_close(&fd);
	return rc;
}
