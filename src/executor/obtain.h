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

/* Makes sure that there is one sandbox, noted in the facts: the one that they
 * name, that of an unanswered start before, or a new one. A start is sent twice
 * at most, the second time if the first was lost and has left nothing. Whatever
 * else such starts have made is ended. */
int	obtain_sandbox(struct task *, const struct sandbox_spec *,
	    struct fail *);

#endif
