/*
 * The life of one job as a pure state machine: (life, event, now) -> new state,
 * a set of effects, and a set of notes for the journal. It does no I/O, reads
 * no clock and draws no random numbers: the supervisor's dispatch.c delivers
 * events, carries out effects and writes the notes down.
 */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "job.h"
#include "token.h"

/* Limits of a life, milliseconds. */
#define LIFE_HELLO_MS		10000	/* from the request to the executor's
					   hello */
#define LIFE_EXIT_MS		5000	/* from a result to the executor's
					   exit */
#define LIFE_CLEANUP_MS		180000	/* a clean-up executor */
#define LIFE_SLOT_TRIES		3	/* a result that CodePipeline has not
					   taken after so many tries holds a
					   slot, so that the worker claims no
					   more than it can report */
#define LIFE_START_TRIES	20	/* failed starts of an executor, over
					   more than a minute */
#define LIFE_CLEANUP_TRIES	40	/* about five hours of trying */
#define LIFE_ACK_TRIES		20	/* some minutes of trying, while no
					   attempt can have landed */
#define LIFE_PUT_S		(24 * 3600)	/* from the claim:
						   CodePipeline's own limit of
						   an action (aws-contract
						   2.5) */

/* Where a job is; on disk as well, except LIFE_NEW. */
enum life_state {
	LIFE_NEW,	/* nothing known yet */
	LIFE_CLAIMING,	/* AcknowledgeJob not answered yet */
	LIFE_OURS,	/* acknowledged; to be run, running, or parked */
	LIFE_RESULT,	/* result known, to be reported, maybe clean-up to do */
	LIFE_DONE,	/* reported (or refused for good), cleaned up */
	LIFE_DROPPED,	/* never ours */
	LIFE_STATE_MAX
};

/* The executor at work for a job, if any. */
enum life_child {
	CHILD_NONE,
	CHILD_ASKED,	/* zygote asked, no hello yet */
	CHILD_WORKING,	/* order sent */
	CHILD_STOPPING,	/* SIGTERM sent, grace runs */
	CHILD_PARKING,	/* park sent */
	CHILD_FINISHED,	/* result came, exit awaited */
	CHILD_KILLED,	/* SIGKILL sent, exit awaited */
};

enum life_stop {		/* why a stop was sent */
	STOP_NONE,
	STOP_DEADLINE,
	STOP_CANCEL,
};

/* Settings that a life depends on, the same for all jobs of an action. */
struct life_rules {
	int64_t	timeout_ms;
	int64_t	kill_grace_ms;
	bool	run_ambiguous;	/* InvalidNonce after an unknown outcome:
				   ours */
	bool	hand_back;	/* on_stop = hand-back */
	bool	plain_names;	/* tag_sandbox_names = no */
	const struct token_key *key;	/* for continuation tokens: outlives the
					   life; looked up only when needed */
};

/* What a poll brings: borrowed while the life begins. */
struct offer {
	enum job_action		 action;
	const struct job_data	*data;	/* names, nonce, continuation token */
};

/* What CodePipeline answered, as far as it matters to a job's life. Texts are
 * borrowed. */
struct life_answer {
	bool		 ok;		/* 2xx with a body that can be read */
	bool		 odd;		/* 2xx, but CodePipeline did not write
					   the body */
	bool		 passing;	/* an error; the same call may succeed
					   later */
	bool		 unsure;	/* an error, and the call may have
					   taken effect */
	const char	*code;		/* of an error, "" if it has none */
	const char	*text;		/* an error for people; NULL: the call
					   was not even sent */
	const char	*status;	/* AcknowledgeJob: the job's status */
	const char	*token;		/* GetJobDetails: the continuation
					   token; NULL: none */
	const char	*unread;	/* GetJobDetails: what of the job cannot
					   be read; NULL: it is whole */
	enum fail_kind	 unread_kind;
	int64_t		 retry_after_ms; /* 0: not said */
};

struct life_now {
	int64_t	ms;		/* of SYS_CLOCK */
	int64_t	wall;		/* seconds */
};

/* One job at hand, from its offer, or its record in the ledger, to
 * FX_FORGET. */
struct life {
	/* --- the record: what the ledger keeps --- */
	char		id[JOB_ID_SIZE];
	char		nonce[JOB_NONCE_SIZE];
	enum job_action	action;
	char		version[JOB_VERSION_SIZE];
	char		pipeline[JOB_NAME_SIZE];
	char		stage[JOB_NAME_SIZE];
	char		name[JOB_NAME_SIZE];	/* the action's name in the
						   pipeline */
	char		execution[JOB_ID_SIZE];
	enum life_state	state;
	int64_t		claimed_wall;	/* when it was offered */
	int64_t		deadline_wall;	/* while claiming: from the time left in
					   its token, 0: no token */
	struct job_facts facts;
	struct job_result result;
	bool		cleanup;	/* clean-up is to be done */
	bool		put_done;	/* CodePipeline took the result or
					   refused it for good */
	enum ipc_step	step;		/* last step told */

