/*
 * Delivers events to the lives of jobs and carries out their effects.
 */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "ipc_order.h"
#include "job_log.h"
#include "log.h"
#include "mem.h"
#include "order.h"
#include "sys.h"
#include "timer.h"

static struct life_now
now_is(void)
{
	return (struct life_now){ .ms = sys_now_ms(), .wall = sys_wall() };
}

/* --- effects --- */

static void
do_start(struct dispatch *dispatch, struct entry *entry)
{
	const struct life *life = &entry->life;
	struct fail fail;

	if (life->cleaning && board_active(dispatch->board) >
	    dispatch->board->max_jobs) {
		board_post(entry, EV_BUSY, "");
		return;
	}
	if (life->cleaning)
		job_log(life, JOURNAL_CLEANUP, LOG_NOTICE, "cleaning up");
	entry->executor = executor_start(dispatch->executors, entry, &fail);
	if (entry->executor == NULL) {
		job_log(life, JOURNAL_ZYGOTE, LOG_ERR,
		    "cannot start a process for it: %s", fail.text);
		board_post(entry, EV_START_FAILED, fail.text);
	}
}

static void
do_order(struct dispatch *dispatch, struct entry *entry)
{
	const struct life_now now = now_is();
	const struct aws_keys *keys = dispatch->requests->aws->keys;
	const struct order_terms terms = { .conf = dispatch->conf,
	    .password = dispatch->requests->tokens->password,
	    .region = aws_keys_region(keys),
	    .s3_endpoint = aws_keys_endpoint(keys, AWS_S3),
	    .ca_file = aws_keys_ca_bundle(keys),
	    .use_fips = aws_keys_use_fips(keys),
	    .use_dualstack = aws_keys_use_dualstack(keys),
	    .user_agent = aws_keys_user_agent(keys),
	    .max_attempts = aws_keys_max_attempts(keys) };
	struct fail fail;
	struct buf line;

	buf_init(&line, IPC_ORDER_MAX);
	if (order_write(&line, &entry->life, &entry->data, &terms, &now,
	    &fail) == 0) {
		executor_write(entry->executor, &line, true);
	} else {
		job_log(&entry->life, JOURNAL_OTHER, LOG_ERR, "%s",
		    fail.text);
		board_post(entry, EV_NO_ORDER, fail.text);
	}
	buf_free(&line);
}

static void
do_later(struct entry *entry, enum ipc_later type)
{
	struct ipc_later_order order = { .type = type };
	struct buf line;

	if (type == IPC_CREDENTIALS && entry->life.details_failed)
		order.error = xstrdup(entry->refused != NULL ?
		    entry->refused : "refused");
	else if (type == IPC_CREDENTIALS) {
		order.credentials = entry->fresh;
		memset(&entry->fresh, 0, sizeof(entry->fresh));
	}
	buf_init(&line, IPC_ORDER_MAX);
	if (ipc_later_encode(&line, &order) == 0 && entry->executor != NULL)
		executor_write(entry->executor, &line, type != IPC_PARK);
	buf_free(&line);
	ipc_later_free(&order);
}

static void
do_kill(struct entry *entry)
{
	if (entry->executor != NULL && executor_known(entry->executor)) {
		executor_signal(entry->executor, SIGKILL);
		return;
	}
	/* There is nobody to kill: if the executor still comes, its closed
	 * pipes end it. */
	executor_free(entry->executor);
	entry->executor = NULL;
	board_post(entry, EV_START_FAILED, entry->life.why);
}

static void
do_stop(struct entry *entry)
{
	job_log_stop(&entry->life);
	if (entry->executor != NULL)
		executor_signal(entry->executor, SIGTERM);
}

