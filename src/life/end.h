/*
 * What the end of a job means.
 */
#ifndef END_H
#define END_H

#include "life.h"

/* The table of result and exit status (design section 3), for an executor that
 * ended without a result: sets life->result. */
void	end_without_result(struct life *, const struct life_exit *);
/* Take over what the executor reported; a stop's text begins with its cause. */
void	end_with_result(struct life *, const struct job_result *);
/* A failure decided here. */
void	end_failed(struct life *, enum fail_kind, const char *, ...)
	    __attribute__((format(printf, 3, 4)));
/* A failure because CodePipeline does not take the success or hand-back.
 * Returns whether the executor reported that result, for end_needs_cleanup. */
bool	end_untaken(struct life *);
/* Hand back: a result with this continuation token, which it takes over. */
void	end_handed_back(struct life *, char *token);

/* CodePipeline refused the put for good: whether that abandons what is left in
 * CloudShell, so that a clean-up executor must undo it. */
bool	end_abandoned(const struct life *);
/* Whether something is left in CloudShell that a clean-up executor must undo;
 * told: the executor itself reported this result. */
bool	end_needs_cleanup(const struct life *, bool told);
/* Seconds, minutes or hours in words: "15 min". Returns dst. */
char	*end_duration(char *dst, size_t, int64_t ms);

#endif
