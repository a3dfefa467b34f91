/*
 * A task's clients, and the steps that all actions share.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sys.h"
#include "task.h"

/* --- what the clients call back --- */

static int
pause_cb(int64_t ms, void *arg, struct fail *fail)
{
	struct task *t = arg;

	return orders_pause(&t->orders, ms, fail);
}

static void
cs_called_cb(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	struct task *t = arg;

	t->peer = "CloudShell";
	report_call(method, where, status, ms, attempt, error);
}

static void
s3_called_cb(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	struct task *t = arg;

	t->peer = "S3";
	report_call(method, where, status, ms, attempt, error);
}

static int64_t
remaining_cb(void *arg)
{
	struct task *t = arg;
	int64_t end = t->deadline_ms;

	if (t->orders.cut_ms < end || t->orders.halt == HALT_STOP)
		end = t->orders.cut_ms;
	return end - sys_now_ms();
}

/* Asks the supervisor for fresh credentials of the artifacts. */
static int
renew_cb(void *arg, struct fail *fail)
{
	struct task *t = arg;
	struct orders *o = &t->orders;

	o->answered = false;
	report_need_credentials();
	if (orders_await(o, &o->answered, fail) != 0)
		return -1;
	if (o->error != NULL || o->credentials.access_key_id == NULL)
		return fail_set(fail, FAIL_SYSTEM, "CodePipeline gave no new "
		    "credentials for the artifacts%s%.1000s",
		    o->error != NULL ? ": " : "",
		    o->error != NULL ? o->error : "");
	credentials_free(&t->order.data.credentials);
	t->order.data.credentials = o->credentials;
	memset(&o->credentials, 0, sizeof(o->credentials));
	return 0;
}

/* --- from the order on --- */

static void
open_cloudshell(struct task *t)
{
	struct cs_settings *s = &t->settings;

	s->url = t->order.cloudshell.url;
	s->user = t->order.cloudshell.user;
	s->domain = t->order.cloudshell.domain;
	s->password = t->order.cloudshell.password;
	s->tls.ca = t->order.cloudshell.ca;
	s->tls.verify = t->order.cloudshell.verify;
	s->tls.settings = "ca_file or verify in [cloudshell]";
	s->timeout_ms = t->order.policy.http_timeout_ms;
	s->pause = pause_cb;
	s->called = cs_called_cb;
	s->remaining = remaining_cb;
	s->arg = t;
	t->cs = cs_client_new(s, t->http);
}

static void
open_s3(struct task *t)
{
	int attempts = t->order.s3.max_attempts;

	t->s3 = (struct s3_access) {
		.http = t->http,
		.region = t->order.s3.region,
		.endpoint = t->order.s3.endpoint,
		.fips = t->order.s3.use_fips,
		.dualstack = t->order.s3.use_dualstack,
		.ca = t->order.s3.ca,
		.user_agent = t->order.s3.user_agent,
		.encryption_type = t->order.data.encryption_type,
		.encryption_key = t->order.data.encryption_key,
		.credentials = &t->order.data.credentials,
		.credentials_ms = sys_now_ms(),
		.deadline_ms = t->deadline_ms,
		.renew = renew_cb,
		.pause = pause_cb,
		.called = s3_called_cb,
		.arg = t,
	};
	aws_retry_init(&t->s3.retry, attempts > 0 ? attempts : S3_ATTEMPTS);
}

void
task_open(struct task *t)
{
	t->deadline_ms = sys_now_ms() + t->order.remaining_ms;
	job_facts_copy(&t->facts, &t->order.facts);
	t->interrupt.fds[0] = t->orders.epoll;
	t->interrupt.fds[1] = -1;
	t->interrupt.asked = orders_asked;
	t->interrupt.arg = &t->orders;
	t->http = http_client_new(&t->interrupt);
	open_cloudshell(t);
	open_s3(t);
}

void
task_close(struct task *t)
{
	cs_client_free(t->cs);
	http_client_free(t->http);
	job_result_free(&t->result);
	job_facts_free(&t->facts);
	ipc_order_free(&t->order);
}

/* --- steps --- */

/* Sends the facts and waits until they are on disk. */
static int
record(struct task *t, enum ipc_type type, struct fail *fail)
{
	t->orders.recorded = false;
	report_facts(type, &t->facts);
	return orders_await(&t->orders, &t->orders.recorded, fail);
}

/* The first request would log in by itself; a step of its own lets texts name a
 * login that hangs. */
int
task_login(struct task *t, struct fail *fail)
{
	report_progress(STEP_LOGIN, NULL);
	return cs_login(t->cs, fail);
}

int
task_intend(struct task *t, enum job_intent intent, struct fail *fail)
{
	/* not begun, nothing to take back */
	if (orders_pause(&t->orders, 0, fail) != 0)
		return -1;
	t->facts.intent = intent;
	if (record(t, IPC_INTENT, fail) == 0 &&
	    orders_pause(&t->orders, 0, fail) == 0)
		return 0;
	/* halted meanwhile: an open intent would look like a lost call */
	t->facts.intent = INTENT_NONE;
	(void)record(t, IPC_FACT, NULL);
	return -1;
}

int
task_fact(struct task *t, struct fail *fail)
{
	t->facts.intent = INTENT_NONE;
	return record(t, IPC_FACT, fail);
}
