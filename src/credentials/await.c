/*
 * Shared files that somebody may be writing. Some tools empty a file and write
 * it anew, so for a moment it lacks its end.
 */
#include <sys/inotify.h>

#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "mem.h"
#include "sys.h"

#define LOOK_MS		200	/* where nothing reports changes, look so
				   often */

/* Milliseconds until a file counts as whole. */
static int64_t
fresh_ms(const struct aws_files *files, enum aws_file which)
{
	const struct stat *seen = files_seen(files, which);
	struct timespec now;
	int64_t age;

	if (seen->st_nlink == 0)
		return 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	age = (int64_t)(now.tv_sec - seen->st_mtim.tv_sec) * 1000 +
	    (now.tv_nsec - seen->st_mtim.tv_nsec) / 1000000;
	return age < 0 || age >= AWAIT_FRESH_MS ? 0 : AWAIT_FRESH_MS - age;
}

static int64_t
longest_fresh_ms(const struct aws_files *files)
{
	int64_t ms = 0, one;

	for (int i = 0; i < FILE_MAX; i++)
		if ((one = fresh_ms(files, (enum aws_file)i)) > ms)
			ms = one;
	return ms;
}

bool
await_fresh(const struct aws_files *files)
{
	return longest_fresh_ms(files) > 0;
}

static bool
changed(const struct aws_files *files)
{
	struct stat now;

	for (int i = 0; i < FILE_MAX; i++) {
		const struct stat *seen = files_seen(files, (enum aws_file)i);
		const char *path = files_path(files, (enum aws_file)i);

		if (path == NULL)
			continue;
		if (stat(path, &now) != 0)
			memset(&now, 0, sizeof(now));
		if (now.st_dev != seen->st_dev || now.st_ino != seen->st_ino ||
		    now.st_size != seen->st_size ||
		    now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
		    now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec)
			return true;
	}
	return false;
}

/* A descriptor that becomes readable when something happens beside the files,
 * or -1. */
static int
watch(const struct aws_files *files)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	bool all = fd != -1;

	for (int i = 0; i < FILE_MAX; i++) {
		const char *path = files_path(files, (enum aws_file)i);
		char *copy = xstrdup(path);

		if (copy != NULL && fd != -1 && inotify_add_watch(fd,
		    dirname(copy), IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
		    IN_CREATE | IN_DELETE) == -1)
			all = false;
		free(copy);
	}
	if (!all)
		sys_close(&fd);
	return fd;
}

bool
await_change(const struct aws_files *files, int64_t until_ms)
{
	struct pollfd p = { .fd = watch(files), .events = POLLIN };
	int64_t whole_ms = sys_now_ms() + longest_fresh_ms(files), left;
	char events[4096];
	bool found;

	if (whole_ms < until_ms)
		until_ms = whole_ms;
	while (!(found = changed(files)) &&
	    (left = until_ms - sys_now_ms()) > 0) {
		if (p.fd == -1 && left > LOOK_MS)
			left = LOOK_MS;
		if (poll(&p, 1, (int)left) > 0)
			(void)!read(p.fd, events, sizeof(events));
	}
	sys_close(&p.fd);
	return found;
}
