/*
 * The supervisor's own objects and who offers what to whom: worker, entries,
 * AWS calls, poller, zygote, children, dispatch. Included by this folder only.
 */
#ifndef WORKER_H
#define WORKER_H

#include <sys/queue.h>

#include "aws_error.h"
#include "supervisor.h"

#define EXIT_CONFIG	78	/* EX_CONFIG of sysexits: the settings must be
				   mended first (RestartPreventExitStatus=) */
#define EXIT_UPGRADE	3	/* ended to be started anew
				   (Restart=on-failure) */

struct child;
struct zygote;
struct poller;
struct aws_call;
struct worker;

/* One job and what is attached to it; lives from the offer to FX_FORGET. */
struct entry {
	TAILQ_ENTRY(entry)	 link;
	struct worker		*worker;
	struct job		 job;
	struct job_data		 data;		/* secrets: only until the order
						   is written */
	struct credentials	 fresh;		/* for FX_CREDENTIALS */
	char			*refused;	/* why there are none */
	char			*token_fault;	/* continuation token not
						   ours */
	struct child		*child;
	struct aws_call		*ack, *details, *report;
	sd_event_source		*timer;
	unsigned		 depth;		/* of dispatch_event in
						   itself */
	bool			 save;		/* wants to be in the next
						   commit */
	bool			 in_commit;	/* is in the present one */
	bool			 over;		/* freed after the next
						   commit */
};

TAILQ_HEAD(entries, entry);

struct worker {
	struct conf		 conf;
	const char		*conf_path;
	sd_event		*event;
	struct ledger		*ledger;
	struct transfers	*transfers;
	struct credential_source *credentials;
	struct zygote		*zygote;
	struct poller		*poller;
	struct action_type	*types;
	size_t			 ntypes;
	struct entries		 entries;
	struct secret		*password;	/* of environment or terminal
						   only */
	int			 lock_fd;
	int64_t			 skew_s;	/* AWS's clock less ours */
	sd_event_source		*commit;
	sd_event_source		*stop_timer, *look;
	bool			 draining, parking;
	bool			 told_ready;
	bool			 ledger_broken;	/* the last commit failed */
	int64_t			 broken_told_ms;
	char			 no_credentials[256];	/* why, as last told */
	int64_t			 no_credentials_ms;
	char			 status[256];	/* as last told to systemd */
	int			 exit_status;
	unsigned long		 claimed, succeeded, failed, ambiguous;
};

/* --- check.c: what the configuration names --- */

/* Programs, action definitions, certificates and AWS files: log what is wrong
 * as an error. Return the number of faults. */
int	check_named(const struct conf *);
/* The same of the state folder, which may not be there yet. */
int	check_state_dir(const struct conf *);
/* Log what is no fault by itself, but often turns out to be one. */
void	check_remarks(const struct conf *);
/* The password, freed by the caller. NULL with FAIL_CONFIG: where to put it. */
struct secret *check_password_file(const char *path, struct fail *);

/* --- worker.c: start and end of the whole --- */

/* The loop and the zygote: before any secret is read. -1 with fail. */
int	worker_prepare(struct worker *, struct fail *);
/* Everything else: lock, ledger, credentials, resumed jobs, polling. -1 with
 * fail. worker_free undoes as much as was done. */
int	worker_start(struct worker *, struct fail *);
void	worker_free(struct worker *);
/* Begin to end: drain now, park after stop_grace, leave the loop when all
 * jobs are at rest. status: the exit status. */
void	worker_stop(struct worker *, int status);
/* The zygote lives: tell systemd READY, the first time, and poll. */
void	worker_ready(struct worker *);
/* The region of CodePipeline as configured or looked up; "" if not known yet.
 */
const char *worker_region(const struct worker *);
/* At the end of this turn of the loop, look whether it can be left, and tell
 * systemd how things stand. */
void	worker_look(struct worker *);

/* --- dispatch.c: delivers events, carries out effects --- */

/* Deliver an event and carry out what follows. An entry whose life is over by
 * that stays valid until the next commit. */
void	dispatch_event(struct entry *, const struct job_event *);
void	dispatch_simple(struct entry *, enum job_event_type);
void	dispatch_text(struct entry *, enum job_event_type, const char *);
struct job_now	dispatch_now(void);

/* --- entries.c: the jobs at hand --- */

/* A polled job; takes over (and zeroes) the data. Returns whether a new life
 * began. */
