/*
 * qualictl actions validate
 */
#ifndef ACTIONS_VALIDATE_H
#define ACTIONS_VALIDATE_H

#include "command.h"

int	actions_validate(struct ctl *, int argc, char **argv);

#endif
