/*
 * The help of qualictl, out of the table of commands.
 */
#ifndef HELP_H
#define HELP_H

#include "command.h"

/* Print the help of a topic: a command, a group of commands ("actions"), or
 * NULL: all. -1: there is no such topic; nothing is printed. */
int	help_print(const struct command *commands, const char *topic);

#endif
