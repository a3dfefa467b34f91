/*
 * Quali-End-Sandbox: have a sandbox ended; if wished, wait for its teardown and
 * fail if the activity feed tells of faults in it (its state never does).
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"
#include "sys.h"

#define GRACE_MS	60000	/* how long Ready or Error may stay after an
				   accepted stop (cloudshell-sandbox-api 7.1) */
#define FEED_LOOKS	5	/* after the teardown */
#define FEED_START	(-1)	/* the feed's place before the stop is lost */

static int
accepted(struct exec *x, struct fail *fail)
{
	x->facts.stop_accepted = true;
	return job_fact(x, fail);
}

/* *from: the feed's position before the stop. *gone: nothing is left. */
static int
request(struct exec *x, bool wait, int64_t *from, bool *gone, struct fail *fail)
{
	const char *id = x->facts.sandbox_id;
	bool already = false;

	if (wait && cs_activity_last(x->cs, id, from, fail) != 0) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		*from = FEED_START;
	}
	report_progress(STEP_SANDBOX_END, id);
	if (cs_sandbox_stop(x->cs, id, &already, fail) != 0) {
		if (fail->kind != FAIL_REVISION)
			return -1;
		*gone = true;
	}
	*gone = *gone || already;
	return accepted(x, fail);
}

/* A stop that CloudShell took but does not follow is a failure. */
static int
wait_ended(struct exec *x, struct fail *fail)
{
	int64_t since = sys_now_ms();
	unsigned faults = 0, missing = 0;
	struct cs_sandbox sb = { 0 };
	struct wait w;
	int rv = 1;

	report_progress(STEP_TEARDOWN, NULL);
	wait_start(&w, &x->order);
	while (rv == 1) {
		if ((rv = wait_next(&w, &x->orders, fail)) != 0)
			break;
		rv = 1;
		cs_sandbox_free(&sb);
		if (cs_sandbox_get(x->cs, x->facts.sandbox_id, &sb, fail) ==
		    -1) {
			if (fail->kind == FAIL_REVISION)
				rv = ++missing >= 2 ? 0 : 1;
			else if (!job_passing(fail, &faults))
				rv = -1;
			continue;
		}
		faults = missing = 0;
		if (sb.phase == CS_ENDED)
			rv = 0;
		else if ((sb.phase == CS_READY || sb.phase == CS_ERROR) &&
		    sys_now_ms() - since > GRACE_MS)
			rv = fail_set(fail, FAIL_JOB, "CloudShell accepted to "
			    "end sandbox %s, but it is still %.60s: end it in "
			    "CloudShell", x->facts.sandbox_id, sb.state);
	}
	cs_sandbox_free(&sb);
	return rv;
}

/* Faults in the feed since the stop, which is looked at some times: nothing
 * waits for it any more. */
static int
read_feed(struct exec *x, int64_t from, struct buf *text, struct fail *fail)
{
	struct wait w;
	int64_t last;
	int look = 0;

	wait_start(&w, &x->order);
	while (cs_activity_errors(x->cs, x->facts.sandbox_id,
	    from > 0 ? from + 1 : 0, text, &last, fail) != 0)
		if (fail->kind == FAIL_STOPPED || ++look == FEED_LOOKS ||
		    wait_next(&w, &x->orders, fail) != 0)
			return -1;
	return 0;
}

/* *unknown: the feed could not be read. Without a position in it only faults
 * that name the teardown count: others may be older. */
static int
check_teardown(struct exec *x, int64_t from, bool *unknown, struct fail *fail)
{
	struct buf text;
	struct fail why = { 0 };
	int rv = 0;

	buf_init(&text, CS_TEXT_MAX + 1);
	if (read_feed(x, from, &text, &why) != 0) {
		*unknown = true;
		if (why.kind == FAIL_STOPPED)
			rv = fail_set(fail, FAIL_STOPPED, "%s", why.text);
	} else if (text.len > 0 &&
	    (from > 0 || strcasestr(buf_text(&text), "teardown") != NULL)) {
		(void)fail_set(fail, FAIL_JOB, "sandbox %s was ended, but its "
		    "teardown failed: %s", x->facts.sandbox_id,
		    buf_text(&text));
		rv = fail_add(fail, "Machines may be left over: look at the "
		    "sandbox in CloudShell");
	}
	buf_free(&text);
	return rv;
}

int
end_sandbox(struct exec *x, struct fail *fail)
{
	int64_t from = FEED_START;
	bool wait, gone = false, unknown = false;

	if (input_flag(x->order.data.configuration, "WaitForTeardown",
	    x->order.policy.wait_for_teardown, &wait, fail) != 0)
		return -1;
	if (x->facts.sandbox_id[0] == '\0' &&
	    artifact_sandbox(x, x->facts.sandbox_id, fail) != 0)
		return -1;
	if (job_login(x, fail) != 0)
		return -1;
	if (!x->facts.stop_accepted &&
	    request(x, wait, &from, &gone, fail) != 0)
		return -1;
	if (wait && !gone && (wait_ended(x, fail) != 0 ||
	    check_teardown(x, from, &unknown, fail) != 0))
		return -1;
	x->result.sandbox_ended = true;
	x->result.external_id = xstrdup(x->facts.sandbox_id);
	x->result.text = xasprintf("Sandbox %s %s%s", x->facts.sandbox_id,
	    gone ? "had ended already" : wait ? "ended" :
	    "is being ended by CloudShell", unknown ? "; whether its teardown "
	    "had faults is not known, as its activity feed cannot be read" :
	    "");
	return 0;
}

void
end_sandbox_stop(struct exec *x, struct buf *text)
{
	if (x->facts.stop_accepted)
		(void)buf_addf(text, "CloudShell had accepted to end the "
		    "sandbox (%s) and goes on with it.", x->facts.sandbox_id);
	else if (x->facts.sandbox_id[0] != '\0')
		(void)buf_addf(text, "The sandbox (%s) may not have been "
		    "ended: end it in CloudShell.", x->facts.sandbox_id);
	else
		(void)buf_adds(text, "The sandbox was not ended: look in "
		    "CloudShell.");
}
