/*
 * Quali-Start-Sandbox: starts a sandbox from a blueprint, waits until it is
 * Ready and hands its details on.
 */
#include <stdlib.h>
#include <string.h>

#include "artifact.h"
#include "details.h"
#include "inputs.h"
#include "json.h"
#include "lost.h"
#include "mem.h"
#include "obtain.h"
#include "setup.h"
#include "start_sandbox.h"
#include "undo.h"
#include "zip.h"

#define STOP_LOOKS	6	/* of a stop, for the sandbox of a lost start */
#define STOP_LOOK_MS	1000	/* between them */

/* An announced name stays: an earlier job of this action may have announced it,
 * with its own tag. */
static char *
choose_name(const struct task *t, const struct sandbox_spec *spec)
{
	const json_t *cfg = t->order.data.configuration;
	const char *base = input_name(cfg, "SandboxName");
	char *given, *name;

	if (t->facts.sandbox_name != NULL)
		return xstrdup(t->facts.sandbox_name);
	given = base != NULL ? xstrdup(base) :
	    xasprintf("%s - CodePipeline", spec->blueprint);
	name = sandbox_name(given, t->order.policy.tag_sandbox_names ?
	    t->order.data.id : NULL);
	free(given);
	return name;
}

static int
input_read(const struct task *t, struct sandbox_spec *spec, struct fail *fail)
{
	const json_t *cfg = t->order.data.configuration;

	memset(spec, 0, sizeof(*spec));
	spec->blueprint = input_required(cfg, "BlueprintName", "the name of a "
	    "public CloudShell blueprint", fail);
	if (spec->blueprint == NULL)
		return -1;
	if (input_minutes(cfg, "DurationInMinutes", &spec->minutes, fail) != 0)
		return -1;
	if (input_object(cfg, "InputsJSON", &spec->values, fail) != 0)
		return -1;
	spec->name = choose_name(t, spec);
	return 0;
}

/* --- handing it on --- */

/* The sandbox in CloudShell's portal. */
static void
put_url(json_t *v, const char *portal, const char *id)
{
	size_t len = strlen(portal);
	struct buf url;

	if (len > 0 && portal[len - 1] == '/')
		len--;
	buf_init(&url, 2048);
	if (buf_addf(&url, "%.*s/RM/Diagram/Index/", (int)len, portal) == 0 &&
	    buf_add_encoded(&url, id, "") == 0)
		json_put_text(v, "SandboxUrl", buf_text(&url));
	buf_free(&url);
}

static void
put_variables(struct task *t, const struct sandbox_spec *spec,
    const struct cs_sandbox *sb)
{
	const char *portal = t->order.cloudshell.portal_url;
	const char *id = t->facts.sandbox_id;
	json_t *v = json_object();

	json_put_text(v, "SandboxId", id);
	json_put_text(v, "SandboxName", sb->name != NULL ? sb->name :
	    spec->name);
	json_put_text(v, "BlueprintName", t->facts.blueprint != NULL ?
	    t->facts.blueprint : spec->blueprint);
	json_put_text(v, "EndTime", sb->end_time);
	if (portal != NULL)
		put_url(v, portal, id);
	t->result.variables = v;
}

static int
write_details(struct task *t, const struct cs_sandbox *sb, struct fail *fail)
{
	char *text;
	int rv;

	text = details_text(sb->details);
	if (text == NULL)
		return fail_set(fail, FAIL_SYSTEM, "the sandbox's details "
		    "cannot be written");
	rv = artifact_write(t, ARTIFACT_DETAILS, text, strlen(text), fail);
	xfree_secret(text);
	return rv;
}

/* An earlier executor ended the sandbox, or was about to, and could not say
 * why. CloudShell may call the sandbox Ready for some time yet. */
static int
gave_up_before(struct task *t, struct fail *fail)
{
	if (task_login(t, fail) != 0)
		return -1;
	(void)fail_set(fail, FAIL_JOB, "the worker gave up sandbox \"%s\" (%s) "
	    "before a restart: %s",
	    t->facts.sandbox_name != NULL ? t->facts.sandbox_name : "?",
	    t->facts.sandbox_id,
	    t->facts.giving_up != NULL ? t->facts.giving_up :
	    "it had asked CloudShell to end the sandbox");
	return undo_failed(t, fail);
}

