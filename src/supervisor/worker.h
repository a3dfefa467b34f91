/*
 * The supervisor as a whole: owns all parts, wires them, starts and stops
 * them.
 */
#ifndef WORKER_H
#define WORKER_H

#include "conf.h"
#include "fail.h"
#include "secret.h"

#define EXIT_CONFIG	78	/* EX_CONFIG of sysexits: somebody must correct
				   the settings first
				   (RestartPreventExitStatus=) */
#define EXIT_UPGRADE	3	/* exited to be started again
				   (Restart=on-failure) */

struct worker;

/* Start the loop and the zygote, before reading any secret. Takes over the
 * configuration; but NULL with fail leaves it to the caller. */
struct worker	*worker_new(struct conf *, struct fail *);
const struct conf *worker_conf(const struct worker *);
/* Start everything else: lock, ledger, credentials, resumed jobs, polling.
 * Takes over the password, NULL: it is in a file. -1 with fail. */
int		 worker_start(struct worker *, struct secret *password,
		    struct fail *);
/* Run the loop until the worker is stopped. Returns the program's exit
 * status. */
int		 worker_run(struct worker *);
void		 worker_free(struct worker *);	/* NULL is fine */

#endif
