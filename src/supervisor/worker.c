/*
 * The supervisor as a whole: what starts in which order, how it stops, what it
 * tells systemd.
 */
#include <systemd/sd-daemon.h>

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actions.h"
#include "aws_call.h"
#include "dispatch.h"
#include "endpoint.h"
#include "intake.h"
#include "journal.h"
#include "ledger.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "poller.h"
#include "priority.h"
#include "status.h"
#include "sys.h"
#include "timer.h"
#include "told.h"
#include "worker.h"

#define LOCK_WAIT_MS		10000	/* to wait for the last executor of a
					   former supervisor, which dies with
					   it */
#define HOUSEKEEPING_MS		30000
#define STOP_EXTRA_MS		5000	/* time to end after the kill grace */

struct worker {
	struct conf		 conf;
	sd_event		*event;
	struct secret		*password;	/* only from environment or
						   terminal */
	int			 lock_fd;
	struct ledger		*ledger;
	struct aws		 aws;
	struct executors	*executors;
	struct action_type	*types;
	size_t			 ntypes;
	struct token_source	 tokens;
	struct board		 board;
	struct commit		 commit;
	struct requests		 requests;
	struct dispatch		 dispatch;
	struct intake		 intake;
	struct poller		*poller;
	enum worker_mode	 mode;
	struct status_teller	 status;
	bool			 told_ready;
	struct told		 no_keys, no_s3;
	struct told		 warned[AWS_WARNINGS_MAX]; /* of look-ups */
	sd_event_source		*stop_timer, *housekeeping, *upgrade;
	sd_event_source		*rest;		/* while stopping: checks
						   whether all is at rest */
	int			 exit_status;
};

/* --- stop --- */

static int
on_hard_stop(sd_event_source *source, uint64_t usec, void *arg)
{
	struct worker *worker = arg;

	(void)source, (void)usec;
	log_warnx("some process or call did not end in time: exiting all the "
	    "same, the ledger has the rest");
	(void)sd_event_exit(worker->event, worker->exit_status);
	return 0;
}

static void
park(struct worker *worker)
{
	worker->mode = MODE_PARKING;
	if (worker->conf.worker.on_stop == ON_STOP_HAND_BACK)
		token_key_refresh(&worker->tokens);
	worker->stop_timer = sd_event_source_disable_unref(worker->stop_timer);
	timer_in(worker->event, &worker->stop_timer,
	    worker->conf.worker.kill_grace + STOP_EXTRA_MS, on_hard_stop,
	    worker);
	board_tell_all(&worker->board, EV_PARK);
}

static int
on_park(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	park(arg);
	return 0;
}

/* Leaves the loop when all is at rest. Until stop_grace is over it also waits
 * for results on their way. */
static int
on_rest(sd_event_source *source, void *arg)
{
	struct worker *worker = arg;

	(void)source;
	status_tell(&worker->status);
	if (worker->mode == MODE_STOPPING &&
	    board_at_rest(&worker->board, true))
		park(worker);	/* jobs without an executor may be handed
				   back */
	if (worker->mode == MODE_PARKING &&
	    board_at_rest(&worker->board, false))
		(void)sd_event_exit(worker->event, worker->exit_status);
	return 0;
}

static int
on_turn(sd_event_source *source, void *arg)
{
	(void)source, (void)arg;
	return 0;
}

/* Look after every turn of the loop, and see to it that one comes. */
static void
watch_rest(struct worker *worker)
{
	if (sd_event_add_post(worker->event, &worker->rest, on_rest,
	    worker) < 0 ||
	    sd_event_add_defer(worker->event, NULL, on_turn, NULL) < 0)
		fatalx("cannot add an event source");
	(void)sd_event_source_set_priority(worker->rest, PRIO_LOOK);
}

/* Begin to stop: drain now, park after stop_grace, leave the loop when all jobs
 * are at rest. */