/* The sandbox is Ready and its details are handed on. */
static void
succeeded(struct task *t, const struct sandbox_spec *spec,
    const struct cs_sandbox *sb, const struct buf *more)
{
	put_variables(t, spec, sb);
	t->result.external_id = xstrdup(t->facts.sandbox_id);
	t->result.text = xasprintf("Sandbox \"%s\" is Ready (%s)%s%.40s%s%s",
	    sb->name != NULL ? sb->name : spec->name, t->facts.sandbox_id,
	    sb->end_time != NULL ? ", until " : "",
	    sb->end_time != NULL ? sb->end_time : "",
	    more->len > 0 ? ". " : "", buf_text(more));
}

int
start_sandbox(struct task *t, struct fail *fail)
{
	struct cs_sandbox sb = { 0 };
	struct sandbox_spec spec;
	struct buf more;
	int rv = -1;

	if (t->facts.giving_up != NULL || t->facts.stop_accepted)
		return gave_up_before(t, fail);
	buf_init(&more, 1000);
	if (input_read(t, &spec, fail) != 0)
		goto out;
	if (task_login(t, fail) != 0 || obtain_sandbox(t, &spec, fail) != 0)
		goto out;
	if (setup_await(t, &sb, fail) != 0 || lost_settle(t, &more, fail) != 0)
		goto out;
	if (write_details(t, &sb, fail) != 0) {
		/* without the artifact no later action could find the
		 * sandbox */
		if (fail->kind != FAIL_STOPPED)
			(void)undo_failed(t, fail);
		goto out;
	}
	succeeded(t, &spec, &sb, &more);
	rv = 0;
out:
	cs_sandbox_free(&sb);
	sandbox_spec_free(&spec);
	buf_free(&more);
	return rv;
}

/* --- stop --- */

/* Finds out whether there is a sandbox; after a lost start it looks for one
 * while time allows. 1: there is one, 0: none, -1: not known. */
static int
find_lost(struct task *t, struct fail *fail)
{
	struct fail ignored;
	int found, look;

	if (t->facts.sandbox_id[0] != '\0')
		return 1;
	if (job_facts_lost(&t->facts) == 0)
		return 0;
	if (!t->order.policy.tag_sandbox_names)
		return fail_set(fail, FAIL_JOB, "its name is not unique");
	for (look = 0; look < STOP_LOOKS; look++) {
		if (look > 0 && orders_pause(&t->orders, STOP_LOOK_MS,
		    &ignored) != 0)
			return 0;
		if ((found = lost_find(t, fail)) != 0)
			return found;
	}
	return 0;
}

void
start_sandbox_stop(struct task *t, struct buf *text)
{
	struct fail fail = { 0 };
	struct buf left;
	int found;

	buf_init(&left, 1000);
	found = find_lost(t, &fail);
	if (found == 0 && job_facts_lost(&t->facts) > 0)
		(void)buf_addf(text, "CloudShell did not answer the start of "
		    "sandbox \"%s\"; the sandbox has not appeared yet, but "
		    "still may.", t->facts.sandbox_name);
	else if (found == 0)
		(void)buf_adds(text, "No sandbox had started.");
	else if (found == -1)
		(void)buf_addf(text, "A sandbox named \"%s\" may exist; it was "
		    "not ended: %.2500s%s", t->facts.sandbox_name, fail.text,
		    full_stop(fail.text));
	else if (undo_sandbox(t, "the job was stopped", &left, &fail) == 0 ||
	    t->facts.stop_accepted)
		(void)buf_addf(text, "The sandbox (%s) was ended.%s%s",
		    t->facts.sandbox_id, left.len > 0 ? " " : "",
		    buf_text(&left));
	else
		(void)buf_addf(text, "The sandbox (%s) could not be ended: "
		    "%.400s%s", t->facts.sandbox_id, fail.text,
		    full_stop(fail.text));
	buf_free(&left);
}
