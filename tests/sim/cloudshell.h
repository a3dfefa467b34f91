/*
 * What the parts of the simulated CloudShell share.
 */
#ifndef SIM_CLOUDSHELL_H
#define SIM_CLOUDSHELL_H

#include "state.h"

/* --- cloudshell.c --- */

#define SEGMENTS_MAX	12
#define ARGS_MAX	3

struct route;

/* A parsed path: decoded segments, and those that '*' matched. */
struct call {
	char *segments[SEGMENTS_MAX];
	int n, version;
	bool encoded;		/* encoded properly */
	const char *args[ARGS_MAX];
	int nargs;
	const struct route *route;
};

void	 cs_error(struct req *, int, const char *, const char *);
void	 cs_not_found(struct req *);
void	 cs_refuse(struct req *, const char *, const char *);

/* --- token.c --- */

void	 token_reset(void);
bool	 token_good(struct req *);
void	 token_login(struct req *, const struct call *);
void	 token_for_user(struct req *, const struct call *);
void	 token_logout(struct req *, const struct call *);

/* --- sandboxcall.c: one function for each path --- */

void	 list_blueprints(struct req *, const struct call *);
void	 get_blueprint(struct req *, const struct call *);
void	 start_sandbox(struct req *, const struct call *);
void	 start_persistent(struct req *, const struct call *);
void	 list_sandboxes(struct req *, const struct call *);
void	 get_sandbox(struct req *, const struct call *);
void	 stop_sandbox(struct req *, const struct call *);
void	 extend_sandbox(struct req *, const struct call *);
void	 get_activity(struct req *, const struct call *);
void	 get_output(struct req *, const struct call *);
void	 get_instructions(struct req *, const struct call *);
void	 list_components(struct req *, const struct call *);
void	 get_component(struct req *, const struct call *);
void	 list_commands(struct req *, const struct call *);
void	 get_command(struct req *, const struct call *);
void	 start_command(struct req *, const struct call *);
void	 get_execution(struct req *, const struct call *);
void	 cancel_execution(struct req *, const struct call *);

/* --- sandboxjson.c --- */

json_t	*cs_link(const char *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
json_t	*cs_bool(bool);
json_t	*cs_int(int64_t);
json_t	*cs_time(double);
const char *cs_name_key(void);
const char *cs_value_key(void);
bool	 cs_loose(void);
int	 cs_params(struct req *, json_t *);
const char *cs_param(json_t *, const char *);

json_t	*blueprint_find(const char *);
void	 blueprint_guids(void);
json_t	*blueprint_json(json_t *, bool);

struct event {
	TAILQ_ENTRY(event) next;
	int64_t id;
	bool error;
	double wall;
	char *text, *output;
};

TAILQ_HEAD(event_list, event);

enum stage { STAGE_BEFORE, STAGE_SETUP, STAGE_READY, STAGE_ERROR,
	STAGE_TEARDOWN, STAGE_ENDED };

struct component {
	char id[ID_MAX];
	char *name;
};

struct sandbox {
	TAILQ_ENTRY(sandbox) next;
	char id[ID_MAX];
	char *name, *owner, *duration;
	json_t *blueprint, *params, *permitted;
	enum stage stage;
	int setup_stage;	/* index into the names of setup stages */
	char *forced;		/* state set from outside, any word */
	char *before, *setup, *setup_stop, *teardown;
	double setup_ms, teardown_ms;
	double created_ms, created_wall, end_wall, stop_ms;
	int64_t lag;		/* polls that still show the old state */
	int starts, stops;
	bool persistent, removed;
	struct component *components;
	size_t ncomponents;
	struct event_list events, console;
};

TAILQ_HEAD(sandbox_list, sandbox);
extern struct sandbox_list sandboxes;

void	 sandbox_reset(void);
struct sandbox *sandbox_new(json_t *, const char *, double);
struct sandbox *sandbox_find(const char *);
void	 sandbox_stop(struct sandbox *);
void	 sandbox_tick(struct sandbox *);
const char *sandbox_state(struct sandbox *);
const char *sandbox_setup_stage(struct sandbox *);
void	 sandbox_event(struct event_list *, bool, double, const char *,
	    const char *);
struct component *sandbox_component(struct sandbox *, const char *);
json_t	*sandbox_admin(struct sandbox *);
int	 sandbox_change(struct sandbox *, json_t *);

json_t	*sandbox_json(struct sandbox *, int);
json_t	*sandbox_short(struct sandbox *, bool);
json_t	*component_json(struct sandbox *, struct component *, bool);
json_t	*activity_json(struct req *, struct sandbox *);
json_t	*output_json(struct req *, struct sandbox *);

void	 command_reset(void);
json_t	*command_list(struct sandbox *, struct component *);
json_t	*command_one(struct sandbox *, struct component *, const char *);
void	 command_start(struct req *, struct sandbox *, struct component *,
	    const char *);
void	 command_get(struct req *, const char *);
void	 command_cancel(struct req *, const char *);
json_t	*command_admin(void);
int	 command_change(const char *id, json_t *change);

bool	 duration_parse(const char *, double *);

#endif
