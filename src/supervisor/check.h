/*
 * Checks the programs, folders and files that the configuration names.
 */
#ifndef CHECK_H
#define CHECK_H

#include "conf.h"

/* Check programs, action definitions, certificates and AWS files; log each
 * fault as an error. Returns the number of faults. */
int	check_named(const struct conf *);
/* The same for the state folder, which need not exist yet. */
int	check_state_dir(const struct conf *);
/* Log what is not a fault but often causes one. */
void	check_remarks(const struct conf *);

#endif
