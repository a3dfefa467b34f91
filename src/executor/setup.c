/*
 * The sandbox's state says whether its setup went well, but only the activity
 * feed says why it failed.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "report.h"
#include "setup.h"
#include "undo.h"
#include "wait.h"

#define FEED_LOOKS	2	/* for the reason */
#define FEED_PAUSE_MS	2000	/* between them */

struct setup {
	struct task		*task;
	struct cs_sandbox	*sandbox;
	char			*told;	/* the last state reported */
};

/* Reads why the setup failed. -1 only if a stop or a park came meanwhile: then
 * a later process reports it. *unread: could not read the feed. */
static int
reason(struct task *t, struct buf *text, bool *unread, struct fail *fail)
{
	int64_t last;
	int look;

	*unread = false;
	buf_init(text, CS_TEXT_MAX + 1);
	for (look = 0; look < FEED_LOOKS && text->len == 0; look++) {
		if (look > 0 && orders_pause(&t->orders, FEED_PAUSE_MS,
		    fail) != 0)
			return -1;
		*unread = cs_activity_errors(t->cs, t->facts.sandbox_id, 0,
		    text, &last, fail) != 0;
		if (*unread && fail->kind == FAIL_STOPPED)
			return -1;
	}
	return 0;
}

static int
setup_failed(struct task *t, const struct cs_sandbox *sb, struct fail *fail)
{
	struct buf why;
	bool unread;

	if (reason(t, &why, &unread, fail) != 0)
		goto out;
	if (why.len == 0)
		(void)buf_adds(&why, unread ? "the reason is not known, "
		    "because the worker could not read its activity feed" :
		    "CloudShell gives no reason in its activity feed");
	(void)fail_set(fail, FAIL_JOB, "setup of sandbox \"%s\" (%s) "
	    "failed%s%.100s: %s", sb->name == NULL ?
	    t->facts.sandbox_name : sb->name, t->facts.sandbox_id,
	    sb->setup_stage == NULL ? "" : " in stage ",
	    sb->setup_stage == NULL ? "" : sb->setup_stage, buf_text(&why));
	if (!t->order.policy.keep_failed_setup) {
		(void)undo_failed(t, fail);
		goto out;
	}
	t->result.sandbox_kept = true;
	(void)fail_add(fail, "The sandbox was kept (%s): end it in CloudShell "
	    "when nobody needs it any more.", t->facts.sandbox_id);
out:
	buf_free(&why);
	return -1;
}

static int
ended_early(struct task *t, const struct cs_sandbox *sb, struct fail *fail)
{
	struct buf why;
	bool unread;

	t->result.sandbox_ended = true;
	if (reason(t, &why, &unread, fail) == 0)
		(void)fail_set(fail, FAIL_JOB, "sandbox \"%s\" (%s) ended "
		    "during its setup (state %.100s); somebody ended it, or "
		    "its duration was too short%s%s",
		    sb->name == NULL ? "?" : sb->name, t->facts.sandbox_id,
		    sb->state == NULL ? "?" : sb->state,
		    why.len > 0 ? ": " : "", buf_text(&why));
	buf_free(&why);
	return -1;
}

static int
ask(void *arg, struct fail *fail)
{
	struct setup *s = arg;

	cs_sandbox_free(s->sandbox);
	return cs_sandbox_get(s->task->cs, s->task->facts.sandbox_id,
	    s->sandbox, fail);
}

/* Reports a new state or stage, once. */
static void
tell_state(struct setup *s)
{
	const struct cs_sandbox *sb = s->sandbox;
	char *now;

	now = xasprintf("%.60s%s%.60s", sb->state == NULL ? "?" : sb->state,
	    sb->setup_stage == NULL ? "" : ", stage ",
	    sb->setup_stage == NULL ? "" : sb->setup_stage);
	if (s->told == NULL || strcmp(s->told, now) != 0)
		report_progress(STEP_SETUP, now);
	free(s->told);
	s->told = now;
}

static int
judge(void *arg, struct fail *fail)
{
	struct setup *s = arg;

	tell_state(s);
	switch (s->sandbox->phase) {
	case CS_WAITING:
		return WAIT_GOING;
	case CS_READY:
		return WAIT_OVER;
	case CS_ERROR:
		return setup_failed(s->task, s->sandbox, fail);
	case CS_ENDING:
	case CS_ENDED:
		break;
	}
	return ended_early(s->task, s->sandbox, fail);
}

int
setup_await(struct task *t, struct cs_sandbox *sb, struct fail *fail)
{
	struct setup s = { .task = t, .sandbox = sb };
	const struct wait_look look = { ask, judge, &s };
	int rv;

	report_progress(STEP_SETUP, NULL);
	rv = wait_watch(&look, &t->order, &t->orders, fail);
	free(s.told);
	if (rv != WAIT_GONE)
		return rv;
	t->result.sandbox_ended = true;
	return fail_set(fail, FAIL_JOB, "the sandbox (%s) vanished from "
	    "CloudShell during its setup: retry the stage; if it happens "
	    "again, ask CloudShell's administrator", t->facts.sandbox_id);
}
