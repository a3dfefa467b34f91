/*
 * qualictl check: whether the worker can do its work, and what to do if not.
 */
#ifndef CHECK_H
#define CHECK_H

#include "command.h"

extern const struct ctl_option check_options[];

/* Check with the settings, credentials and rights of the service, or with one's
 * own with -f. Returns an exit status. */
int	check_run(struct ctl *, int argc, char **argv);

#endif