static void
carry_out(struct dispatch *dispatch, struct entry *entry, unsigned fx)
{
	if (fx & FX_SAVE)
		commit_save(dispatch->commit, entry);
	if (fx & FX_SAVE_SOON)
		commit_save_soon(dispatch->commit, entry);
	if (fx & FX_ACKNOWLEDGE)
		requests_acknowledge(dispatch->requests, entry);
	if (fx & FX_DETAILS)
		requests_details(dispatch->requests, entry);
	if (fx & FX_START)
		do_start(dispatch, entry);
	if (fx & FX_ORDER)
		do_order(dispatch, entry);
	if (fx & FX_RECORDED)
		do_later(entry, IPC_RECORDED);
	if (fx & FX_CREDENTIALS)
		do_later(entry, IPC_CREDENTIALS);
	if (fx & FX_WRITE_PARK)
		do_later(entry, IPC_PARK);
	if (fx & FX_STOP)
		do_stop(entry);
	if (fx & FX_RENEW)
		executors_renew(dispatch->executors, entry->life.why);
	if (fx & FX_KILL)
		do_kill(entry);
	if (fx & FX_CANCEL)
		requests_cancel(entry);
	if (fx & FX_UPGRADE)
		dispatch->upgrade(dispatch->arg);
	if (fx & FX_PUT)
		requests_put(dispatch->requests, entry);
	if (fx & FX_FORGET)
		commit_forget(dispatch->commit, entry);
}

/* --- events --- */

/* The work is over: nobody waits for a late answer of GetJobDetails. */
static void
forget_secrets(struct entry *entry)
{
	if (entry->details != NULL)
		requests_cancel_details(entry);
	job_data_free(&entry->data);
	credentials_free(&entry->fresh);
}

static void
count(struct dispatch *dispatch, const struct life *life)
{
	struct board *board = dispatch->board;

	if (life->notes & NOTE_CLAIMED)
		board->claimed++;
	if (life->notes & (NOTE_AMBIGUOUS_RUN | NOTE_AMBIGUOUS_DROP))
		board->ambiguous++;
	if (!(life->notes & NOTE_PUT))
		return;
	/* a claim is shown with its executor, which follows */
	dispatch->changed(false, dispatch->arg);
	if (life->result.outcome == OUTCOME_SUCCESS)
		board->succeeded++;
	else if (life->result.outcome == OUTCOME_FAILURE)
		board->failed++;
}

static void
step(struct dispatch *dispatch, struct entry *entry,
    const struct life_event *event)
{
	struct life_now now = now_is();
	unsigned fx = life_step(&entry->life, event, &now);

	if (entry->life.notes != 0) {
		count(dispatch, &entry->life);
		job_log_notes(&entry->life, event);
		if (entry->life.notes & NOTE_RESULT)
			forget_secrets(entry);
	}
	carry_out(dispatch, entry, fx);
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct entry *entry = arg;

	(void)source, (void)usec;
	entry->timer_ms = 0;
	board_tell_simple(entry, EV_TIMER);
	return 0;
}

static void
set_timer(struct dispatch *dispatch, struct entry *entry)
{
	int64_t wake = entry->life.wake_ms;

	entry->timer_ms = wake;
	if (wake == 0)
		timer_off(entry->timer);
	else
		timer_at(dispatch->event, &entry->timer, wake, on_timer,
		    entry);
}

/* gone: its executor has just gone away. */
static void
deliver(struct dispatch *dispatch, struct entry *entry,
    const struct life_event *event, bool gone)
{
	const struct executor *executor = entry->executor;
	struct board_event *next;
	bool slot = entry->life.slot;

	if (entry->over)
		return;
	assert(!entry->busy);
	entry->busy = true;
	step(dispatch, entry, event);
	while (!STAILQ_EMPTY(&entry->events)) {
		next = board_next(entry);
		if (!entry->over)
			step(dispatch, entry, &next->event);
		board_event_free(next);
	}
	entry->busy = false;
	if (entry->life.wake_ms != entry->timer_ms)
		set_timer(dispatch, entry);
	if (slot && (entry->over || !entry->life.slot))
		dispatch->changed(true, dispatch->arg);
	else if (gone || entry->executor != executor)
		dispatch->changed(false, dispatch->arg);
}

