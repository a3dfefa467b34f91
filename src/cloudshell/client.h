/*
 * Inside of the CloudShell client: one request with its retry rule, and what
 * an answer means. Private to src/cloudshell and its tests.
 *
 * The rule (client.c has it as a table; section numbers are those of
 * cloudshell-sandbox-api):
 *
 *  - No token, or one older than CS_TOKEN_AGE_MS: log in first.
 *  - 401, or a text that says as much (3.5), and 403: log in and repeat, once
 *    in CS_TOKEN_DOUBT_MS. A GET that finds nothing (404) does the same if the
 *    token is older than that; one that meets HTTP 500 twice, at once.
 *  - Unreachable, and quota (429, or the message): wait and repeat, whatever
 *    the request, since nothing was done.
 *  - Lost answers, 5xx, and 2xx with something else than what was asked for:
 *    wait and repeat, but never a request that must not happen twice. An error
 *    body counts by its own status when it comes with 2xx.
 *  - Everything else is final at once.
 *
 * Waiting ends where settings.remaining() ends, or earlier as the request says:
 * tries_max and patience_ms.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "cloudshell.h"

#define CS_PAUSE_MS	1000	/* pauses: half to all of this, doubled each */
#define CS_PAUSE_MAX_MS	10000	/* time up to this */
#define CS_AFTER_MAX_MS	60000	/* a Retry-After is obeyed up to this */
#define CS_PATIENCE_MS	120000	/* a server that never took a login is given
				   up after this, or after half the remaining
				   time if that is less */
#define CS_GARBLED_MAX	3	/* answers in a row that were not understood */
/* Of a request that the work can do without. */
#define CS_OPTIONAL	.tries_max = 2, .patience_ms = 5000
#define CS_TOKEN_AGE_MS	(60 * 60 * 1000)	/* they live 300 minutes unless
				   the server is set otherwise (3.4) */
#define CS_TOKEN_DOUBT_MS (5 * 60 * 1000)
#define CS_LATE_MS	2000	/* a call may outlast the deadline by it */
#define CS_CALL_MIN_MS	1000	/* least time limit of a call */
#define CS_PATH_MAX	8192	/* bytes of an encoded path and query */
#define CS_NAME_MAX	400	/* bytes of a name; they have 100 characters at
				   most (2.3) */
#define CS_BODY_SHOWN	300	/* bytes of a body shown that has no message */
#define CS_PAGES_MAX	50	/* of an activity feed */
#define CS_NAMES_SHOWN	10	/* names listed in a "not found" text */
#define CS_MASK_MIN	8	/* a shorter password is masked where a text is
				   shown alone, not in all that is read: it may
				   well occur in names there */

enum verdict {
	VERDICT_DONE,		/* 2xx and what was asked for */
	VERDICT_AUTH,		/* token or login refused */
	VERDICT_FORBIDDEN,
	VERDICT_MISSING,
	VERDICT_CONFLICT,	/* resources taken */
	VERDICT_QUOTA,
	VERDICT_NO_API,		/* this server has no such call */
	VERDICT_REFUSED,	/* any other 4xx, or an error body */
	VERDICT_REDIRECT,
	VERDICT_BROKEN,		/* 5xx */
	VERDICT_GARBLED,	/* 2xx, but not what was asked for */
	VERDICT_UNREACHED,	/* nothing was sent */
	VERDICT_LOST,		/* sent, no answer */
	VERDICT_TOO_LARGE,	/* 2xx, but too much to be read */
	VERDICT_FINAL,		/* certificate, URL, stopped: see kind */
	VERDICT_MAX
};

#define WANT_ANY	(-1)

/* One request. */
struct cs_request {
	const char	*what;		/* "start the sandbox": for texts */
	const char	*method;
	const char	*path;		/* "/api/...", encoded, with query */
	const char	*show;		/* path to show if that one is secret */
	const json_t	*body;		/* NULL: none */
	int		 want;		/* type of answer: JSON_OBJECT ... */
	size_t		 answer_max;	/* 0: CS_ANSWER_MAX */
	int		 tries_max;	/* 0: any number */
	int64_t		 patience_ms;	/* for all tries, 0: while time
					   remains */
	bool		 once;		/* must not happen twice */
	bool		 login;		/* needs no token */
	bool		 hurried;	/* login of a request with patience */
};

/* Its last answer. */
struct cs_answer {
	enum verdict	 verdict;
	enum fail_kind	 kind;		/* with VERDICT_FINAL */
	bool		 api_error;	/* has the form of 4.2 */
	long		 status;
	json_t		*json;		/* with VERDICT_DONE */
	int64_t		 after_ms;	/* Retry-After, 0: not said */
	int		 tries;
	char		 message[CS_TEXT_MAX];	/* masked, one line */
};

