/*
 * From the order to the result: chooses the action and turns its failure or a
 * stop into a result.
 */
#include <sys/prctl.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "confine.h"
#include "end_sandbox.h"
#include "log.h"
#include "mem.h"
#include "report.h"
#include "run.h"
#include "run_command.h"
#include "start_sandbox.h"
#include "task.h"

#define PROCESS_TITLE	"quali-executor"
#define STOP_TEXT_MAX	4000	/* bytes in which a stop describes its
				   clean-up */
#define LOGOUT_MS	2000	/* the result is out; nobody waits for it */

struct action {
	enum ipc_step	  step;		/* its first step */
	int		(*carry_out)(struct task *, struct fail *);
	void		(*stop)(struct task *, struct buf *);
};

static const struct action actions[ACTION_MAX] = {
	[ACTION_START] = { STEP_BLUEPRINT, start_sandbox, start_sandbox_stop },
	[ACTION_RUN] = { STEP_ARTIFACT_READ, run_command, run_command_stop },
	[ACTION_END] = { STEP_ARTIFACT_READ, end_sandbox, end_sandbox_stop },
};

static const struct action cleanup = { STEP_CLEANUP, clean_up, NULL };

/* To choose one of two artifacts would be a guess. */
static int
check_artifacts(const struct task *t, struct fail *fail)
{
	if (t->order.data.ninputs > 1)
		return fail_set(fail, FAIL_CONFIG, "the action has %zu input "
		    "artifacts: give it one, the output artifact of "
		    "Quali-Start-Sandbox", t->order.data.ninputs);
	if (t->order.data.noutputs > 1)
		return fail_set(fail, FAIL_CONFIG, "the action has %zu output "
		    "artifacts: give it at most one", t->order.data.noutputs);
	return 0;
}

static void
set_result(struct task *t, enum job_outcome outcome, const char *text)
{
	free(t->result.text);
	t->result.outcome = outcome;
	t->result.text = xstrdup(text);
	if (t->result.external_id == NULL && t->facts.sandbox_id[0] != '\0')
		t->result.external_id = xstrdup(t->facts.sandbox_id);
}

static void
failed(struct task *t, const struct fail *fail)
{
	set_result(t, OUTCOME_FAILURE, fail->text);
	t->result.kind = fail->kind;
	if (t->result.variables != NULL)
		json_decref(t->result.variables);
	t->result.variables = NULL;
}

/* fail: how the action ended; keeps its text unless it only says that there was
 * a stop. */
static void
stop(struct task *t, const struct action *a, const struct fail *fail)
{
	const char *peer = http_unanswered(t->http);
	char waited[400] = "";
	struct buf text;

	/* ask now, since the clean-up makes calls, too */
	if (peer != NULL)
		(void)snprintf(waited, sizeof(waited), " %s (%s) did not "
		    "answer the last request in time.", t->peer, peer);
	buf_init(&text, STOP_TEXT_MAX);
	orders_begin_stop(&t->orders);
	t->settings.timeout_ms = STOP_CALL_MS(t->orders.stop_ms);
	if (a->stop != NULL)
		a->stop(t, &text);
	if (fail->kind != FAIL_STOPPED)
		(void)buf_addf(&text, " (Before that: %.1000s)", fail->text);
	else
		(void)buf_adds(&text, waited);
	set_result(t, OUTCOME_STOPPED, buf_text(&text));
	buf_free(&text);
}

static enum ipc_exit
carry_out(struct task *t)
{
	const struct action *a = &actions[t->order.action];
	struct fail fail = { 0 };
	int rv;

	if (t->order.kind == ORDER_CLEANUP)
		a = &cleanup;
	report_progress(a->step, NULL);
	rv = check_artifacts(t, &fail);
	if (rv == 0)
		rv = a->carry_out(t, &fail);
	if (rv == 0)
		t->result.outcome = OUTCOME_SUCCESS;
	else if (t->orders.halt == HALT_STOP)
		stop(t, a, &fail);
	else if (fail.kind == FAIL_STOPPED)
		return IPC_EXIT_PARKED;
	else
		failed(t, &fail);
	report_result(&t->result);
	return IPC_EXIT_OK;
}

enum ipc_exit
run_executor(pid_t supervisor, const int fds[IPC_ZYGOTE_FDS])
{
	struct task t = { 0 };
	enum ipc_exit status;

	setproctitle("-%s", PROCESS_TITLE);
	(void)prctl(PR_SET_NAME, PROCESS_TITLE);
	if (confine(supervisor, fds, IPC_ZYGOTE_FDS) != 0) {
		log_warn("executor cannot confine itself");
		return IPC_EXIT_CONFINE;
	}
	report_open(fds[1]);
	report_hello();
	if (orders_open(&t.orders, fds[0]) != 0) {
		log_warn("executor cannot listen");
		return IPC_EXIT_CONFINE;
	}
	t.orders.outdated = confine_outdated;
	report_words();
	status = orders_first(&t.orders, &t.order);
	if (status != IPC_EXIT_OK)
		return status;
	task_open(&t);
	status = carry_out(&t);
	if (status == IPC_EXIT_OK) {
		t.settings.timeout_ms = LOGOUT_MS;
		cs_logout(t.cs);
	}
	task_close(&t);
	return status;
}
