/*
 * Undoing what a job did: shared by failing starts, stops and clean-up.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"

/* On disk before the end is asked for: the sandbox reads Ready for some time
 * after that, and an executor that goes on with the job must not hand it on. */
static int
note_reason(struct exec *x, const char *why, struct fail *fail)
{
	if (x->facts.giving_up != NULL)
		return 0;
	x->facts.giving_up = xstrdup(why);
	if (job_fact(x, fail) == 0 || x->orders.halt == HALT_STOP)
		return 0;
	return -1;
}

int
undo_sandbox(struct exec *x, const char *why, struct buf *left,
    struct fail *fail)
{
	bool already = false;

	report_progress(STEP_SANDBOX_END, x->facts.sandbox_id);
	if (note_reason(x, why, fail) != 0)
		return -1;
	if (!x->facts.stop_accepted &&
	    cs_sandbox_stop(x->cs, x->facts.sandbox_id, &already, fail) != 0 &&
	    fail->kind != FAIL_REVISION)	/* gone: nothing to end */
		return -1;
	x->result.sandbox_ended = true;
	if (!x->facts.stop_accepted) {
		x->facts.stop_accepted = true;
		if (job_fact(x, fail) != 0)
			return -1;
	}
	return lost_surplus(x, left, fail);
}

int
undo_execution(struct exec *x, struct buf *text, struct fail *fail)
{
	const char *id = x->facts.execution_id;
	struct cs_execution e = { 0 };
	int rv = -1, gone;

	if (cs_execution_look(x->cs, id, &e, fail) != 0) {
		if (fail->kind == FAIL_REVISION) {
			(void)buf_adds(text, "The command is gone.");
			return 0;
		}
		/* what cannot be read may still be cancelled */
		e.progress = CS_GOING;
		e.cancellable = true;
	}
	if (e.progress != CS_GOING) {
		(void)buf_addf(text, "The command had ended (%.100s).",
		    e.status == NULL ? "unknown" : e.status);
		rv = 0;
	} else if (!e.cancellable) {
		(void)buf_adds(text, "The command cannot be cancelled in "
		    "CloudShell and goes on.");
		rv = 0;
	} else if ((gone = cs_execution_cancel(x->cs, id, fail)) != -1) {
		(void)buf_adds(text, gone ? "The command is gone." :
		    "The command was cancelled.");
		rv = !gone;
	}
	cs_execution_free(&e);
	return rv;
}
