/*
 * Quali-Start-Sandbox: start a sandbox from a blueprint, wait until it is
 * Ready, hand its details on.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"
#include "sys.h"

#define STOP_LOOKS	6	/* of a stop, for the sandbox of a lost start */
#define STOP_LOOK_MS	1000	/* between them */
#define FEED_PAUSE_MS	2000	/* until the feed tells why a setup failed */

struct start_input {
	const char	*blueprint;
	char		*name;		/* of the sandbox */
	long		 minutes;
	json_t		*values;	/* NULL: none */
};

static void
input_free(struct start_input *in)
{
	free(in->name);
	json_decref(in->values);
}

/* The name is the announced one, if there is: another job of the same action
 * may have begun. */
static char *
choose_name(const struct exec *x, const struct start_input *in)
{
	const json_t *cfg = x->order.data.configuration;
	const char *base = input_name(cfg, "SandboxName");
	char *given, *name;

	if (x->facts.sandbox_name != NULL)
		return xstrdup(x->facts.sandbox_name);
	given = base != NULL ? xstrdup(base) :
	    xasprintf("%s - CodePipeline", in->blueprint);
	name = sandbox_name(given, x->order.policy.tag_sandbox_names ?
	    x->order.data.id : NULL);
	free(given);
	return name;
}

static int
input_read(const struct exec *x, struct start_input *in, struct fail *fail)
{
	const json_t *cfg = x->order.data.configuration;

	memset(in, 0, sizeof(*in));
	in->blueprint = input_required(cfg, "BlueprintName", "the name of a "
	    "public CloudShell blueprint", fail);
	if (in->blueprint == NULL)
		return -1;
	if (input_minutes(cfg, "DurationInMinutes", &in->minutes, fail) != 0)
		return -1;
	if (input_object(cfg, "InputsJSON", &in->values, fail) != 0)
		return -1;
	in->name = choose_name(x, in);
	return 0;
}

/* --- obtaining the sandbox --- */

static int
ours(struct exec *x, const char *id, struct fail *fail)
{
	(void)strlcpy(x->facts.sandbox_id, id, sizeof(x->facts.sandbox_id));
	x->facts.sandbox_ours = true;
	return job_fact(x, fail);
}

/* Start it once. FAIL_UNSURE: it may exist; the intent stays open then. */
static int
start(struct exec *x, const struct start_input *in,
    const struct cs_blueprint *bp, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	struct fail ignored;
	int rv;

	free(x->facts.sandbox_name);
	free(x->facts.blueprint);
	x->facts.sandbox_name = xstrdup(in->name);
	x->facts.blueprint = xstrdup(bp->name);
	x->facts.start_wall = sys_wall();
	if (job_intend(x, INTENT_SANDBOX, fail) != 0)
		return -1;
	orders_shield(&x->orders);
	rv = cs_sandbox_start(x->cs, bp->id != NULL ? bp->id : bp->name,
	    in->name, in->minutes, in->values, &sb, fail);
	orders_unshield(&x->orders);
	if (rv == 0) {
		x->facts.start_wall = 0;	/* time of the lost is over */
		rv = ours(x, sb.id, fail);
	} else if (fail->kind == FAIL_STOPPED && x->orders.severed)
		fail->kind = FAIL_UNSURE;
	else if (fail->kind != FAIL_UNSURE) {
		(void)job_fact(x, &ignored);
		if (fail->kind == FAIL_AGAIN)	/* for a person to retry */
			fail->kind = FAIL_JOB;
	}
	cs_sandbox_free(&sb);
	return rv;
}

static int
may_exist(const struct exec *x, struct fail *fail, const char *why)
{
	(void)fail_set(fail, FAIL_JOB, "%.2500s", why);
	return fail_add(fail, "A sandbox named \"%s\" may exist in CloudShell. "
	    "End it there if it does, then retry the action",
	    x->facts.sandbox_name);
}

