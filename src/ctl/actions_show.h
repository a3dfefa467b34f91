/*
 * qualictl actions show
 */
#ifndef ACTIONS_SHOW_H
#define ACTIONS_SHOW_H

#include "command.h"

extern const struct ctl_option actions_show_options[];

int	actions_show(struct ctl *, int argc, char **argv);

#endif
