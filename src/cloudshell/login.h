/*
 * The login, for requests that need one.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "types.h"

/* cs_login for a request with that patience in milliseconds, 0: unlimited. */
int	login_within(struct cs_client *, int64_t patience_ms, struct fail *);

#endif
