/*
 * AWS wire formats: signatures, endpoints, CodePipeline's and S3's requests
 * and answers. No I/O and no clock: time is an argument.
 *
 * The supervisor links codepipeline, the executor s3; both link sigv4,
 * endpoint and error.
 */
#ifndef AWS_H
#define AWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "http.h"
#include "job.h"

#define AWS_REGION_SIZE		31	/* AWSRegionName: 4-30 */
#define AWS_HEADERS_MAX		24	/* headers of one request */
#define AWS_ANSWER_MAX		(8 * 1024 * 1024)	/* PollForJobs: jobs of
					   up to 100 KB configuration each */
#define AWS_ERROR_MAX		(64 * 1024)	/* bytes read of an error */
#define AWS_TLS_SETTINGS	"ca_file in [aws]"	/* http_tls.settings */

/* --- sigv4.c: the signature (aws-contract 4); after sodium_init --- */

#define SIGV4_HEADERS_MAX	64
#define SIGV4_PARAMS_MAX	64	/* of a query */

struct sigv4_header {
	const char	*name;		/* any case */
	const char	*value;		/* as sent; folded lines allowed */
};

struct sigv4_input {
	const char	*method;
	const char	*path;		/* as on the wire, percent-encoded; not
					   normalised: only S3's may hold "//",
					   "." and ".." segments */
	const char	*query;		/* as on the wire without '?', or "" */
	bool		 double_encode;	/* all services but S3 */
	const struct sigv4_header *headers;	/* all of them are signed */
	size_t		 nheaders;
	const char	*payload_hash;	/* hex SHA-256 or UNSIGNED-PAYLOAD */
	const char	*date;		/* YYYYMMDDTHHMMSSZ */
	const char	*region;
	const char	*service;
};

/* Append the canonical request, the string to sign. FAIL_SYSTEM: a limit is
 * exceeded, the buffer's among them, or the date is malformed. The canonical
 * request holds the session token. */
int	sigv4_canonical(const struct sigv4_input *, struct buf *,
	    struct fail *);
int	sigv4_string_to_sign(const struct sigv4_input *, struct buf *,
	    struct fail *);

/* The whole: the value of the Authorization header. FAIL_AUTH too: no usable
 * credentials. */
int	sigv4_authorization(const struct sigv4_input *,
	    const struct credentials *, struct buf *, struct fail *);
/* Only the 64 hex digits. */
int	sigv4_signature(const struct sigv4_input *, const struct credentials *,
	    char hex[65], struct fail *);

void	sigv4_sha256_hex(const void *, size_t, char hex[65]);
/* YYYYMMDDTHHMMSSZ of seconds since the epoch, "" if it has no such form. */
void	sigv4_date(int64_t wall, char out[17]);

/* --- endpoint.c: hosts (aws-contract 1.1, 3.2, 6) --- */

/* "amazonaws.com" and the like, by the region's partition. */
const char	*aws_dns_suffix(const char *region);
const char	*aws_dualstack_suffix(const char *region);

/* Whether a text has the form of a region name. */
bool	aws_region_valid(const char *);

/* Where a service ("codepipeline", "s3", "sts") is: a configured URL wins
 * (trailing '/' dropped; NULL or "": none), else it is built. FAIL_CONFIG:
 * region malformed, custom URL with FIPS or dual-stack, plain http to a host
 * that is not loopback, not a URL, user name, query or dot segments in it. The
 * text never shows the URL. */
struct aws_endpoint {
	char	url[512];	/* scheme://authority[/base] */
	char	host[300];	/* as in the Host header */
	char	base[200];	/* path prefix, "" or "/x" */
	bool	custom;
};
int	aws_endpoint_find(const char *service, const char *region,
	    const char *custom_url, bool fips, bool dualstack,
	    struct aws_endpoint *, struct fail *);

/* --- request.c: a signed request --- */

struct aws_request {
	const char	*method;
	char		*url;
	char		*headers[AWS_HEADERS_MAX + 1];	/* "Name: value", at
					   the end NULL */
	size_t		 nheaders;
	struct buf	 body;		/* empty: none; S3 PUT gives its own */
};

/* Wipes; a zeroed one is fine. Calls that fill a request leave it freed when
 * they fail. */
void	aws_request_free(struct aws_request *);

/* --- error.c: what an answer means (aws-contract 1.3, 3.6, 7.1) --- */

enum aws_class {
	AWS_OK,
	AWS_FINAL,
	AWS_THROTTLED,
	AWS_TRANSIENT,
	AWS_CREDENTIALS,	/* refresh them, once */
	AWS_SKEW,		/* correct the clock, once */
	AWS_REDIRECT,		/* S3: another region, once */
};