/* fail: what the last of the lost starts ended with, if this process sent
 * it. */
static int
never_answered(const struct exec *x, struct fail *fail)
{
	if (fail->kind != FAIL_UNSURE)
		(void)fail_set(fail, FAIL_JOB, "CloudShell did not answer the "
		    "start of the sandbox");
	fail->kind = FAIL_JOB;
	return fail_add(fail, "It was sent twice, and no sandbox \"%s\" was "
	    "found: retry the stage, and tell the owner of the lab if it goes "
	    "on.", x->facts.sandbox_name);
}

/* The sandbox of a start without an answer; 0: there is none. */
static int
adopt(struct exec *x, struct fail *fail)
{
	int rv = lost_await(x, fail);

	if (rv == -1 && fail->kind != FAIL_STOPPED)
		(void)fail_prefix(fail, "a start of sandbox \"%s\" was not "
		    "answered", x->facts.sandbox_name);
	return rv;
}

/* A start was refused for good, and a lost one before it has left nothing. */
static int
refused(struct exec *x, const struct fail *why, struct fail *fail)
{
	struct fail ignored;

	x->facts.starts_lost = 0;
	(void)job_fact(x, &ignored);
	return fail_set(fail, why->kind, "%.3000s (an earlier start was not "
	    "answered, but no sandbox named \"%s\" was found)", why->text,
	    x->facts.sandbox_name);
}

/* What a start that failed means. 1: there is a sandbox after all, 0: none, so
 * that it may be started again (fail is as before), -1. */
static int
after_failure(struct exec *x, struct fail *fail)
{
	struct fail why = *fail;
	int rv;

	if (why.kind == FAIL_STOPPED || x->orders.halt == HALT_STOP)
		return -1;	/* the stop looks for it */
	if (why.kind != FAIL_UNSURE && x->facts.starts_lost == 0)
		return -1;
	if (!x->order.policy.tag_sandbox_names)
		return may_exist(x, fail, why.text);
	if (why.kind == FAIL_UNSURE && lost_note(x, sys_wall(), fail) != 0)
		return -1;
	/* resources in conflict may be held by the sandbox of a lost start */
	if ((rv = adopt(x, fail)) != 0)
		return rv;
	if (why.kind != FAIL_UNSURE)
		return refused(x, &why, fail);
	*fail = why;
	return 0;
}

/* Start, and once more if the first was lost and left nothing. */
static int
start_surely(struct exec *x, const struct start_input *in, struct fail *fail)
{
	struct cs_blueprint bp = { 0 };
	int rv, tries;

	report_progress(STEP_BLUEPRINT, in->blueprint);
	if (cs_blueprint_find(x->cs, in->blueprint, &bp, fail) != 0)
		return -1;
	for (tries = x->facts.starts_lost; tries < STARTS_LOST_MAX; tries++) {
		report_progress(STEP_SANDBOX_START, in->name);
		rv = start(x, in, &bp, fail);
		if (rv == 0 || (rv = after_failure(x, fail)) != 0)
			goto out;
	}
	rv = never_answered(x, fail);
out:
	cs_blueprint_free(&bp);
	return rv == -1 ? -1 : 0;
}

static int
obtain(struct exec *x, const struct start_input *in, struct fail *fail)
{
	struct buf ignored;
	int rv = 0;

	if (x->facts.sandbox_id[0] != '\0')
		return 0;
	if (job_facts_lost(&x->facts) > 0 && x->facts.sandbox_name != NULL) {
		if (!x->order.policy.tag_sandbox_names)
			return may_exist(x, fail, "an earlier start of the "
			    "sandbox was interrupted");
		if (lost_note(x, x->facts.start_wall, fail) != 0 ||
		    (rv = adopt(x, fail)) == -1)
			return -1;
	}
	if (rv == 0 && start_surely(x, in, fail) != 0)
		return -1;
	/* at once, as it holds resources; what it tells, it tells again */
	buf_init(&ignored, 1000);
	rv = lost_surplus(x, &ignored, fail);
	buf_free(&ignored);
	return rv;
}

