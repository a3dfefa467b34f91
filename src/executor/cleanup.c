/*
 * The clean-up order: what an executor that was killed left behind in
 * CloudShell.
 */
#include <string.h>

#include "executor.h"
#include "mem.h"

#define TEXT_MAX	1500

/* The sandbox of an unanswered start; "" if there is none. One that may still
 * appear is a failure, for the supervisor to try again. */
static int
find_sandbox(struct exec *x, struct fail *fail)
{
	bool over;
	int found;

	if (x->facts.sandbox_id[0] != '\0' ||
	    job_facts_lost(&x->facts) == 0 || x->facts.sandbox_name == NULL)
		return 0;
	if (!x->order.policy.tag_sandbox_names)
		return fail_set(fail, FAIL_JOB, "a sandbox named \"%s\" may "
		    "exist; it was not ended, as its name is not unique",
		    x->facts.sandbox_name);
	over = lost_over(x);
	if ((found = lost_find(x, fail)) == -1)
		return -1;
	if (found == 0 && !over)
		return fail_set(fail, FAIL_AGAIN, "sandbox \"%s\", whose start "
		    "was not answered, was not found yet",
		    x->facts.sandbox_name);
	return 0;
}

/* The job's own sandbox, and that of a lost start beside it. What is left of
 * either is a failure, for the supervisor to try again. */
static int
end_sandboxes(struct exec *x, struct fail *fail)
{
	bool over = lost_over(x);
	struct buf left;
	int rv;

	buf_init(&left, TEXT_MAX);
	rv = undo_sandbox(x, "the job ended without it", &left, fail);
	if (rv != 0)
		(void)fail_prefix(fail, "sandbox %s could not be ended",
		    x->facts.sandbox_id);
	else if (left.len > 0)
		rv = fail_set(fail, FAIL_AGAIN, "sandbox %s was ended. %s",
		    x->facts.sandbox_id, buf_text(&left));
	else if (x->facts.starts_lost > 0 && !over)
		rv = fail_set(fail, FAIL_AGAIN, "sandbox %s was ended; a "
		    "second one, \"%s\", whose start was not answered, was not "
		    "found yet", x->facts.sandbox_id, x->facts.sandbox_name);
	buf_free(&left);
	return rv;
}

int
clean_up(struct exec *x, struct fail *fail)
{
	struct buf text;
	int rv = -1;

	buf_init(&text, TEXT_MAX);
	if (x->facts.execution_id[0] != '\0' &&
	    undo_execution(x, &text, fail) == -1) {
		(void)fail_prefix(fail, "the command could not be cancelled");
		goto out;
	}
	if (find_sandbox(x, fail) != 0)
		goto out;
	if (x->facts.sandbox_ours && x->facts.sandbox_id[0] != '\0') {
		if (end_sandboxes(x, fail) != 0)
			goto out;
		(void)buf_addf(&text, "%sSandbox %s was ended.",
		    text.len > 0 ? " " : "", x->facts.sandbox_id);
	}
	if (text.len == 0)
		(void)buf_adds(&text, "Nothing was left to clean up.");
	x->result.text = xstrdup(buf_text(&text));
	rv = 0;
out:
	buf_free(&text);
	return rv;
}
