/*
 * One execution of a command in CloudShell.
 */
#ifndef EXECUTION_H
#define EXECUTION_H

#include <jansson.h>
#include <stdbool.h>

#include "buf.h"
#include "cloudshell.h"
#include "fail.h"
#include "task.h"

/* Shows a name, cut: names have up to 1,000 characters, and texts have
 * limits. */
#define SHOWN	"%.200s"

/* A command, and where it runs. */
struct command {
	const char	*component;	/* as the author wrote it */
	const char	*name;		/* both live with the configuration */
	json_t		*arguments;	/* NULL: none */
	char		*where;		/* the component's name, SANDBOX */
	char		*component_id;	/* NULL: the sandbox itself */
};

void	command_free(struct command *);		/* members only */

/* Starts the command in the task's sandbox, once, and notes the execution in
 * the facts. FAIL_JOB also if it may have started. */
int	execution_start(struct task *, const struct command *, struct fail *);

/* Fills fail: the command may have run, because of why. Returns -1. */
int	execution_unsure(const struct command *, const char *why,
	    struct fail *);

/* Waits for the end of the task's execution and describes it; the caller frees
 * the description in any case. 0: it succeeded. *over: it has ended, as far as
 * CloudShell knows. FAIL_JOB: it ended otherwise; the text holds the end of its
 * output. */
int	execution_await(struct task *, const struct command *,
	    struct cs_execution *, bool *over, struct fail *);

/* Cancels the task's execution if it still runs, and appends a sentence on what
 * became of it. 1: CloudShell accepted, 0: there was nothing to cancel, -1 as
 * cs_execution_cancel. */
int	execution_cancel(struct task *, struct buf *, struct fail *);

#endif