/* --- waiting until it is Ready --- */

/* Why the setup failed, from the activity feed. -1 only if a stop or a park
 * came between: then it is for later to say. *unread: it could not be read. */
static int
reason(struct exec *x, struct buf *text, bool *unread, struct fail *fail)
{
	int64_t last;
	int look;

	*unread = false;
	buf_init(text, CS_TEXT_MAX + 1);
	for (look = 0; look < 2 && text->len == 0; look++) {
		if (look > 0 && orders_pause(&x->orders, FEED_PAUSE_MS,
		    fail) != 0)
			return -1;
		*unread = cs_activity_errors(x->cs, x->facts.sandbox_id, 0,
		    text, &last, fail) != 0;
		if (*unread && fail->kind == FAIL_STOPPED)
			return -1;
	}
	return 0;
}

/* The job fails as fail says, and its sandbox is of no use to anybody: have it
 * ended and say so. Returns -1; FAIL_STOPPED if a stop or park came between. */
static int
give_up(struct exec *x, struct fail *fail)
{
	struct fail why = { 0 };
	struct buf left;

	buf_init(&left, 1000);
	if (undo_sandbox(x, fail->text, &left, &why) == 0)
		(void)fail_add(fail, "The sandbox was ended.%s%s",
		    left.len > 0 ? " " : "", buf_text(&left));
	else if (why.kind == FAIL_STOPPED)
		*fail = why;
	else
		(void)fail_add(fail, "The sandbox (%s) could not be ended: "
		    "%.400s%s", x->facts.sandbox_id, why.text,
		    full_stop(why.text));
	buf_free(&left);
	return -1;
}

static int
setup_failed(struct exec *x, const struct cs_sandbox *sb, struct fail *fail)
{
	struct buf why;
	bool unread;

	if (reason(x, &why, &unread, fail) != 0)
		goto out;
	if (why.len == 0)
		(void)buf_adds(&why, unread ? "why is not known, as its "
		    "activity feed could not be read" : "CloudShell gives no "
		    "reason in its activity feed");
	(void)fail_set(fail, FAIL_JOB, "setup of sandbox \"%s\" (%s) "
	    "failed%s%.100s: %s", sb->name == NULL ?
	    x->facts.sandbox_name : sb->name, x->facts.sandbox_id,
	    sb->setup_stage == NULL ? "" : " in stage ",
	    sb->setup_stage == NULL ? "" : sb->setup_stage, buf_text(&why));
	if (!x->order.policy.keep_failed_setup) {
		(void)give_up(x, fail);
		goto out;
	}
	x->result.sandbox_kept = true;
	(void)fail_add(fail, "The sandbox was kept (%s): end it in CloudShell "
	    "when it is no longer needed.", x->facts.sandbox_id);
out:
	buf_free(&why);
	return -1;
}

static int
ended_early(struct exec *x, const struct cs_sandbox *sb, struct fail *fail)
{
	struct buf why;
	bool unread;

	x->result.sandbox_ended = true;
	if (reason(x, &why, &unread, fail) == 0)
		(void)fail_set(fail, FAIL_JOB, "sandbox \"%s\" (%s) was ended "
		    "during its setup (state %.100s); somebody ended it or "
		    "its duration was too short%s%s",
		    sb->name == NULL ? "?" : sb->name, x->facts.sandbox_id,
		    sb->state == NULL ? "?" : sb->state,
		    why.len > 0 ? ": " : "", buf_text(&why));
	buf_free(&why);
	return -1;
}

/* 1: go on waiting, 0: Ready, -1. */
static int
judge(struct exec *x, const struct cs_sandbox *sb, struct fail *fail)
{
	switch (sb->phase) {
	case CS_WAITING:
		return 1;
	case CS_READY:
		return 0;
	case CS_ERROR:
		return setup_failed(x, sb, fail);
	case CS_ENDING:
	case CS_ENDED:
		break;
	}
	return ended_early(x, sb, fail);
}

