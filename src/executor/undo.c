/*
 * Giving up the job's sandbox: for failing starts, stops and clean-up.
 */
#include "lost.h"
#include "mem.h"
#include "report.h"
#include "teardown.h"
#include "undo.h"

/* Noted on disk before asking for the sandbox's end: the sandbox stays Ready
 * for some time then, and an executor that goes on with the job must not hand
 * it on. */
static int
note_reason(struct task *t, const char *why, struct fail *fail)
{
	if (t->facts.giving_up != NULL)
		return 0;
	t->facts.giving_up = xstrdup(why);
	if (task_fact(t, fail) == 0 || t->orders.halt == HALT_STOP)
		return 0;
	return -1;
}

int
undo_sandbox(struct task *t, const char *why, struct buf *left,
    struct fail *fail)
{
	enum cs_stop answer;

	report_progress(STEP_SANDBOX_END, t->facts.sandbox_id);
	if (note_reason(t, why, fail) != 0)
		return -1;
	if (!t->facts.stop_accepted && cs_sandbox_stop(t->cs,
	    t->facts.sandbox_id, &answer, fail) != 0)
		return -1;
	t->result.sandbox_ended = true;
	if (!t->facts.stop_accepted) {
		t->facts.stop_accepted = true;
		if (task_fact(t, fail) != 0)
			return -1;
	}
	return lost_surplus(t, left, fail);
}

int
undo_failed(struct task *t, struct fail *fail)
{
	struct fail why = { 0 };
	struct buf left;

	buf_init(&left, 1000);
	if (undo_sandbox(t, fail->text, &left, &why) == 0)
		(void)fail_add(fail, "The sandbox was ended.%s%s",
		    left.len > 0 ? " " : "", buf_text(&left));
	else if (why.kind == FAIL_STOPPED)
		*fail = why;
	else
		(void)fail_add(fail, "The sandbox (%s) could not be ended: "
		    "%.400s%s", t->facts.sandbox_id, why.text,
		    full_stop(why.text));
	buf_free(&left);
	return -1;
}
