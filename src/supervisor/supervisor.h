/*
 * The private header of the supervisor, grouped by file. One process, one
 * thread, one event loop; nothing here blocks on a peer.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stdint.h>

#include "codepipeline.h"
#include "conf.h"
#include "http.h"
#include "ipc.h"
#include "ipc_order.h"
#include "job.h"
#include "jobs.h"
#include "log.h"

/* Priorities of event sources, first to last within a turn: a result always
 * wins over an exit, and everything over a new poll. */
enum {
	PRIO_REPORT = -30,	/* report pipes */
	PRIO_EXIT = -20,	/* pidfds, zygote */
	PRIO_HTTP = -10,
	PRIO_TIMER = 0,
	PRIO_COMMIT = 10,	/* ledger's transaction of the turn */
	PRIO_LOOK = 20,		/* whether the loop can be left */
};

/* --- ledger.c: jobs on disk --- */

struct ledger;

/* Open state_dir/ledger.sqlite, made if absent (mode 0600). A damaged database
 * is set aside as ledger.sqlite.damaged-TIME; *set_aside then holds its new
 * path (freed by the caller), else NULL. FAIL_SYSTEM if the folder cannot be
 * used. */
struct ledger	*ledger_open(const char *state_dir, char **set_aside,
		    struct fail *);
void		 ledger_close(struct ledger *);

/* One transaction: begin, any number of saves, commit. A failed begin or save
 * makes the commit fail; nothing of it is then on disk. */
int	ledger_begin(struct ledger *, struct fail *);
/* Write something, to see whether it can be written. */
int	ledger_try(struct ledger *, struct fail *);
int	ledger_save(struct ledger *, const struct job *, int64_t wall,
	    struct fail *);
int	ledger_commit(struct ledger *, struct fail *);
void	ledger_rollback(struct ledger *);

/* Every record that is neither JOB_DONE nor JOB_DROPPED, oldest first. The job
 * given to take is the callee's to keep (jobs_free, then free); it was zeroed
 * before. -1: some record cannot be read; the others were given all the same,
 * it stays in the ledger, and the text names the first. */
int	ledger_open_jobs(struct ledger *, void (*take)(struct job *, void *),
	    void *, struct fail *);

/* State of the record with this id; JOB_NEW: there is none, or the database
 * cannot be read. */
enum job_state	ledger_state(struct ledger *, const char *id);

/* Forget finished jobs last changed before this time. */
int	ledger_prune(struct ledger *, int64_t before_wall, struct fail *);

/* Bytes free where the ledger is. INT64_MAX if that cannot be told. */
int64_t	ledger_free_space(const struct ledger *);

/* --- lock.c --- */

/* Take state_dir/lock; every executor holds its descriptor too. Waits up to
 * wait_ms for the last executor of a former supervisor, logging once that it
 * does. The descriptor (close-on-exec), or -1: FAIL_SYSTEM. */
int	lock_take(const char *state_dir, int64_t wait_ms, struct fail *);

/* --- journal.c: where records go --- */

/* What one record of a job carries beside its message. */
enum journal_event {
	JOURNAL_OTHER,
	JOURNAL_STARTED, JOURNAL_STOPPED, JOURNAL_CLAIMED, JOURNAL_DROPPED,
	JOURNAL_BEGUN, JOURNAL_STEP, JOURNAL_SUCCEEDED, JOURNAL_FAILED,
	JOURNAL_REPORTED, JOURNAL_REFUSED, JOURNAL_DEADLINE, JOURNAL_KILLED,
	JOURNAL_CRASHED, JOURNAL_CLEANUP, JOURNAL_RESUMED, JOURNAL_PARKED,
	JOURNAL_AMBIGUOUS, JOURNAL_LEDGER, JOURNAL_CREDENTIALS,
	JOURNAL_AWS, JOURNAL_ZYGOTE,
	JOURNAL_EVENT_MAX
};

/* Send records to the journal with fields when stderr is connected to it
 * ($JOURNAL_STREAM), else leave the stderr sink. */
