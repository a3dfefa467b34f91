/*
 * IAM policies. AWS's pages write "actiontype" in two ways, and resources are
 * compared by case, so every ARN stands there twice.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "policy_document.h"

#define ARN_MAX	512	/* bytes */

/* A statement with these actions; takes the resource. */
static json_t *
statement(json_t *statements, const char *sid, const char *const *actions,
    json_t *resource)
{
	json_t *s = json_object(), *list = json_array();
	char action[128];

	for (; *actions != NULL; actions++) {
		(void)snprintf(action, sizeof(action), "codepipeline:%s",
		    *actions);
		(void)json_array_append_new(list, json_string(action));
	}
	json_put_text(s, "Sid", sid);
	json_put_text(s, "Effect", "Allow");
	(void)json_object_set_new(s, "Action", list);
	(void)json_object_set_new(s, "Resource", resource);
	(void)json_array_append_new(statements, s);
	return s;
}

/* For actions that cannot be narrowed to a resource. */
static void
only_in_region(json_t *s, const struct policy_scope *scope)
{
	json_t *equals = json_object(), *condition = json_object();

	json_put_text(equals, "aws:RequestedRegion", scope->region);
	(void)json_object_set_new(condition, "StringEquals", equals);
	(void)json_object_set_new(s, "Condition", condition);
}

static void
add_arn(json_t *list, const struct policy_scope *scope, const char *resource)
{
	char arn[ARN_MAX];

	(void)snprintf(arn, sizeof(arn), "arn:%s:codepipeline:%s:%s:%s",
	    scope->partition, scope->region, scope->account, resource);
	(void)json_array_append_new(list, json_string(arn));
}

/* Both spellings of each type; any version, or the type's own. */
static json_t *
type_arns(const struct policy_scope *scope, const struct cp_action_type *types,
    size_t n, bool any_version)
{
	static const char *const spellings[] = { "actiontype", "actionType" };
	json_t *list = json_array();
	char resource[128];

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < n; i++) {
			(void)snprintf(resource, sizeof(resource),
			    "%s:Custom/%s/%s/%s", spellings[k],
			    types[i].category, types[i].provider,
			    any_version ? "*" : types[i].version);
			add_arn(list, scope, resource);
		}
	return list;
}

static json_t *
pipeline_arn(const struct policy_scope *scope, const char *pipeline)
{
	json_t *list = json_array();

	add_arn(list, scope, pipeline != NULL ? pipeline : "*");
	return list;
}

void
policy_worker(json_t *statements, const struct policy_scope *scope,
    const struct cp_action_type *types, size_t n)
{
	static const char *const poll[] = { "PollForJobs", NULL };
	static const char *const jobs[] = { "AcknowledgeJob", "GetJobDetails",
	    "PutJobSuccessResult", "PutJobFailureResult", NULL };

	(void)statement(statements, "Poll", poll, type_arns(scope, types, n,
	    false));
	only_in_region(statement(statements, "Jobs", jobs, json_string("*")),
	    scope);
}

void
policy_stop_check(json_t *statements, const struct policy_scope *scope,
    const char *pipeline)
{
	static const char *const looks[] = { "GetPipelineExecution",
	    "ListActionExecutions", NULL };

	(void)statement(statements, "StopCheck", looks, pipeline_arn(scope,
	    pipeline));
}

void
policy_installer(json_t *statements, const struct policy_scope *scope,
    const struct cp_action_type *types, size_t n, bool tags)
{
	const char *const changes[] = { "CreateCustomActionType",
	    "DeleteCustomActionType", tags ? "TagResource" : NULL, NULL };
	static const char *const lists[] = { "ListActionTypes",
	    "ListPipelines", NULL };
	static const char *const looks[] = { "GetPipeline", NULL };

	(void)statement(statements, "Register", changes, type_arns(scope,
	    types, n, true));
	only_in_region(statement(statements, "List", lists, json_string("*")),
	    scope);
	(void)statement(statements, "LookWhoUsesThem", looks,
	    pipeline_arn(scope, NULL));
}

json_t *
policy_document(json_t *statements)
{
	json_t *o = json_object();

	json_put_text(o, "Version", "2012-10-17");
	(void)json_object_set_new(o, "Statement", statements);
	return o;
}