static void
stop(struct worker *worker, int status)
{
	const struct conf *conf = &worker->conf;

	if (worker->mode >= MODE_STOPPING)
		return;
	worker->mode = MODE_STOPPING;
	worker->exit_status = status;
	(void)sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
	    (long long)(conf->worker.stop_grace + conf->worker.kill_grace +
	    2 * STOP_EXTRA_MS) * 1000);
	journal_event(JOURNAL_STOPPED, LOG_NOTICE, "stopping: %d jobs running",
	    board_running(&worker->board));
	if (worker->poller != NULL)
		poller_stop(worker->poller);
	timer_in(worker->event, &worker->stop_timer,
	    conf->worker.stop_grace + 1, on_park, worker);
	watch_rest(worker);
	board_tell_all(&worker->board, EV_DRAIN);
}

static int
on_signal(sd_event_source *source, const struct signalfd_siginfo *info,
    void *arg)
{
	struct worker *worker = arg;

	(void)source, (void)info;
	if (worker->mode < MODE_STOPPING)
		stop(worker, 0);
	else if (worker->mode == MODE_STOPPING)		/* asked twice */
		park(worker);
	return 0;
}

/* --- what the parts say --- */

static void
on_ready(void *arg)
{
	struct worker *worker = arg;

	if (worker->poller != NULL)
		poller_wake(worker->poller);
	if (worker->told_ready)
		return;
	worker->told_ready = true;
	if (worker->mode == MODE_STARTING)
		worker->mode = MODE_RUNNING;
	(void)sd_notifyf(0, "READY=1\nMAINPID=%d", (int)getpid());
	status_tell(&worker->status);
}

static void
on_changed(bool freed, void *arg)
{
	struct worker *worker = arg;

	status_tell_soon(&worker->status);
	if (freed && worker->poller != NULL)
		poller_wake(worker->poller);
}

static int
on_upgrade(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	stop(arg, EXIT_UPGRADE);
	return 0;
}

/* Called from within an event of a job, so tell all jobs in the next turn. */
static void
want_upgrade(void *arg)
{
	struct worker *worker = arg;

	timer_in(worker->event, &worker->upgrade, 0, on_upgrade, worker);
}

static void
on_ledger(void *arg)
{
	struct worker *worker = arg;

	status_tell_soon(&worker->status);
}

/* What hinders the poller has changed. */
static void
on_hindered(void *arg)
{
	const struct intake *intake = arg;
	struct worker *worker = intake->arg;

	status_tell_soon(&worker->status);
}

/* A reason without AWS's ids of requests, which differ each time. */
static char *
without_ids(const char *reason)
{
	char *text = xstrdup(reason), *id, *end;

	while ((id = strstr(text, " (request ")) != NULL &&
	    (end = strchr(id, ')')) != NULL)
		memmove(id, end + 1, strlen(end + 1) + 1);
	return text;
}

/* The look-up is repeated; say the same reason once an hour. */
static void
tell_no_keys(struct worker *worker)
{
	const char *reason = aws_keys_error(worker->aws.keys);
	char *same = without_ids(reason);
	bool due = told_due(&worker->no_keys, same, TOLD_HOURLY_MS,
	    sys_now_ms());

	free(same);
	if (due)
		journal_event(JOURNAL_CREDENTIALS, LOG_ERR, "%s; %s", reason,
		    aws_keys_get(worker->aws.keys) != NULL ?
		    "using the old credentials as long as they live" :
		    "not polling or reporting until there are some");
}

/* Only jobs use S3's endpoint; an impossible one shows at the start. */
static void
check_s3(struct worker *worker)
{
	const struct aws_keys *keys = worker->aws.keys;
	const char *region = aws_keys_region(keys);
	struct aws_endpoint endpoint;
	struct fail fail;

	if (region[0] == '\0' || aws_endpoint_find("s3", region,
	    aws_keys_endpoint(keys, AWS_S3), aws_keys_use_fips(keys),
	    aws_keys_use_dualstack(keys), &endpoint, &fail) == 0)
		told_over(&worker->no_s3);
	else if (told_due(&worker->no_s3, fail.text, TOLD_HOURLY_MS,
	    sys_now_ms()))
		journal_event(JOURNAL_AWS, LOG_ERR, "jobs cannot reach their "
		    "artifacts in S3: %s", fail.text);
}

/* What a look-up warned of, each once. */
static void
tell_warnings(struct worker *worker)
{
	const char *text;

	for (size_t i = 0; i < AWS_WARNINGS_MAX && (text =
	    aws_keys_warning(worker->aws.keys, i)) != NULL; i++)
		if (told_due(&worker->warned[i], text, INT64_MAX,
		    sys_now_ms()))
			journal_event(JOURNAL_CREDENTIALS, LOG_WARNING, "%s",
			    text);
}

