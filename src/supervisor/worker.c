/*
 * The supervisor as a whole: what is started in which order, how it stops,
 * what systemd is told.
 */
#include <systemd/sd-daemon.h>

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"
#include "worker.h"

#define LOCK_WAIT_MS		10000	/* for the last executor of a former
					   supervisor, which dies with it */
#define HOUSEKEEPING_MS		30000
#define TOLD_AGAIN_MS		3600000
#define STOP_EXTRA_MS		5000	/* to end after the kill grace */

static void	park(struct worker *);

/* --- what systemd and the operator see --- */

const char *
worker_region(const struct worker *worker)
{
	const char *region = worker->conf.aws.region;

	return region != NULL && region[0] != '\0' ? region :
	    credentials_region(worker->credentials);
}

static void
put_status(struct worker *worker, char *text, size_t size)
{
	const char *error = credentials_error(worker->credentials);
	int running = entries_running(worker);
	char trouble[128];

	if (worker->draining)
		(void)snprintf(text, size, "Stopping: %d jobs running",
		    running);
	else if (credentials_get(worker->credentials) == NULL)
		(void)snprintf(text, size, "No AWS credentials: %s",
		    error[0] != '\0' ? error : "looking them up");
	else if (worker->ledger_broken)
		(void)snprintf(text, size, "The ledger cannot be written: "
		    "nothing is claimed; %d jobs running", running);
	else
		(void)snprintf(text, size, "%s%d of %lld jobs running; %lu "
		    "claimed, %lu succeeded, %lu failed since the start",
		    poller_trouble(worker->poller, trouble, sizeof(trouble)),
		    running, (long long)worker->conf.worker.max_jobs,
		    worker->claimed, worker->succeeded, worker->failed);
}

static void
tell_status(struct worker *worker)
{
	char text[sizeof(worker->status)];

	put_status(worker, text, sizeof(text));
	if (strcmp(text, worker->status) == 0)
		return;
	strlcpy(worker->status, text, sizeof(worker->status));
	sd_notifyf(0, "STATUS=%s", text);
}

void
worker_ready(struct worker *worker)
{
	if (worker->poller != NULL)
		poller_wake(worker->poller);
	if (worker->told_ready)
		return;
	worker->told_ready = true;
	sd_notifyf(0, "READY=1\nMAINPID=%d", (int)getpid());
	tell_status(worker);
}

/* All at rest: the loop can be left. Results on their way are waited for
 * until stop_grace is over. */
static bool
may_leave(const struct worker *worker)
{
	const struct entry *entry;

	if (!entries_at_rest(worker))
		return false;
	if (worker->parking)
		return true;
	TAILQ_FOREACH(entry, &worker->entries, link)
		if (entry->job.state == JOB_RESULT && !entry->job.reported)
			return false;
	return true;
}

static int
on_look(sd_event_source *source, void *arg)
{
	struct worker *worker = arg;

	(void)source;
	tell_status(worker);
	if (!worker->draining || !may_leave(worker))
		return 0;
	if (worker->parking)
		(void)sd_event_exit(worker->event, worker->exit_status);
	else		/* what has no executor may be handed back */
		park(worker);
	return 0;
}

void
worker_look(struct worker *worker)
{
	(void)sd_event_source_set_enabled(worker->look, SD_EVENT_ONESHOT);
}

/* --- stop --- */

static int
on_hard_stop(sd_event_source *source, uint64_t usec, void *arg)
{
	struct worker *worker = arg;

	(void)source, (void)usec;
	log_warnx("not everything came to rest: ending all the same, the "
	    "ledger knows the rest");
	(void)sd_event_exit(worker->event, worker->exit_status);
	return 0;
}

static void
set_stop_timer(struct worker *worker, int64_t ms,
    sd_event_time_handler_t handler)
{
	worker->stop_timer = sd_event_source_disable_unref(worker->stop_timer);
	if (sd_event_add_time_relative(worker->event, &worker->stop_timer,
	    CLOCK_MONOTONIC, (uint64_t)ms * 1000, 1000, handler, worker) < 0)
		fatalx("cannot add a timer");
}

