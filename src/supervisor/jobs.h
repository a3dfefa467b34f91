/*
 * The life of one job as a pure state machine: (job, event, now) -> new state
 * and a set of effects. It does no I/O and reads no clock; dispatch.c carries
 * effects out and delivers events.
 */
#ifndef JOBS_H
#define JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "job.h"

/* Limits of a life, milliseconds. */
#define JOB_HELLO_MS		10000	/* from the request to the executor's
					   hello */
#define JOB_EXIT_MS		5000	/* from a result to the executor's
					   exit */
#define JOB_CLEANUP_MS		180000	/* a clean-up executor */
#define JOB_SLOT_TRIES		3	/* a result that CodePipeline did not
					   take so often holds a slot: what
					   cannot be reported is not claimed */
#define JOB_START_TRIES		20	/* executors asked for in vain, over
					   more than a minute */
#define JOB_CLEANUP_TRIES	40	/* about five hours of trying */
#define JOB_ACK_TRIES		20	/* some minutes of trying, while no
					   attempt can have landed */
#define JOB_REPORT_S		(24 * 3600)	/* from the claim:
						   CodePipeline's own limit of
						   an action (aws-contract
						   2.5) */

/* Where a job is; on disk as well, except JOB_NEW. */
enum job_state {
	JOB_NEW,	/* nothing known yet */
	JOB_CLAIMING,	/* AcknowledgeJob not answered yet */
	JOB_OURS,	/* acknowledged; to be run, running, or parked */
	JOB_RESULT,	/* result known, to be reported, maybe clean-up to do */
	JOB_DONE,	/* reported (or refused for good), cleaned up */
	JOB_DROPPED,	/* never ours */
	JOB_STATE_MAX
};

/* The executor at work for a job, if any. */
enum job_child {
	CHILD_NONE,
	CHILD_ASKED,	/* zygote asked, no hello yet */
	CHILD_WORKING,	/* order sent */
	CHILD_STOPPING,	/* SIGTERM sent, grace runs */
	CHILD_PARKING,	/* park sent */
	CHILD_FINISHED,	/* result came, exit awaited */
	CHILD_KILLED,	/* SIGKILL sent, exit awaited */
	CHILD_MAX
};

enum job_stop {		/* why a stop was sent */
	STOP_NONE,
	STOP_DEADLINE,
	STOP_CANCEL,
};

/* Settings a life depends on; the same for all jobs of an action. */
struct job_rules {
	int64_t	timeout_ms;
	int64_t	kill_grace_ms;
	bool	run_ambiguous;	/* InvalidNonce after an unknown outcome:
				   ours */
	bool	hand_back;	/* on_stop = hand-back */
	bool	plain_names;	/* tag_sandbox_names = no */
};

struct job_now {
	int64_t	ms;		/* of SYS_CLOCK */
	int64_t	wall;		/* seconds */
};

struct job {
	/* --- the record: what the ledger keeps --- */
	char		id[JOB_ID_SIZE];
	char		nonce[JOB_NONCE_SIZE];
	enum job_action	action;
	char		version[JOB_VERSION_SIZE];
	char		pipeline[JOB_NAME_SIZE];
	char		stage[JOB_NAME_SIZE];
	char		name[JOB_NAME_SIZE];	/* of the pipeline's action */
	char		execution[JOB_ID_SIZE];
	enum job_state	state;
	int64_t		claimed_wall;	/* when it was offered */
	int64_t		deadline_wall;	/* while claiming: of what a token left
					   it, 0: no token */
	struct job_facts facts;
	struct job_result result;
	bool		cleanup;	/* clean-up is to be done */
	bool		reported;	/* CodePipeline took or refused the
					   result */
	enum ipc_step	step;		/* last step told */