struct cs_client {
	const struct cs_settings *set;
	struct http_client *http;
	char		*base;		/* URL without trailing '/' */
	char		 shown[300];	/* scheme://host:port */
	struct secret	*token;		/* NULL: none */
	int64_t		 token_ms;	/* sys_now_ms of its login */
	bool		 reached;	/* a login was answered with a token */
	char		*refusal;	/* text of a refused login, which is not
					   tried again: accounts get locked */
};

/* --- client.c --- */

/* Send by the rule above. 0: VERDICT_DONE, json is of the wanted type. -1: the
 * fail is set by answer_fail, and the answer tells more. Free the answer with
 * answer_free in both cases. */
int	cs_ask(struct cs_client *, const struct cs_request *,
	    struct cs_answer *, struct fail *);

/* Send once, whatever comes. */
void	cs_exchange(struct cs_client *, const struct cs_request *, int attempt,
	    struct cs_answer *);

/* Build "/api/v2" and the parts, each percent-encoded, '/' between; NULL ends
 * the list. -1 with FAIL_CONFIG: a part is empty, "." or "..", or too long. */
int	cs_path(struct buf *, struct fail *, ...) __attribute__((sentinel));

/* --- login.c --- */

/* cs_login for a request of that patience, 0: any. */
int	login_within(struct cs_client *, int64_t patience_ms, struct fail *);

/* --- answer.c --- */

/* What an answer with status, body and message means. */
enum verdict	answer_verdict(long status, const char *message);
void	answer_read(struct cs_client *, const struct cs_request *,
	    const struct http_answer *, struct cs_answer *);
/* The same when http_perform failed. */
void	answer_lost(struct cs_client *, const struct cs_request *,
	    const struct http_answer *, const struct fail *,
	    struct cs_answer *);
/* Parse as JSON of any type, tolerating bytes that are not UTF-8; NUL in texts
 * becomes a blank. NULL if it is none. */
json_t	*answer_parse(const char *, size_t len);
/* " (HTTP 502, 3 tries): message", what there is of it, cut to size. */
const char *answer_details(const struct cs_answer *, char *, size_t);
/* The same without a full stop at its end, since something follows. */
char	*answer_clause(const struct cs_answer *, char *, size_t);
int	answer_fail(const struct cs_client *, const struct cs_request *,
	    const struct cs_answer *, enum fail_kind, struct fail *);
void	answer_free(struct cs_answer *);

/* --- text.c --- */

/* cs_clean_text, then white space runs to one blank, cut to max bytes. */
void	text_line(char *, size_t max);
/* Overwrite each occurrence of the secret by up to three '*', in place; len is
 * that of the text, the new one is returned. */
size_t	text_mask(char *, size_t len, const char *secret, size_t secret_len);
/* Mask token and password in a text, and in all texts of a JSON value. */
void	cs_mask_text(const struct cs_client *, char *);
void	cs_mask_json(const struct cs_client *, json_t *);
/* cs_mask_text of an allocated text that may hold tags between the parts of a
 * secret; the text to go on with, which replaces it. */
char	*text_masked(const struct cs_client *, char *);
/* For showing, in place: no HTML tags, control characters cleaned (5.8). */
void	cs_clean_text(char *);
/* Make a text of the server fit to be shown: masked, one line, cut. */
void	cs_show_text(const struct cs_client *, char *, size_t max);
/* Whether a text holds another, without regard to case. */
bool	text_has(const char *, const char *part);
/* Milliseconds of P[nY][nM][nD]T[nH][nM][nS]; 0 if it is none. */
int64_t	text_duration_ms(const char *);
/* Member as an id: printable, no blanks, fits size. false if not. */
bool	text_id(const json_t *, const char *key, char *, size_t);
/* Member "name" in one line, cut to CS_NAME_MAX; NULL if there is none. */
char	*text_name(const json_t *);
/* Append at most CS_NAMES_SHOWN members `name` of an array of objects, ", "
 * between and "and N more" at the end. Returns how many there are. */
size_t	text_names(const struct cs_client *, const json_t *, struct buf *);
/* Object of scalars as the array of {name, value} that starts take (5.2, 5.12);
 * property names it in texts. NULL and FAIL_CONFIG if a value is none. */
json_t	*text_params(const json_t *, const char *property, struct fail *);

/* --- sandbox.c, command.c: words (7.1, 7.3) --- */

enum cs_phase	 sandbox_phase(const char *state);
enum cs_progress execution_progress(const char *status, const char *ended);

#endif
