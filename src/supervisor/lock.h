/*
 * One supervisor per ledger.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdint.h>

#include "fail.h"

/* Take state_dir/lock; every executor holds its descriptor too. Waits up to
 * wait_ms for the last executor of a former supervisor, and logs that once.
 * Returns the descriptor (close-on-exec), or -1: FAIL_SYSTEM. */
int	lock_take(const char *state_dir, int64_t wait_ms, struct fail *);

#endif