	/* --- gone with the process --- */
	struct job_rules rules;
	enum job_child	child;
	bool		cleaning;	/* the child is a clean-up executor */
	enum job_stop	stop;
	bool		resumed;	/* an earlier process began it */
	bool		have_data;	/* job data is at hand */
	bool		token_unread;	/* it may carry a continuation token
					   that is not ours: the facts may not
					   be all */
	char		sent_nonce[JOB_NONCE_SIZE];	/* of the last
						   acknowledge */
	bool		draining;	/* shutting down: start nothing */
	bool		parking;	/* shutting down: stop what runs */
	bool		ack_unsure;	/* an acknowledge may have landed */
	bool		report_unsure;	/* a result may have landed */
	bool		bare;		/* report without optional parts */
	bool		want_credentials;	/* executor waits for fresh
						   ones */
	bool		details_failed;	/* they could not be had */
	bool		turn_open;	/* an intent or fact waits for
					   recorded */
	enum job_intent	intent_before;	/* it was told */
	bool		fault;		/* protocol fault seen; text below */
	bool		version_fault;	/* hello of another version */
	bool		late;		/* no hello in time */
	bool		no_order;	/* it could not be written */
	char		why[256];	/* of fault, or of vain starts */
	bool		dirty;		/* a save is wanted or under way */
	bool		on_disk;	/* there is a record of it */
	unsigned	held;		/* effects waiting for saved */
	unsigned	busy;		/* requests in flight: FX_ACKNOWLEDGE,
					   FX_DETAILS, FX_REPORT */
	unsigned	tries;		/* of the present request */
	unsigned	starts;		/* executors asked for in vain */
	unsigned	cleanups;	/* clean-ups tried */
	bool		wants_slot;	/* a clean-up waits for one */
	int64_t		give_up_ms;	/* an acknowledge or report that still
					   fails then is given up */
	int64_t		deadline_ms;	/* 0: none; of the job */
	int64_t		limit_ms;	/* 0: none; of the child's present
					   state */
	int64_t		retry_ms;	/* 0: none; next try of the request in
					   retry_what */
	unsigned	retry_what;
	int64_t		start_ms;	/* 0: none; next try to have an
					   executor */
	int64_t		save_ms;	/* 0: none; next try of a failed save */
};

enum job_event_type {
	EV_OFFERED,		/* PollForJobs gave it; data at hand */
	EV_OFFERED_AGAIN,	/* PollForJobs gave it once more; u.nonce */
	EV_RESUME,		/* read from the ledger */
	EV_SAVED,
	EV_SAVE_FAILED,
	EV_ACKNOWLEDGED,	/* InProgress */
	EV_ACK_REFUSED,		/* another status, or a final error */
	EV_ACK_NONCE,		/* InvalidNonceException */
	EV_ACK_AGAIN,		/* did not reach CodePipeline, or throttled */
	EV_ACK_UNSURE,		/* may have reached it */
	EV_DETAILS,		/* job data at hand */
	EV_DETAILS_AGAIN,
	EV_DETAILS_REFUSED,	/* final; u.text */
	EV_STARTED,		/* zygote's answer */
	EV_START_FAILED,	/* u.text */
	EV_BUSY,		/* no slot for a clean-up now */
	EV_HELLO,
	EV_HELLO_VERSION,	/* of another version */
	EV_NOTED,		/* intent or fact; u.facts */
	EV_PROGRESS,		/* u.step */
	EV_NEED_CREDENTIALS,
	EV_RESULT,		/* u.result, copied */
	EV_FAULT,		/* broken or unpermitted line; u.text */
	EV_NO_ORDER,		/* the order cannot be written; u.text */
	EV_UNUSABLE,		/* the job cannot be run as it is; u.text */
	EV_EXIT,		/* pipe drained, process reaped; u.exit */
	EV_REPORTED,
	EV_REPORT_REFUSED,	/* job is not (no longer) ours to report */
	EV_REPORT_INVALID,	/* contents not taken */
	EV_REPORT_AGAIN,
	EV_REPORT_UNSURE,
	EV_CANCEL,		/* by the operator */
	EV_DRAIN,		/* start nothing more */
	EV_PARK,		/* end what runs, it goes on later */
	EV_TIMER,
	EV_MAX
};

struct job_exit {
	bool	signaled;
	int	status;		/* exit status or signal */
	bool	crash;		/* signal of a crash (SEGV, ABRT, BUS, ILL, FPE,
				   SYS) */
};

struct job_event {
	enum job_event_type type;
	union {
		const char		*nonce;
		const char		*text;
		const struct job_facts	*facts;
		enum ipc_step		 step;
		const struct job_result	*result;
		struct job_exit		 exit;
		int64_t			 retry_after_ms;	/* ..._AGAIN,
						   ..._UNSURE */
	} u;
};

