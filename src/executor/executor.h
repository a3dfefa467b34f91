/*
 * The private header of the executor: one process, one job. A clean zygote
 * (zygote.c) waits for requests and splits off executors; each confines itself
 * (confine.c), reads its order (orders.c), carries out the action and reports
 * (report.c).
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws.h"
#include "buf.h"
#include "cloudshell.h"
#include "fail.h"
#include "http.h"
#include "ipc.h"
#include "job.h"
#include "json.h"

#define PROCESS_TITLE	"quali-executor"

/* Limits of an artifact and of what is taken out of it. */
#define ARTIFACT_MAX		(64 * 1024 * 1024)	/* bytes as stored */
#define ARTIFACT_MEMBERS_MAX	16		/* members of a ZIP */
#define ARTIFACT_DETAILS_MAX	CS_ANSWER_MAX	/* sandbox.json unpacked: Start
						   writes an answer of
						   CloudShell, compact where it
						   must; see details_text */
#define ARTIFACT_DETAILS	"sandbox.json"
#define ARTIFACT_OUTPUT		"output.txt"

/* Older credentials are renewed first (aws-contract 3.1). */
#define ARTIFACT_FRESH_MS	(10 * 60 * 1000)

/* Of the time that a stop may take: one call of it, and how much longer than
 * the stop a call runs that must not be cut. */
#define STOP_CALL_MS(stop_ms)	((stop_ms) * 3 / 8)

/* --- orders.c: what the supervisor says --- */

enum halt {
	HALT_NONE,
	HALT_PARK,	/* leave everything as it is and go */
	HALT_STOP,	/* undo, report, go */
};

/*
 * Order pipe, SIGTERM and one timer behind one epoll descriptor, which is
 * what interrupts HTTP calls and pauses. The timer is never read: from cut_ms
 * on the descriptor stays readable, so that no later call runs on unnoticed.
 */
struct orders {
	int			 fd, signal, timer, epoll;
	struct buf		 in;		/* not yet taken as lines */
	enum halt		 halt;
	int64_t			 halted_ms;	/* when */
	bool			 ended;		/* end of file */
	bool			 shielded;	/* no cut in the call now */
	bool			 severed;	/* it was, after all */
	int64_t			 cut_ms;	/* INT64_MAX: never */
	int64_t			 stop_ms;	/* all that a stop may take */
	bool			(*outdated)(void);	/* asked in pauses:
						   park, another one
						   can go on */
	bool			 recorded;	/* last intent or fact */
	bool			 answered;	/* credentials or error */
	struct credentials	 credentials;
	char			*error;
};

/* Take over the order pipe. SIGTERM must be blocked. -1 with errno. */
int	orders_open(struct orders *, int fd);

/* Wait for the order. IPC_EXIT_OK, or the status to exit with. */
enum ipc_exit	orders_first(struct orders *, struct ipc_order *);

/* Wait until ms passed (0) or calls are to be cut (-1, FAIL_STOPPED). */
int	orders_pause(struct orders *, int64_t ms, struct fail *);

/* Wait until *flag, one of recorded and answered, is set. -1 FAIL_STOPPED:
 * the pipe ended, or a stop could not wait longer. */
int	orders_await(struct orders *, const bool *flag, struct fail *);

/* From now on a call runs to its end (after a stop: for a part of stop_ms). */
void	orders_shield(struct orders *);
void	orders_unshield(struct orders *);

/* The clean-up of a stop begins: calls run again, until stop_ms after it. */
void	orders_begin_stop(struct orders *);

/* For struct http_interrupt; the argument is struct orders. */
bool	orders_asked(void *);

/* --- report.c: the only writer of the report pipe --- */

/* A broken pipe ends the process (IPC_EXIT_REPORT). */
void	report_open(int fd);
void	report_hello(void);
void	report_facts(enum ipc_type, const struct job_facts *);
void	report_progress(enum ipc_step, const char *);
/* From now on what is logged is told as progress: an executor has no standard
 * error. Not before the order has been waited for. */
void	report_words(void);
void	report_call(const char *method, const char *where, long status,
	    int64_t ms, int attempt, const char *error);
void	report_need_credentials(void);
void	report_result(const struct job_result *);

/* --- job.c: one executor from its start to its exit --- */

/* All that an executor knows. */
struct exec {
	struct orders		 orders;
	struct ipc_order	 order;
	struct job_facts	 facts;		/* as on disk, or about to be */
	struct job_result	 result;
	struct http_interrupt	 interrupt;
	struct http_client	*http;
	struct cs_settings	 settings;
	struct cs_client	*cs;
	int64_t			 deadline_ms;	/* of the monotonic clock */
	int64_t			 credentials_ms;	/* when they came */
	int64_t			 skew_s;	/* S3's clock less ours */
	const char		*peer;		/* of the last call: CloudShell
						   or S3 */
};

/* Run the job; the exit status. */
enum ipc_exit	job_run(pid_t supervisor, const int fds[IPC_ZYGOTE_FDS]);

/* Log in to CloudShell, as a step of its own. */
int	job_login(struct exec *, struct fail *);

/* Announce an intent and wait until it is on disk. -1 FAIL_STOPPED: do not do
 * it. */
int	job_intend(struct exec *, enum job_intent, struct fail *);

