/*
 * One request with its retry rule.
 *
 * The rule (retry.c has it as a table; section numbers are those of
 * cloudshell-sandbox-api):
 *
 *  - No token, or one older than CS_TOKEN_AGE_MS: log in first.
 *  - 401, or a text that says as much (3.5), and 403: log in and repeat, once
 *    in CS_TOKEN_DOUBT_MS. A GET that finds nothing (404) does the same if the
 *    token is older than that; one that meets HTTP 500 twice, at once.
 *  - Unreachable, and quota (429, or the message): wait and repeat, whatever
 *    the request, since nothing was done.
 *  - Lost answers, 5xx, and 2xx with something else than what was asked for:
 *    wait and repeat, but never a request that must not happen twice. An error
 *    body counts by its own status when it comes with 2xx.
 *  - Everything else is final at once.
 *
 * Waiting ends where settings.remaining() ends, or earlier as the request says:
 * tries_max and patience_ms.
 */
#ifndef RETRY_H
#define RETRY_H

#include "types.h"

/* Logs in for a request of that patience, 0: any. */
typedef int	(*retry_login)(struct cs_client *, int64_t patience_ms,
		    struct fail *);

/* Send by the rule above; login NULL: the request is a login itself. 0:
 * VERDICT_DONE, json is of the wanted type. -1: the fail is set by answer_fail,
 * and the answer tells more. Free the answer with answer_free in both cases. */
int	cs_retry(struct cs_client *, const struct cs_request *, retry_login,
	    struct cs_answer *, struct fail *);

#endif
