/*
 * qualictl actions list
 */
#ifndef ACTIONS_LIST_H
#define ACTIONS_LIST_H

#include "command.h"

int	actions_list(struct ctl *, int argc, char **argv);

#endif