/* Close an open intent and put all facts on disk. -1 FAIL_STOPPED: the
 * supervisor has them, but did not say that they are safe. */
int	job_fact(struct exec *, struct fail *);

/* An answer that may be waited for: passing faults of a look that is repeated
 * anyway. *faults counts those in a row. */
bool	job_passing(const struct fail *, unsigned *faults);

/* --- wait.c: the pauses between two looks --- */

struct wait {
	int64_t	 ms, max_ms, floor_ms;
};

void	wait_start(struct wait *, const struct ipc_order *);
int	wait_next(struct wait *, struct orders *, struct fail *);

/* --- inputs.c: the action's properties; errors are FAIL_CONFIG --- */

/* NULL if absent or blank. */
const char	*input_text(const json_t *, const char *name);
/* The same without blanks around it; control characters become blanks. */
const char	*input_name(const json_t *, const char *name);
/* As before, but NULL fills the fail; what says what it is for. */
const char	*input_required(const json_t *, const char *name,
		    const char *what, struct fail *);
int	input_minutes(const json_t *, const char *name, long *, struct fail *);
int	input_flag(const json_t *, const char *name, bool fallback, bool *,
	    struct fail *);
/* An object of scalars as new object of texts; NULL in *values if blank. */
int	input_object(const json_t *, const char *name, json_t **values,
	    struct fail *);

/* Name of a sandbox: base, cut so that it fits SANDBOX_NAME_MAX characters
 * together with the tag of the job, unless job is NULL. The caller frees. */
char	*sandbox_name(const char *base, const char *job);

/* --- match.c --- */

/* The component that a name or an expression means: its index, or -1 with
 * FAIL_CONFIG, whose text lists the candidates. */
int	component_match(const char *, const struct cs_component *, size_t n,
	    struct fail *);

/* --- zip.c: archives in memory --- */

bool	zip_detect(const void *, size_t);

/* Find the JSON object that holds a sandbox's details in an archive. */
json_t	*zip_read_details(const void *, size_t, struct fail *);

/* Append a new archive with one member to the buffer. */
int	zip_write(struct buf *, const char *member, const void *, size_t,
	    struct fail *);

/* --- details.c --- */

/* New text of a sandbox's details, of at most ARTIFACT_DETAILS_MAX bytes, which
 * details_read takes back: indented, else compact, else id and name alone. NULL
 * if they cannot be written. Freed with xfree_secret. */
char	*details_text(const json_t *);

/* The id of the sandbox that an artifact names: ZIP or bare JSON. FAIL_CONFIG
 * if it names none. */
int	details_read(const void *, size_t, char id[SANDBOX_ID_SIZE],
	    struct fail *);

/* --- artifact.c: S3 --- */

/* The sandbox id of the job's input artifact. */
int	artifact_sandbox(struct exec *, char id[SANDBOX_ID_SIZE],
	    struct fail *);

/* Write a member to the job's output artifact as ZIP; nothing to do if the
 * job has none. */
int	artifact_write(struct exec *, const char *member, const void *, size_t,
	    struct fail *);

/* --- s3_transfer.c: one object, with renewed credentials and repeats --- */

int	s3_get(struct exec *, const struct job_artifact *, struct buf *,
	    struct fail *);
int	s3_put(struct exec *, const struct job_artifact *, const void *,
	    size_t, struct fail *);

/* --- the actions; each pair is one row of job.c's table --- */

/* Carry it out from where the facts say: 0 with x->result filled, or -1. */
int	start_sandbox(struct exec *, struct fail *);
int	run_command(struct exec *, struct fail *);
int	end_sandbox(struct exec *, struct fail *);
int	clean_up(struct exec *, struct fail *);

/* After a stop: undo what is to be undone; append what was and what was not,
 * as sentences. */
void	start_sandbox_stop(struct exec *, struct buf *);
void	run_command_stop(struct exec *, struct buf *);
void	end_sandbox_stop(struct exec *, struct buf *);

/* --- lost.c: starts of a sandbox that were not answered --- */

/* Note on disk that the last start was lost; its sandbox is looked for since
 * that time of the wall clock. */
int	lost_note(struct exec *, int64_t since, struct fail *);
/* Whether a sandbox that was not found until now can no longer appear. */
bool	lost_over(struct exec *);
/* Look once. 1: found and noted as the job's, 0: there is none, -1. */
int	lost_find(struct exec *, struct fail *);
/* The same until lost_over. */
int	lost_await(struct exec *, struct fail *);
/* End what lost starts have made beside the job's sandbox, and append what
 * could not be ended, in sentences. -1 only if a stop or park came between. */
int	lost_surplus(struct exec *, struct buf *, struct fail *);
/* The same until none can appear any more, or the deadline comes near. */
int	lost_settle(struct exec *, struct buf *, struct fail *);

/* --- undo.c: shared by failing starts, stops and clean-up --- */

/* Have the job's sandbox ended because of why, and note both; then what lost
 * starts have made beside it, as lost_surplus does. */
int	undo_sandbox(struct exec *, const char *why, struct buf *left,
	    struct fail *);
/* Cancel the job's execution if it still runs; appends what it did. 1: its
 * cancellation was accepted, 0: there was nothing to cancel, -1. */
int	undo_execution(struct exec *, struct buf *, struct fail *);

#endif
