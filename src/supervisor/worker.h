/*
 * The supervisor as a whole: owns all parts, wires them, starts and stops
 * them.
 */
#ifndef WORKER_H
#define WORKER_H

#include "conf.h"
#include "fail.h"
#include "secret.h"

#define EXIT_CONFIG	78	/* EX_CONFIG of sysexits: the settings must be
				   mended first (RestartPreventExitStatus=) */
#define EXIT_UPGRADE	3	/* ended to be started anew
				   (Restart=on-failure) */

struct worker;

/* The loop and the zygote: before any secret is read. Takes the configuration
 * over. NULL with fail, and the configuration is still the caller's. */
struct worker	*worker_new(struct conf *, struct fail *);
const struct conf *worker_conf(const struct worker *);
/* Everything else: lock, ledger, credentials, resumed jobs, polling. Takes the
 * password over, NULL: it is in a file. -1 with fail. */
int		 worker_start(struct worker *, struct secret *password,
		    struct fail *);
/* The loop, until the worker is stopped. The program's exit status. */
int		 worker_run(struct worker *);
void		 worker_free(struct worker *);	/* NULL is fine */

#endif
