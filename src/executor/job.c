/*
 * One executor from its start to its exit: confine, say hello, read the order,
 * carry out the action, report.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "executor.h"
#include "log.h"
#include "sys.h"

#define STOP_TEXT_MAX	4000	/* what a stop says of its clean-up */
#define LOGOUT_MS	2000	/* the result is out; nobody waits for it */

struct action {
	enum ipc_step	  step;		/* where it begins */
	int		(*run)(struct exec *, struct fail *);
	void		(*stop)(struct exec *, struct buf *);
};

static const struct action actions[ACTION_MAX] = {
	[ACTION_START] = { STEP_BLUEPRINT, start_sandbox, start_sandbox_stop },
	[ACTION_RUN] = { STEP_ARTIFACT_READ, run_command, run_command_stop },
	[ACTION_END] = { STEP_ARTIFACT_READ, end_sandbox, end_sandbox_stop },
};

static const struct action cleanup = { STEP_CLEANUP, clean_up, NULL };

/* --- what the CloudShell client calls back --- */

static int
pause_cb(int64_t ms, void *arg, struct fail *f)
{
	struct exec *x = arg;

	return orders_pause(&x->orders, ms, f);
}

static void
called_cb(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	struct exec *x = arg;

	x->peer = "CloudShell";
	report_call(method, where, status, ms, attempt, error);
}

static int64_t
remaining_cb(void *arg)
{
	struct exec *x = arg;
	int64_t end = x->deadline_ms;

	if (x->orders.cut_ms < end || x->orders.halt == HALT_STOP)
		end = x->orders.cut_ms;
	return end - sys_now_ms();
}

/* --- steps --- */

/* Tell the facts and wait until they are on disk. */
static int
tell(struct exec *x, enum ipc_type type, struct fail *f)
{
	x->orders.recorded = false;
	report_facts(type, &x->facts);
	return orders_await(&x->orders, &x->orders.recorded, f);
}

/* The first request would log in by itself; told apart, a login that hangs is
 * named as such. */
int
job_login(struct exec *x, struct fail *f)
{
	report_progress(STEP_LOGIN, NULL);
	return cs_login(x->cs, f);
}

int
job_intend(struct exec *x, enum job_intent intent, struct fail *f)
{
	/* not begun, nothing to take back */
	if (orders_pause(&x->orders, 0, f) == -1)
		return -1;
	x->facts.intent = intent;
	if (tell(x, IPC_INTENT, f) == 0 &&
	    orders_pause(&x->orders, 0, f) == 0)
		return 0;
	/* halted meanwhile: an intent left open would look like a lost call */
	x->facts.intent = INTENT_NONE;
	(void)tell(x, IPC_FACT, NULL);
	return -1;
}

int
job_fact(struct exec *x, struct fail *f)
{
	x->facts.intent = INTENT_NONE;
	return tell(x, IPC_FACT, f);
}

bool
job_passing(const struct fail *f, unsigned *faults)
{
	(*faults)++;
	if (f->kind == FAIL_AGAIN || f->kind == FAIL_UNSURE)
		return true;	/* the deadline ends it */
	return f->kind == FAIL_SYSTEM && *faults < 5;
}

/* --- from the order to the result --- */

static void
set_up(struct exec *x)
{
	struct cs_settings *s = &x->settings;

	x->deadline_ms = sys_now_ms() + x->order.remaining_ms;
	x->credentials_ms = sys_now_ms();
	job_facts_copy(&x->facts, &x->order.facts);
	x->interrupt.fds[0] = x->orders.epoll;
	x->interrupt.fds[1] = -1;
	x->interrupt.asked = orders_asked;
	x->interrupt.arg = &x->orders;
	x->http = http_client_new(&x->interrupt);
	s->url = x->order.cloudshell.url;
	s->user = x->order.cloudshell.user;
	s->domain = x->order.cloudshell.domain;
	s->password = x->order.cloudshell.password;
	s->tls.ca = x->order.cloudshell.ca;
	s->tls.verify = x->order.cloudshell.verify;
	s->tls.settings = "ca_file or verify in [cloudshell]";
	s->timeout_ms = x->order.policy.http_timeout_ms;
	s->pause = pause_cb;
	s->called = called_cb;
	s->remaining = remaining_cb;
	s->arg = x;
	x->cs = cs_client_new(s, x->http);
}

