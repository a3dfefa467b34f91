/*
 * The clean-up order: what an executor that was killed left behind in
 * CloudShell.
 */
#include <string.h>

#include "executor.h"
#include "sys.h"

#define TEXT_MAX	1500

/* The sandbox of an unanswered start; "" if there is none. */
static int
find_sandbox(struct exec *x, struct fail *f)
{
	if (x->facts.sandbox_id[0] != '\0' ||
	    x->facts.intent != INTENT_SANDBOX || x->facts.sandbox_name == NULL)
		return 0;
	if (!x->order.policy.tag_sandbox_names)
		return fail_set(f, FAIL_JOB, "a sandbox named \"%s\" may "
		    "exist; it was not ended, as its name is not unique",
		    x->facts.sandbox_name);
	if (cs_sandbox_find(x->cs, x->facts.sandbox_name, x->facts.blueprint,
	    NULL, x->facts.sandbox_id, f) == -1)
		return -1;
	if (x->facts.sandbox_id[0] == '\0')
		return 0;
	x->facts.sandbox_ours = true;
	return job_fact(x, f);
}

int
clean_up(struct exec *x, struct fail *f)
{
	struct buf text;
	int rv = -1;

	buf_init(&text, TEXT_MAX);
	if (x->facts.execution_id[0] != '\0' &&
	    undo_execution(x, &text, f) == -1) {
		(void)fail_prefix(f, "the command could not be cancelled");
		goto out;
	}
	if (find_sandbox(x, f) == -1)
		goto out;
	if (x->facts.sandbox_ours && x->facts.sandbox_id[0] != '\0') {
		if (undo_sandbox(x, "the job ended without it", f) == -1) {
			(void)fail_prefix(f, "sandbox %s could not be ended",
			    x->facts.sandbox_id);
			goto out;
		}
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
