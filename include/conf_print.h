/*
 * The configuration in force.
 */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdio.h>

#include "conf.h"

/* Write it as a file that conf_load reads back. */
void	conf_print(const struct conf *, FILE *);

#endif
