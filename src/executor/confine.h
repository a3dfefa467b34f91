/*
 * What an executor gives up before it reads its order.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <sys/types.h>

#include <stddef.h>

/* In the zygote: compiles the filter of system calls, once. -1 with errno. */
int	confine_prepare(void);

/* In the executor: gives up all it does not need. supervisor is the pid the
 * process must be a child of; keep are its n descriptors beside 0, 1 and 2.
 * -1 with errno if any of it failed: then the process must not go on. */
int	confine(pid_t supervisor, const int *keep, size_t n);

#endif