/* Effects; dispatch.c's carry_out has their order. */
enum job_effect {
	FX_SAVE		= 1 << 0,	/* write the record; saved or save
					   failed follows */
	FX_ACKNOWLEDGE	= 1 << 1,
	FX_DETAILS	= 1 << 2,	/* GetJobDetails */
	FX_START	= 1 << 3,	/* have an executor forked (clean-up if
					   cleaning) */
	FX_ORDER	= 1 << 4,
	FX_RECORDED	= 1 << 5,
	FX_CREDENTIALS	= 1 << 6,	/* fresh ones, or details_failed */
	FX_WRITE_PARK	= 1 << 7,
	FX_STOP		= 1 << 8,	/* SIGTERM */
	FX_KILL		= 1 << 9,	/* SIGKILL */
	FX_RENEW	= 1 << 10,	/* replace the zygote */
	FX_UPGRADE	= 1 << 11,	/* end, to be started anew */
	FX_REPORT	= 1 << 12,
	FX_FORGET	= 1 << 13,	/* the life is over */
	FX_CANCEL	= 1 << 14,	/* give up details and report in
					   flight */
};

/* A new life from polled data. Names are copied, no secret is. */
void	 jobs_new(struct job *, const struct job_data *, enum job_action,
	    const struct job_rules *);
/* Deliver an event. Returns the effects wanted now. Events that do not fit the
 * state (late answers) change nothing. */
unsigned jobs_step(struct job *, const struct job_event *,
	    const struct job_now *);
/* When EV_TIMER is due, milliseconds of SYS_CLOCK; 0: never. */
int64_t	 jobs_wake(const struct job *);
/* Milliseconds until the deadline, at least 0. */
int64_t	 jobs_remaining(const struct job *, const struct job_now *);
/* Whether InvalidNonceException says nothing: the job was offered anew, with
 * another nonce, while the acknowledge was under way. */
bool	 jobs_nonce_stale(const struct job *);
/* Whether work goes on for it, an executor's or that of a claim. */
bool	 jobs_active(const struct job *);
/* Whether it takes up one of max_jobs slots: it is active, or waits to be. */
bool	 jobs_slot(const struct job *);
/* Whether the process may end without it losing anything more than time. */
bool	 jobs_at_rest(const struct job *);
void	 jobs_free(struct job *);		/* members only */

/* --- jobs_end.c: what an end means --- */

/* The table of result and exit status (design section 3), for an executor that
 * is gone without a result: sets job->result. */
void	jobs_end_without_result(struct job *, const struct job_exit *);
/* Take over what the executor told; a stop gets its cause put before it. */
void	jobs_end_with_result(struct job *, const struct job_result *);
/* A failure decided here. */
void	jobs_end_failed(struct job *, enum fail_kind, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* A failure because CodePipeline takes no report of a success or hand-back.
 * Returns whether the executor told that result, as needs_cleanup asks. */
bool	jobs_end_untaken(struct job *);
/* Hand-back: a result with the continuation token. -1, and nothing changed, if
 * the facts do not fit in one. */
int	jobs_end_handed_back(struct job *, const struct job_now *);
/* The report was refused for good: whether that abandons what is left on
 * CloudShell, and a clean-up executor must undo it. */
bool	jobs_end_abandoned(const struct job *);
/* Whether something is left on CloudShell that a clean-up executor must undo;
 * told: the executor itself told this result. */
bool	jobs_end_needs_cleanup(const struct job *, bool told);
/* Seconds, minutes or hours in words: "15 min". Returns dst. */
char	*jobs_duration(char *dst, size_t, int64_t ms);

/* --- token.c: continuation tokens (aws-contract 2.4) --- */

/* Facts and remaining time as a token without secrets, freed by the caller;
 * NULL if it had more than JOB_TOKEN_MAX bytes. */
char	*token_encode(const struct job_facts *, int64_t remaining_ms);
/* FAIL_CONFIG if it is not ours; the facts are zeroed then. */
int	token_decode(const char *, struct job_facts *, int64_t *remaining_ms,
	    struct fail *);

const char	*jobs_state_name(enum job_state);
enum job_state	 jobs_state_parse(const char *);	/* JOB_NEW if unknown */

#endif
