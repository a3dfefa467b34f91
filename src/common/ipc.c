/*
 * The pipes' messages: reports, and when one may come. Orders are in
 * ipc_order.c, members in ipc_member.c.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "ipc_member.h"
#include "json.h"
#include "names.h"

/* Most bytes of texts that have no limit of their own. */
#define METHOD_MAX	15
#define WHERE_MAX	1023
#define BLUEPRINT_MAX	1023
#define GIVING_UP_MAX	1000

static const char *const step_names[STEP_MAX] = {
	[STEP_NONE] = "none",
	[STEP_ORDER] = "order",
	[STEP_ARTIFACT_READ] = "artifact-read",
	[STEP_LOGIN] = "login",
	[STEP_BLUEPRINT] = "blueprint",
	[STEP_SANDBOX_START] = "sandbox-start",
	[STEP_SETUP] = "setup",
	[STEP_SANDBOX] = "sandbox",
	[STEP_COMPONENT] = "component",
	[STEP_COMMAND_START] = "command-start",
	[STEP_COMMAND] = "command",
	[STEP_SANDBOX_END] = "sandbox-end",
	[STEP_TEARDOWN] = "teardown",
	[STEP_ARTIFACT_WRITE] = "artifact-write",
	[STEP_CLEANUP] = "cleanup",
};

static const char *const step_texts[STEP_MAX] = {
	[STEP_NONE] = "getting ready",
	[STEP_ORDER] = "reading the order",
	[STEP_ARTIFACT_READ] = "reading the input artifact",
	[STEP_LOGIN] = "logging in to CloudShell",
	[STEP_BLUEPRINT] = "looking up the blueprint",
	[STEP_SANDBOX_START] = "starting the sandbox",
	[STEP_SETUP] = "waiting for the sandbox's setup",
	[STEP_SANDBOX] = "looking up the sandbox",
	[STEP_COMPONENT] = "looking up the component",
	[STEP_COMMAND_START] = "starting the command",
	[STEP_COMMAND] = "waiting for the command",
	[STEP_SANDBOX_END] = "ending the sandbox",
	[STEP_TEARDOWN] = "waiting for the sandbox's teardown",
	[STEP_ARTIFACT_WRITE] = "writing the output artifact",
	[STEP_CLEANUP] = "cleaning up",
};

static const char *const type_names[IPC_REPORT_TYPES] = {
	[IPC_HELLO] = "hello",
	[IPC_INTENT] = "intent",
	[IPC_FACT] = "fact",
	[IPC_PROGRESS] = "progress",
	[IPC_CALL] = "call",
	[IPC_NEED_CREDENTIALS] = "need-credentials",
	[IPC_RESULT] = "result",
};

const char *
ipc_step_name(enum ipc_step s)
{
	return step_names[(unsigned)s < STEP_MAX ? s : STEP_NONE];
}

const char *
ipc_step_text(enum ipc_step s)
{
	return step_texts[(unsigned)s < STEP_MAX ? s : STEP_NONE];
}

enum ipc_step
ipc_step_parse(const char *name)
{
	return (enum ipc_step)name_find(step_names, STEP_MAX, name, STEP_NONE);
}

/* --- reports --- */

static const struct ipc_member hello_members[] = {
	M_INT(ipc_report, u.hello.version, "version", 0, INT_MAX),
	M_INT(ipc_report, u.hello.pid, "pid", 1, INT_MAX),
};

static const struct ipc_member facts_members[] = {
	M_BOOL(job_facts, sandbox_ours, "sandbox_ours"),
	M_CHARS(job_facts, sandbox_id, "sandbox_id", false),
	M_TEXT(job_facts, sandbox_name, "sandbox_name", false,
	    4 * SANDBOX_NAME_MAX),
	M_TEXT(job_facts, blueprint, "blueprint", false, BLUEPRINT_MAX),
	M_INT_OR_0(job_facts, start_wall, "start_wall", INT64_MAX),
	M_INT_OR_0(job_facts, starts_lost, "starts_lost", STARTS_LOST_MAX),
	M_CHARS(job_facts, execution_id, "execution_id", false),
	{ "execution_ended", KIND_BOOL, false,
	    offsetof(struct job_facts, execution_ended), sizeof(bool), 0, 0 },
	M_PROSE(job_facts, giving_up, "giving_up", GIVING_UP_MAX),
	M_BOOL(job_facts, stop_accepted, "stop_accepted"),
};

static const struct ipc_member progress_members[] = {
	M_PROSE(ipc_report, u.progress.text, "text", FAIL_TEXT_MAX),
};