/* Tell a new state or stage, once. */
static void
tell_state(const struct cs_sandbox *sb, char **told)
{
	char *now;

	now = xasprintf("%.60s%s%.60s", sb->state == NULL ? "?" : sb->state,
	    sb->setup_stage == NULL ? "" : ", stage ",
	    sb->setup_stage == NULL ? "" : sb->setup_stage);
	if (*told == NULL || strcmp(*told, now) != 0)
		report_progress(STEP_SETUP, now);
	free(*told);
	*told = now;
}

static int
wait_ready(struct exec *x, struct cs_sandbox *sb, struct fail *fail)
{
	unsigned faults = 0, gone = 0;
	char *told = NULL;
	struct wait w;
	int rv = 1;

	report_progress(STEP_SETUP, NULL);
	wait_start(&w, &x->order);
	while (rv == 1) {
		if ((rv = wait_next(&w, &x->orders, fail)) != 0)
			break;
		cs_sandbox_free(sb);
		if (cs_sandbox_get(x->cs, x->facts.sandbox_id, sb, fail) == 0) {
			faults = gone = 0;
			tell_state(sb, &told);
			rv = judge(x, sb, fail);
		} else if (fail->kind == FAIL_REVISION && ++gone >= 2) {
			x->result.sandbox_ended = true;
			rv = fail_set(fail, FAIL_JOB, "the sandbox (%s) "
			    "vanished from CloudShell during its setup: retry "
			    "the stage, and ask CloudShell's administrator if "
			    "it goes on", x->facts.sandbox_id);
		} else
			rv = fail->kind == FAIL_REVISION ||
			    job_passing(fail, &faults) ? 1 : -1;
	}
	free(told);
	return rv;
}

/* --- handing it on --- */

static void
put_variables(struct exec *x, const struct start_input *in,
    const struct cs_sandbox *sb)
{
	const char *portal = x->order.cloudshell.portal_url;
	const char *id = x->facts.sandbox_id;
	json_t *v = json_object();
	struct buf url;

	json_put_text(v, "SandboxId", id);
	json_put_text(v, "SandboxName", sb->name != NULL ? sb->name : in->name);
	json_put_text(v, "BlueprintName", x->facts.blueprint != NULL ?
	    x->facts.blueprint : in->blueprint);
	json_put_text(v, "EndTime", sb->end_time);
	buf_init(&url, 2048);
	if (portal != NULL && buf_addf(&url, "%.*s/RM/Diagram/Index/",
	    (int)(strlen(portal) - (portal[0] != '\0' &&
	    portal[strlen(portal) - 1] == '/')), portal) == 0 &&
	    buf_add_encoded(&url, id, "") == 0)
		json_put_text(v, "SandboxUrl", buf_text(&url));
	buf_free(&url);
	x->result.variables = v;
}

static int
write_details(struct exec *x, const struct cs_sandbox *sb, struct fail *fail)
{
	char *text;
	int rv;

	text = details_text(sb->details);
	if (text == NULL)
		return fail_set(fail, FAIL_SYSTEM, "the sandbox's details "
		    "cannot be written");
	rv = artifact_write(x, ARTIFACT_DETAILS, text, strlen(text), fail);
	xfree_secret(text);
	return rv;
}

/* An earlier executor asked for the sandbox's end, or was about to, and did not
 * come to say why. CloudShell may call the sandbox Ready for some time yet. */
static int
gave_up_before(struct exec *x, struct fail *fail)
{
	if (job_login(x, fail) != 0)
		return -1;
	(void)fail_set(fail, FAIL_JOB, "sandbox \"%s\" (%s) was given up "
	    "before a restart of the worker: %s", x->facts.sandbox_name != NULL ?
	    x->facts.sandbox_name : "?", x->facts.sandbox_id,
	    x->facts.giving_up != NULL ? x->facts.giving_up :
	    "its end had been asked for");
	return give_up(x, fail);
}

