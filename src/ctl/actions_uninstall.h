/*
 * qualictl actions uninstall
 */
#ifndef ACTIONS_UNINSTALL_H
#define ACTIONS_UNINSTALL_H

#include "command.h"

extern const struct ctl_option actions_uninstall_options[];

int	actions_uninstall(struct ctl *, int argc, char **argv);

#endif
