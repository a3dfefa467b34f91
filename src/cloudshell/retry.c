/*
 * The retry rule, described in retry.h.
 */
#include <string.h>

#include "answer.h"
#include "client.h"
#include "retry.h"
#include "sys.h"

enum step {
	STEP_END,
	STEP_WAIT,
	STEP_LOGIN,
	STEP_LOGIN_OLD,		/* if the token is old */
};

static const struct rule {
	enum step	many, once;	/* may be repeated or not */
	enum fail_kind	many_kind, once_kind;	/* if it ends here */
} rules[VERDICT_MAX] = {
	[VERDICT_AUTH] = { STEP_LOGIN, STEP_LOGIN,
	    FAIL_PERMISSION, FAIL_PERMISSION },
	[VERDICT_FORBIDDEN] = { STEP_LOGIN, STEP_LOGIN,
	    FAIL_PERMISSION, FAIL_PERMISSION },
	[VERDICT_MISSING] = { STEP_LOGIN_OLD, STEP_END,
	    FAIL_REVISION, FAIL_REVISION },
	[VERDICT_CONFLICT] = { STEP_END, STEP_END, FAIL_JOB, FAIL_JOB },
	[VERDICT_QUOTA] = { STEP_WAIT, STEP_WAIT, FAIL_SYSTEM, FAIL_AGAIN },
	[VERDICT_NO_API] = { STEP_END, STEP_END, FAIL_CONFIG, FAIL_CONFIG },
	[VERDICT_REFUSED] = { STEP_END, STEP_END, FAIL_JOB, FAIL_JOB },
	[VERDICT_REDIRECT] = { STEP_END, STEP_END, FAIL_CONFIG, FAIL_CONFIG },
	[VERDICT_BROKEN] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_GARBLED] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_UNREACHED] = { STEP_WAIT, STEP_WAIT, FAIL_SYSTEM, FAIL_AGAIN },
	[VERDICT_LOST] = { STEP_WAIT, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_TOO_LARGE] = { STEP_END, STEP_END, FAIL_SYSTEM, FAIL_UNSURE },
	[VERDICT_FINAL] = { STEP_END, STEP_END, FAIL_SYSTEM, FAIL_SYSTEM },
};

/* The history of one call of cs_retry. */
struct trial {
	int		 tries, logins, waits;
	enum verdict	 last;
	int		 row;		/* of the same verdict */
	int64_t		 began_ms;	/* time that remained then */
};

static bool
token_older(const struct cs_client *c, int64_t ms)
{
	return sys_now_ms() - c->token_ms > ms;
}

/* The table's step, limited by what was already tried. */
static enum step
next_step(const struct cs_client *c, const struct cs_request *r,
    const struct cs_answer *a, const struct trial *t)
{
	enum step s;

	s = r->once ? rules[a->verdict].once : rules[a->verdict].many;
	switch (s) {
	case STEP_LOGIN_OLD:
		if (strcmp(r->method, "GET") != 0 ||
		    !token_older(c, CS_TOKEN_DOUBT_MS))
			return STEP_END;
		/* FALLTHROUGH */
	case STEP_LOGIN:
		if (r->login || (t->logins > 0 &&
		    !token_older(c, CS_TOKEN_DOUBT_MS)))
			return STEP_END;
		return STEP_LOGIN;
	case STEP_WAIT:
		if ((r->tries_max > 0 && t->tries >= r->tries_max) ||
		    (a->verdict == VERDICT_GARBLED &&
		    t->row >= CS_GARBLED_MAX))
			return STEP_END;
		/* some servers answer an expired token with HTTP 500 */
		if (a->verdict == VERDICT_BROKEN && a->status == 500 &&
		    t->row == 2 && t->logins == 0 && !r->login)
			return STEP_LOGIN;
		return STEP_WAIT;
	default:
		return STEP_END;
	}
}

/* How long to wait; -1 if patience or time would run out. */
static int64_t
next_pause(const struct cs_client *c, const struct cs_request *r,
    const struct cs_answer *a, struct trial *t)
{
	int64_t left, ms;

	left = c->set->remaining(c->set->arg);
	ms = sys_backoff_ms((unsigned)t->waits++, CS_PAUSE_MS,
	    CS_PAUSE_MAX_MS);
	if (a->verdict == VERDICT_QUOTA && a->after_ms > ms)
		ms = a->after_ms;
	if (ms >= left)
		return -1;
	/* a server that reports its quota is alive and worth waiting for */
	if (r->patience_ms > 0 && t->began_ms - left + ms > r->patience_ms &&
	    (r->hurried || !r->login || a->verdict != VERDICT_QUOTA))
		return -1;
	return ms;
}

static int
token_ensure(struct cs_client *c, const struct cs_request *r,
    retry_login login, struct fail *fail)
{
	if (login == NULL || (c->token != NULL &&
	    !token_older(c, CS_TOKEN_AGE_MS)))
		return 0;
	return login(c, r->patience_ms, fail);
}

/* Something else than the last answer ended the call, so that answer is not the
 * reason. */
static int
ended(struct cs_answer *a, const struct fail *fail)
{
	a->verdict = VERDICT_FINAL;
	a->kind = fail != NULL ? fail->kind : FAIL_SYSTEM;
	a->message[0] = '\0';
	return -1;
}

int
cs_retry(struct cs_client *c, const struct cs_request *r, retry_login login,
    struct cs_answer *a, struct fail *fail)
{
	const struct rule *rule;
	struct trial t = { 0 };
	int64_t ms;

	memset(a, 0, sizeof(*a));
	if (token_ensure(c, r, login, fail) != 0)
		return ended(a, fail);
	t.began_ms = c->set->remaining(c->set->arg);
	for (;;) {
		cs_exchange(c, r, ++t.tries, a);
		if (a->verdict == VERDICT_DONE)
			return 0;
		rule = &rules[a->verdict];
		t.row = a->verdict == t.last ? t.row + 1 : 1;
		t.last = a->verdict;
		switch (next_step(c, r, a, &t)) {
		case STEP_LOGIN:
			t.logins++;
			if (login(c, r->patience_ms, fail) != 0)
				return ended(a, fail);
			continue;
		case STEP_WAIT:
			ms = next_pause(c, r, a, &t);
			if (ms == -1)
				break;
			if (c->set->pause(ms, c->set->arg, fail) != 0 ||
			    token_ensure(c, r, login, fail) != 0)
				return ended(a, fail);
			continue;
		default:
			break;
		}
		return answer_fail(c, r, a,
		    r->once ? rule->once_kind : rule->many_kind, fail);
	}
}
