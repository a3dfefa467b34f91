/*
 * The facts count lost starts until the sandbox of each is settled: the job
 * takes it, the executor ends it, or it is too late to appear.
 */
#include <string.h>

#include "lost.h"
#include "report.h"
#include "sys.h"
#include "teardown.h"
#include "wait.h"

#define IDS_MAX		2000	/* bytes of ids shown */

int
lost_note(struct task *t, int64_t since, struct fail *fail)
{
	t->facts.starts_lost = job_facts_lost(&t->facts);
	t->facts.start_wall = since;
	return task_fact(t, fail);
}

bool
lost_over(struct task *t)
{
	int64_t now = sys_wall();

	if (t->facts.start_wall > now)	/* the clock was set back */
		t->facts.start_wall = now;
	/* a second more, since both times are cut to seconds */
	return now - t->facts.start_wall >
	    CS_START_MS(t->order.policy.http_timeout_ms) / 1000 + 1;
}

/* Takes the sandbox of one lost start as the job's. */
static int
take(struct task *t, const char *id, struct fail *fail)
{
	(void)strlcpy(t->facts.sandbox_id, id, sizeof(t->facts.sandbox_id));
	t->facts.sandbox_ours = true;
	t->facts.starts_lost = job_facts_lost(&t->facts) - 1;
	if (task_fact(t, fail) != 0 && t->orders.halt != HALT_STOP)
		return -1;
	return 1;
}

/* Only a person can tell which of them is this job's. The facts must then ask
 * for no clean-up, which would have to guess, too. */
static int
ambiguous(struct task *t, const struct cs_found *found, struct fail *fail)
{
	struct fail ignored;
	struct buf ids;
	size_t i;

	buf_init(&ids, IDS_MAX);
	for (i = 0; i < found->n && i < CS_FOUND_MAX; i++)
		(void)buf_addf(&ids, "%s%s", i > 0 ? ", " : "", found->id[i]);
	if (found->n > i)
		(void)buf_addf(&ids, " and %zu more", found->n - i);
	t->facts.starts_lost = 0;
	(void)task_fact(t, &ignored);
	(void)fail_set(fail, FAIL_JOB, "several sandboxes are named \"%s\" "
	    "(%s), and the worker cannot tell which of them this action "
	    "started; end those that nobody needs",
	    t->facts.sandbox_name, buf_text(&ids));
	buf_free(&ids);
	return -1;
}

int
lost_find(struct task *t, struct fail *fail)
{
	struct cs_found found;

	if (cs_sandbox_find(t->cs, t->facts.sandbox_name, t->facts.blueprint,
	    &found, fail) != 0)
		return -1;
	if (found.n == 0)
		return 0;
	/* The second start goes out only while no sandbox bears the name, so
	 * later all that do are this job's. */
	if (found.n > 1 && job_facts_lost(&t->facts) < 2)
		return ambiguous(t, &found, fail);
	return take(t, found.id[0], fail);
}

int
lost_await(struct task *t, struct fail *fail)
{
	struct wait w;
	bool over;
	int rv;

	report_progress(STEP_SANDBOX_START,
	    "looking for the sandbox of an unanswered start");
	wait_start(&w, &t->order);
	do {
		over = lost_over(t);
		if ((rv = lost_find(t, fail)) != 0 || over)
			return rv;
	} while (wait_next(&w, &t->orders, fail) == 0);
	return -1;
}

/* Ends a second sandbox, which a lost start made besides the job's. */
static int
end_one(struct task *t, const char *id, struct buf *text, struct fail *fail)
{
	enum cs_stop answer;

	report_progress(STEP_SANDBOX_END, id);
	if (cs_sandbox_stop(t->cs, id, &answer, fail) != 0) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		(void)buf_sentence(text, "A second sandbox (%s) has started, "
		    "and the worker could not end it: end it in CloudShell.",
		    id);
		return 0;
	}
	if (t->facts.starts_lost > 0)
		t->facts.starts_lost--;
	return task_fact(t, fail);
}

int
lost_surplus(struct task *t, struct buf *text, struct fail *fail)
{
	struct cs_found found;
	size_t i;

	if (t->facts.starts_lost == 0)
		return 0;
	if (cs_sandbox_find(t->cs, t->facts.sandbox_name, t->facts.blueprint,
	    &found, fail) != 0) {
		if (fail->kind == FAIL_STOPPED)
			return -1;
		(void)buf_sentence(text, "A second sandbox \"%s\" may exist: "
		    "end it in CloudShell if it does.",
		    t->facts.sandbox_name);
		return 0;
	}
	for (i = 0; i < found.n && i < CS_FOUND_MAX; i++)
		if (strcasecmp(found.id[i], t->facts.sandbox_id) != 0 &&
		    end_one(t, found.id[i], text, fail) != 0)
			return -1;
	return 0;
}

int
lost_settle(struct task *t, struct buf *text, struct fail *fail)
{
	struct wait w;
	bool over;

	wait_start(&w, &t->order);
	for (;;) {
		over = lost_over(t);
		if (lost_surplus(t, text, fail) != 0)
			return -1;
		if (t->facts.starts_lost == 0 || over || text->len > 0)
			return 0;
		/* a sandbox that is Ready is worth more than this search */
		if (t->deadline_ms - sys_now_ms() < w.max_ms +
		    t->order.policy.http_timeout_ms) {
			(void)buf_sentence(text, "A second sandbox \"%s\" "
			    "may appear: end it in CloudShell if it does.",
			    t->facts.sandbox_name);
			return 0;
		}
		if (wait_next(&w, &t->orders, fail) != 0)
			return -1;
	}
}