void	journal_init(void);
/* One record of a job: fields QUALI_JOB_ID, QUALI_ACTION, QUALI_PIPELINE,
 * QUALI_STAGE, QUALI_SANDBOX_ID, QUALI_EXECUTION_ID, QUALI_STEP, MESSAGE_ID.
 * On stderr the line begins with "job 8hex action: ". */
void	journal_job(const struct job *, enum journal_event, int priority,
	    const char *, ...) __attribute__((format(printf, 4, 5)));
void	journal_event(enum journal_event, int priority, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

/* --- actions.c: the definition files --- */

struct action_type {
	enum job_action		 action;
	struct cp_action_type	 type;
};

/* Read start-sandbox.json, run-command.json, end-sandbox.json from
 * worker.actions_dir, else worker.data_dir/actions: category, provider,
 * version.
 * Yields one entry per action with poll = yes and per version of
 * worker.versions. FAIL_CONFIG names file and member. */
int	actions_load(const struct conf *, struct action_type **, size_t *,
	    struct fail *);

/* --- transfer.c: libcurl's multi handle on the loop --- */

struct transfers;
struct transfer;

/* done is called from a deferred event source, never from within a libcurl
 * callback or transfer_start; code as http_finish returned: 0 or -1 with fail.
 * The transfer is freed after it returns. */
typedef void	(*transfer_done)(int code, const struct http_answer *,
		    const struct fail *, void *);

struct transfers *transfers_new(sd_event *);
void		  transfers_free(struct transfers *);	/* ends all, no calls */
/* Start a request (copied by libcurl as far as needed: method, url, headers,
 * body are copied). NULL with fail if it cannot even begin. */
struct transfer	 *transfer_start(struct transfers *,
		    const struct http_request *, transfer_done, void *,
		    struct fail *);
void		  transfer_cancel(struct transfer *);	/* done is not called */

/* --- credentials.c: the worker's own AWS credentials --- */

struct credential_source;

/* Called whenever other credentials came or a look-up failed for now; from the
 * loop, so that it may call anything below. */
typedef void	(*credentials_changed)(bool have, void *);

/* Runs the program aws-credentials (fork and exec of libexec_dir's, with a
 * constant argv and the AWS variables of the environment; a time limit of
 * 60 s), reads its JSON, keeps the credentials in guarded memory and renews
 * them before they expire (aws-contract 5.9): refresh at 10 minutes before the
 * end, or half the life for short ones, less up to 60 s at random; while a
 * look-up fails the old ones are kept, tried again with back-off. */
struct credential_source *credentials_new(sd_event *, const struct conf *,
		    credentials_changed, void *);
void	credentials_stop(struct credential_source *);	/* ends a look-up,
							   frees */
/* Begin a look-up in the next turn unless one runs (after ExpiredToken and the
 * like); at the soonest 5 s after the last began. */
void	credentials_refresh(struct credential_source *);
/* The present ones, or NULL. Borrowed until the next turn of the loop. */
const struct credentials *credentials_get(const struct credential_source *);
/* Region as the provider chain found it ("" if unknown), where the credentials
 * are from. */
const char *credentials_region(const struct credential_source *);
const char *credentials_origin(const struct credential_source *);
/* Whether the first look-up has not ended yet. */
bool	credentials_looking(const struct credential_source *);
/* Why there are none: text of the last failed look-up, "" if it did not. */
const char *credentials_error(const struct credential_source *);
/* Configured endpoint of "codepipeline" or "s3", NULL: the real one. Known
 * after the first look-up, as all below. */
const char *credentials_endpoint(const struct credential_source *,
		    const char *service);
/* PEM file to check AWS's certificates with: aws.ca_file, else AWS_CA_BUNDLE,
 * else the profile's; NULL: the system's. */
const char *credentials_ca_bundle(const struct credential_source *);
bool	credentials_use_fips(const struct credential_source *);
bool	credentials_use_dualstack(const struct credential_source *);
/* Its child, -1 if none: known to the sweep for unknown zombies. */
pid_t	credentials_child(const struct credential_source *);

#endif
