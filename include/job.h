/*
 * What the supervisor and the executors both know about a job: what
 * CodePipeline said, and the names used in orders, reports and the ledger.
 */
#ifndef JOB_H
#define JOB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "credentials.h"
#include "fail.h"
#include "id.h"

/* Limits of the service model (aws-contract 1.4), NUL included. */
#define JOB_ID_SIZE		37
#define JOB_NONCE_SIZE		51
#define JOB_NAME_SIZE		101	/* pipeline, stage, action, artifact */
#define JOB_VERSION_SIZE	10
#define JOB_ARTIFACTS_MAX	5
#define JOB_MESSAGE_MAX		4900	/* bytes of a failure message (5,000
					   characters) */
#define JOB_SUMMARY_MAX		2048
#define JOB_TOKEN_MAX		2048	/* continuation token */
#define JOB_VARIABLES_MAX	116000	/* bytes of all output variables:
					   122,880 less 5 %, since AWS does not
					   say how it counts them */
#define JOB_EXTERNAL_ID_MAX	1500	/* ExecutionId */
#define JOB_CONFIGURATION_MAX	(100 * 1024)	/* bytes of all properties and
					   their names; the model's ten have
					   42,000 at most */
#define JOB_KMS_ID_MAX		400	/* EncryptionKey.id */
#define JOB_KMS_TYPE_MAX	31	/* and its type, "KMS" */

/* Of S3, in bytes. */
#define S3_BUCKET_MAX		255	/* old buckets; new ones have 63 */
#define S3_KEY_MAX		1024	/* name of an object */

#define SANDBOX_ID_SIZE		ID_SIZE
#define SANDBOX_NAME_MAX	60	/* characters (cloudshell-sandbox-api
					   5.2) */

enum job_action {
	ACTION_START,		/* Quali-Start-Sandbox */
	ACTION_RUN,		/* Quali-Run-Command */
	ACTION_END,		/* Quali-End-Sandbox */
	ACTION_MAX
};

/* "start-sandbox", "run-command", "end-sandbox": configuration sections,
 * definition files, orders. ACTION_MAX if unknown. */
const char	*job_action_name(enum job_action);
enum job_action	 job_action_parse(const char *);

struct job_artifact {
	char	*name;
	char	*bucket;
	char	*key;
};

/* One job as PollForJobs or GetJobDetails describe it (aws-contract 1.5, 1.7).
 * Holds secrets: configuration and credentials. */
struct job_data {
	char			 id[JOB_ID_SIZE];
	char			 nonce[JOB_NONCE_SIZE];	/* "" from
							   GetJobDetails */
	char			 category[16];
	char			 provider[36];
	char			 version[JOB_VERSION_SIZE];
	char			 pipeline[JOB_NAME_SIZE];
	char			 stage[JOB_NAME_SIZE];
	char			 action[JOB_NAME_SIZE];
	char			 execution[JOB_ID_SIZE];	/* of the
								   pipeline */
	json_t			*configuration;		/* object of texts */
	struct job_artifact	 inputs[JOB_ARTIFACTS_MAX];
	struct job_artifact	 outputs[JOB_ARTIFACTS_MAX];
	size_t			 ninputs, noutputs;
	struct credentials	 credentials;		/* of the artifacts */
	char			*encryption_key;	/* id, NULL: default
							   key */
	char			*encryption_type;	/* "KMS" with the key */
	char			*continuation;	/* token as it came, cut to
						   JOB_TOKEN_MAX + 1 bytes;
						   NULL: none */
	char			*unread;	/* what of all this could not be
						   read, for people; NULL: it
						   is whole */
	enum fail_kind		 unread_kind;
};

void	job_data_free(struct job_data *);	/* members only; wipes,
						   zeroes */

/* How a job ended, as it is kept and reported. */
enum job_outcome {
	OUTCOME_NONE,
	OUTCOME_SUCCESS,
	OUTCOME_FAILURE,
	OUTCOME_STOPPED,	/* executor obeyed a stop; text says what was
				   undone */
	OUTCOME_CONTINUE,	/* handed back with a continuation token */
	OUTCOME_MAX
};

struct job_result {
	enum job_outcome outcome;
	enum fail_kind	 kind;		/* with OUTCOME_FAILURE */
	char		*text;		/* failure message, or summary of a
					   success; NULL: none */
	char		*external_id;	/* sandbox or execution id shown as
					   link */
	json_t		*variables;	/* object of texts, or NULL */
	char		*continuation;	/* with OUTCOME_CONTINUE */
	bool		 sandbox_ended;	/* executor ended the job's sandbox
					   itself */
	bool		 sandbox_kept;	/* or left it on purpose */
};

const char	*job_outcome_name(enum job_outcome);
enum job_outcome job_outcome_parse(const char *);	/* OUTCOME_NONE
							   unknown */
void	job_result_free(struct job_result *);	/* members only; zeroes */

/* What must not happen twice: the executor announces it and waits until the
 * announcement is on disk. */
enum job_intent {
	INTENT_NONE,
	INTENT_SANDBOX,		/* "sandbox-start": POST .../start of a
				   blueprint */
	INTENT_COMMAND,		/* "command-start": POST .../commands/X/start */
	INTENT_MAX
};

const char	*job_intent_name(enum job_intent);
enum job_intent	 job_intent_parse(const char *);	/* INTENT_NONE
							   unknown */

#define STARTS_LOST_MAX	2	/* starts sent at most */

/* What the ledger knows about a job's effects on CloudShell: enough to go on
 * after a restart or on another machine, and to clean up. No secret. */
struct job_facts {
	enum job_intent	 intent;	/* announced, and no fact came yet */
	bool		 sandbox_ours;	/* this job started the sandbox */
	char		 sandbox_id[SANDBOX_ID_SIZE];
	char		*sandbox_name;	/* announced name, NULL: none */
	char		*blueprint;	/* its blueprint */
	int64_t		 start_wall;	/* when its start was announced or
					   stayed unanswered; 0: never, or
					   CloudShell answered */
	int		 starts_lost;	/* earlier starts without an answer
					   whose sandboxes have not appeared
					   yet */
	char		*giving_up;	/* why the executor is ending the
					   sandbox; NULL: it is not */
	char		 execution_id[SANDBOX_ID_SIZE];	/* the command */
	bool		 execution_ended;	/* it needs no cancellation */
	bool		 stop_accepted;	/* CloudShell agreed to end the
					   sandbox */
};

/* How many starts were sent whose sandboxes are not known. */
int	job_facts_lost(const struct job_facts *);
void	job_facts_free(struct job_facts *);	/* members only; zeroes */
void	job_facts_copy(struct job_facts *, const struct job_facts *);

#endif