static void
tell_keys(struct worker *worker)
{
	const struct aws_keys *keys = worker->aws.keys;
	const char *account = aws_keys_account(keys);

	told_over(&worker->no_keys);
	journal_event(JOURNAL_CREDENTIALS, LOG_INFO,
	    "AWS credentials from %s%s%s, region %s", aws_keys_origin(keys),
	    account[0] != '\0' ? ", account " : "", account,
	    aws_keys_region(keys));
	tell_warnings(worker);
	check_s3(worker);
}

static void
on_keys(bool have, void *arg)
{
	struct worker *worker = arg;

	if (have) {
		aws_retry_limit(&worker->aws.retry,
		    aws_keys_max_attempts(worker->aws.keys));
		tell_keys(worker);
	} else
		tell_no_keys(worker);
	if (have && worker->poller != NULL && worker->mode < MODE_STOPPING)
		poller_restart(worker->poller);
	status_tell(&worker->status);
}

static int
on_housekeeping(sd_event_source *source, uint64_t usec, void *arg)
{
	struct worker *worker = arg;
	struct fail fail;

	(void)source, (void)usec;
	executors_sweep(worker->executors);
	if (ledger_prune(worker->ledger, sys_wall() -
	    worker->conf.worker.history / 1000, &fail) != 0)
		journal_event(JOURNAL_LEDGER, LOG_WARNING, "%s", fail.text);
	/* Give back what a burst of jobs and TLS connections left free in the
	 * heap. */
	if (board_running(&worker->board) == 0)
		(void)malloc_trim(0);
	status_tell(&worker->status);
	timer_in(worker->event, &worker->housekeeping, HOUSEKEEPING_MS,
	    on_housekeeping, worker);
	return 0;
}

/* --- start --- */

static void
resume(struct life *life, void *arg)
{
	struct worker *worker = arg;

	intake_resume(&worker->intake, life);
	free(life);
}

static int
open_ledger(struct worker *worker, struct fail *fail)
{
	char *set_aside = NULL;

	worker->lock_fd = lock_take(worker->conf.worker.state_dir,
	    LOCK_WAIT_MS, fail);
	if (worker->lock_fd == -1)
		return -1;
	executors_share(worker->executors, worker->lock_fd);
	worker->ledger = ledger_open(worker->conf.worker.state_dir,
	    &set_aside, fail);
	if (worker->ledger == NULL)
		return -1;
	if (set_aside != NULL)
		journal_event(JOURNAL_LEDGER, LOG_ERR, "the ledger was "
		    "damaged: the worker set it aside as %s and began an "
		    "empty one; the old one's jobs may hang in CodePipeline",
		    set_aside);
	free(set_aside);
	return 0;
}

static int
make_loop(struct worker *worker, struct fail *fail)
{
	if (sd_event_default(&worker->event) < 0 ||
	    sd_event_add_signal(worker->event, NULL, SIGTERM, on_signal,
	    worker) < 0 ||
	    sd_event_add_signal(worker->event, NULL, SIGINT, on_signal,
	    worker) < 0)
		return fail_set(fail, FAIL_SYSTEM, "cannot make the loop");
	(void)sd_event_set_watchdog(worker->event, 1);
	return 0;
}

/* Gives each part what it works with: once, when the ledger and the action
 * types are known. */
static void
wire(struct worker *worker)
{
	const struct conf *conf = &worker->conf;

	board_init(&worker->board, conf->worker.max_jobs, dispatch_event,
	    &worker->dispatch);
	commit_init(&worker->commit, worker->event, worker->ledger,
	    &worker->board, conf);
	worker->commit.changed = on_ledger;
	worker->commit.arg = worker;
	worker->requests = (struct requests){ &worker->aws, &worker->tokens };
	worker->dispatch = (struct dispatch){ .event = worker->event,
	    .conf = conf, .board = &worker->board, .commit = &worker->commit,
	    .requests = &worker->requests, .executors = worker->executors,
	    .ready = on_ready, .changed = on_changed,
	    .upgrade = want_upgrade, .arg = worker };
	worker->intake = (struct intake){ .conf = conf,
	    .board = &worker->board, .commit = &worker->commit,
	    .executors = worker->executors, .ledger = worker->ledger,
	    .tokens = &worker->tokens, .arg = worker };
	status_teller_init(&worker->status, worker->event,
	    &(struct status_sources){ .mode = &worker->mode,
	    .board = &worker->board, .commit = &worker->commit });
	worker->tokens.conf = conf;
	worker->tokens.password = worker->password;
	worker->aws.event = worker->event;
	worker->aws.timeout_ms = conf->worker.http_timeout;
	aws_retry_init(&worker->aws.retry, 0);
}

