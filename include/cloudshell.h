/*
 * The CloudShell Sandbox API as a job needs it: log in, start a sandbox, watch
 * it, run a command, end it. The executor links it (and qualictl check). Facts:
 * cloudshell-sandbox-api, section numbers in the comments.
 *
 * One client is one login. Calls wait for passing faults themselves where a
 * repeat is safe (GET, login, stop): transport errors, 5xx and quota answers
 * are tried again with growing pauses while time remains (FAIL_SYSTEM then; the
 * numbers are in src/cloudshell/types.h), but only for seconds where the work
 * can do without the answer (activity feed, names of commands); 401 (or an
 * answer that says as much, 3.5) and 403 lead to one new login and one repeat.
 * Starting a sandbox or a command is repeated only after an answer that says
 * that nothing was created (authentication, quota), or when nothing was sent.
 * The first login gives up after two minutes without an answer.
 *
 * Any call can also fail as cs_login does, with FAIL_PERMISSION (403) and with
 * FAIL_STOPPED. A refused login is not tried again by the same client. Texts of
 * the server in failures and results never hold the token or the password.
 */
#ifndef CLOUDSHELL_H
#define CLOUDSHELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "http.h"
#include "job.h"
#include "secret.h"

#define CS_ANSWER_MAX	(8 * 1024 * 1024)	/* bytes of an answer; command
					   output may be megabytes (2.4) */
#define CS_VALUES_MAX	200000		/* JSON values in an answer, about 23 MB
					   in memory */
#define CS_LOGIN_MAX	(16 * 1024)	/* of a login's answer; tokens of 1.7 KB
					   were recorded (3.2) */
#define CS_TEXT_MAX	2048		/* of a message or event shown */

/* How long a start may take, since it resolves conflicts first: the limit of
 * its call, and how long one whose answer was lost may still take effect. */
#define CS_START_MS(timeout_ms)	(4 * (timeout_ms))

struct cs_settings {
	const char	*url;		/* scheme://host:port */
	const char	*user;
	const char	*domain;
	const struct secret *password;
	struct http_tls	 tls;
	int64_t		 timeout_ms;	/* of one call; starts: CS_START_MS */
	/* pause for ms; -1 with FAIL_STOPPED when the job is to stop */
	int		(*pause)(int64_t ms, void *, struct fail *);
	/* called after every HTTP call; error NULL if an answer came. May be
	 * NULL */
	void		(*called)(const char *method, const char *where,
			    long status, int64_t ms, int attempt,
			    const char *error, void *);
	/* milliseconds until the deadline: no retry goes beyond it */
	int64_t		(*remaining)(void *);
	void		*arg;
};

/* --- client.c --- */

struct cs_client;
struct http_client;

/* settings must outlive the client. */
struct cs_client *cs_client_new(const struct cs_settings *,
	    struct http_client *);
void		  cs_client_free(struct cs_client *);	/* wipes the token */

/* --- login.c --- */

/* PUT /api/login (3.1). FAIL_PERMISSION: wrong user, password or domain.
 * FAIL_CONFIG: certificate, or not a CloudShell server. Other calls log in by
 * themselves. */
int	cs_login(struct cs_client *, struct fail *);

/* Best-effort DELETE /api/token/{token} (3.3); never fails. */
void	cs_logout(struct cs_client *);

/* --- blueprint.c --- */

struct cs_blueprint {
	char	*name;		/* as CloudShell spells it */
	char	*id;
};

/* GET /blueprints/{name}; on 404 it searches the list, exactly and then without
 * case (2.3). FAIL_CONFIG if there is none: the text lists the visible ones. */
int	cs_blueprint_find(struct cs_client *, const char *name,
	    struct cs_blueprint *, struct fail *);
void	cs_blueprint_free(struct cs_blueprint *);

/* --- catalog.c, for qualictl --- */

struct cs_input {
	char	*name;
	char	*type;		/* NULL: not said */
	char	*fallback;	/* its default, may be ""; NULL: none */
	json_t	*values;	/* the possible ones, an array of texts; empty:
				   any */
	bool	 required;	/* no start without it */
};

struct cs_details {
	char		*setup;		/* estimated duration, ISO 8601; NULL:
					   not said, as is the next */
	char		*availability;
	struct cs_input	*inputs;
	size_t		 n;
};

/* GET /blueprints: names of those that this login sees, as a new array of texts
 * that the caller frees in every case. */
int	cs_blueprint_names(struct cs_client *, json_t **, struct fail *);
/* GET /blueprints/{id} (5.1): what a start needs. */
int	cs_blueprint_details(struct cs_client *, const char *id,
	    struct cs_details *, struct fail *);
void	cs_details_free(struct cs_details *);

/* --- sandbox.c --- */

enum cs_phase {			/* classes of 7.1 */
	CS_WAITING,
	CS_READY,
	CS_ERROR,
	CS_ENDING,
	CS_ENDED,
};

struct cs_sandbox {
	enum cs_phase	 phase;
	char		*id, *name;
	char		*state, *setup_stage;	/* words as served */
	char		*end_time;		/* NULL: none */
	json_t		*details;		/* the whole object */
};

