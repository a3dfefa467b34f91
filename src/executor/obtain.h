/*
 * Obtaining the sandbox of Quali-Start-Sandbox.
 */
#ifndef OBTAIN_H
#define OBTAIN_H

#include <jansson.h>

#include "fail.h"
#include "task.h"

/* The sandbox that the action asks for. */
struct sandbox_spec {
	const char	*blueprint;	/* lives with the configuration */
	char		*name;		/* owned, as are the values */
	long		 minutes;
	json_t		*values;	/* inputs of the blueprint, NULL:
					   none */
};

void	sandbox_spec_free(struct sandbox_spec *);	/* members only */

/* Makes sure that there is one sandbox, and notes it in the facts: the one that
 * they name, that of an earlier unanswered start, or a new one. Sends a start
 * at most twice, the second time if the first was lost and left nothing. Ends
 * whatever else lost starts made. */
int	obtain_sandbox(struct task *, const struct sandbox_spec *,
	    struct fail *);

#endif