static void
park(struct worker *worker)
{
	worker->parking = true;
	set_stop_timer(worker, worker->conf.worker.kill_grace + STOP_EXTRA_MS,
	    on_hard_stop);
	entries_tell(worker, EV_PARK);
	worker_look(worker);
}

static int
on_park(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	park(arg);
	return 0;
}

void
worker_stop(struct worker *worker, int status)
{
	if (worker->draining)
		return;
	worker->draining = true;
	worker->exit_status = status;
	sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
	    (long long)(worker->conf.worker.stop_grace +
	    worker->conf.worker.kill_grace + 2 * STOP_EXTRA_MS) * 1000);
	journal_event(JOURNAL_STOPPED, LOG_NOTICE, "stopping: %d jobs running",
	    entries_running(worker));
	poller_stop(worker->poller);
	set_stop_timer(worker, worker->conf.worker.stop_grace + 1, on_park);
	entries_tell(worker, EV_DRAIN);
	worker_look(worker);
}

static int
on_signal(sd_event_source *source, const struct signalfd_siginfo *info,
    void *arg)
{
	struct worker *worker = arg;

	(void)source, (void)info;
	if (!worker->draining)
		worker_stop(worker, 0);
	else if (!worker->parking)	/* asked twice */
		park(worker);
	return 0;
}

/* --- housekeeping --- */

