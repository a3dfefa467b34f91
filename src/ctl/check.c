/*
 * The doctor: its parts in order, CloudShell's side by side with AWS's, and the
 * lines that no part has reached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "check.h"
#include "check_aws.h"
#include "check_cloudshell.h"
#include "check_local.h"
#include "checking.h"
#include "json.h"
#include "options.h"
#include "out.h"

#define CLOUDSHELL_MS	60000	/* more than all of its time limits */

/* Each name has a line in every run. */
static const char *const local_names[] = { "configuration", "environment",
	"files", "cloudshell.password", NULL };
static const char *const aws_names[] = { "aws.credentials", "aws.region",
	"codepipeline.proxy", "codepipeline.dns", "codepipeline.tcp",
	"codepipeline.tls", "aws.identity", "clock",
	"permission.AcknowledgeJob", "permission.GetJobDetails",
	"permission.PutJobSuccessResult", "permission.PutJobFailureResult",
	"permission.PollForJobs", "permission.ListActionTypes", "actions",
	NULL };
static const char *const cloudshell_names[] = { "cloudshell.proxy",
	"cloudshell.dns", "cloudshell.tcp", "cloudshell.tls",
	"cloudshell.login", "cloudshell.blueprints", NULL };
static const char *const blueprint_names[] = { "cloudshell.blueprint",
	"cloudshell.inputs", NULL };

/* Lines for the names that have none yet. */
static void
skip_rest(struct findings *f, const char *const *names, const char *why)
{
	for (; *names != NULL; names++)
		if (!findings_has(f, *names))
			finding(f, *names, FINDING_SKIPPED, NULL, "%s", why);
}

static void
skip_cloudshell(struct checking *k, const char *why)
{
	skip_rest(&k->found, cloudshell_names, why);
	if (k->blueprint != NULL)
		skip_rest(&k->found, blueprint_names, why);
}

/* In the child: the lines and the blueprint as one value. */
static json_t *
visit_cloudshell(void *arg)
{
	struct checking *k = arg;

	findings_free(&k->found);
	findings_init(&k->found, NULL);
	check_cloudshell(k);
	return json_pack("{s:o, s:O?}", "list", k->found.list, "offer",
	    k->offer);
}

static void
take_cloudshell(struct checking *k, struct aside *aside)
{
	json_t *value = aside_end(aside, CLOUDSHELL_MS);

	if (value == NULL) {
		finding(&k->found, "cloudshell.login", FINDING_FAILED,
		    "try again", "the look at CloudShell came to no end");
		return;
	}
	findings_take(&k->found, value);
	if (json_object_of(value, "offer") != NULL) {
		json_decref(k->offer);
		k->offer = json_incref(json_object_get(value, "offer"));
	}
	json_decref(value);
}

static void
check_network(struct checking *k)
{
	struct aside *aside = aside_start(visit_cloudshell, k);

	check_aws(k);
	skip_rest(&k->found, aws_names, "depends on what failed above");
	if (aside != NULL)
		take_cloudshell(k, aside);
	else
		check_cloudshell(k);
	skip_cloudshell(k, "depends on what failed above");
}

static void
check_all(struct checking *k)
{
	bool known = check_surroundings(k), good = check_settings(k);
	const char *why = "correct the configuration first";

	if (good) {
		check_files(k);
		check_password(k);
	}
	skip_rest(&k->found, local_names, why);
	if (good && known && !k->offline) {
		check_network(k);
		return;
	}
	if (k->offline)
		why = "--offline";
	else if (good)
		why = "depends on the environment";
	skip_rest(&k->found, aws_names, why);
	skip_cloudshell(k, why);
}

static int
status_of(const struct findings *f)
{
	if (f->count[FINDING_FAILED] > 0)
		return CTL_FAILED;
	return f->count[FINDING_DENIED] > 0 ? CTL_DENIED : CTL_OK;
}

static void
print(const struct checking *k)
{
	const struct findings *f = &k->found;
	char *summary = findings_summary(f);
	json_t *o;

	if (k->ctl->json) {
		o = json_pack("{s:b, s:s, s:i, s:i, s:i, s:O, s:O, s:o}",
		    "ok", status_of(f) == CTL_OK, "summary", summary,
		    "failed", (int)(f->count[FINDING_FAILED] +
		    f->count[FINDING_DENIED]), "warnings",
		    (int)f->count[FINDING_WARNING], "skipped",
		    (int)f->count[FINDING_SKIPPED], "checks", f->list,
		    "blueprint", k->offer, "error", json_null());
		out_json(o);
		json_decref(o);
	} else
		out_line("%s", summary);
	free(summary);
}

const struct ctl_option check_options[] = {
	{ "offline", NULL, "leave the network out" },
	{ "blueprint", "NAME", "look at this blueprint, and print its inputs "
	    "as InputsJSON" },
	{ NULL, NULL, NULL },
};

int
check_run(struct ctl *ctl, int argc, char **argv)
{
	struct checking k = { .ctl = ctl, .offer = json_null(),
	    .offline = options_value(ctl, "offline") != NULL,
	    .blueprint = options_value(ctl, "blueprint") };
	int status;

	(void)argv;
	if (argc > 0) {
		out_error("check: takes only options");
		return CTL_USAGE;
	}
	findings_init(&k.found, ctl->json ? NULL : stdout);
	check_all(&k);
	print(&k);
	status = status_of(&k.found);
	findings_free(&k.found);
	json_decref(k.offer);
	secret_free(k.password);
	return status;
}