/* Ready and handed on. */
static void
succeeded(struct exec *x, const struct start_input *in,
    const struct cs_sandbox *sb, const struct buf *more)
{
	put_variables(x, in, sb);
	x->result.external_id = xstrdup(x->facts.sandbox_id);
	x->result.text = xasprintf("Sandbox \"%s\" is Ready (%s)%s%.40s%s%s",
	    sb->name != NULL ? sb->name : in->name, x->facts.sandbox_id,
	    sb->end_time != NULL ? ", until " : "",
	    sb->end_time != NULL ? sb->end_time : "",
	    more->len > 0 ? ". " : "", buf_text(more));
}

int
start_sandbox(struct exec *x, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	struct start_input in;
	struct buf more;
	int rv = -1;

	if (x->facts.giving_up != NULL || x->facts.stop_accepted)
		return gave_up_before(x, fail);
	buf_init(&more, 1000);
	if (input_read(x, &in, fail) != 0)
		goto out;
	if (job_login(x, fail) != 0 || obtain(x, &in, fail) != 0)
		goto out;
	if (wait_ready(x, &sb, fail) != 0 || lost_settle(x, &more, fail) != 0)
		goto out;
	if (write_details(x, &sb, fail) != 0) {
		/* without it no later action could find the sandbox */
		if (fail->kind != FAIL_STOPPED)
			(void)give_up(x, fail);
		goto out;
	}
	succeeded(x, &in, &sb, &more);
	rv = 0;
out:
	cs_sandbox_free(&sb);
	input_free(&in);
	buf_free(&more);
	return rv;
}

/* --- stop --- */

/* Whether there is a sandbox; after a lost start it is looked for, while time
 * allows. -1: not known. */
static int
find_lost(struct exec *x, struct fail *fail)
{
	struct fail ignored;
	int found, look;

	if (x->facts.sandbox_id[0] != '\0')
		return 1;
	if (job_facts_lost(&x->facts) == 0)
		return 0;
	if (!x->order.policy.tag_sandbox_names)
		return fail_set(fail, FAIL_JOB, "its name is not unique");
	for (look = 0; look < STOP_LOOKS; look++) {
		if (look > 0 && orders_pause(&x->orders, STOP_LOOK_MS,
		    &ignored) != 0)
			return 0;
		if ((found = lost_find(x, fail)) != 0)
			return found;
	}
	return 0;
}

void
start_sandbox_stop(struct exec *x, struct buf *text)
{
	struct fail fail = { 0 };
	struct buf left;
	int found;

	buf_init(&left, 1000);
	found = find_lost(x, &fail);
	if (found == 0 && job_facts_lost(&x->facts) > 0)
		(void)buf_addf(text, "The start of sandbox \"%s\" was not "
		    "answered; none was found, but it may still appear.",
		    x->facts.sandbox_name);
	else if (found == 0)
		(void)buf_adds(text, "No sandbox had been started.");
	else if (found == -1)
		(void)buf_addf(text, "A sandbox named \"%s\" may exist; it was "
		    "not ended: %.2500s%s", x->facts.sandbox_name, fail.text,
		    full_stop(fail.text));
	else if (undo_sandbox(x, "the job was stopped", &left, &fail) == 0 ||
	    x->facts.stop_accepted)
		(void)buf_addf(text, "The sandbox (%s) was ended.%s%s",
		    x->facts.sandbox_id, left.len > 0 ? " " : "",
		    buf_text(&left));
	else
		(void)buf_addf(text, "The sandbox (%s) could not be ended: "
		    "%.400s%s", x->facts.sandbox_id, fail.text,
		    full_stop(fail.text));
	buf_free(&left);
}