bool	entries_offer(struct worker *, struct job_data *);
/* A record from the ledger; takes over (and zeroes) the job. */
void	entries_resume(struct worker *, struct job *);
/* Data came after a restart: look at its continuation token once more. */
void	entries_check_token(struct entry *);
/* Deliver an event to every job. */
void	entries_tell(struct worker *, enum job_event_type);
/* Slots not taken. */
int	entries_free_slots(const struct worker *);
/* Jobs for which work goes on; those with an executor. */
int	entries_active(const struct worker *);
int	entries_running(const struct worker *);
bool	entries_at_rest(const struct worker *);
/* Free those whose life is over: where nobody walks the list. */
void	entries_bury(struct worker *);
/* Free one without a word: at the end of the process. */
void	entries_drop(struct entry *);

/* --- commit.c: the ledger's turn --- */

/* Write the entries that want to be saved at the end of this turn of the loop;
 * each then gets EV_SAVED or EV_SAVE_FAILED. */
void	commit_want(struct worker *);
/* The same at once and without a word, when the process ends. */
void	commit_last(struct worker *);
/* Whether the ledger takes records; tries it if the last commit failed. */
bool	commit_works(struct worker *);

/* --- effects.c: one function per effect that talks to AWS --- */

void	effect_acknowledge(struct entry *);
void	effect_details(struct entry *);
void	effect_report(struct entry *);
/* The order of the job (or its clean-up), appended. -1: cannot be written. */
int	effect_order(struct entry *, struct buf *, struct fail *);

/* --- call.c: one call to CodePipeline --- */

struct aws_reply {
	bool			 ok;		/* 2xx */
	const struct buf	*body;		/* with ok */
	enum fail_kind		 transport;	/* not FAIL_NONE: no answer */
	struct aws_error	 error;		/* otherwise */
	char			 text[1200];	/* what went wrong, for
						   people */
};

typedef void	(*aws_done)(const struct aws_reply *, void *);

/* Sign and send; takes over input. once: libcurl must not repeat it. NULL with
 * fail (FAIL_AGAIN) while there are no credentials or no region. A refusal of
 * the credentials has new ones looked up, a wrong clock is corrected, both
 * before done is called. */
struct aws_call	*call_start(struct worker *, const char *operation,
		    json_t *input, bool once, aws_done, void *, struct fail *);
void		 call_cancel(struct aws_call *);	/* NULL is fine */
/* Whether the same call may succeed later. */
bool		 call_passing(const struct aws_reply *);

/* --- poller.c: when to ask for jobs --- */

struct poller	*poller_new(struct worker *);
void		 poller_free(struct poller *);
/* Slots came free: look again now. */
void		 poller_wake(struct poller *);
/* Credentials came: what was refused or put off with the old ones is asked at
 * once. */
void		 poller_restart(struct poller *);
void		 poller_stop(struct poller *);	/* for good; ends polls */
/* What hinders it, for the status line: "" if nothing, else with "; " at its
 * end. poller may be NULL. Returns dst. */
char		*poller_trouble(const struct poller *, char *dst, size_t);

/* --- zygote.c: the process executors are forked from --- */

/* Open the executor's binary (O_PATH) and start a zygote from it. */
struct zygote	*zygote_new(struct worker *, struct fail *);
void		 zygote_free(struct zygote *);	/* ends it */
/* Ask for an executor with these ends of its pipes. -1: not now. The answer
 * goes to child_started or child_start_failed with this number. */
int		 zygote_ask(struct zygote *, uint32_t number, int order_fd,
		    int report_fd, struct fail *);
/* Replace it: an executor crashed, or it is deaf (hello overdue): then it is
 * killed. Running executors are not touched; the new one takes requests at
 * once. */
void		 zygote_renew(struct zygote *, bool deaf, const char *why);
/* Whether it lives: nothing is claimed while it does not. */
bool		 zygote_ready(const struct zygote *);
pid_t		 zygote_pid(const struct zygote *);

/* --- child.c: one executor from the supervisor's side --- */

/* Ask for an executor for this entry; events follow. -1: EV_START_FAILED is
 * the caller's to deliver. */
int	child_start(struct entry *, struct fail *);
void	child_started(struct worker *, uint32_t number, pid_t);
void	child_start_failed(struct worker *, uint32_t number, const char *);
/* Queue bytes for the order pipe; wiped when written. answer: it is what the
 * executor waits for, so that it may announce something else. */
void	child_write(struct child *, struct buf *, bool answer);
void	child_signal(struct child *, int sig);
bool	child_known(const struct child *);	/* its process is known */
void	child_free(struct child *);		/* closes; NULL is fine */
/* Reap children nobody knows: forked by a zygote that died before it could
 * say so, or handed to us as PID 1. */
void	child_sweep(struct worker *);

/* --- report.c: lines of the report pipe become events --- */

struct child_pipe {
	struct ipc_turn	 turn;
	struct buf	 in;
};

/* Handle the lines that are complete. told_pid: what hello said, 0 before. */
void	report_lines(struct entry *, struct child_pipe *, pid_t *told_pid);

#endif
