/*
 * What the configuration names: programs, folders, files.
 */
#ifndef CHECK_H
#define CHECK_H

#include "conf.h"

/* Programs, action definitions, certificates and AWS files: log what is wrong
 * as an error. Return the number of faults. */
int	check_named(const struct conf *);
/* The same of the state folder, which may not be there yet. */
int	check_state_dir(const struct conf *);
/* Log what is no fault by itself, but often turns out to be one. */
void	check_remarks(const struct conf *);

#endif