struct aws_error {
	enum aws_class	 class;
	bool		 coded;		/* the service says what it is; else the
					   answer may be a proxy's */
	char		 code[128];	/* if coded, else for people: "HTTP
					   503", "no answer" */
	char		 message[1024];	/* cleaned; may name resources */
	char		 request_id[128];
	char		 region[AWS_REGION_SIZE];	/* with AWS_REDIRECT */
	int64_t		 retry_after_ms; /* 0: not said; at most 15 min */
	int64_t		 skew_s;	/* with AWS_SKEW: server's time less
					   now; 0 if that is not known: then a
					   new signature is all one can try */
	int64_t		 server_wall;	/* server's time in seconds, 0: none */
};

/* Classify an answer of a JSON service. now: the local wall clock in seconds,
 * without a clock offset. AWS_OK for 2xx. Whatever carries no code, also a
 * redirection or refusal, is AWS_TRANSIENT or AWS_THROTTLED: it tells nothing
 * of the request, which may have been acted on or not. */
void	aws_error_json(const struct http_answer *, int64_t now,
	    struct aws_error *);
/* Classify an answer of S3 (XML by Expat). The request id is both of S3's.
 * A redirect that names no region is final, as is a refusal without a code. */
void	aws_error_s3(const struct http_answer *, int64_t now,
	    struct aws_error *);

/* --- codepipeline.c: supervisor only (aws-contract 1.2, 1.5-1.9) --- */

struct cp_action_type {
	char	category[16];
	char	provider[36];
	char	version[JOB_VERSION_SIZE];
};

/* Build and sign POST / of one operation; takes over nothing. input is the
 * JSON body, at most 1 MiB as text. wall: seconds, corrected by the clock's
 * offset. FAIL_AUTH: no usable credentials; FAIL_SYSTEM: over a limit. */
int	cp_request(struct aws_request *, const struct aws_endpoint *,
	    const char *region, const struct credentials *, int64_t wall,
	    const char *operation, const json_t *input, struct fail *);

json_t	*cp_poll_input(const struct cp_action_type *, int batch);
json_t	*cp_acknowledge_input(const char *id, const char *nonce);
json_t	*cp_details_input(const char *id);
/* PutJobSuccessResult's or PutJobFailureResult's input, by the outcome; texts
 * are cleaned and cut to the model's limits in bytes, empty ones left out;
 * variables that break the model or exceed JOB_VARIABLES_MAX are dropped. bare
 * leaves out all that is optional (a continuation token is not). To continue
 * without a usable token is reported as a failure, since CodePipeline would
 * take it for success. *operation names the call. */
json_t	*cp_result_input(const char *id, const struct job_result *, bool bare,
	    const char **operation);

/* Read PollForJobs' answer: *jobs and *n, freed by the caller with
 * cp_jobs_free; at most 256. A job that breaks the model is left out and
 * counted in *broken; the fail then holds the last reason (the member's name),
 * although 0 is returned. FAIL_SYSTEM if the whole is no such answer. */
int	cp_poll_parse(const struct buf *, struct job_data **jobs, size_t *n,
	    size_t *broken, struct fail *);
void	cp_jobs_free(struct job_data *, size_t n);
/* GetJobDetails' answer; the caller frees the job. */
int	cp_details_parse(const struct buf *, struct job_data *, struct fail *);
/* The status word of AcknowledgeJob, cut to size; "" on failure. */
int	cp_acknowledge_parse(const struct buf *, char *status, size_t,
	    struct fail *);

/* --- s3.c: executor only (aws-contract 3) --- */

struct s3_place {
	const char	*region;	/* of the bucket; gives the partition */
	const char	*endpoint;	/* custom, NULL: the real one */
	bool		 fips, dualstack;
	const char	*bucket;
	const char	*key;
};

int	s3_get_request(struct aws_request *, const struct s3_place *,
	    const struct credentials *, int64_t wall, struct fail *);
/* PUT with SSE-KMS always, and the key id unless NULL. The body stays the
 * caller's; its hash is signed, and sent as checksum. FAIL_CONFIG: bucket, key
 * or endpoint not valid; FAIL_AUTH; FAIL_SYSTEM: over a limit, or a control
 * character in a header. */
int	s3_put_request(struct aws_request *, const struct s3_place *,
	    const struct credentials *, int64_t wall, const void *body,
	    size_t len, const char *content_type, const char *kms_key,
	    struct fail *);

#endif
