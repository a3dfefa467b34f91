/*
 * One run of the program aws-credentials as a child of the supervisor.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "aws_found.h"
#include "aws_lookup.h"
#include "buf.h"
#include "conf.h"
#include "fail.h"

#ifndef LOOKUP_MS			/* tests set a shorter one */
#define LOOKUP_MS		AWS_LOOKUP_MS	/* then it is killed */
#endif
#define LOOKUP_ANSWER_MAX	AWS_FOUND_MAX	/* of its stdout */
#define LOOKUP_ERROR_MAX	4096	/* last bytes kept of its stderr */

struct lookup;

/* Called once, from the loop, when the program and what it started are gone.
 * answer is its stdout, wiped afterwards; NULL: it failed, and error is one
 * line for people. The look-up is freed after the call. */
typedef void	(*lookup_done)(const struct buf *answer, const char *error,
		    void *);

/* NULL with FAIL_SYSTEM: could not start a process. */
struct lookup	*lookup_start(sd_event *, const struct conf *, lookup_done,
		    void *, struct fail *);
/* Kill it; done is not called. */
void		 lookup_stop(struct lookup *);
pid_t		 lookup_pid(const struct lookup *);

#endif
