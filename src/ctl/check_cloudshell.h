/*
 * CloudShell: the way to it, the login, the blueprints.
 */
#ifndef CHECK_CLOUDSHELL_H
#define CHECK_CLOUDSHELL_H

#include "checking.h"

/* Adds a line for each; sets offer with --blueprint. A login that is refused is
 * not tried again, since accounts get locked. Logs out. */
void	check_cloudshell(struct checking *);

#endif
