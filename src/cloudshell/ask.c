/*
 * Requests that need a login.
 */
#include "ask.h"
#include "login.h"
#include "retry.h"

int
cs_ask(struct cs_client *c, const struct cs_request *r, struct cs_answer *a,
    struct fail *fail)
{
	return cs_retry(c, r, login_within, a, fail);
}
