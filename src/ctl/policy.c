/*
 * qualictl policy: the least IAM policy, for the worker or for the person who
 * registers the action types.
 */
#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "endpoint.h"
#include "http_tls.h"
#include "options.h"
#include "out.h"
#include "policy.h"
#include "policy_document.h"
#include "session.h"

/* Of names of pipelines (aws-contract 1.4). */
#define PIPELINE_NAME_MAX	100
#define PIPELINE_CHARACTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
				"abcdefghijklmnopqrstuvwxyz0123456789.@-_"

const struct ctl_option policy_options[] = {
	{ "installer", NULL, "for the person who registers the action types" },
	{ "stop-check", NULL, "add what seeing stopped executions needs" },
	{ "pipeline", "NAME", "with --stop-check: only this pipeline" },
	{ "account", "ID", "the account; without it, AWS is asked" },
	{ NULL, NULL, NULL },
};

/* Where the policy is for; texts are borrowed. */
struct where {
	struct policy_scope	 scope;
	struct sts_identity	 who;
	struct session		 session;
};

static bool
account_valid(const char *account)
{
	return strlen(account) == 12 &&
	    strspn(account, "0123456789") == 12;
}

/* What is wrong with the options; NULL: nothing. */
static const char *
options_fault(const struct ctl *ctl, int argc)
{
	const char *account = options_value(ctl, "account");
	const char *pipeline = options_value(ctl, "pipeline");
	bool stop_check = options_value(ctl, "stop-check") != NULL;

	if (argc > 0)
		return "policy: takes only options";
	if (account != NULL && !account_valid(account))
		return "--account: 12 digits";
	if (stop_check && options_value(ctl, "installer") != NULL)
		return "--installer and --stop-check are for two people: use "
		    "one of them";
	if (pipeline != NULL && !stop_check)
		return "--pipeline: only with --stop-check";
	if (pipeline != NULL && (strlen(pipeline) > PIPELINE_NAME_MAX ||
	    pipeline[strspn(pipeline, PIPELINE_CHARACTERS)] != '\0'))
		return "--pipeline: the name of a pipeline";
	return NULL;
}

/* As the look-up would find it; NULL: a file of AWS's must say it. */
static const char *
region_known(const struct ctl *ctl)
{
	const char *region = ctl->region != NULL ? ctl->region :
	    ctl->conf.aws.region;

	if (region == NULL)
		region = getenv("AWS_REGION");
	if (region == NULL || *region == '\0')
		region = getenv("AWS_DEFAULT_REGION");
	return region == NULL || *region == '\0' ? NULL : region;
}

static int
where_find(struct ctl *ctl, struct where *w, struct fail *fail)
{
	struct session *s = &w->session;

	w->scope.account = options_value(ctl, "account");
	w->scope.region = region_known(ctl);
	if (w->scope.account == NULL || w->scope.region == NULL) {
		http_init();
		if (session_keys(ctl, s, fail) != 0)
			return w->scope.account != NULL ? -1 : fail_add(fail,
			    "With --account and --region nobody is asked");
		w->scope.region = s->found.region;
	}
	if (w->scope.region == NULL)
		return fail_set(fail, FAIL_CONFIG, "no AWS region: give "
		    "--region, or set region in [aws] of worker.conf");
	if (!aws_region_valid(w->scope.region))
		return fail_set(fail, FAIL_CONFIG, "the AWS region does not "
		    "look like one, such as us-east-1");
	w->scope.partition = aws_partition(w->scope.region);
	if (w->scope.account != NULL)
		return 0;
	if (session_identity(ctl, s, &w->who, fail) != 0)
		return fail_add(fail, "With --account AWS is not asked");
	w->scope.account = w->who.account;
	return account_valid(w->who.account) ? 0 : fail_set(fail, FAIL_SYSTEM,
	    "GetCallerIdentity: no account in the answer: give --account");
}

/* The policy; what is polled for, or for the installer whatever is there. */
static json_t *
make(const struct ctl *ctl, const struct choice *choice,
    const struct policy_scope *scope)
{
	struct cp_action_type types[ACTION_MAX * DEFINITION_VERSIONS_MAX];
	bool installer = options_value(ctl, "installer") != NULL;
	json_t *statements = json_array();
	bool tags = false;
	size_t n = 0;

	for (size_t i = 0; i < choice->n; i++) {
		const struct chosen *c = &choice->types[i];

		tags = tags || json_object_get(c->input, "tags") != NULL;
		if (installer)
			types[n++] = c->definition.type;
		for (size_t k = 0; !installer && k < c->npolled; k++)
			types[n++] = c->polled[k];
	}
	if (installer)
		policy_installer(statements, scope, types, n, tags);
	else
		policy_worker(statements, scope, types, n);
	if (options_value(ctl, "stop-check") != NULL)
		policy_stop_check(statements, scope, options_value(ctl,
		    "pipeline"));
	return policy_document(statements);
}

int
policy(struct ctl *ctl, int argc, char **argv)
{
	struct choice choice = { .n = 0 };
	struct where w = { .scope = { NULL, NULL, NULL } };
	const char *wrong = options_fault(ctl, argc);
	struct fail fail;
	json_t *document = NULL;
	int status = CTL_OK;

	(void)argv;
	if (wrong != NULL) {
		out_error("%s", wrong);
		return CTL_USAGE;
	}
	if (chosen_load(&choice, ctl, 0, NULL, &fail) == 0 &&
	    where_find(ctl, &w, &fail) == 0) {
		document = make(ctl, &choice, &w.scope);
		out_json(document);
	} else {
		out_error("%s", fail.text);
		status = out_status(&fail);
	}
	json_decref(document);
	chosen_free(&choice);
	session_close(&w.session);
	return status;
}
