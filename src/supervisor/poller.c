/*
 * Polls CodePipeline for jobs.
 */
#include <stdlib.h>
#include <string.h>

#include "codepipeline.h"
#include "codepipeline_answer.h"
#include "journal.h"
#include "log.h"
#include "mem.h"
#include "poller.h"
#include "priority.h"
#include "sys.h"
#include "timer.h"
#include "told.h"

#define BACKOFF_MAX_MS	300000
#define REFUSED_SLOWER	6	/* poll intervals between two tries of an action
				   type that does not exist (yet) or is not
				   permitted */
#define LOOK_AGAIN_MS	5000	/* while the worker may claim nothing */
#define BATCH_MAX	50	/* jobs asked for at once: their data, of up to
				   100 KB each, must fit AWS_ANSWER_MAX */

struct poll {
	struct poller		*poller;
	const struct action_type *type;
	struct aws_call		*call;
	int			 batch;		/* asked for by the call */
	int64_t			 due_ms;
	char			 refused[64];	/* code of the last answer if it
						   was a refusal, else "" */
	struct told		 told;
	bool			 blocked;	/* could not even be sent */
};

struct poller {
	sd_event	*event;
	struct aws	*aws;
	int64_t		 interval_ms;
	struct poller_calls calls;
	void		*arg;
	struct poll	*polls;
	size_t		 n, next;	/* next: whose turn it is */
	unsigned	 troubles;	/* rounds in a row that failed */
	int64_t		 calm_ms;	/* after trouble: no poll before this
					   time */
	bool		 stopped;
	bool		 starved;	/* some type is due but may not be
					   asked for yet */
	char		 why[256];	/* polls cannot be sent, as last told */
	sd_event_source	*timer;
};

static void	look(struct poller *);

static int
outstanding(const struct poller *poller)
{
	int batches = 0;

	for (size_t i = 0; i < poller->n; i++)
		if (poller->polls[i].call != NULL)
			batches += poller->polls[i].batch;
	return batches;
}

/* --- answers --- */

static int64_t
interval(const struct poller *poller)
{
	int64_t ms = poller->interval_ms;

	/* 80 to 120 %, so that many workers do not ask in step */
	return ms * 4 / 5 + (int64_t)arc4random_uniform(
	    (uint32_t)(ms * 2 / 5) + 1);
}

static const char *
type_text(const struct poll *poll, char *dst, size_t size)
{
	const struct cp_action_type *type = &poll->type->type;

	(void)snprintf(dst, size, "Custom/%s/%s/%s", type->category,
	    type->provider, type->version);
	return dst;
}

/* Whether CodePipeline refuses every version of the action with this code. */
static bool
all_versions(const struct poll *poll, const char *code)
{
	const struct poller *poller = poll->poller;

	for (size_t i = 0; i < poller->n; i++)
		if (poller->polls[i].type->action == poll->type->action &&
		    strcmp(poller->polls[i].refused, code) != 0)
			return false;
	return true;
}

/* Keys and permissions concern all types alike: one record serves all. */
static bool
told_of_another(const struct poll *poll, int64_t now)
{
	const struct poller *poller = poll->poller;

	for (size_t i = 0; i < poller->n; i++) {
		const struct poll *other = &poller->polls[i];

		if (other != poll && strcmp(other->refused, poll->refused) ==
		    0 && told_lately(&other->told, poll->refused,
		    TOLD_HOURLY_MS, now))
			return true;
	}
	return false;
}

static void
tell_missing(const struct poll *poll, const char *type)
{
	bool all = all_versions(poll, poll->refused);

	journal_event(JOURNAL_AWS, all ? LOG_WARNING : LOG_NOTICE, "action "
	    "type %s does not exist in this account and region%s; polling for "
	    "it seldom", type, all ? ", nor does another version that the "
	    "worker polls for: register it" : "");
}

/* A refusal concerns only this type: report it seldom, poll it seldom. */
static void
refused(struct poll *poll, const struct aws_reply *reply)
{
	bool same = strcmp(poll->refused, reply->error.code) == 0;
	int64_t now = sys_now_ms();
	char type[128];

	poll->due_ms = now + REFUSED_SLOWER *
	    poll->poller->interval_ms;
	(void)type_text(poll, type, sizeof(type));
	strlcpy(poll->refused, reply->error.code, sizeof(poll->refused));
	if (strcmp(poll->refused, "ActionTypeNotFoundException") == 0) {
		if (!same)
			tell_missing(poll, type);
	} else if (!told_of_another(poll, now) &&
	    told_due(&poll->told, poll->refused, TOLD_HOURLY_MS, now)) {
		journal_event(JOURNAL_AWS, LOG_ERR, "action type %s: %s; "
		    "polling seldom for it and for others that are refused "
		    "with the same code", type, reply->text);
	}
}

