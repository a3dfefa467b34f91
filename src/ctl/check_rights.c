/*
 * Permissions are told apart by what CodePipeline says about a job that does
 * not exist (aws-2026 2.4): it checks the permission first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "check_rights.h"
#include "check_types.h"
#include "chosen.h"
#include "codepipeline.h"
#include "json.h"
#include "running.h"
#include "sys.h"

#define SKEW_WARN_S	60
#define SKEW_FAIL_S	240	/* AWS refuses signatures at 300 */

#define POLICY "give the worker's identity the policy that `qualictl policy` " \
	"prints"

enum outcome { ALLOWED, DENIED, REFUSED, UNKNOWN };

struct rights {
	struct checking	*k;
	struct api	*api;
	bool		 clock_told;
	bool		 refused;	/* the keys, or there is no answer:
					   enough is said */
	bool		 polled;	/* each type */
	json_t		*seen;		/* types that a poll found, in the form
					   of ListActionTypes */
};

/* --- the clock --- */

static void
say_clock(struct rights *r, const struct aws_error *e)
{
	int64_t skew = e->server_wall - sys_wall(), off = llabs(skew);
	enum finding_status status = off > SKEW_FAIL_S ? FINDING_FAILED :
	    off > SKEW_WARN_S ? FINDING_WARNING : FINDING_OK;

	if (r->clock_told || e->server_wall == 0)
		return;
	r->clock_told = true;
	if (status == FINDING_OK)
		finding(&r->k->found, "clock", status, NULL, off <= 1 ?
		    "as AWS's" : "%lld s off AWS's", (long long)off);
	else
		finding(&r->k->found, "clock", status, "have it set by NTP: "
		    "timedatectl set-ntp true", "this host's clock is %lld s "
		    "%s AWS's; from 300 s on AWS refuses signatures",
		    (long long)off, skew > 0 ? "behind" : "ahead of");
}

/* --- one call --- */

/* Whether AWS would let this identity call the operation. *answer: its answer,
 * if it did; the caller frees it. */
static enum outcome
ask(struct rights *r, const char *operation, const json_t *input,
    json_t **answer, struct aws_error *e, struct fail *fail)
{
	memset(e, 0, sizeof(*e));
	*answer = api_call(r->api, operation, input, e, fail);
	say_clock(r, e);
	if (*answer != NULL || strcmp(e->code, "JobNotFoundException") == 0)
		return ALLOWED;
	if (fail->kind == FAIL_PERMISSION)
		return DENIED;
	if (e->class == AWS_CREDENTIALS)
		return REFUSED;
	return UNKNOWN;
}

static const char *
right(const char *operation, char *dst, size_t size)
{
	(void)snprintf(dst, size, "permission.%s", operation);
	return dst;
}

static void
judge(struct rights *r, const char *operation, enum outcome outcome,
    const struct fail *fail)
{
	struct findings *f = &r->k->found;
	char name[64];

	(void)right(operation, name, sizeof(name));
	switch (outcome) {
	case ALLOWED:
		finding(f, name, FINDING_OK, NULL, "allowed");
		break;
	case DENIED:
		finding(f, name, FINDING_FAILED, POLICY, "%s", fail->text);
		break;
	case REFUSED:
		finding(f, "aws.identity", FINDING_FAILED, "replace the keys "
		    "at their source (aws.credentials above)",
		    "CodePipeline refuses the keys: %s", fail->text);
		r->refused = true;
		break;
	case UNKNOWN:
		finding(f, name, FINDING_FAILED, "see what answers at the "
		    "address of CodePipeline above", "%s", fail->text);
		r->refused = true;
		break;
	}
}

/* --- a job that cannot exist --- */

