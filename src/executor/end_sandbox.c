/*
 * Quali-End-Sandbox: ends a sandbox; if asked to, waits for its teardown and
 * fails if that had errors.
 */
#include "artifact.h"
#include "end_sandbox.h"
#include "inputs.h"
#include "mem.h"
#include "report.h"
#include "teardown.h"

/* *from: the feed's last event before the request, 0: not known. */
static int
request(struct task *t, bool wait, int64_t *from,
    enum cs_stop *answer, struct fail *fail)
{
	const char *id = t->facts.sandbox_id;

	if (wait && cs_activity_last(t->cs, id, from, fail) != 0) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		*from = 0;
	}
	report_progress(STEP_SANDBOX_END, id);
	if (cs_sandbox_stop(t->cs, id, answer, fail) != 0)
		return -1;
	t->facts.stop_accepted = true;
	return task_fact(t, fail);
}

static const char *
summary(enum cs_stop answer, bool waited)
{
	if (answer == CS_STOP_UNKNOWN)
		return "is not known to CloudShell: it ended long ago, or it "
		    "was another server's";
	if (answer == CS_STOP_ENDED)
		return "had ended already";
	return waited ? "ended" : "is ending";
}

int
end_sandbox(struct task *t, struct fail *fail)
{
	int64_t from = 0;
	enum cs_stop answer = CS_STOP_AGREED;
	bool wait, unknown = false;

	if (input_flag(t->order.data.configuration, "WaitForTeardown",
	    t->order.policy.wait_for_teardown, &wait, fail) != 0)
		return -1;
	if (artifact_sandbox(t, fail) != 0 || task_login(t, fail) != 0)
		return -1;
	if (!t->facts.stop_accepted &&
	    request(t, wait, &from, &answer, fail) != 0)
		return -1;
	if (wait && answer == CS_STOP_AGREED && (teardown_await(t, fail) != 0 ||
	    teardown_check(t, from, &unknown, fail) != 0))
		return -1;
	t->result.sandbox_ended = true;
	t->result.external_id = xstrdup(t->facts.sandbox_id);
	t->result.text = xasprintf("Sandbox %s %s%s", t->facts.sandbox_id,
	    summary(answer, wait), unknown ? "; the worker cannot tell whether "
	    "the teardown had errors, because it cannot read the activity "
	    "feed" : "");
	return 0;
}

void
end_sandbox_stop(struct task *t, struct buf *text)
{
	if (t->facts.stop_accepted)
		(void)buf_addf(text, "CloudShell agreed to end the sandbox "
		    "(%s) and goes on with it.", t->facts.sandbox_id);
	else if (t->facts.sandbox_id[0] != '\0')
		(void)buf_addf(text, "The sandbox (%s) may not have ended: end "
		    "it in CloudShell.", t->facts.sandbox_id);
	else
		(void)buf_adds(text, "The sandbox was not ended: end it in "
		    "CloudShell.");
}
