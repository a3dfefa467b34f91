/*
 * What the files of the CloudShell client share: limits, a request, its answer,
 * the client. Private to src/cloudshell and its tests.
 */
#ifndef TYPES_H
#define TYPES_H

#include "cloudshell.h"

#define CS_PAUSE_MS	1000	/* pauses: half to all of this, doubled each */
#define CS_PAUSE_MAX_MS	10000	/* time up to this */
#define CS_AFTER_MAX_MS	60000	/* obey a Retry-After up to this */
#define CS_PATIENCE_MS	120000	/* how long to try a server that never accepted
				   a login; at most half the remaining time */
#define CS_GARBLED_MAX	3	/* answers in a row that were not understood */
/* For a request that the work can do without. */
#define CS_OPTIONAL	.tries_max = 2, .patience_ms = 5000
#define CS_TOKEN_AGE_MS	(60 * 60 * 1000)	/* they live 300 minutes unless
				   the server's settings differ (3.4) */
#define CS_TOKEN_DOUBT_MS (5 * 60 * 1000)
#define CS_LATE_MS	2000	/* a call may outlast the deadline by it */
#define CS_CALL_MIN_MS	1000	/* least time limit of a call */
#define CS_PATH_MAX	8192	/* bytes of an encoded path and query */
#define CS_NAME_MAX	400	/* bytes of a name; they have 100 characters at
				   most (2.3) */
#define CS_BODY_SHOWN	300	/* bytes shown of a body without a message */
#define CS_PAGES_MAX	50	/* of an activity feed */
#define CS_NAMES_SHOWN	10	/* names listed in a "not found" text */
#define CS_MASK_MIN	8	/* mask a shorter password only in texts to
				   show, not in all texts read, where it may
				   well occur in names */

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
	char		*refusal;	/* text of a refused login, which the
					   client does not try again: accounts
					   get locked */
};

#endif
