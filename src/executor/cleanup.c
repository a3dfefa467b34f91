/*
 * The clean-up order: removes what a killed executor left behind in CloudShell.
 */
#include "cleanup.h"
#include "execution.h"
#include "lost.h"
#include "mem.h"
#include "undo.h"

#define TEXT_MAX	1500

/* Looks for the sandbox of an unanswered start, if there was one. If it may
 * still appear, fails, so that the supervisor tries again. */
static int
find_sandbox(struct task *t, struct fail *fail)
{
	bool over;
	int found;

	if (t->facts.sandbox_id[0] != '\0' ||
	    job_facts_lost(&t->facts) == 0 || t->facts.sandbox_name == NULL)
		return 0;
	if (!t->order.policy.tag_sandbox_names)
		return fail_set(fail, FAIL_JOB, "a sandbox named \"%s\" may "
		    "exist; the worker does not end it, because the name is "
		    "not unique", t->facts.sandbox_name);
	over = lost_over(t);
	if ((found = lost_find(t, fail)) == -1)
		return -1;
	if (found == 0 && !over)
		return fail_set(fail, FAIL_AGAIN, "sandbox \"%s\", whose start "
		    "CloudShell did not answer, has not appeared yet",
		    t->facts.sandbox_name);
	return 0;
}

/* Ends the job's own sandbox, and that of a lost start beside it. Fails if
 * something is left, so that the supervisor tries again. */
static int
end_sandboxes(struct task *t, struct fail *fail)
{
	bool over = lost_over(t);
	struct buf left;
	int rv;

	buf_init(&left, TEXT_MAX);
	rv = undo_sandbox(t, "the job ended without it", &left, fail);
	if (rv != 0)
		(void)fail_prefix(fail, "sandbox %s could not be ended",
		    t->facts.sandbox_id);
	else if (left.len > 0)
		rv = fail_set(fail, FAIL_AGAIN, "sandbox %s was ended. %s",
		    t->facts.sandbox_id, buf_text(&left));
	else if (t->facts.starts_lost > 0 && !over)
		rv = fail_set(fail, FAIL_AGAIN, "sandbox %s was ended; a "
		    "second one, \"%s\", whose start CloudShell did not "
		    "answer, has not appeared yet",
		    t->facts.sandbox_id, t->facts.sandbox_name);
	buf_free(&left);
	return rv;
}

int
clean_up(struct task *t, struct fail *fail)
{
	struct buf text;
	int rv = -1;

	buf_init(&text, TEXT_MAX);
	if (t->facts.execution_id[0] != '\0' &&
	    execution_cancel(t, &text, fail) == -1) {
		(void)fail_prefix(fail, "the command could not be cancelled");
		goto out;
	}
	if (find_sandbox(t, fail) != 0)
		goto out;
	if (t->facts.sandbox_ours && t->facts.sandbox_id[0] != '\0') {
		if (end_sandboxes(t, fail) != 0)
			goto out;
		(void)buf_addf(&text, "%sSandbox %s was ended.",
		    text.len > 0 ? " " : "", t->facts.sandbox_id);
	}
	if (text.len == 0)
		(void)buf_adds(&text, "Nothing was left to clean up.");
	t->result.text = xstrdup(buf_text(&text));
	rv = 0;
out:
	buf_free(&text);
	return rv;
}