static int
on_housekeeping(sd_event_source *source, uint64_t usec, void *arg)
{
	struct worker *worker = arg;
	struct fail fail;

	child_sweep(worker);
	if (ledger_prune(worker->ledger, sys_wall() -
	    worker->conf.worker.history / 1000, &fail) != 0)
		journal_event(JOURNAL_LEDGER, LOG_WARNING, "%s",
		    fail.text);
	/* What a burst of jobs and TLS connections left free in the heap. */
	if (entries_running(worker) == 0)
		(void)malloc_trim(0);
	tell_status(worker);
	(void)sd_event_source_set_time(source, usec + HOUSEKEEPING_MS * 1000);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* --- start --- */

/* The look-up is repeated; the same reason is told once an hour. */
static void
tell_no_credentials(struct worker *worker)
{
	const char *reason = credentials_error(worker->credentials);
	int64_t now = sys_now_ms();

	if (strncmp(reason, worker->no_credentials,
	    sizeof(worker->no_credentials) - 1) == 0 &&
	    now - worker->no_credentials_ms < TOLD_AGAIN_MS)
		return;
	strlcpy(worker->no_credentials, reason,
	    sizeof(worker->no_credentials));
	worker->no_credentials_ms = now;
	journal_event(JOURNAL_CREDENTIALS, LOG_ERR, "%s; %s", reason,
	    credentials_get(worker->credentials) != NULL ?
	    "the old credentials are used as long as they live" :
	    "nothing is polled or reported until there are some");
}

static void
on_credentials(bool have, void *arg)
{
	struct worker *worker = arg;

	if (have) {
		worker->no_credentials[0] = '\0';
		journal_event(JOURNAL_CREDENTIALS, LOG_INFO,
		    "AWS credentials from %s, region %s", credentials_origin(
		    worker->credentials), worker_region(worker));
	} else
		tell_no_credentials(worker);
	if (have && worker->poller != NULL && !worker->draining)
		poller_restart(worker->poller);
	tell_status(worker);
}

static void
resume(struct job *job, void *arg)
{
	entries_resume(arg, job);
	free(job);
}

static int
open_ledger(struct worker *worker, struct fail *fail)
{
	char *set_aside = NULL;

	worker->lock_fd = lock_take(worker->conf.worker.state_dir,
	    LOCK_WAIT_MS, fail);
	if (worker->lock_fd == -1)
		return -1;
	worker->ledger = ledger_open(worker->conf.worker.state_dir,
	    &set_aside, fail);
	if (worker->ledger == NULL)
		return -1;
	if (set_aside != NULL)
		journal_event(JOURNAL_LEDGER, LOG_ERR, "the ledger was "
		    "damaged: set aside as %s, starting with an empty one; "
		    "jobs it knew may hang in CodePipeline", set_aside);
	free(set_aside);
	return 0;
}

static int
make_loop(struct worker *worker, struct fail *fail)
{
	sd_event_source *housekeeping = NULL;

	if (sd_event_default(&worker->event) < 0 ||
	    sd_event_add_signal(worker->event, NULL, SIGTERM, on_signal,
	    worker) < 0 ||
	    sd_event_add_signal(worker->event, NULL, SIGINT, on_signal,
	    worker) < 0 ||
	    sd_event_add_defer(worker->event, &worker->look, on_look,
	    worker) < 0 ||
	    sd_event_add_time_relative(worker->event, &housekeeping,
	    CLOCK_MONOTONIC, HOUSEKEEPING_MS * 1000, 1000000, on_housekeeping,
	    worker) < 0)
		return fail_set(fail, FAIL_SYSTEM, "cannot make the loop");
	(void)sd_event_source_set_enabled(worker->look, SD_EVENT_OFF);
	(void)sd_event_source_set_priority(worker->look, PRIO_LOOK);
	(void)sd_event_source_set_floating(housekeeping, 1);
	sd_event_source_unref(housekeeping);
	(void)sd_event_set_watchdog(worker->event, 1);
	return 0;
}

int
worker_prepare(struct worker *worker, struct fail *fail)
{
	TAILQ_INIT(&worker->entries);
	if (make_loop(worker, fail) != 0)
		return -1;
	worker->zygote = zygote_new(worker, fail);
	return worker->zygote != NULL ? 0 : -1;
}

/* The region may only be known when the credentials have come. */
static void
tell_start(const struct worker *worker)
{
	const struct conf *conf = &worker->conf;

	journal_event(JOURNAL_STARTED, LOG_NOTICE, "quali-job-worker %s: "
	    "polling %zu action types for CloudShell at %s (user %s, domain "
	    "%s), at most %lld jobs at once", VERSION, worker->ntypes,
	    conf->cloudshell.url, conf->cloudshell.user,
	    conf->cloudshell.domain, (long long)conf->worker.max_jobs);
}

int
worker_start(struct worker *worker, struct fail *fail)
{
	if (actions_load(&worker->conf, &worker->types, &worker->ntypes,
	    fail) != 0 || open_ledger(worker, fail) != 0)
		return -1;
	worker->transfers = transfers_new(worker->event);
	worker->credentials = credentials_new(worker->event, &worker->conf,
	    on_credentials, worker);
	if (ledger_open_jobs(worker->ledger, resume, worker, fail) != 0)
		journal_event(JOURNAL_LEDGER, LOG_ERR, "%s; its other jobs go "
		    "on", fail->text);
	worker->poller = poller_new(worker);
	tell_start(worker);
	return 0;
}

void
worker_free(struct worker *worker)
{
	struct entry *entry;

	commit_last(worker);
	poller_free(worker->poller);
	worker->poller = NULL;
	zygote_free(worker->zygote);
	/* What still runs ends with this process (PDEATHSIG). */
	while ((entry = TAILQ_FIRST(&worker->entries)) != NULL)
		entries_drop(entry);
	if (worker->transfers != NULL)
		transfers_free(worker->transfers);
	if (worker->credentials != NULL)
		credentials_stop(worker->credentials);
	ledger_close(worker->ledger);
	sd_event_source_disable_unref(worker->commit);
	sd_event_source_disable_unref(worker->stop_timer);
	sd_event_source_disable_unref(worker->look);
	sd_event_unref(worker->event);
	free(worker->types);
	secret_free(worker->password);
	conf_free(&worker->conf);
	if (worker->lock_fd != -1)
		(void)close(worker->lock_fd);
}