	/* --- gone with the process --- */
	struct life_rules rules;
	enum life_child	child;
	bool		cleaning;	/* the child is a clean-up executor */
	enum life_stop	stop;
	bool		resumed;	/* an earlier process began it */
	char		*unfit;		/* why the job cannot begin: what
						   CodePipeline sent of it
						   cannot be read, or its
						   continuation token cannot be
						   used; NULL: it can */
	enum fail_kind	unfit_kind;
	bool		have_data;	/* job data is at hand */
	bool		token_unread;	/* it may carry a continuation token
					   that is not read yet, so the facts
					   may be incomplete */
	char		sent_nonce[JOB_NONCE_SIZE];	/* of the last
						   acknowledge */
	bool		draining;	/* shutting down: start nothing */
	bool		parking;	/* shutting down: stop what runs */
	bool		ack_unsure;	/* an acknowledge may have landed */
	bool		put_unsure;	/* a result may have landed */
	bool		bare;		/* put without optional parts */
	bool		want_credentials;	/* executor waits for fresh
						   ones */
	bool		details_failed;	/* CodePipeline gave none */
	bool		turn_open;	/* an intent or fact waits for
					   recorded */
	enum job_intent	intent_before;	/* before this turn */
	bool		fault;		/* broke the protocol: why below */
	bool		version_fault;	/* hello of another version */
	bool		late;		/* no hello in time */
	bool		no_order;	/* the order could not be written */
	char		why[256];	/* why of a fault or of failed starts */
	bool		dirty;		/* a save is wanted or under way */
	bool		on_disk;	/* the ledger has a record */
	unsigned	held;		/* effects waiting for saved */
	unsigned	busy;		/* requests in flight: FX_ACKNOWLEDGE,
					   FX_DETAILS, FX_PUT */
	unsigned	tries;		/* of the current request */
	unsigned	starts;		/* failed starts of an executor */
	unsigned	cleanups;	/* clean-ups tried */
	bool		wants_slot;	/* a clean-up waits for one */
	int64_t		give_up_ms;	/* when to give up an acknowledge or put
					   that still fails */
	int64_t		deadline_ms;	/* 0: none; of the job */
	int64_t		limit_ms;	/* 0: none; of the child's current
					   state */
	int64_t		retry_ms;	/* 0: none; next try of the request in
					   retry_what */
	unsigned	retry_what;
	int64_t		start_ms;	/* 0: none; next try to start an
					   executor */
	int64_t		save_ms;	/* 0: none; next try of a failed save */
	/* --- what the last step left for others --- */
	unsigned	notes;		/* enum life_note */
	int64_t		wake_ms;	/* when EV_TIMER is due, of SYS_CLOCK;
					   0: never */
	bool		active;		/* an executor or a claim is at work for
					   it */
	bool		slot;		/* it takes one of max_jobs slots: it is
					   active, or waits to be */
};

enum life_event_type {
	EV_OFFERED,		/* PollForJobs gave it; data at hand */
	EV_OFFERED_AGAIN,	/* PollForJobs gave it once more; u.nonce */
	EV_RESUME,		/* read from the ledger */
	EV_SAVED,
	EV_SAVE_FAILED,
	EV_ACK_ANSWER,		/* of AcknowledgeJob; u.answer */
	EV_DETAILS_ANSWER,	/* of GetJobDetails; u.answer; if ok, the job's
				   data or the credentials asked for are at
				   hand */
	EV_PUT_ANSWER,		/* of a PutJob call; u.answer */
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
	EV_EXIT,		/* pipe drained, process reaped; u.exit */
	EV_CANCEL,		/* by the operator */
	EV_DRAIN,		/* start nothing more */
	EV_PARK,		/* end what runs; it goes on later */
	EV_TIMER,
	EV_MAX
};

struct life_exit {
	bool	signaled;
	int	status;		/* exit status or signal */
	bool	crash;		/* signal of a crash (SEGV, ABRT, BUS, ILL, FPE,
				   SYS) */
};

struct life_event {
	enum life_event_type type;
	union {
		const char		*nonce;
		const char		*text;
		const struct job_facts	*facts;
		enum ipc_step		 step;
		const struct job_result	*result;
		struct life_exit	 exit;
		const struct life_answer *answer;
	} u;
};