static void
random_id(char id[37])
{
	unsigned char b[16];

	arc4random_buf(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	(void)snprintf(id, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
	    b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static json_t *
input_of(const char *operation, const char *id)
{
	if (strcmp(operation, "AcknowledgeJob") == 0)
		return cp_acknowledge_input(id, "1");
	if (strcmp(operation, "PutJobFailureResult") == 0)
		return json_pack("{s:s, s:{s:s, s:s}}", "jobId", id,
		    "failureDetails", "type", "JobFailed", "message",
		    "qualictl check");
	return cp_details_input(id);
}

static void
check_job_rights(struct rights *r)
{
	static const char *const operations[] = { "AcknowledgeJob",
		"GetJobDetails", "PutJobSuccessResult",
		"PutJobFailureResult" };
	struct aws_error e;
	struct fail fail;
	json_t *input, *answer;
	enum outcome outcome;
	char id[37];

	for (size_t i = 0; i < 4 && !r->refused; i++) {
		random_id(id);
		input = input_of(operations[i], id);
		outcome = ask(r, operations[i], input, &answer, &e, &fail);
		judge(r, operations[i], outcome, &fail);
		json_decref(answer);
		json_decref(input);
	}
}

/* --- polling --- */

/* With a value that no job has, CodePipeline hands out none. */
static json_t *
poll_input(const struct cp_action_type *type)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "qualictl-check-%08x",
	    arc4random());
	return cp_poll_input(type, type->property[0] != '\0' ? value : NULL,
	    1);
}

/* Why a type without such a property may not be polled; NULL: it may. */
static const char *
why_not_poll(const struct checking *k)
{
	switch (running_worker(k->ctl->conf.worker.state_dir)) {
	case 0:
		return NULL;
	case 1:
		return "a worker runs, and a poll might take a job from it: "
		    "whether its own polls are refused, its log tells";
	default:
		return "this user cannot tell whether a worker runs, from "
		    "which a poll might take a job";
	}
}

/* Poll once; whatever comes is dropped, and CodePipeline offers it again. -1:
 * the rest need not be asked. */
static int
poll_one(struct rights *r, const struct cp_action_type *type)
{
	json_t *answer, *input = poll_input(type);
	struct aws_error e;
	struct fail fail;
	enum outcome outcome = ask(r, "PollForJobs", input, &answer, &e,
	    &fail);

	if (outcome == ALLOWED)
		(void)json_array_append_new(r->seen, json_pack("{s:O}", "id",
		    json_object_get(input, "actionTypeId")));
	json_decref(answer);
	json_decref(input);
	/* check_types tells what is not registered */
	if (outcome == ALLOWED ||
	    strcmp(e.code, "ActionTypeNotFoundException") == 0)
		return 0;
	(void)fail_add(&fail, "This concerns %s, version %s.", type->provider,
	    type->version);
	judge(r, "PollForJobs", outcome, &fail);
	return -1;
}

static void
check_polls(struct rights *r, const struct choice *all)
{
	const char *why;

	for (size_t i = 0; i < all->n; i++) {
		const struct chosen *c = &all->types[i];

		if (c->npolled > 0 && c->definition.type.property[0] == '\0' &&
		    (why = why_not_poll(r->k)) != NULL) {
			finding(&r->k->found, "permission.PollForJobs",
			    FINDING_SKIPPED, NULL, "%s", why);
			return;
		}
		for (size_t v = 0; v < c->npolled; v++)
			if (poll_one(r, &c->polled[v]) != 0)
				return;
	}
	r->polled = true;
	finding(&r->k->found, "permission.PollForJobs", FINDING_OK, NULL,
	    "allowed for all action types that the worker polls for");
}

/* --- action types --- */

/* The worker itself does not need to list them, and its policy does not allow
 * it; polls tell as well what is registered. */
static void
check_registered(struct rights *r, const struct choice *all)
{
	struct findings *f = &r->k->found;
	const char *region = r->api->found->region;
	struct fail fail = { 0 };
	json_t *types = account_types(r->api, &fail);

	if (types != NULL || fail.kind != FAIL_PERMISSION)
		judge(r, "ListActionTypes", types != NULL ? ALLOWED : UNKNOWN,
		    &fail);
	else
		finding(f, "permission.ListActionTypes", FINDING_SKIPPED, NULL,
		    "not allowed, and the worker does not need it; `qualictl "
		    "actions list`, called by somebody who may, compares the "
		    "action types with their files");
	if (types != NULL)
		check_types(f, &r->k->ctl->conf, all, region, types, true);
	else if (r->polled)
		check_types(f, &r->k->ctl->conf, all, region, r->seen, false);
	json_decref(types);
}

/* --- all --- */

void
check_rights(struct checking *k, struct api *api)
{
	struct rights r = { .k = k, .api = api, .seen = json_array() };
	struct choice all = { 0 };
	struct fail fail;

	check_job_rights(&r);
	if (!r.refused && k->definitions && chosen_load_polled(&all,
	    &k->ctl->conf, &fail) == 0) {
		check_polls(&r, &all);
		if (!r.refused)
			check_registered(&r, &all);
	}
	chosen_free(&all);
	json_decref(r.seen);
}
