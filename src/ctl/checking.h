/*
 * One run of qualictl check: what its parts share.
 */
#ifndef CHECKING_H
#define CHECKING_H

#include <jansson.h>
#include <stdbool.h>

#include "command.h"
#include "findings.h"
#include "secret.h"

struct checking {
	struct ctl	*ctl;
	struct findings	 found;
	bool		 offline;
	const char	*blueprint;	/* to look at; NULL: none */
	bool		 stranger;	/* neither the service's user nor one
					   with settings of his own */
	bool		 definitions;	/* of the action types have no fault */
	struct secret	*password;	/* NULL: not to be had */
	const char	*password_from;	/* file or variable, for texts */
	json_t		*offer;		/* the blueprint's, or null */
};

#endif
