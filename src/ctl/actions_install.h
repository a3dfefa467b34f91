/*
 * qualictl actions install
 */
#ifndef ACTIONS_INSTALL_H
#define ACTIONS_INSTALL_H

#include "command.h"

extern const struct ctl_option actions_install_options[];

int	actions_install(struct ctl *, int argc, char **argv);

#endif
