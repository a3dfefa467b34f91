/*
 * What an answer means, and the failure texts for it.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "types.h"

/* What an answer with status, body and message means. */
enum verdict	answer_verdict(long status, const char *message);
void	answer_read(struct cs_client *, const struct cs_request *,
	    const struct http_answer *, struct cs_answer *);
/* The same when http_perform failed. */
void	answer_lost(struct cs_client *, const struct cs_request *,
	    const struct http_answer *, const struct fail *,
	    struct cs_answer *);
/* " (HTTP 502, 3 tries): message", as far as known, cut to size. */
const char *answer_details(const struct cs_answer *, char *, size_t);
/* The same without a final full stop, since something follows. */
char	*answer_clause(const struct cs_answer *, char *, size_t);
int	answer_fail(const struct cs_client *, const struct cs_request *,
	    const struct cs_answer *, enum fail_kind, struct fail *);
void	answer_free(struct cs_answer *);

#endif
