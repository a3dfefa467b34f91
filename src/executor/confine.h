/*
 * What an executor gives up before it reads its order.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#define CONFINE_PLACES	8	/* of confine_files, at most */

/* In the zygote, once: compiles the filter of system calls and asks for
 * Landlock, of which no version after newest is used; 0: none, as if the kernel
 * had none. -1 with errno. */
int	confine_prepare(int newest);

/* In the zygote, after that: executors may read these n files, or what is in
 * these folders, beside the resolver's files and the usual folders of
 * certificates. The names are kept. -1 with errno. */
int	confine_files(const char *const *places, size_t n);

/* The version of Landlock that executors are confined by; 0: it is not used;
 * or minus the errno for which the kernel does not offer it. */
int	confine_landlock(void);

/* In the executor: gives up all it does not need. supervisor is the pid the
 * process must be a child of; keep are its n descriptors beside 0, 1 and 2.
 * -1 with errno if any of it failed: then the process must not go on. */
int	confine(pid_t supervisor, const int *keep, size_t n);

/* In the executor, confined: whether a file of the resolver was replaced since,
 * so that Landlock keeps the new one from it. glibc would then take its
 * defaults, a name server on this machine. */
bool	confine_outdated(void);

#endif