static const struct ipc_member call_members[] = {
	M_TEXT(ipc_report, u.call.method, "method", true, METHOD_MAX),
	{ "where", KIND_PROSE, true, offsetof(struct ipc_report, u.call.where),
	    WHERE_MAX + 1, 0, 0 },
	M_INT(ipc_report, u.call.status, "status", 0, 999),
	M_INT(ipc_report, u.call.ms, "ms", 0, INT64_MAX),
	M_INT(ipc_report, u.call.attempt, "attempt", 1, INT_MAX),
	M_PROSE(ipc_report, u.call.error, "error", FAIL_TEXT_MAX),
};

static const struct ipc_member result_members[] = {
	M_PROSE(job_result, text, "text", JOB_MESSAGE_MAX),
	M_TEXT(job_result, external_id, "external_id", false,
	    JOB_EXTERNAL_ID_MAX),
	M_TEXTS(job_result, variables, "variables", JOB_VARIABLES_MAX),
	M_TEXT(job_result, continuation, "continuation", false, JOB_TOKEN_MAX),
	M_BOOL(job_result, sandbox_ended, "sandbox_ended"),
	M_BOOL(job_result, sandbox_kept, "sandbox_kept"),
};

void
ipc_facts_put(json_t *o, const struct job_facts *facts)
{
	json_put_text(o, "intent", job_intent_name(facts->intent));
	ipc_put(o, facts, facts_members, COUNT(facts_members));
}

int
ipc_facts_take(const json_t *o, struct job_facts *facts, const char *what,
    struct fail *fail)
{
	const char *name = json_text(o, "intent");

	facts->intent = job_intent_parse(name);
	if (name == NULL || (facts->intent == INTENT_NONE &&
	    strcmp(name, job_intent_name(INTENT_NONE)) != 0))
		return fail_set(fail, FAIL_SYSTEM, "%s: member intent: %s",
		    what, name == NULL ? "missing" : "unknown");
	if (ipc_take(o, facts, facts_members, COUNT(facts_members), what,
	    fail) != 0)
		return -1;
	/* only the name can find the sandbox of a lost start */
	if (facts->starts_lost > 0 && facts->sandbox_name == NULL)
		return fail_set(fail, FAIL_SYSTEM, "%s: member sandbox_name: "
		    "missing", what);
	return 0;
}

void
ipc_result_put(json_t *o, const struct job_result *r)
{
	json_put_text(o, "outcome", job_outcome_name(r->outcome));
	if (r->outcome == OUTCOME_FAILURE)
		json_put_text(o, "kind", fail_kind_name(r->kind));
	ipc_put(o, r, result_members, COUNT(result_members));
}

int
ipc_result_take(const json_t *o, struct job_result *r, const char *what,
    struct fail *fail)
{
	r->outcome = job_outcome_parse(json_text(o, "outcome"));
	if (r->outcome == OUTCOME_NONE)
		return fail_set(fail, FAIL_SYSTEM,
		    "%s: member outcome: missing or unknown", what);
	if (r->outcome == OUTCOME_FAILURE) {
		r->kind = fail_kind_parse(json_text(o, "kind"));
		if (r->kind == FAIL_NONE)
			return fail_set(fail, FAIL_SYSTEM,
			    "%s: member kind: missing or unknown", what);
	}
	return ipc_take(o, r, result_members, COUNT(result_members), what,
	    fail);
}

/* The other half of report_take. */
int
ipc_report_encode(struct buf *b, const struct ipc_report *r)
{
	json_t *o = json_object();

	json_put_text(o, "type", type_names[r->type]);
	switch (r->type) {
	case IPC_HELLO:
		ipc_put(o, r, hello_members, COUNT(hello_members));
		break;
	case IPC_INTENT:
	case IPC_FACT:
		ipc_facts_put(o, &r->u.facts);
		break;
	case IPC_PROGRESS:
		json_put_text(o, "step", ipc_step_name(r->u.progress.step));
		ipc_put(o, r, progress_members, COUNT(progress_members));
		break;
	case IPC_CALL:
		ipc_put(o, r, call_members, COUNT(call_members));
		break;
	case IPC_RESULT:
		ipc_result_put(o, &r->u.result);
		break;
	case IPC_NEED_CREDENTIALS:
	case IPC_REPORT_TYPES:
		break;
	}
	return ipc_line_add(b, o, IPC_REPORT_MAX);
}

