/*
 * Names used in orders, reports and the ledger, and freeing what is known about
 * a job.
 */
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "mem.h"
#include "names.h"

static const char *const action_names[ACTION_MAX] = {
	[ACTION_START] = "start-sandbox",
	[ACTION_RUN] = "run-command",
	[ACTION_END] = "end-sandbox",
};

static const char *const outcome_names[OUTCOME_MAX] = {
	[OUTCOME_NONE] = "none",
	[OUTCOME_SUCCESS] = "success",
	[OUTCOME_FAILURE] = "failure",
	[OUTCOME_STOPPED] = "stopped",
	[OUTCOME_CONTINUE] = "continue",
};

static const char *const intent_names[INTENT_MAX] = {
	[INTENT_NONE] = "none",
	[INTENT_SANDBOX] = "sandbox-start",
	[INTENT_COMMAND] = "command-start",
};

const char *
job_action_name(enum job_action a)
{
	return (unsigned)a < ACTION_MAX ? action_names[a] : "unknown";
}

enum job_action
job_action_parse(const char *name)
{
	return (enum job_action)name_find(action_names, ACTION_MAX, name,
	    ACTION_MAX);
}

const char *
job_outcome_name(enum job_outcome o)
{
	return outcome_names[(unsigned)o < OUTCOME_MAX ? o : OUTCOME_NONE];
}

enum job_outcome
job_outcome_parse(const char *name)
{
	return (enum job_outcome)name_find(outcome_names, OUTCOME_MAX, name,
	    OUTCOME_NONE);
}

const char *
job_intent_name(enum job_intent i)
{
	return intent_names[(unsigned)i < INTENT_MAX ? i : INTENT_NONE];
}

enum job_intent
job_intent_parse(const char *name)
{
	return (enum job_intent)name_find(intent_names, INTENT_MAX, name,
	    INTENT_NONE);
}

static void
artifacts_free(struct job_artifact *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].bucket);
		free(list[i].key);
	}
}

void
job_data_free(struct job_data *d)
{
	/* all slots, not only those counted: a decoder may give up halfway */
	artifacts_free(d->inputs, JOB_ARTIFACTS_MAX);
	artifacts_free(d->outputs, JOB_ARTIFACTS_MAX);
	json_decref(d->configuration);
	credentials_free(&d->credentials);
	free(d->encryption_key);
	free(d->encryption_type);
	free(d->continuation);
	free(d->unread);
	explicit_bzero(d, sizeof(*d));
}

void
job_result_free(struct job_result *r)
{
	free(r->text);
	free(r->external_id);
	json_decref(r->variables);
	free(r->continuation);
	memset(r, 0, sizeof(*r));
}

int
job_facts_lost(const struct job_facts *facts)
{
	return facts->starts_lost + (facts->intent == INTENT_SANDBOX);
}

void
job_facts_free(struct job_facts *facts)
{
	free(facts->sandbox_name);
	free(facts->blueprint);
	free(facts->giving_up);
	memset(facts, 0, sizeof(*facts));
}

void
job_facts_copy(struct job_facts *to, const struct job_facts *from)
{
	*to = *from;
	to->sandbox_name = xstrdup(from->sandbox_name);
	to->blueprint = xstrdup(from->blueprint);
	to->giving_up = xstrdup(from->giving_up);
}