/* CodePipeline accepts the poll of a type that it had refused. */
static void
accepted(struct poll *poll)
{
	char type[128];

	if (poll->refused[0] == '\0')
		return;
	poll->refused[0] = '\0';
	told_over(&poll->told);
	journal_event(JOURNAL_AWS, LOG_NOTICE, "action type %s can be polled "
	    "now", type_text(poll, type, sizeof(type)));
}

void
poller_state(const struct poller *poller, struct poller_state *state)
{
	*state = (struct poller_state){ .why = poller->why,
	    .failing = poller->troubles > 0, .types = poller->n };
	for (size_t i = 0; i < poller->n; i++)
		if (poller->polls[i].refused[0] != '\0') {
			state->code = poller->polls[i].refused;
			state->refused++;
		}
}

/* Throttling and faults concern all types: none polls again before the pause is
 * over. Several failures at once are one round. The pauses are longer than
 * those of the SDKs' standard mode, since the next poll comes anyway. */
static void
trouble(struct poll *poll, const struct aws_reply *reply)
{
	struct poller *poller = poll->poller;
	int64_t now = sys_now_ms(), ms;

	if (!reply->passing) {
		refused(poll, reply);
		return;
	}
	if (now >= poller->calm_ms) {
		ms = sys_backoff_ms(poller->troubles++,
		    poller->interval_ms, BACKOFF_MAX_MS);
		if (reply->error.retry_after_ms > ms)
			ms = reply->error.retry_after_ms;
		if (ms > BACKOFF_MAX_MS)
			ms = BACKOFF_MAX_MS;
		poller->calm_ms = now + ms;
		if (poller->troubles <= 3 || poller->troubles % 20 == 0)
			journal_event(JOURNAL_AWS, LOG_WARNING, "%s; next try "
			    "in %.1f s", reply->text, (double)ms / 1000.0);
	}
	for (size_t i = 0; i < poller->n; i++)
		if (poller->polls[i].due_ms < poller->calm_ms)
			poller->polls[i].due_ms = poller->calm_ms;
}

static void
take(struct poll *poll, const struct aws_reply *reply)
{
	struct poller *poller = poll->poller;
	struct job_data *jobs = NULL;
	size_t n = 0, broken = 0, fresh = 0;
	struct fail fail;

	accepted(poll);
	if (poller->troubles > 3)
		journal_event(JOURNAL_AWS, LOG_NOTICE,
		    "CodePipeline answers again");
	poller->troubles = 0;
	poller->calm_ms = 0;
	if (cp_poll_parse(reply->body, &jobs, &n, &broken, &fail) != 0) {
		journal_event(JOURNAL_AWS, LOG_WARNING, "PollForJobs: %s",
		    fail.text);
		poll->due_ms = sys_now_ms() + interval(poller);
		return;
	}
	if (broken > 0)
		journal_event(JOURNAL_AWS, LOG_WARNING, "PollForJobs: left out "
		    "%zu jobs that cannot be claimed (%s)", broken, fail.text);
	for (size_t i = 0; i < n && i < (size_t)poll->batch; i++)
		if (poller->calls.offer(&jobs[i], poll->type,
		    poller->arg))
			fresh++;
	cp_jobs_free(jobs, n);
	/* After a full batch there may be more, unless all are known
	 * already. */
	poll->due_ms = sys_now_ms();
	if (n < (size_t)poll->batch || fresh == 0)
		poll->due_ms += interval(poller);
}

static void
polled(const struct aws_reply *reply, void *arg)
{
	struct poll *poll = arg;
	struct poller *poller = poll->poller;
	bool hindered = poller->troubles > 0 || poll->refused[0] != '\0';

	poll->call = NULL;
	if (reply->ok)
		take(poll, reply);
	else
		trouble(poll, reply);
	if (hindered || !reply->ok)
		poller->calls.changed(poller->arg);
	look(poller);
}

/* --- requests --- */

/* Said once per reason. Whoever looks up credentials reports missing ones. */
static void
cannot_poll(struct poller *poller, const char *why)
{
	const struct aws_keys *keys = poller->aws->keys;

	if (strcmp(poller->why, why) == 0 || aws_keys_looking(keys) ||
	    aws_keys_get(keys) == NULL)
		return;
	strlcpy(poller->why, why, sizeof(poller->why));
	journal_event(JOURNAL_AWS, LOG_WARNING, "not polling: %s", why);
	poller->calls.changed(poller->arg);
}

