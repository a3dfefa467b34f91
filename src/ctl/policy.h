/*
 * qualictl policy
 */
#ifndef POLICY_H
#define POLICY_H

#include "command.h"

extern const struct ctl_option policy_options[];

int	policy(struct ctl *, int argc, char **argv);

#endif
