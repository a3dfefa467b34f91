/*
 * What the parts of quali-sim share. One lock guards all state below; what a
 * service's classify or handle calls runs under it.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include <sys/queue.h>
#include <sys/types.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <jansson.h>
#include <sodium.h>

#define ID_MAX		37	/* a GUID and its NUL */
#define TIME_MAX	32	/* of time_text */
#define WHY_MAX		256
#define NOTE_MAX	200000	/* finished requests kept */
#define NOTE_BYTES_MAX	(512UL << 20)
#define NOTE_BODY_MAX	(64 << 10)
#define HEADERS_MAX	64
#define ARTIFACTS_MAX	5	/* per direction, custom actions */
#define CREDS_MAX	100000
#define TOKENS_MAX	100000
#define JOBS_MAX	1000000

/* --- util.c --- */

struct buf {
	char *data;
	size_t len, cap;
};

/* Bytes shared between an object and the answers that send it. */
struct blob {
	int refs;
	size_t len;
	char *data;
};

/* A string-keyed hash; keys are owned by the table, values are not. */
struct entry {
	struct entry *next;
	uint64_t hash;
	void *value;
	char key[];
};

struct table {
	struct entry **slots;
	size_t n, cap;
};

void	*xcalloc(size_t, size_t);
void	*xrealloc(void *, size_t);
char	*xstrdup(const char *);
char	*xstrndup(const char *, size_t);
void	 buf_add(struct buf *, const void *, size_t);
void	 buf_str(struct buf *, const char *);
void	 buf_fmt(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 buf_base64(struct buf *, const void *, size_t);
void	 buf_xml(struct buf *, const char *);	/* escaped */
void	 buf_free(struct buf *);
struct blob *blob_take(struct buf *);
struct blob *blob_copy(const void *, size_t);
struct blob *blob_ref(struct blob *);
void	 blob_free(struct blob *);
void	*table_get(struct table *, const char *);
void	 table_put(struct table *, const char *, void *);
void	 table_del(struct table *, const char *);
void	 table_clear(struct table *);
double	 now_ms(void);
double	 now_wall(void);
void	 time_text(char *, time_t);
void	 random_seed(uint64_t);
uint64_t random_next(void);
void	 random_bytes(void *, size_t);
void	 random_text(char *, size_t, const char *);
void	 random_guid(char *, bool);
bool	 percent_decode(struct buf *, const char *, size_t);
int64_t	 jint(json_t *, const char *, int64_t);
const char *jstr(json_t *, const char *);
bool	 jtrue(json_t *, const char *);

/* --- zip.c --- */

void	 zip_write(struct buf *, json_t *);

/* --- settings.c --- */

void	 settings_reset(void);
int	 settings_merge(json_t *, char *, size_t);
json_t	*settings_all(void);
json_t	*set_get(const char *, const char *);
int64_t	 set_int(const char *, const char *);
bool	 set_bool(const char *, const char *);
const char *set_str(const char *, const char *);

/* --- http.c --- */

struct header {
	char *name, *value;
};

enum sig {
	SIG_NA, SIG_NONE, SIG_OK,
	SIG_FORMAT, SIG_KEY, SIG_SKEW, SIG_EXPIRED, SIG_TOKEN,
	SIG_HEADER, SIG_SCOPE, SIG_HASH, SIG_MISMATCH
};

struct answer {
	int status;		/* 0: none was made */
	struct buf body;
	struct blob *blob;	/* instead of body */
	struct header headers[16];
	int nheaders;
};

struct req;
struct job;
struct fault;

struct service {
	const char *name;
	size_t body_max;
	bool logged;
	/* Sets the operation, checks the signature. */
	void (*classify)(struct req *);
	void (*handle)(struct req *);
	void (*error)(struct req *, int, const char *, const char *);
};

enum act { ACT_SEND, ACT_HANDLE, ACT_RESET, ACT_CLOSE, ACT_HANG, ACT_CUT,
	ACT_SLOW, ACT_HUGE };

enum phase { PHASE_READ, PHASE_RUN, PHASE_DELAYED, PHASE_CLOSE };

/* One HTTP request, from its first line to the end of its answer. */
struct req {
	const struct service *service;
	struct MHD_Connection *connection;
	bool begun, tls, too_big;
	enum phase phase;
	char method[16];
	char *target;		/* raw, as on the wire */
	char *path, *query;	/* the same, cut at '?'; query may be NULL */
	struct header headers[HEADERS_MAX];
	int nheaders;
	struct buf body;
	crypto_hash_sha256_state hash_state;
	unsigned char hash[crypto_hash_sha256_BYTES];
	double time_ms, wall;
	uint64_t connection_id, connection_request;

	char operation[64];
	enum sig sig;
	char sig_text[WHY_MAX];	/* for the caller, if the signature is bad */
	char sig_region[64], sig_key[129];
	struct cred *cred;	/* temporary credentials that signed it */
	char why[WHY_MAX];
	char job[ID_MAX];
	json_t *json;		/* parsed body, if the service parsed it */

	struct fault *fault;	/* owned copy */
	struct answer answer;
	TAILQ_ENTRY(req) parked;
	double due_ms;
	bool watch;		/* release it when the peer closes */
};

extern pthread_mutex_t state_lock;
extern const struct service admin_service, codepipeline_service;
extern const struct service s3_service, cloudshell_service, sts_service;
extern const struct service imds_service, container_service;

struct listener;
struct listener *listener_start(const struct service *, char *, char *,
	    unsigned);
int	 listener_port(const struct listener *);
bool	 listener_tls(const struct listener *);
void	 listener_stop(struct listener *);

const char *req_header(const struct req *, const char *);
char	*req_query(const struct req *, const char *);
void	 req_why(struct req *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* --- answer.c --- */

int	 answer_send(struct req *, enum act);	/* an enum MHD_Result */
void	 answer_clear(struct req *);
void	 answer_header(struct req *, const char *, const char *);
void	 answer_json(struct req *, int, json_t *);
void	 answer_amazon(struct req *, char *);
void	 answer_text(struct req *, int, const char *, const char *, ...)
	    __attribute__((format(printf, 4, 5)));

/* --- park.c: connections that wait --- */

void	 park_start(void);
void	 park_stop(void);
void	 park_req(struct req *, double, bool);
void	 park_connection(struct MHD_Connection *, double);
void	 park_release(void);

/* --- fault.c --- */

struct fault {
	TAILQ_ENTRY(fault) next;
	int id;
	char *service, *operation, *kind, *match;
	int64_t count, after;
	bool reused;
	json_t *param;
};

void	 fault_reset(void);
int	 fault_add(json_t *, char *, size_t);
json_t	*fault_list(void);
void	 fault_take(struct req *);
void	 fault_free(struct fault *);
enum act fault_before(struct req *);
enum act fault_after(struct req *);

/* --- note.c: the request log --- */

void	 note_open(const char *);
void	 note_close(void);
void	 note_add(struct req *, int);
void	 note_reset(void);
uint64_t note_next(void);
void	 note_list(struct buf *, uint64_t, const char *, const char *,
	    long);

/* --- sigv4.c --- */

void	 sigv4_check(struct req *, const char *);

/* --- creds.c --- */

/* Temporary credentials: of one answer for one job, or of a session. */
struct cred {
	TAILQ_ENTRY(cred) next;
	char id[21], secret[41];
	char *token;		/* NULL: they go without */
	const char *origin;	/* "job", or the service that made it */
	struct job *job;	/* artifact credentials; NULL: a session */
	char *role, *name;	/* of the session */
	int64_t life_ms;	/* of the session */
	double issued_ms;
};

struct cred *cred_issue(struct job *);
struct cred *cred_session(const char *, const char *, const char *, int64_t);
struct cred *cred_find(const char *);
bool	 cred_expired(const struct cred *);
void	 cred_expiration_text(const struct cred *, const char *, char *);
void	 cred_token_drop(struct cred *);
void	 cred_arn(const struct cred *, struct buf *);
void	 cred_user_id(const struct cred *, struct buf *);
json_t	*creds_of_job(const struct job *);	/* all that the job was given */
json_t	*sessions_list(void);
void	 sessions_expire(const char *);
void	 arn_make(struct buf *, const char *, const char *);
void	 caller_arn(const struct req *, struct buf *);
void	 caller_user_id(const struct req *, struct buf *);
void	 cred_reset(void);
bool	 worker_secret(const char *, const char **, const char **);

/* --- form.c: the query protocol's input --- */

json_t	*form_parse(const struct buf *);
bool	 form_type(const char *);
int	 form_check(json_t *, const char *, char *, size_t);

/* --- role.c --- */

json_t	*role_find(const char *);
bool	 role_trusts(json_t *, const struct req *);
int64_t	 role_longest_s(json_t *);

/* --- imds.c --- */

void	 imds_reset(void);

/* --- object.c --- */

struct object {
	TAILQ_ENTRY(object) next;
	char *bucket, *key;
	struct blob *blob;
	char *kms_key, *type, *checksum;
	bool kms;
	char etag[36];
	double wall;
};

struct object *object_put(const char *, const char *, struct blob *, bool,
	    const char *, const char *);
struct object *object_get(const char *, const char *);
json_t	*object_list(void);
void	 object_reset(void);

/* --- execution.c --- */

enum action { ACTION_START, ACTION_RUN, ACTION_END, ACTION_MAX };

enum job_state {
	JOB_QUEUED, JOB_DISPATCHED, JOB_IN_PROGRESS, JOB_SUCCEEDED,
	JOB_FAILED, JOB_CONTINUED, JOB_TIMED_OUT, JOB_ABANDONED, JOB_STATE_MAX
};

struct artifact {
	char name[101], *bucket, *key;
};

struct pipeline;

/* One run of a pipeline's action: all jobs of one continuation chain. */
struct execution {
	STAILQ_ENTRY(execution) next;
	char id[ID_MAX], pipeline_execution[ID_MAX];
	enum action action;
	char *category, *provider, *version;
	json_t *configuration;
	char *pipeline, *stage, *name, *encryption_key;
	struct artifact inputs[ARTIFACTS_MAX], outputs[ARTIFACTS_MAX];
	int ninputs, noutputs;
	double started_ms;
	json_t *console;
	struct job *latest;
	struct pipeline *owner;
	int step;
};

struct execution *execution_new(json_t *, struct pipeline *, char *, size_t);
const char *execution_action(const struct execution *);
json_t	*execution_type(json_t *, int64_t *);
void	 executions_free(void);

/* --- job.c --- */

TAILQ_HEAD(job_list, job);

/* One type of action: where jobs wait to be polled. */
struct queue {
	char *type;
	struct job_list ready, dispatched, later;
};

struct job {
	STAILQ_ENTRY(job) all;
	TAILQ_ENTRY(job) wait;
	struct job_list *list;	/* the one it waits in, if any */
	struct queue *queue;
	struct execution *execution;
	char id[ID_MAX];
	char nonce[51];
	enum job_state state;
	char *token;
	double due_ms;		/* of the list it waits in */
	int deliveries, acknowledged, refused_acks, details_calls;
	json_t *results;
};

STAILQ_HEAD(job_all, job);
extern struct job_all jobs;

void	 job_reset(void);
struct execution *job_execute(json_t *, struct pipeline *, char *, size_t);
struct job *job_find(const char *);
struct job *job_poll(const char *, json_t *, double);
void	 job_continue(struct job *, const char *);
void	 job_finish(struct job *, enum job_state);
void	 job_tick(struct job *, double);
void	 job_unlist(struct job *);
int	 job_set_state(struct job *, const char *);
const char *job_state_name(enum job_state);
json_t	*job_describe(struct job *);
json_t	*job_describe_fully(struct job *);	/* with its credentials */
size_t	 job_count(void);

/* --- actiontype.c --- */

void	 actiontype_reset(void);
bool	 actiontype_known(json_t *);
const char *actiontype_queryable(json_t *);
void	 actiontype_create(struct req *);
void	 actiontype_delete(struct req *);
void	 actiontype_list(struct req *);

/* --- validate.c --- */

int	 validate(json_t *, const char *, const char **, char *, size_t);

/* --- codepipeline.c --- */

void	 codepipeline_answer(struct req *, json_t *);
void	 codepipeline_error(struct req *, int, const char *, const char *);
void	 codepipeline_refuse(struct req *, const char *, const char *);
struct job *codepipeline_job(struct req *);

/* --- result.c --- */

void	 result_success(struct req *);
void	 result_failure(struct req *);

/* --- declaration.c --- */

json_t	*declaration_make(json_t *, json_t *const *, int);
void	 declaration_list(struct req *);
void	 declaration_get(struct req *);

/* --- permission.c --- */

bool	 permission_denied(const struct req *, const char *, const char *,
	    struct buf *);
bool	 permission_refuses(const struct req *, const char *, struct buf *);

/* --- pipeline.c --- */

void	 pipeline_reset(void);
int	 pipeline_add(json_t *, char *, size_t);
json_t	*pipeline_describe(int);
json_t	*pipeline_declarations(void);
void	 pipeline_finished(struct execution *, bool);

/* --- cloudshell.c --- */

void	 cloudshell_reset(void);
/* token.c: all tokens given so far are too old from now on. */
void	 token_expire(void);

#endif
