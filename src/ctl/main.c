/*
 * qualictl: sets up, checks and explains quali-job-worker. One command, then it
 * ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actions_install.h"
#include "actions_list.h"
#include "actions_show.h"
#include "actions_uninstall.h"
#include "actions_validate.h"
#include "check.h"
#include "command.h"
#include "help.h"
#include "http_tls.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "out.h"
#include "policy.h"
#include "service.h"
#include "sys.h"

#define CONF_PATH	SERVICE_DIR "/worker.conf"

/* What libraries, the AWS programs and the settings read; nothing else reaches
 * them, such as SSLKEYLOGFILE. */
static const char *const kept_variables[] = { SYS_KEPT_VARIABLES, "TERM",
	"CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL };

static const struct command commands[] = {
	{ .name = "actions list", .usage = "[NAME ...]",
	    .summary = "compare the action types of the account with the files",
	    .details = "NAME is start-sandbox, run-command or end-sandbox. "
	    "States: same, differs,\nmissing (not registered), other "
	    "(another version than the file's). \"polled\"\nmarks the "
	    "versions that the worker polls for.",
	    .needs = CTL_NETWORK, .run = actions_list },
	{ .name = "actions install", .usage = "[--dry-run] [NAME ...]",
	    .summary = "register the action types that are missing",
	    .details = "NAME is start-sandbox, run-command or end-sandbox. "
	    "AWS cannot change a\nregistered type: for another definition "
	    "raise \"version\" in its file.",
	    .options = actions_install_options,
	    .needs = CTL_NETWORK, .run = actions_install },
	{ .name = "actions uninstall",
	    .usage = "[--version N] [--yes] [NAME ...]",
	    .summary = "delete action types from the account",
	    .details = "NAME is start-sandbox, run-command or end-sandbox. "
	    "Before it asks, it says which\npipelines use them, if the "
	    "permissions allow it to look.",
	    .options = actions_uninstall_options,
	    .needs = CTL_NETWORK, .run = actions_uninstall },
	{ .name = "actions show", .usage = "[--format NAME] [NAME ...]",
	    .summary = "print the definitions as they would be registered",
	    .details = "Formats: json, for `aws codepipeline "
	    "create-custom-action-type`; cloudformation,\na template; "
	    "terraform, resources.",
	    .options = actions_show_options,
	    .run = actions_show },
	{ .name = "actions validate", .usage = "[NAME|FILE ...]",
	    .summary = "check definition files, without AWS",
	    .run = actions_validate },
	{ .name = "policy", .usage = "[--account ID] [--installer |\n"
	    "           --stop-check [--pipeline NAME]]",
	    .summary = "print the IAM policy that the worker needs",
	    .details = "With --account and a region it asks nobody.",
	    .options = policy_options, .run = policy },
	{ .name = "check", .usage = "[--offline] [--blueprint NAME]",
	    .summary = "say whether the worker can work, and what to do if not",
	    .details = "It changes nothing, and takes no job from a worker "
	    "that runs. Status 1:\nsomething failed; 77: this user may not "
	    "read what it needs.",
	    .options = check_options,
	    .needs = CTL_NETWORK | CTL_SERVICE, .run = check_run },
	{ .name = NULL },
};

/* --- the configuration --- */

static void
keep_fault(const char *text, void *arg)
{
	struct ctl *ctl = arg;

	if (ctl->nfaults < CTL_FAULTS_MAX)
		ctl->faults[ctl->nfaults++] = xstrdup(text);
}

static void
keep_remark(const char *text, void *arg)
{
	struct ctl *ctl = arg;

	if (ctl->nremarks < CTL_FAULTS_MAX)
		ctl->remarks[ctl->nremarks++] = xstrdup(text);
}

static void
read_conf(struct ctl *ctl)
{
	ctl->installed = ctl->conf_path == NULL ||
	    strcmp(ctl->conf_path, CONF_PATH) == 0;
	ctl->conf_absent = ctl->conf_path == NULL &&
	    access(CONF_PATH, F_OK) != 0 && errno == ENOENT;
	if (ctl->conf_path == NULL)
		ctl->conf_path = CONF_PATH;
	if (ctl->installed && (ctl->command->needs & CTL_SERVICE) != 0) {
		ctl->service = service_load(SERVICE_DIR);
		service_enter(ctl->service);
	}
	conf_defaults(&ctl->conf);
	if (!ctl->conf_absent)
		(void)conf_load(&ctl->conf, ctl->conf_path, keep_fault, ctl);
	(void)conf_check(&ctl->conf, ctl->conf_path, keep_remark, ctl);
}

static void
free_all(struct ctl *ctl)
{
	conf_free(&ctl->conf);
	service_free(ctl->service);
	for (size_t i = 0; i < ctl->nfaults; i++)
		free(ctl->faults[i]);
	for (size_t i = 0; i < ctl->nremarks; i++)
		free(ctl->remarks[i]);
}

/* --- one command --- */

static int
run(struct ctl *ctl, int argc, char **argv)
{
	read_conf(ctl);
	if ((ctl->command->needs & CTL_NETWORK) != 0)
		http_init();
	return ctl->command->run(ctl, argc, argv);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	int operands = 0, noperands = 0, status;
	const char *topic;

	sys_clean_environment(kept_variables);
	json_init();
	sys_fill_stdio();
	sys_reset_signals();
	sys_no_core();
	log_init("qualictl", LOG_ERR);
	switch (options_read(&ctl, commands, argc, argv, &operands,
	    &noperands, &topic)) {
	case WISH_RUN:
		status = run(&ctl, noperands, argv + operands);
		break;
	case WISH_HELP:
		status = CTL_OK;
		if (help_print(commands, topic) != 0) {
			out_error("%s: no such command; `qualictl help` lists "
			    "them", topic);
			status = CTL_USAGE;
		}
		break;
	case WISH_VERSION:
		(void)puts("qualictl " VERSION);
		status = CTL_OK;
		break;
	default:
		status = CTL_USAGE;
	}
	free_all(&ctl);
	return out_close(status);
}
