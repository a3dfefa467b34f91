/*
 * The programs, folders and files that the configuration names.
 */
#ifndef CONF_NAMED_H
#define CONF_NAMED_H

#include "conf.h"

/* Whether this process may use programs, certificates and AWS files that are
 * named, calling report for every fault with "section.setting: path: reason".
 * Returns the number of faults. */
int	conf_named(const struct conf *, void (*report)(const char *, void *),
	    void *);
/* The same for the state folder. The one that systemd makes when the service
 * first starts need not be there yet. */
int	conf_named_state(const struct conf *,
	    void (*report)(const char *, void *), void *);

#endif