static void
start_poll(struct poll *poll, int batch)
{
	struct poller *poller = poll->poller;
	struct fail fail;

	poll->batch = batch;
	poll->call = aws_call_start(poller->aws, "PollForJobs",
	    cp_poll_input(&poll->type->type, poll->type->query, batch),
	    AWS_SINGLE, polled, poll, &fail);
	if (poll->call == NULL) {	/* new credentials wake us */
		poll->due_ms = sys_now_ms() + interval(poller);
		poll->blocked = true;
		cannot_poll(poller, fail.text);
	} else if (poller->why[0] != '\0') {
		poller->why[0] = '\0';
		poller->calls.changed(poller->arg);
	}
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	look(arg);
	return 0;
}

static void
set_timer(struct poller *poller, int64_t at)
{
	timer_at(poller->event, &poller->timer, at, on_timer, poller);
}

static size_t
count_due(const struct poller *poller, int64_t now)
{
	size_t due = 0;

	for (size_t i = 0; i < poller->n; i++)
		if (poller->polls[i].call == NULL &&
		    poller->polls[i].due_ms <= now)
			due++;
	return due;
}

/* Ask for the types that are due while there are slots, and set the timer for
 * the next. */
static void
look(struct poller *poller)
{
	int64_t now = sys_now_ms(), first = 0;
	size_t due = count_due(poller, now), asked = 0;
	int slots = 0;

	if (poller->stopped)
		return;
	if (due > 0)
		slots = poller->calls.slots(poller->arg) - outstanding(poller);
	poller->starved = due > 0;
	if (slots > 0 && !poller->calls.may_claim(poller->arg)) {
		set_timer(poller, now + LOOK_AGAIN_MS);
		return;
	}
	for (size_t k = 0; k < poller->n && slots > 0 && due > 0; k++) {
		struct poll *poll = &poller->polls[(poller->next + k) %
		    poller->n];
		int share = (slots + (int)due - 1) / (int)due;

		if (poll->call != NULL || poll->due_ms > now)
			continue;
		if (share > BATCH_MAX)
			share = BATCH_MAX;
		start_poll(poll, share);
		slots -= share;
		due--;
		asked = k + 1;
	}
	poller->starved = due > 0;
	poller->next = (poller->next + asked) % poller->n;
	for (size_t i = 0; i < poller->n; i++) {
		const struct poll *poll = &poller->polls[i];

		if (poll->call == NULL && poll->due_ms > now &&
		    (first == 0 || poll->due_ms < first))
			first = poll->due_ms;
	}
	if (first != 0)
		set_timer(poller, first);
}

void
poller_wake(struct poller *poller)
{
	if (poller->stopped)
		return;
	for (size_t i = 0; i < poller->n; i++) {
		if (!poller->polls[i].blocked)
			continue;
		poller->polls[i].due_ms = poller->calm_ms;
		poller->polls[i].blocked = false;
		poller->starved = true;
	}
	/* else the timer is set for the next type that is due */
	if (poller->starved)
		set_timer(poller, sys_now_ms());
}

void
poller_restart(struct poller *poller)
{
	if (poller->stopped)
		return;
	for (size_t i = 0; i < poller->n; i++)
		poller->polls[i].due_ms = 0;
	poller->calm_ms = 0;
	poller->starved = true;
	poller_wake(poller);
}

struct poller *
poller_new(sd_event *event, struct aws *aws,
    const struct action_type *types, size_t n, int64_t interval_ms,
    const struct poller_calls *calls, void *arg)
{
	struct poller *poller = xcalloc(1, sizeof(*poller));

	poller->event = event;
	poller->aws = aws;
	poller->interval_ms = interval_ms;
	poller->calls = *calls;
	poller->arg = arg;
	poller->n = n;
	poller->polls = xcalloc(n, sizeof(*poller->polls));
	for (size_t i = 0; i < n; i++) {
		poller->polls[i].poller = poller;
		poller->polls[i].type = &types[i];
	}
	set_timer(poller, 0);
	(void)sd_event_source_set_priority(poller->timer, PRIO_POLL);
	return poller;
}

void
poller_stop(struct poller *poller)
{
	poller->stopped = true;
	for (size_t i = 0; i < poller->n; i++) {
		aws_call_cancel(poller->polls[i].call);
		poller->polls[i].call = NULL;
	}
	timer_off(poller->timer);
}

void
poller_free(struct poller *poller)
{
	if (poller == NULL)
		return;
	poller_stop(poller);
	sd_event_source_disable_unref(poller->timer);
	free(poller->polls);
	free(poller);
}
