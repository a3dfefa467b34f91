/*
 * The zygote's loop: one request, one executor.
 */
#ifndef ZYGOTE_H
#define ZYGOTE_H

#include <stdbool.h>

#include "ipc.h"

/* Serves requests on the socket until its end of file; landlock is what the
 * sign of life tells, see ipc.h. Returns true in an
 * executor, with the descriptors of its request, which are its own; false in
 * the zygote, at the end. A broken request ends the process. */
bool	zygote_serve(int sock, int landlock, int fds[IPC_ZYGOTE_FDS]);

#endif