void
dispatch_event(struct entry *entry, const struct life_event *event, void *arg)
{
	deliver(arg, entry, event, false);
}

/* --- what executors say --- */

static void
tell(struct dispatch *dispatch, struct entry *entry,
    enum life_event_type type, const char *text)
{
	struct life_event event = { .type = type, .u.text = text };

	dispatch_event(entry, &event, dispatch);
}

/* It begins with its order, if that could be written. */
static void
hello(void *job, pid_t pid, void *arg)
{
	struct entry *entry = job;

	tell(arg, entry, EV_HELLO, NULL);
	if (entry->life.child == CHILD_WORKING)
		job_log(&entry->life, JOURNAL_BEGUN, LOG_INFO,
		    "executor %d begins", (int)pid);
}

static void
other_version(void *job, int version, void *arg)
{
	struct entry *entry = job;

	job_log(&entry->life, JOURNAL_ZYGOTE, LOG_ERR, "the executor speaks "
	    "protocol %d, this supervisor %d: the package was upgraded; "
	    "exiting to be started again", version, IPC_VERSION);
	tell(arg, entry, EV_HELLO_VERSION, NULL);
}

/* Most calls succeed and matter only for debugging. */
static bool
is_worth_a_record(const struct ipc_report *said)
{
	return said->type == IPC_CALL && (said->u.call.error != NULL ||
	    said->u.call.status >= 400 || log_level() >= LOG_DEBUG);
}

static void
report(void *job, const struct ipc_report *said, void *arg)
{
	struct life_event event = { .type = EV_NOTED };
	struct entry *entry = job;
	enum ipc_step before = entry->life.step;

	switch (said->type) {
	case IPC_INTENT:
	case IPC_FACT:
		event.u.facts = &said->u.facts;
		break;
	case IPC_PROGRESS:
		event.type = EV_PROGRESS;
		event.u.step = said->u.progress.step;
		break;
	case IPC_NEED_CREDENTIALS:
		job_log(&entry->life, JOURNAL_OTHER, LOG_DEBUG,
		    "wants fresh artifact credentials");
		event.type = EV_NEED_CREDENTIALS;
		break;
	case IPC_RESULT:
		event.type = EV_RESULT;
		event.u.result = &said->u.result;
		break;
	default:
		if (is_worth_a_record(said))
			job_log_call(&entry->life, said);
		return;
	}
	dispatch_event(entry, &event, arg);
	if (said->type == IPC_PROGRESS && (said->u.progress.text != NULL ||
	    log_level() >= LOG_DEBUG))
		job_log_progress(&entry->life, said, before);
}

static void
fault(void *job, const char *text, void *arg)
{
	struct entry *entry = job;

	job_log(&entry->life, JOURNAL_OTHER, LOG_ERR,
	    "protocol fault of the executor: %s", text);
	tell(arg, entry, EV_FAULT, text);
}

static void
failed(void *job, const char *why, void *arg)
{
	struct life_event event = { .type = EV_START_FAILED, .u.text = why };
	struct entry *entry = job;

	entry->executor = NULL;
	deliver(arg, entry, &event, true);
}

static void
ended(void *job, const struct executor_end *end, void *arg)
{
	struct life_event event = { .type = EV_EXIT, .u.exit = {
	    .signaled = end->signaled, .status = end->status,
	    .crash = end->crash } };
	struct entry *entry = job;

	entry->executor = NULL;
	deliver(arg, entry, &event, true);
}

static void
ready(void *arg)
{
	struct dispatch *dispatch = arg;

	dispatch->ready(dispatch->arg);
}

static bool
known(pid_t pid, void *arg)
{
	const struct dispatch *dispatch = arg;
	const struct aws_keys *keys = dispatch->requests->aws->keys;

	return keys != NULL && aws_keys_child(keys) == pid;
}

const struct executors_calls dispatch_executors_calls = {
	.ready = ready, .hello = hello, .other_version = other_version,
	.report = report, .fault = fault, .failed = failed, .ended = ended,
	.known = known,
};
