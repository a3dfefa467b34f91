/*
 * The command line of qualictl.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

/* What the command line asks for. */
enum options_wish {
	WISH_RUN,
	WISH_HELP,		/* of the command, or of all if there is none */
	WISH_VERSION,
	WISH_USAGE,		/* it is wrong; stderr says how */
};

/* Take the command line apart: find the command, set the global options and the
 * command's own in ctl (borrowed from argv), and move its operands together:
 * *noperands of them from *operands on. commands ends with a NULL name. *topic:
 * whose help is asked for, NULL: of all; valid as long as argv. */
enum options_wish options_read(struct ctl *, const struct command *commands,
	    int argc, char **argv, int *operands, int *noperands,
	    const char **topic);

/* Value of an option of the running command: NULL if it is not given, "" for a
 * flag. The command's table has it (asserted). */
const char	*options_value(const struct ctl *, const char *name);

#endif
