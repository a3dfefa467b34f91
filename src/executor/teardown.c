/*
 * CloudShell accepts a request to end a sandbox at once and tears the sandbox
 * down later. The state never says whether that went well; the activity feed
 * does.
 */
#include <string.h>

#include "report.h"
#include "sys.h"
#include "teardown.h"
#include "wait.h"

#define GRACE_MS	60000	/* how long Ready or Error may stay after an
				   accepted request (cloudshell-sandbox-api
				   7.1) */
#define FEED_LOOKS	5	/* after the teardown */

/* --- waiting for it --- */

struct teardown {
	struct task		*task;
	struct cs_sandbox	 sandbox;
	int64_t			 since_ms;
};

static int
ask(void *arg, struct fail *fail)
{
	struct teardown *d = arg;

	cs_sandbox_free(&d->sandbox);
	return cs_sandbox_get(d->task->cs, d->task->facts.sandbox_id,
	    &d->sandbox, fail);
}

/* Fails if CloudShell accepted the request but does not act on it. */
static int
judge(void *arg, struct fail *fail)
{
	struct teardown *d = arg;

	if (d->sandbox.phase == CS_ENDED)
		return WAIT_OVER;
	if ((d->sandbox.phase == CS_READY || d->sandbox.phase == CS_ERROR) &&
	    sys_now_ms() - d->since_ms > GRACE_MS)
		return fail_set(fail, FAIL_JOB, "CloudShell agreed to end "
		    "sandbox %s, but it is still %.60s: end it in CloudShell",
		    d->task->facts.sandbox_id, d->sandbox.state);
	return WAIT_GOING;
}

int
teardown_await(struct task *t, struct fail *fail)
{
	struct teardown d = { .task = t, .since_ms = sys_now_ms() };
	const struct wait_look look = { ask, judge, &d };
	int rv;

	report_progress(STEP_TEARDOWN, NULL);
	rv = wait_watch(&look, &t->order, &t->orders, fail);
	cs_sandbox_free(&d.sandbox);
	return rv == -1 ? -1 : 0;
}

/* --- what came of it --- */

/* Looks only a few times, since nothing else waits for the feed. */
static int
read_feed(struct task *t, int64_t from, struct buf *text, struct fail *fail)
{
	struct wait w;
	int64_t last;
	int look = 0;

	wait_start(&w, &t->order);
	while (cs_activity_errors(t->cs, t->facts.sandbox_id,
	    from > 0 ? from + 1 : 0, text, &last, fail) != 0)
		if (fail->kind == FAIL_STOPPED || ++look == FEED_LOOKS ||
		    wait_next(&w, &t->orders, fail) != 0)
			return -1;
	return 0;
}

int
teardown_check(struct task *t, int64_t from, bool *unknown, struct fail *fail)
{
	struct buf text;
	struct fail why = { 0 };
	int rv = 0;

	*unknown = false;
	buf_init(&text, CS_TEXT_MAX + 1);
	if (read_feed(t, from, &text, &why) != 0) {
		*unknown = true;
		if (why.kind == FAIL_STOPPED)
			rv = fail_set(fail, FAIL_STOPPED, "%s", why.text);
	} else if (text.len > 0 &&
	    (from > 0 || strcasestr(buf_text(&text), "teardown") != NULL)) {
		(void)fail_set(fail, FAIL_JOB, "sandbox %s was ended, but its "
		    "teardown failed: %s", t->facts.sandbox_id,
		    buf_text(&text));
		rv = fail_add(fail, "Machines may be left over: look at the "
		    "sandbox in CloudShell");
	}
	buf_free(&text);
	return rv;
}
