/*
 * Orders: what the supervisor tells an executor.
 */
#ifndef IPC_ORDER_H
#define IPC_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "credentials.h"
#include "fail.h"
#include "job.h"
#include "secret.h"

#define IPC_CA_MAX	(512 * 1024)	/* bytes of certificates: twice what
					   systems have */
#define IPC_ORDER_MAX	(2 * 1024 * 1024)	/* bytes of an order line: up to
					   100 KB of configuration, escaped,
					   keys, two texts of certificates */

enum ipc_order_kind {
	ORDER_RUN,		/* do the action, from where facts say */
	ORDER_CLEANUP,		/* cancel the execution, end the sandbox */
};

/* Everything an executor gets to know. The struct owns its texts. */
struct ipc_order {
	enum ipc_order_kind	 kind;
	enum job_action		 action;
	int64_t			 remaining_ms;	/* until the deadline */
	bool			 resumed;	/* an earlier executor began
						   it */
	struct job_data		 data;
	struct job_facts	 facts;
	struct {
		char		*url;
		char		*user;
		char		*domain;
		struct secret	*password;
		char		*ca;	/* certificates as PEM text, NULL: the
					   system's */
		bool		 verify;
		char		*portal_url;	/* NULL: no SandboxUrl */
	} cloudshell;
	struct {
		char		*region;
		char		*endpoint;	/* of S3, NULL: the real one */
		char		*ca;
		bool		 use_fips, use_dualstack;
		char		*user_agent;	/* of requests to S3, NULL: the
						   program's name */
		int		 max_attempts;	/* of one transfer; 0: not
						   said */
	} s3;
	struct {
		int64_t		 wait_first_ms;	/* first look */
		int64_t		 wait_max_ms;	/* longest pause */
		int64_t		 wait_floor_ms;	/* shortest: request rate */
		int64_t		 http_timeout_ms;
		int64_t		 stop_ms;	/* all that a stop may take */
		bool		 tag_sandbox_names;
		bool		 keep_failed_setup;	/* on_setup_failure =
							   keep */
		bool		 command_output;	/* variable
							   CommandOutput */
		bool		 wait_for_teardown;	/* without the
							   property */
	} policy;
};

/* Append one line. -1 if it would exceed IPC_ORDER_MAX or a secret in it is not
 * UTF-8. */
int	ipc_order_encode(struct buf *, const struct ipc_order *);
int	ipc_order_decode(const char *, size_t len, struct ipc_order *,
	    struct fail *);
void	ipc_order_free(struct ipc_order *);

enum ipc_later { IPC_RECORDED, IPC_CREDENTIALS, IPC_PARK };

/* An order after the first. */
struct ipc_later_order {
	enum ipc_later		 type;
	struct credentials	 credentials;	/* with IPC_CREDENTIALS */
	char			*error;		/* instead: why there are
						   none */
};

int	ipc_later_encode(struct buf *, const struct ipc_later_order *);
int	ipc_later_decode(const char *, size_t len, struct ipc_later_order *,
	    struct fail *);
void	ipc_later_free(struct ipc_later_order *);

#endif
