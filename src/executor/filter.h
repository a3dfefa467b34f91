/*
 * The filter of system calls that an executor runs under. Knows seccomp and
 * the calls, and nothing of jobs.
 */
#ifndef FILTER_H
#define FILTER_H

/* In the zygote: compiles the filter, once. -1 with errno. */
int	filter_prepare(void);

/* In the executor: loads the compiled filter for good; PR_SET_NO_NEW_PRIVS must
 * be set. -1 with errno, and then the process must not go on. */
int	filter_load(void);

#endif
