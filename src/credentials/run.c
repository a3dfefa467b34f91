/*
 * Running a program that prints credentials.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run.h"
#include "spawn.h"

/* The program of a name: one without '/' is looked for in PATH. New text, or
 * NULL. */
static char *
program_find(const char *name)
{
	const char *dir = getenv("PATH");
	size_t n;
	char *path;

	if (strchr(name, '/') != NULL)
		return xstrdup(name);
	for (; dir != NULL; dir = dir[n] == ':' ? dir + n + 1 : NULL) {
		n = strcspn(dir, ":");
		if (n == 0)
			continue;	/* the current folder: not ours */
		path = xasprintf("%.*s/%s", (int)n, dir, name);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static int
judge(const struct spawn *what, struct spawn_end end, struct fail *fail)
{
	switch (end.how) {
	case SPAWN_FAILED:
		return fail_set(fail, FAIL_CONFIG, "cannot be run: %s",
		    strerror(end.value));
	case SPAWN_TOO_MUCH:
		return fail_set(fail, FAIL_SYSTEM, "wrote more than %zu KiB",
		    what->out->max / 1024);
	case SPAWN_LATE:
		return fail_set(fail, FAIL_SYSTEM, "did not end within %lld s",
		    (long long)(what->limit_ms + 999) / 1000);
	case SPAWN_DIED:
		return fail_set(fail, FAIL_SYSTEM, "died of signal %d",
		    end.value);
	case SPAWN_ENDED:
		break;
	}
	return end.value == 0 ? 0 : fail_set(fail, FAIL_SYSTEM,
	    "ended with status %d", end.value);
}

int
run_program(char *const argv[], int64_t limit_ms, struct buf *out,
    struct buf *errors, struct fail *fail)
{
	char *path = program_find(argv[0]);
	struct spawn what = { .path = path, .argv = argv, .env = environ,
	    .limit_ms = limit_ms, .out = out, .errors = errors };
	int rc = judge(&what, spawn_wait(&what), fail);

	free(path);
	return rc;
}
