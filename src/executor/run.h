/*
 * One executor from its start to its exit.
 */
#ifndef RUN_H
#define RUN_H

#include <sys/types.h>

#include "ipc.h"

/* Confines this process, reads the order from fds[0], carries it out and
 * reports on fds[1]. supervisor is the pid that must be the parent. Returns the
 * status to exit with, which the caller does at once. */
enum ipc_exit	run_executor(pid_t supervisor, const int fds[IPC_ZYGOTE_FDS]);

#endif
