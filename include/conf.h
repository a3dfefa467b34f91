/*
 * The configuration: one field per setting. A table in conf_table.c names them;
 * the parser, the defaults, -n and -T all walk it, and worker.conf(5) explains
 * each.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"
#include "job.h"

#define CONF_FILE_MAX	(256 * 1024)	/* bytes of worker.conf */

enum conf_on_stop { ON_STOP_RESUME, ON_STOP_HAND_BACK };
enum conf_claim { CLAIM_DROP, CLAIM_RUN };
enum conf_setup_failure { SETUP_FAILURE_END, SETUP_FAILURE_KEEP };

/* Times are milliseconds, sizes bytes. Texts are NULL when not set. */
struct conf {
	struct {
		char	*url;
		char	*user;
		char	*domain;
		char	*password_file;
		char	*ca_file;
		bool	 verify;
		char	*portal_url;
	} cloudshell;
	struct {
		char	*region;
		char	*profile;
		char	*config_file;
		char	*credentials_file;
		char	*ca_file;
		bool	 metadata_v1;		/* EC2's service may be asked
						   without a token */
	} aws;
	struct {
		int64_t	 poll_interval;
		int64_t	 max_jobs;
		int64_t	 stop_grace;		/* jobs may finish after
						   SIGTERM */
		int64_t	 kill_grace;		/* between stop and SIGKILL */
		int64_t	 http_timeout;
		int64_t	 wait_first;
		int64_t	 wait_max;
		int64_t	 max_request_rate;	/* CloudShell requests per
						   second */
		int64_t	 history;		/* how long finished jobs are
						   kept */
		int64_t	 min_free;		/* bytes free below which
						   nothing is claimed */
		int64_t	 on_stop;		/* enum conf_on_stop */
		int64_t	 ambiguous_claim;	/* enum conf_claim */
		bool	 tag_sandbox_names;
		char	*versions;		/* "10 9": action versions
						   polled */
		char	*query;			/* value of the action types'
						   queryable property */
		char	*log_level;
		char	*state_dir;
		char	*runtime_dir;
		char	*actions_dir;		/* looked at before
						   data_dir's */
		char	*data_dir;
		char	*libexec_dir;
	} worker;
	struct {
		bool	 poll;			/* false: leave this type
						   alone */
		int64_t	 timeout;
	} action[ACTION_MAX];
	struct {
		int64_t	 on_setup_failure;	/* enum conf_setup_failure */
	} start;
	struct {
		bool	 output_variable;
	} run;
	struct {
		bool	 wait_for_teardown;	/* when the property is
						   absent */
	} end;
	uint64_t	 refused;	/* bit i: the i-th setting was given,
					   but its value was refused */
};

/* All defaults, including environment variables (design section 7:
 * STATE_DIRECTORY, RUNTIME_DIRECTORY, CREDENTIALS_DIRECTORY, CLOUDSHELL_URL,
 * CLOUDSHELL_USER, CLOUDSHELL_DOMAIN). */
void	conf_defaults(struct conf *);

/* Read a file over the defaults, calling report for every fault with
 * "file:line: setting: reason"; -1 if there was any. A missing file is a
 * fault. */
int	conf_load(struct conf *, const char *path,
	    void (*report)(const char *, void *), void *);

/* Check what no single line shows: required settings, values that contradict
 * each other. It reports likewise, but nothing that conf_load reported. */
int	conf_check(const struct conf *, const char *path,
	    void (*report)(const char *, void *), void *);

void	conf_free(struct conf *);

#endif
