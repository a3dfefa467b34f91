/*
 * qualictl: sets up, checks and explains quali-job-worker. One command, then it
 * ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "help.h"
#include "http_tls.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "out.h"
#include "service.h"
#include "sys.h"

#define CONF_PATH	SERVICE_DIR "/worker.conf"

static const struct command commands[] = {
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
	if ((ctl->command->needs & CTL_CONF) != 0 && ctl->nfaults > 0) {
		for (size_t i = 0; i < ctl->nfaults; i++)
			out_error("%s", ctl->faults[i]);
		return CTL_FAILED;
	}
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