void	cs_sandbox_free(struct cs_sandbox *);

/* POST /blueprints/{id}/start (5.2). inputs: object of texts or NULL. Sent once
 * over a fresh connection, numbers and booleans as texts, without nulls.
 * FAIL_UNSURE: a sandbox may exist (also when a stop ended the call under way).
 * FAIL_AGAIN: resources in conflict or quota; nothing was created. FAIL_CONFIG:
 * bad inputs, or no such blueprint. */
int	cs_sandbox_start(struct cs_client *, const char *blueprint,
	    const char *name, long minutes, const json_t *inputs,
	    struct cs_sandbox *, struct fail *);

/* GET /sandboxes/{id} (5.4). FAIL_REVISION if there is none (404). */
int	cs_sandbox_get(struct cs_client *, const char *id, struct cs_sandbox *,
	    struct fail *);

#define CS_FOUND_MAX	16

struct cs_found {
	size_t	n;		/* how many there are */
	char	id[CS_FOUND_MAX][SANDBOX_ID_SIZE];	/* the first ones */
};

/* Look for running sandboxes by exact name (5.5) and, unless NULL, by the
 * blueprint's name without case. */
int	cs_sandbox_find(struct cs_client *, const char *name,
	    const char *blueprint, struct cs_found *, struct fail *);

enum cs_stop {
	CS_STOP_AGREED,		/* the teardown begins */
	CS_STOP_ENDED,		/* the sandbox had ended before */
	CS_STOP_UNKNOWN,	/* CloudShell knows no sandbox with the id, so
				   it may have ended long ago */
};

/* POST /sandboxes/{id}/stop without body, v1 as fall-back (5.6). 0: see
 * *answer. */
int	cs_sandbox_stop(struct cs_client *, const char *id,
	    enum cs_stop *answer, struct fail *);

/* --- activity.c --- */

/* Error events of the activity feed (5.7) with an id of at least from (0: all),
 * their texts joined with "; ", HTML stripped, at most CS_TEXT_MAX bytes.
 * Appends nothing if there are none or the server has no feed; if a later page
 * fails, what earlier ones held counts as success. *last: highest event id
 * seen, else from - 1. */
int	cs_activity_errors(struct cs_client *, const char *id, int64_t from,
	    struct buf *, int64_t *last, struct fail *);
/* Id of the last event of any kind, 0 if unknown. */
int	cs_activity_last(struct cs_client *, const char *id, int64_t *,
	    struct fail *);

/* --- command.c --- */

struct cs_component {
	char	*id;
	char	*name;
};

/* GET /sandboxes/{id}/components (5.10): new array, freed with
 * cs_components_free. */
int	cs_components(struct cs_client *, const char *id,
	    struct cs_component **, size_t *, struct fail *);
void	cs_components_free(struct cs_component *, size_t);

/* Where a command runs: component NULL is the sandbox itself. */
struct cs_target {
	const char	*sandbox;
	const char	*component;
};

/* POST .../commands/{name}/start (5.12), sent once over a fresh connection;
 * arguments as inputs above. FAIL_UNSURE: it may be running. FAIL_CONFIG: bad
 * arguments. FAIL_REVISION: there is no such command (404), or the sandbox or
 * component is gone; cs_command_missing tells which. */
int	cs_command_start(struct cs_client *, const struct cs_target *,
	    const char *name, const json_t *arguments,
	    char execution[SANDBOX_ID_SIZE], struct fail *);

/* After FAIL_REVISION: FAIL_REVISION if the sandbox or component is gone, else
 * FAIL_CONFIG with the names of the commands there are (5.11), ten at most, if
 * the server lists them within seconds. Always -1. */
int	cs_command_missing(struct cs_client *, const struct cs_target *,
	    const char *name, struct fail *);

enum cs_progress {		/* classes of 7.3 */
	CS_GOING,
	CS_SUCCEEDED,
	CS_FAILED,
	CS_CANCELLED,
	CS_UNKNOWN_END,
};

struct cs_execution {
	enum cs_progress progress;
	char		*status;	/* word as served */
	char		*output;	/* once ended; NULL: none */
	bool		 cancellable;
};

/* GET /executions/{id}. FAIL_REVISION if there is none (404). */
int	cs_execution_get(struct cs_client *, const char *id,
	    struct cs_execution *, struct fail *);
/* The same within the time of one call, for a stop that must move on. */
int	cs_execution_look(struct cs_client *, const char *id,
	    struct cs_execution *, struct fail *);
void	cs_execution_free(struct cs_execution *);

/* DELETE /executions/{id} (5.13). 0: accepted, 1: CloudShell no longer knows
 * it. */
int	cs_execution_cancel(struct cs_client *, const char *id, struct fail *);

/* --- mask.c --- */

/* Make an output fit to be shown, in place: without HTML tags, with control
 * characters cleaned (5.8), and without a secret that this brought to light. */
void	cs_clean_output(const struct cs_client *, char *);

#endif