struct worker *
worker_new(struct conf *conf, struct fail *fail)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));

	worker->lock_fd = -1;
	if (make_loop(worker, fail) == 0)
		worker->executors = executors_new(worker->event,
		    conf->worker.libexec_dir, &dispatch_executors_calls,
		    &worker->dispatch, fail);
	if (worker->executors == NULL) {
		(void)sd_event_unref(worker->event);
		free(worker);
		return NULL;
	}
	worker->conf = *conf;
	memset(conf, 0, sizeof(*conf));
	return worker;
}

const struct conf *
worker_conf(const struct worker *worker)
{
	return &worker->conf;
}

/* The region may be known only once the credentials have come. */
static void
tell_start(const struct worker *worker)
{
	const struct conf *conf = &worker->conf;
	const char *query = conf->worker.query;

	journal_event(JOURNAL_STARTED, LOG_NOTICE, "quali-job-worker %s: "
	    "polling %zu action types%s%s for CloudShell at %s (user %s, "
	    "domain %s), at most %lld jobs at once", VERSION, worker->ntypes,
	    query == NULL ? "" : " with query ", query == NULL ? "" : query,
	    conf->cloudshell.url, conf->cloudshell.user,
	    conf->cloudshell.domain, (long long)conf->worker.max_jobs);
}

int
worker_start(struct worker *worker, struct secret *password,
    struct fail *fail)
{
	static const struct poller_calls calls = { .slots = intake_slots,
	    .may_claim = intake_may_claim, .offer = intake_offer,
	    .changed = on_hindered };

	worker->password = password;
	if (actions_load(&worker->conf, &worker->types, &worker->ntypes,
	    fail) != 0 || open_ledger(worker, fail) != 0)
		return -1;
	wire(worker);
	worker->aws.transfers = transfers_new(worker->event);
	worker->aws.keys = aws_keys_new(worker->event, &worker->conf, on_keys,
	    worker);
	worker->status.sources.keys = worker->aws.keys;
	if (ledger_open_jobs(worker->ledger, resume, worker, fail) != 0)
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s; the other jobs go "
		    "on", fail->text);
	worker->poller = poller_new(worker->event, &worker->aws,
	    worker->types, worker->ntypes, worker->conf.worker.poll_interval,
	    &calls, &worker->intake);
	worker->status.sources.poller = worker->poller;
	timer_in(worker->event, &worker->housekeeping, HOUSEKEEPING_MS,
	    on_housekeeping, worker);
	tell_start(worker);
	return 0;
}

int
worker_run(struct worker *worker)
{
	int status = sd_event_loop(worker->event);

	if (status >= 0)
		return status;
	log_err("the loop ended: %s", strerror(-status));
	return 1;
}

void
worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	commit_last(&worker->commit);
	poller_free(worker->poller);
	/* What still runs ends with this process (PDEATHSIG). */
	board_clear(&worker->board);
	executors_free(worker->executors);
	if (worker->aws.transfers != NULL)
		transfers_free(worker->aws.transfers);
	aws_keys_stop(worker->aws.keys);
	ledger_close(worker->ledger);
	commit_free(&worker->commit);
	token_key_wipe(&worker->tokens);
	status_teller_free(&worker->status);
	sd_event_source_disable_unref(worker->stop_timer);
	sd_event_source_disable_unref(worker->housekeeping);
	sd_event_source_disable_unref(worker->upgrade);
	sd_event_source_disable_unref(worker->rest);
	sd_event_unref(worker->event);
	free(worker->types);
	secret_free(worker->password);
	conf_free(&worker->conf);
	if (worker->lock_fd != -1)
		(void)close(worker->lock_fd);
	free(worker);
}