static int
report_take(const json_t *o, struct ipc_report *r, const char *what,
    struct fail *fail)
{
	switch (r->type) {
	case IPC_HELLO:
		return ipc_take(o, r, hello_members, COUNT(hello_members),
		    what, fail);
	case IPC_INTENT:
		if (ipc_facts_take(o, &r->u.facts, what, fail) != 0)
			return -1;
		return r->u.facts.intent != INTENT_NONE ? 0 : fail_set(fail,
		    FAIL_SYSTEM, "%s: member intent: none", what);
	case IPC_FACT:
		return ipc_facts_take(o, &r->u.facts, what, fail);
	case IPC_PROGRESS:
		r->u.progress.step = ipc_step_parse(json_text(o, "step"));
		if (r->u.progress.step == STEP_NONE)
			return fail_set(fail, FAIL_SYSTEM,
			    "%s: member step: missing or unknown", what);
		return ipc_take(o, r, progress_members,
		    COUNT(progress_members), what, fail);
	case IPC_CALL:
		return ipc_take(o, r, call_members, COUNT(call_members), what,
		    fail);
	case IPC_RESULT:
		return ipc_result_take(o, &r->u.result, what, fail);
	default:
		return 0;
	}
}

int
ipc_report_decode(const char *line, size_t len, struct ipc_report *r,
    struct fail *fail)
{
	const char *name;
	char what[48];
	json_t *o;
	int type, ret = -1;

	memset(r, 0, sizeof(*r));
	if ((o = ipc_line_parse(line, len, IPC_REPORT_MAX, "report", fail)) ==
	    NULL)
		return -1;
	name = json_text(o, "type");
	type = name_find(type_names, IPC_REPORT_TYPES, name, IPC_REPORT_TYPES);
	if (type == IPC_REPORT_TYPES) {
		(void)fail_set(fail, FAIL_SYSTEM, "report: %s type",
		    name == NULL ? "no" : "unknown");
		goto out;
	}
	r->type = (enum ipc_type)type;
	(void)strlcpy(what, "report ", sizeof(what));
	(void)strlcat(what, type_names[type], sizeof(what));
	ret = report_take(o, r, what, fail);
	if (ret != 0)
		ipc_report_free(r);
out:
	json_decref(o);
	return ret;
}

void
ipc_report_free(struct ipc_report *r)
{
	switch (r->type) {
	case IPC_INTENT:
	case IPC_FACT:
		job_facts_free(&r->u.facts);
		break;
	case IPC_PROGRESS:
		free(r->u.progress.text);
		break;
	case IPC_CALL:
		free(r->u.call.method);
		free(r->u.call.where);
		free(r->u.call.error);
		break;
	case IPC_RESULT:
		job_result_free(&r->u.result);
		break;
	default:
		break;
	}
	memset(r, 0, sizeof(*r));
}

/* --- when a report may come --- */

#define HELLO	1u
#define ORDERED	2u
#define WAITING	4u
#define RESULT	8u

static const struct {
	unsigned	must, must_not;	/* have happened */
} permits[IPC_REPORT_TYPES] = {
	[IPC_HELLO] = { 0, HELLO | RESULT },
	[IPC_INTENT] = { HELLO | ORDERED, WAITING | RESULT },
	/* also while waiting: a stop may come then and undo something */
	[IPC_FACT] = { HELLO | ORDERED, RESULT },
	[IPC_PROGRESS] = { HELLO | ORDERED, RESULT },
	[IPC_CALL] = { HELLO | ORDERED, RESULT },
	[IPC_NEED_CREDENTIALS] = { HELLO | ORDERED, WAITING | RESULT },
	[IPC_RESULT] = { HELLO | ORDERED, RESULT },
};

bool
ipc_permitted(const struct ipc_turn *t, enum ipc_type type)
{
	unsigned now = (t->hello ? HELLO : 0) | (t->ordered ? ORDERED : 0) |
	    (t->waiting ? WAITING : 0) | (t->result ? RESULT : 0);

	if ((unsigned)type >= IPC_REPORT_TYPES || t->lines >= IPC_REPORTS_MAX)
		return false;
	return (now & permits[type].must) == permits[type].must &&
	    (now & permits[type].must_not) == 0;
}

void
ipc_turn_took(struct ipc_turn *t, enum ipc_type type)
{
	t->lines++;
	if (type == IPC_HELLO)
		t->hello = true;
	else if (type == IPC_INTENT || type == IPC_NEED_CREDENTIALS)
		t->waiting = true;
	else if (type == IPC_RESULT)
		t->result = true;
}