static void
tear_down(struct exec *x)
{
	cs_client_free(x->cs);
	http_client_free(x->http);
	job_result_free(&x->result);
	job_facts_free(&x->facts);
	ipc_order_free(&x->order);
}

static void
failed(struct exec *x, const struct fail *f)
{
	free(x->result.text);
	x->result.outcome = OUTCOME_FAILURE;
	x->result.kind = f->kind;
	x->result.text = xstrdup(f->text);
	if (x->result.external_id == NULL && x->facts.sandbox_id[0] != '\0')
		x->result.external_id = xstrdup(x->facts.sandbox_id);
	if (x->result.variables != NULL)
		json_decref(x->result.variables);
	x->result.variables = NULL;
}

/* f: what the run ended with; only a fault of its own is told. */
static void
stop(struct exec *x, const struct action *a, const struct fail *f)
{
	const char *peer = http_unanswered(x->http);
	char waited[400] = "";
	struct buf text;

	/* now: the clean-up has calls of its own */
	if (peer != NULL)
		(void)snprintf(waited, sizeof(waited), " %s (%s) did not "
		    "answer the last request in time.", x->peer, peer);
	buf_init(&text, STOP_TEXT_MAX);
	orders_begin_stop(&x->orders);
	x->settings.timeout_ms = STOP_CALL_MS(x->orders.stop_ms);
	if (a->stop != NULL)
		a->stop(x, &text);
	if (f->kind != FAIL_STOPPED)
		(void)buf_addf(&text, " (Before: %.1000s)", f->text);
	else
		(void)buf_adds(&text, waited);
	free(x->result.text);
	x->result.text = xstrdup(buf_text(&text));
	x->result.outcome = OUTCOME_STOPPED;
	if (x->result.external_id == NULL && x->facts.sandbox_id[0] != '\0')
		x->result.external_id = xstrdup(x->facts.sandbox_id);
	buf_free(&text);
}

/* Which of two would be a guess. */
static int
check_artifacts(const struct exec *x, struct fail *f)
{
	if (x->order.data.ninputs > 1)
		return fail_set(f, FAIL_CONFIG, "the action has %zu input "
		    "artifacts: give it one, the output artifact of "
		    "Quali-Start-Sandbox", x->order.data.ninputs);
	if (x->order.data.noutputs > 1)
		return fail_set(f, FAIL_CONFIG, "the action has %zu output "
		    "artifacts: give it one at most",
		    x->order.data.noutputs);
	return 0;
}

static enum ipc_exit
carry_out(struct exec *x)
{
	const struct action *a = &actions[x->order.action];
	struct fail f = { 0 };
	int rv;

	if (x->order.kind == ORDER_CLEANUP)
		a = &cleanup;
	report_progress(a->step, NULL);
	rv = check_artifacts(x, &f);
	if (rv == 0)
		rv = a->run(x, &f);
	if (rv == 0)
		x->result.outcome = OUTCOME_SUCCESS;
	else if (x->orders.halt == HALT_STOP)
		stop(x, a, &f);
	else if (f.kind == FAIL_STOPPED)
		return IPC_EXIT_PARKED;
	else
		failed(x, &f);
	report_result(&x->result);
	return IPC_EXIT_OK;
}

enum ipc_exit
job_run(pid_t supervisor, const int fds[IPC_ZYGOTE_FDS])
{
	struct exec *x;
	enum ipc_exit status;

	setproctitle("-%s", PROCESS_TITLE);
	(void)prctl(PR_SET_NAME, PROCESS_TITLE);
	x = xcalloc(1, sizeof(*x));
	if (confine(supervisor, fds, IPC_ZYGOTE_FDS) == -1) {
		log_warn("executor cannot confine itself");
		return IPC_EXIT_CONFINE;
	}
	report_open(fds[1]);
	report_hello();
	if (orders_open(&x->orders, fds[0]) == -1) {
		log_warn("executor cannot listen");
		return IPC_EXIT_CONFINE;
	}
	x->orders.outdated = confine_outdated;
	report_words();
	status = orders_first(&x->orders, &x->order);
	if (status != IPC_EXIT_OK)
		return status;
	set_up(x);
	status = carry_out(x);
	if (status == IPC_EXIT_OK) {
		x->settings.timeout_ms = LOGOUT_MS;
		cs_logout(x->cs);
	}
	tear_down(x);
	return status;
}
