/*
 * Landlock, as far as an executor needs it: files that may be read, and nobody
 * to reach. Knows nothing of jobs.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stddef.h>

/* The version of Landlock that this kernel offers, from 1. -1 with errno:
 * ENOSYS, the kernel has none; EOPNOTSUPP, it is switched off; EPERM, a filter
 * of system calls hides it. */
int	landlock_version(void);

/* A set of rules with what that version knows, which the kernel must have. Whom
 * it restricts may read the n files and what is beneath the n folders; open,
 * make or run nothing else; listen at no TCP port (from 4); neither signal a
 * process that is not restricted with it, nor connect to its abstract socket
 * (from 6). What does not exist, or cannot be reached, is left out; what takes
 * the place of a file later is not meant. A descriptor, or -1 with errno. */
int	landlock_rules(int version, const char *const *readable, size_t n);

/* Restricts this process by a set of rules, for good, apart from all others
 * that are restricted by the same set. PR_SET_NO_NEW_PRIVS must be set. -1 with
 * errno. */
int	landlock_restrict(int rules);

#endif
