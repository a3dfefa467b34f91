/*
 * Linked into a program whose functions call these hooks
 * (-finstrument-functions): each entry and exit of a function is written to
 * the file that WALK_TRACE names, in order. A mapping needs no descriptor,
 * which the program would close, and is whole when the program is killed.
 */
#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS_MAX	(4 * 1024 * 1024)
#define HOOK		__attribute__((no_instrument_function))

/* Read by tests/bench/walk. */
struct trace {
	uint64_t	count;		/* of all steps, also those left out */
	uint64_t	hook;		/* where __cyg_profile_func_enter is */
	uint64_t	steps[STEPS_MAX];	/* address * 2, exit: + 1 */
};

HOOK void	__cyg_profile_func_enter(void *, void *);
HOOK void	__cyg_profile_func_exit(void *, void *);

static struct trace *trace;
static pid_t owner;

static void __attribute__((constructor)) HOOK
begin(void)
{
	const char *path = getenv("WALK_TRACE");
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || ftruncate(fd, sizeof(*trace)) == -1)
		err(1, "%s", path);
	trace = mmap(NULL, sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (trace == MAP_FAILED)
		err(1, "mmap");
	(void)close(fd);
	owner = getpid();
	trace->hook = (uintptr_t)__cyg_profile_func_enter;
}

/* A child that was forked has the mapping, too. */
static void HOOK
step(void *function, unsigned exits)
{
	if (trace == NULL || getpid() != owner)
		return;
	if (trace->count < STEPS_MAX)
		trace->steps[trace->count] = (uintptr_t)function * 2 + exits;
	trace->count++;
}

void
__cyg_profile_func_enter(void *function, void *site)
{
	(void)site;
	step(function, 0);
}

void
__cyg_profile_func_exit(void *function, void *site)
{
	(void)site;
	step(function, 1);
}
