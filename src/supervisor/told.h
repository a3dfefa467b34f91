/*
 * What was said last and when, so that a lasting fault is not repeated often.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stdint.h>

#define TOLD_HOURLY_MS	3600000

struct told {
	char	what[256];	/* "": nothing */
	int64_t	ms;		/* of SYS_CLOCK */
};

/* Whether to say this now: it differs from the last time, or that was at least
 * every_ms ago. If so, it counts as said. */
bool	told_due(struct told *, const char *what, int64_t every_ms,
	    int64_t now_ms);
/* Whether this was said less than within_ms ago. */
bool	told_lately(const struct told *, const char *what, int64_t within_ms,
	    int64_t now_ms);
/* The fault is over: say the next one at once. */
void	told_over(struct told *);

#endif
