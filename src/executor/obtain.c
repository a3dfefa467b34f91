/*
 * A start may be lost: sent, but not answered. The sandbox's name then tells
 * whether it made one, so that no second one is left behind.
 */
#include <stdlib.h>
#include <string.h>

#include "lost.h"
#include "mem.h"
#include "obtain.h"
#include "report.h"
#include "sys.h"

void
sandbox_spec_free(struct sandbox_spec *spec)
{
	free(spec->name);
	json_decref(spec->values);
}

static int
note_ours(struct task *t, const char *id, struct fail *fail)
{
	(void)strlcpy(t->facts.sandbox_id, id, sizeof(t->facts.sandbox_id));
	t->facts.sandbox_ours = true;
	return task_fact(t, fail);
}

/* Sends one start. FAIL_UNSURE: the sandbox may exist, and the intent stays
 * open. */
static int
start(struct task *t, const struct sandbox_spec *spec,
    const struct cs_blueprint *bp, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	struct fail ignored;
	int rv;

	free(t->facts.sandbox_name);
	free(t->facts.blueprint);
	t->facts.sandbox_name = xstrdup(spec->name);
	t->facts.blueprint = xstrdup(bp->name);
	t->facts.start_wall = sys_wall();
	if (task_intend(t, INTENT_SANDBOX, fail) != 0)
		return -1;
	orders_shield(&t->orders);
	rv = cs_sandbox_start(t->cs, bp->id != NULL ? bp->id : bp->name,
	    spec->name, spec->minutes, spec->values, &sb, fail);
	orders_unshield(&t->orders);
	if (rv == 0) {
		t->facts.start_wall = 0;	/* no lost one counts now */
		rv = note_ours(t, sb.id, fail);
	} else if (fail->kind == FAIL_STOPPED && t->orders.severed)
		fail->kind = FAIL_UNSURE;
	else if (fail->kind != FAIL_UNSURE) {
		(void)task_fact(t, &ignored);
		if (fail->kind == FAIL_AGAIN)	/* a person must retry */
			fail->kind = FAIL_JOB;
	}
	cs_sandbox_free(&sb);
	return rv;
}

static int
may_exist(const struct task *t, const char *why, struct fail *fail)
{
	(void)fail_set(fail, FAIL_JOB, "%.2500s", why);
	return fail_add(fail, "A sandbox named \"%s\" may exist in CloudShell. "
	    "End it there if it does, then retry the stage",
	    t->facts.sandbox_name);
}

/* fail: how the last lost start ended, if this process sent it. */
static int
never_answered(const struct task *t, struct fail *fail)
{
	if (fail->kind != FAIL_UNSURE)
		(void)fail_set(fail, FAIL_JOB, "CloudShell did not answer the "
		    "start of the sandbox");
	fail->kind = FAIL_JOB;
	return fail_add(fail, "The start was sent twice, but no sandbox \"%s\" "
	    "appeared. Retry the stage; if it happens again, tell the lab's "
	    "owner.", t->facts.sandbox_name);
}

/* Waits for the sandbox of a start that was not answered, and takes it. 1:
 * there is one, 0: there is none, -1. */
static int
adopt(struct task *t, struct fail *fail)
{
	int rv = lost_await(t, fail);

	if (rv == -1 && fail->kind != FAIL_STOPPED)
		(void)fail_prefix(fail, "CloudShell did not answer a start of "
		    "sandbox \"%s\"", t->facts.sandbox_name);
	return rv;
}

/* CloudShell refused a start for good, and a lost one before it left
 * nothing. */
static int
refused(struct task *t, const struct fail *why, struct fail *fail)
{
	struct fail ignored;

	t->facts.starts_lost = 0;
	(void)task_fact(t, &ignored);
	return fail_set(fail, why->kind, "%.3000s (CloudShell did not answer "
	    "an earlier start, but no sandbox named \"%s\" appeared)",
	    why->text, t->facts.sandbox_name);
}

/* Finds out what a failed start left. 1: a sandbox after all, 0: none, so that
 * a second start is safe (fail is as before), -1. */
static int
after_failure(struct task *t, struct fail *fail)
{
	struct fail why = *fail;
	int rv;

	if (why.kind == FAIL_STOPPED || t->orders.halt == HALT_STOP)
		return -1;	/* the stop looks for it */
	if (why.kind != FAIL_UNSURE && t->facts.starts_lost == 0)
		return -1;
	if (!t->order.policy.tag_sandbox_names)
		return may_exist(t, why.text, fail);
	if (why.kind == FAIL_UNSURE && lost_note(t, sys_wall(), fail) != 0)
		return -1;
	/* a lost start's sandbox may hold the resources in conflict */
	if ((rv = adopt(t, fail)) != 0)
		return rv;
	if (why.kind != FAIL_UNSURE)
		return refused(t, &why, fail);
	*fail = why;
	return 0;
}

/* Starts the sandbox, and once more if the first start was lost and left
 * nothing. */
static int
start_surely(struct task *t, const struct sandbox_spec *spec,
    struct fail *fail)
{
	struct cs_blueprint bp = { 0 };
	int rv, tries;

	report_progress(STEP_BLUEPRINT, spec->blueprint);
	if (cs_blueprint_find(t->cs, spec->blueprint, &bp, fail) != 0)
		return -1;
	for (tries = t->facts.starts_lost; tries < STARTS_LOST_MAX; tries++) {
		report_progress(STEP_SANDBOX_START, spec->name);
		rv = start(t, spec, &bp, fail);
		if (rv == 0 || (rv = after_failure(t, fail)) != 0)
			goto out;
	}
	rv = never_answered(t, fail);
out:
	cs_blueprint_free(&bp);
	return rv == -1 ? -1 : 0;
}

int
obtain_sandbox(struct task *t, const struct sandbox_spec *spec,
    struct fail *fail)
{
	struct buf ignored;
	int rv = 0;

	if (t->facts.sandbox_id[0] != '\0')
		return 0;
	if (job_facts_lost(&t->facts) > 0 && t->facts.sandbox_name != NULL) {
		if (!t->order.policy.tag_sandbox_names)
			return may_exist(t, "an earlier start of the sandbox "
			    "was interrupted", fail);
		if (lost_note(t, t->facts.start_wall, fail) != 0 ||
		    (rv = adopt(t, fail)) == -1)
			return -1;
	}
	if (rv == 0 && start_surely(t, spec, fail) != 0)
		return -1;
	/* now, since they hold resources; the end reports what is left */
	buf_init(&ignored, 1000);
	rv = lost_surplus(t, &ignored, fail);
	buf_free(&ignored);
	return rv;
}
