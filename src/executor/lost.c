/*
 * Starts of a sandbox that were not answered. CloudShell may have made the
 * sandbox, or may do so for as long as a start may take; it is known by its
 * name, which ends in the job's tag.
 */
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "sys.h"

#define IDS_MAX		2000	/* bytes of ids shown */

int
lost_note(struct exec *x, int64_t since, struct fail *fail)
{
	x->facts.starts_lost = job_facts_lost(&x->facts);
	x->facts.start_wall = since;
	return job_fact(x, fail);
}

bool
lost_over(struct exec *x)
{
	int64_t now = sys_wall();

	if (x->facts.start_wall > now)	/* the clock was set back */
		x->facts.start_wall = now;
	/* a second more, as both times are cut to seconds */
	return now - x->facts.start_wall >
	    CS_START_MS(x->order.policy.http_timeout_ms) / 1000 + 1;
}

/* One of the lost starts is accounted for. */
static int
take(struct exec *x, const char *id, struct fail *fail)
{
	(void)strlcpy(x->facts.sandbox_id, id, sizeof(x->facts.sandbox_id));
	x->facts.sandbox_ours = true;
	x->facts.starts_lost = job_facts_lost(&x->facts) - 1;
	if (job_fact(x, fail) != 0 && x->orders.halt != HALT_STOP)
		return -1;
	return 1;
}

/* Only a person can tell which of them is this job's. The facts must ask for no
 * clean-up then: it would have to guess, too. */
static int
ambiguous(struct exec *x, const struct cs_found *found, struct fail *fail)
{
	struct fail ignored;
	struct buf ids;
	size_t i;

	buf_init(&ids, IDS_MAX);
	for (i = 0; i < found->n && i < CS_FOUND_MAX; i++)
		(void)buf_addf(&ids, "%s%s", i > 0 ? ", " : "", found->id[i]);
	if (found->n > i)
		(void)buf_addf(&ids, " and %zu more", found->n - i);
	x->facts.starts_lost = 0;
	(void)job_fact(x, &ignored);
	(void)fail_set(fail, FAIL_JOB, "several sandboxes are named \"%s\" "
	    "(%s), and which of them this action has started is not known; end "
	    "those that are not needed", x->facts.sandbox_name, buf_text(&ids));
	buf_free(&ids);
	return -1;
}

int
lost_find(struct exec *x, struct fail *fail)
{
	struct cs_found found;

	if (cs_sandbox_find(x->cs, x->facts.sandbox_name, x->facts.blueprint,
	    NULL, &found, fail) != 0)
		return -1;
	if (found.n == 0)
		return 0;
	/* The second start is sent when none bears the name: after that all
	 * that do are this job's. */
	if (found.n > 1 && job_facts_lost(&x->facts) < 2)
		return ambiguous(x, &found, fail);
	return take(x, found.id[0], fail);
}

int
lost_await(struct exec *x, struct fail *fail)
{
	struct wait w;
	bool over;
	int rv;

	report_progress(STEP_SANDBOX_START,
	    "looking for the sandbox of an unanswered start");
	wait_start(&w, &x->order);
	do {
		over = lost_over(x);
		if ((rv = lost_find(x, fail)) != 0 || over)
			return rv;
	} while (wait_next(&w, &x->orders, fail) == 0);
	return -1;
}

static int
end_one(struct exec *x, const char *id, struct buf *text, struct fail *fail)
{
	bool already;

	report_progress(STEP_SANDBOX_END, id);
	if (cs_sandbox_stop(x->cs, id, &already, fail) != 0 &&
	    fail->kind != FAIL_REVISION) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		(void)buf_sentence(text, "A second sandbox (%s) was started "
		    "and could not be ended: end it in CloudShell.", id);
		return 0;
	}
	if (x->facts.starts_lost > 0)
		x->facts.starts_lost--;
	return job_fact(x, fail);
}

int
lost_surplus(struct exec *x, struct buf *text, struct fail *fail)
{
	struct cs_found found;
	size_t i;

	if (x->facts.starts_lost == 0)
		return 0;
	if (cs_sandbox_find(x->cs, x->facts.sandbox_name, x->facts.blueprint,
	    NULL, &found, fail) != 0) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		(void)buf_sentence(text, "A second sandbox \"%s\" may exist: "
		    "end it in CloudShell if it does.",
		    x->facts.sandbox_name);
		return 0;
	}
	for (i = 0; i < found.n && i < CS_FOUND_MAX; i++)
		if (strcasecmp(found.id[i], x->facts.sandbox_id) != 0 &&
		    end_one(x, found.id[i], text, fail) != 0)
			return -1;
	return 0;
}

int
lost_settle(struct exec *x, struct buf *text, struct fail *fail)
{
	struct wait w;
	bool over;

	wait_start(&w, &x->order);
	for (;;) {
		over = lost_over(x);
		if (lost_surplus(x, text, fail) != 0)
			return -1;
		if (x->facts.starts_lost == 0 || over || text->len > 0)
			return 0;
		/* a sandbox that is Ready is worth more than this search */
		if (x->deadline_ms - sys_now_ms() < w.max_ms +
		    x->order.policy.http_timeout_ms) {
			(void)buf_sentence(text, "A second sandbox \"%s\" "
			    "may appear: end it in CloudShell if it does.",
			    x->facts.sandbox_name);
			return 0;
		}
		if (wait_next(&w, &x->orders, fail) != 0)
			return -1;
	}
}