/* Effects; the supervisor's dispatch.c has their order. */
enum life_effect {
	FX_SAVE		= 1 << 0,	/* write the record; saved or save
					   failed follows */
	FX_SAVE_SOON	= 1 << 15,	/* the same, but nothing waits for it:
					   done with the next transaction, or
					   within a second */
	FX_ACKNOWLEDGE	= 1 << 1,
	FX_DETAILS	= 1 << 2,	/* GetJobDetails */
	FX_START	= 1 << 3,	/* fork an executor (a clean-up one if
					   cleaning) */
	FX_ORDER	= 1 << 4,
	FX_RECORDED	= 1 << 5,
	FX_CREDENTIALS	= 1 << 6,	/* fresh ones, or details_failed */
	FX_WRITE_PARK	= 1 << 7,
	FX_STOP		= 1 << 8,	/* SIGTERM */
	FX_KILL		= 1 << 9,	/* SIGKILL */
	FX_RENEW	= 1 << 10,	/* replace the zygote */
	FX_UPGRADE	= 1 << 11,	/* exit, to be started again */
	FX_PUT	= 1 << 12,
	FX_FORGET	= 1 << 13,	/* the life is over */
	FX_CANCEL	= 1 << 14,	/* give up details and put in flight */
};

/* What a step decided, for people: job_log.c has the words. */
enum life_note {
	/* of an AcknowledgeJob */
	NOTE_CLAIMED		= 1 << 0,
	NOTE_NOT_OURS		= 1 << 1,	/* another status */
	NOTE_TAKEN		= 1 << 2,	/* another worker has it */
	NOTE_NEW_NONCE		= 1 << 3,	/* claiming again with it */
	NOTE_AMBIGUOUS_RUN	= 1 << 4,	/* claimed, perhaps by us: run
						   it */
	NOTE_AMBIGUOUS_DROP	= 1 << 5,	/* the same: left alone */
	NOTE_NOT_CLAIMED	= 1 << 6,	/* refused */
	NOTE_CLAIM_GIVEN_UP	= 1 << 7,
	NOTE_CALL_ODD		= 1 << 8,	/* an answer that cannot be
						   read; also GetJobDetails */
	NOTE_CALL_FAILED	= 1 << 9,	/* the same, an error */
	/* of a PutJob call */
	NOTE_PUT		= 1 << 10,	/* taken */
	NOTE_PUT_ODD		= 1 << 11,
	NOTE_PUT_BEFORE		= 1 << 12,	/* an earlier one was taken */
	NOTE_PUT_REFUSED	= 1 << 13,
	NOTE_PUT_LESS		= 1 << 14,	/* its contents are refused */
	NOTE_PUT_FAILED		= 1 << 15,
	NOTE_PUT_GIVEN_UP	= 1 << 16,
	/* of the work */
	NOTE_RESULT		= 1 << 17,	/* the result is known */
	NOTE_PARKED		= 1 << 18,
	NOTE_CLEANED		= 1 << 19,	/* a clean-up reported its
						   result */
	NOTE_CLEANUP_GIVEN_UP	= 1 << 20,
	/* of an executor's exit */
	NOTE_CRASHED		= 1 << 21,
	NOTE_KILLED		= 1 << 22,	/* by us */
	NOTE_ENDED_BY_STOP	= 1 << 23,	/* by our SIGTERM */
	NOTE_ENDED_OUTSIDE	= 1 << 24,	/* by somebody else's signal */
	NOTE_ODD_STATUS		= 1 << 25,	/* after its result */
};

/* A new life from an offer; it copies the names but no secret. It reads the
 * continuation token: the time left in it counts from now. */
void	 life_new(struct life *, const struct offer *,
	    const struct life_rules *, const struct life_now *);
/* Deliver an event. Returns the effects to carry out now. Events that do not
 * fit the state (late answers) change nothing. */
unsigned life_step(struct life *, const struct life_event *,
	    const struct life_now *);
/* Milliseconds until the deadline, or the end of a clean-up; at least 0. */
static inline int64_t
life_remaining(const struct life *life, const struct life_now *now)
{
	if (life->cleaning)
		return LIFE_CLEANUP_MS;
	return life->deadline_ms > now->ms ? life->deadline_ms - now->ms : 0;
}

/* Whether the process may end now and cost the job nothing but time. */
bool	 life_at_rest(const struct life *);
void	 life_free(struct life *);		/* members only */

/* Words of the states, by enum life_state. */
extern const char *const life_state_names[LIFE_STATE_MAX];
/* LIFE_NEW if the word is unknown. */
enum life_state	 life_state_parse(const char *);

#endif
