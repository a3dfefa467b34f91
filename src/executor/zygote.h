/*
 * The clean process that executors are split off from.
 */
#ifndef ZYGOTE_H
#define ZYGOTE_H

#include <stdbool.h>

#include "ipc.h"

/* Serves requests on the socket until its end of file: false then. In an
 * executor it returns true with the descriptors that were passed. */
bool	zygote_serve(int sock, int fds[IPC_ZYGOTE_FDS]);

#endif
