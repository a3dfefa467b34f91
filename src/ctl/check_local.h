/*
 * What can be judged without the network: settings, files, the password.
 */
#ifndef CHECK_LOCAL_H
#define CHECK_LOCAL_H

#include <stdbool.h>

#include "checking.h"

/* Whose surroundings count. As root it becomes the service's user for good,
 * once it has read what only root may. With CTL_SERVICE. false: what the
 * network needs is not known. */
bool	check_surroundings(struct checking *);
/* The settings; whether they have no fault. */
bool	check_settings(struct checking *);
/* Programs, folders, certificates and definitions. */
void	check_files(struct checking *);
/* The CloudShell password, unless check_surroundings has read it. */
void	check_password(struct checking *);

#endif
