/*
 * Executors without processes: in place of src/supervisor/executors.c. What is
 * done to them is noted in the trace; what they say, the test says.
 */
#ifndef TESTS_FAKE_EXECUTORS_H
#define TESTS_FAKE_EXECUTORS_H

#include "src/supervisor/executors.h"

struct executor {
	void		*job;
	bool		 known;		/* its process is */
	bool		 answered;	/* by the last write */
	struct buf	 written;
};

/* While it is not NULL, none can be had: FAIL_AGAIN with this text. */
extern const char *fake_executors_fail;
/* Called by executor_start, if it is not NULL. */
extern void	(*fake_executors_asked)(void *job);

int	fake_executors(void);		/* not freed yet */

/* What happened, in words, each followed by a blank: "start", "write", "park"
 * (a write that answers nothing), "term", "kill", "free", "renew", and
 * whatever the test adds. Taking it empties it. */
void	trace_add(const char *);
const char *trace_take(void);

#endif
