/*
 * The conversation of supervisor and executor: one JSON object per line.
 * quali-job-protocol(7) tells it in full.
 *
 *   report pipe (executor -> supervisor):
 *     hello  intent  fact  progress  call  need-credentials  result
 *   order pipe (supervisor -> executor):
 *     order  recorded  credentials  park
 *
 * encode and decode of one message stand side by side. Orders are in
 * ipc_order.h.
 */
#ifndef IPC_H
#define IPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "fail.h"
#include "job.h"

#define IPC_VERSION	1

#define IPC_REPORT_MAX	(256 * 1024)	/* of a report line: output variables,
					   escaped, and a message */
#define IPC_REPORTS_MAX	20000		/* report lines of one executor */

/* Exit statuses of an executor. */
enum ipc_exit {
	IPC_EXIT_OK = 0,	/* after a result */
	IPC_EXIT_PARKED = 10,	/* parked: no result, the job goes on later */
	IPC_EXIT_PROTOCOL = 11,	/* order broken or out of turn */
	IPC_EXIT_CONFINE = 12,	/* could not confine itself */
	IPC_EXIT_ORPHAN = 13,	/* order pipe closed before the order */
	IPC_EXIT_REPORT = 14,	/* report pipe broken */
};

/* Steps of a job, for texts, logs and QUALI_STEP. */
enum ipc_step {
	STEP_NONE,
	STEP_ORDER,		/* "reading the order" */
	STEP_ARTIFACT_READ,	/* "reading the input artifact" */
	STEP_LOGIN,		/* "logging in to CloudShell" */
	STEP_BLUEPRINT,		/* "looking up the blueprint" */
	STEP_SANDBOX_START,	/* "starting the sandbox" */
	STEP_SETUP,		/* "waiting for the sandbox's setup" */
	STEP_SANDBOX,		/* "looking up the sandbox" */
	STEP_COMPONENT,		/* "looking up the component" */
	STEP_COMMAND_START,	/* "starting the command" */
	STEP_COMMAND,		/* "waiting for the command" */
	STEP_SANDBOX_END,	/* "ending the sandbox" */
	STEP_TEARDOWN,		/* "waiting for the sandbox's teardown" */
	STEP_ARTIFACT_WRITE,	/* "writing the output artifact" */
	STEP_CLEANUP,		/* "cleaning up" */
	STEP_MAX
};

const char	*ipc_step_name(enum ipc_step);	/* "setup", "command-start" */
const char	*ipc_step_text(enum ipc_step);	/* the words above */
enum ipc_step	 ipc_step_parse(const char *);	/* STEP_NONE if unknown */

enum ipc_type {
	IPC_HELLO, IPC_INTENT, IPC_FACT, IPC_PROGRESS, IPC_CALL,
	IPC_NEED_CREDENTIALS, IPC_RESULT,
	IPC_REPORT_TYPES
};

/* One report line. Texts are owned by the struct. */
struct ipc_report {
	enum ipc_type	 type;
	union {
		struct {
			int		 version;
			pid_t		 pid;
		} hello;
		struct job_facts facts;		/* intent and fact: all that is
						   known now, not only what
						   changed */
		struct {
			enum ipc_step	 step;
			char		*text;	/* for people, or NULL */
		} progress;
		struct {
			char		*method;
			char		*where;	/* host/path, no query */
			long		 status;	/* 0: no answer */
			int64_t		 ms;
			int		 attempt;	/* from 1 */
			char		*error;	/* NULL: none */
		} call;
		struct job_result result;
	} u;
};

/* Append one line. -1 if it would exceed IPC_REPORT_MAX. */
int	ipc_report_encode(struct buf *, const struct ipc_report *);

/* Read one line (without its line end). FAIL_SYSTEM: the line breaks the
 * protocol; the text names type and member, never contents. */
int	ipc_report_decode(const char *, size_t len, struct ipc_report *,
	    struct fail *);
void	ipc_report_free(struct ipc_report *);

/* The members of facts and of a result, in reports and orders, the ledger and
 * continuation tokens. take fills a zeroed struct; FAIL_SYSTEM names what and
 * the member, and the caller frees what was filled until then. */
void	ipc_facts_put(json_t *, const struct job_facts *);
int	ipc_facts_take(const json_t *, struct job_facts *, const char *what,
	    struct fail *);
void	ipc_result_put(json_t *, const struct job_result *);
int	ipc_result_take(const json_t *, struct job_result *, const char *what,
	    struct fail *);

/* What came before, from which a table by type tells whether a report may come
 * now. */
struct ipc_turn {
	bool		hello;		/* hello came */
	bool		ordered;	/* the order was sent */
	bool		waiting;	/* intent or need-credentials
					   unanswered */
	bool		result;		/* result came */
	unsigned	lines;
};

bool	ipc_permitted(const struct ipc_turn *, enum ipc_type);
/* Note that this report came. */
void	ipc_turn_took(struct ipc_turn *, enum ipc_type);

/* --- supervisor and zygote: one datagram each way --- */

#define IPC_ZYGOTE_FDS	3	/* order pipe's read end, report pipe's write
				   end, the ledger's lock, by SCM_RIGHTS */

#define IPC_ZYGOTE_READY	0	/* number of the first answer, which no
				   request precedes: a sign of life */

struct ipc_zygote_request {
	uint32_t	number;
};

struct ipc_zygote_answer {
	uint32_t	number;
	int32_t		pid;	/* of the executor, or -1 */
	int32_t		error;	/* errno with -1 */
	int32_t		landlock;	/* with IPC_ZYGOTE_READY: the version
					   that executors are confined by, or
					   minus the errno of a kernel that
					   offers none */
};

#endif
