/*
 * Whether a worker runs.
 */
#ifndef RUNNING_H
#define RUNNING_H

/* Whether a supervisor or an executor of a former one holds the lock of a state
 * folder: 1 or 0, or -1 with errno if that cannot be told. It leaves the lock
 * as it is. */
int	running_worker(const char *state_dir);

#endif
