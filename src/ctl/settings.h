/*
 * Settings that a command cannot do without.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "command.h"
#include "fail.h"

/* -1 if the settings have faults. All but the last one are printed; fail has
 * that one: FAIL_CONFIG, or FAIL_PERMISSION if the system does not let this
 * user read the file. */
int	settings_good(const struct ctl *, struct fail *);

#endif
