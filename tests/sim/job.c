/*
 * Jobs: making them, the queues they wait in, what becomes of them.
 * codepipeline.c speaks over the wire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static const char *const state_names[JOB_STATE_MAX] = {
	"Queued", "Dispatched", "InProgress", "Succeeded", "Failed",
	"Continued", "TimedOut", "Abandoned"
};

struct job_all jobs = STAILQ_HEAD_INITIALIZER(jobs);
static struct table jobs_by_id, queues;
static size_t njobs;

const char *
job_state_name(enum job_state state)
{
	return state_names[state];
}

size_t
job_count(void)
{
	return njobs;
}

struct job *
job_find(const char *id)
{
	return id == NULL ? NULL : table_get(&jobs_by_id, id);
}

static struct queue *
queue_find(const char *type)
{
	struct queue *q = table_get(&queues, type);

	if (q != NULL)
		return q;
	q = xcalloc(1, sizeof(*q));
	q->type = xstrdup(type);
	TAILQ_INIT(&q->ready);
	TAILQ_INIT(&q->dispatched);
	TAILQ_INIT(&q->later);
	table_put(&queues, type, q);
	return q;
}

void
job_unlist(struct job *job)
{
	if (job->list != NULL)
		TAILQ_REMOVE(job->list, job, wait);
	job->list = NULL;
}

/* Each list is sorted by due_ms; a new job nearly always goes to its end. */
static void
job_list_in(struct job *job, struct job_list *list, double due_ms)
{
	struct job *p;

	job_unlist(job);
	job->list = list;
	job->due_ms = due_ms;
	TAILQ_FOREACH_REVERSE(p, list, job_list, wait)
		if (p->due_ms <= due_ms) {
			TAILQ_INSERT_AFTER(list, p, job, wait);
			return;
		}
	TAILQ_INSERT_HEAD(list, job, wait);
}

static struct job *
job_new(struct execution *x, const char *token, int64_t delay_ms)
{
	struct job *job = xcalloc(1, sizeof(*job));
	char type[256];

	snprintf(type, sizeof(type), "%s/%s/%s", x->category, x->provider,
	    x->version);
	job->execution = x;
	job->queue = queue_find(type);
	random_guid(job->id, false);
	job->token = token == NULL ? NULL : xstrdup(token);
	job->results = json_array();
	x->latest = job;
	STAILQ_INSERT_TAIL(&jobs, job, all);
	table_put(&jobs_by_id, job->id, job);
	njobs++;
	job_list_in(job, delay_ms > 0 ? &job->queue->later :
	    &job->queue->ready, now_ms() + (double)delay_ms);
	return job;
}

struct execution *
job_execute(json_t *j, struct pipeline *owner, char *why, size_t size)
{
	struct execution *x;

	if (njobs >= JOBS_MAX) {
		snprintf(why, size, "too many jobs");
		return NULL;
	}
	if ((x = execution_new(j, owner, why, size)) != NULL)
		job_new(x, jstr(j, "continuationToken"), 0);
	return x;
}

/* --- what happens to jobs --- */

/* The action's time is up, whoever holds the job. */
void
job_tick(struct job *job, double now)
{
	int64_t limit = set_int("codepipeline", "action_timeout_ms");

	if (limit > 0 && job->state <= JOB_IN_PROGRESS &&
	    now - job->execution->started_ms > (double)limit)
		job_finish(job, JOB_TIMED_OUT);
}

static void
queue_move(struct queue *q, struct job_list *from, double now)
{
	struct job *job;

	while ((job = TAILQ_FIRST(from)) != NULL && job->due_ms <= now) {
		job->state = JOB_QUEUED;
		job_list_in(job, &q->ready, now);
	}
}

/* Whether its configuration has the value that the poll asks for, if any. */
static bool
job_matches(struct job *job, json_t *query)
{
	const char *name;
	json_t *value;

	json_object_foreach(query, name, value)
		if (!json_equal(value, json_object_get(
		    job->execution->configuration, name)))
			return false;
	return true;
}

/* The next job of this type, delivered: it has a new nonce. Or NULL. */
struct job *
job_poll(const char *type, json_t *query, double now)
{
	struct queue *q = queue_find(type);
	struct job *job, *next;

	queue_move(q, &q->later, now);
	queue_move(q, &q->dispatched, now);
	for (job = TAILQ_FIRST(&q->ready); job != NULL; job = next) {
		next = TAILQ_NEXT(job, wait);
		job_tick(job, now);
		if (job->state != JOB_QUEUED || !job_matches(job, query))
			continue;
		job->state = JOB_DISPATCHED;
		job->deliveries++;
		snprintf(job->nonce, sizeof(job->nonce), "%d-%08x",
		    job->deliveries, (unsigned)(random_next() >> 32));
		job_list_in(job, &q->dispatched, now +
		    (double)set_int("codepipeline", "redeliver_ms"));
		return job;
	}
	return NULL;
}

void
job_continue(struct job *job, const char *token)
{
	job->state = JOB_CONTINUED;
	job_unlist(job);
	job_new(job->execution, token,
	    set_int("codepipeline", "continuation_delay_ms"));
}

/* Set a final state, also of the action, which may start the next action. */
void
job_finish(struct job *job, enum job_state state)
{
	struct execution *x = job->execution;

	job->state = state;
	job_unlist(job);
	if (x->latest != job)
		return;
	json_object_set_new(x->console, "status",
	    json_string(state_names[state]));
	pipeline_finished(x, state == JOB_SUCCEEDED);
}

/* From outside, by the admin interface. */
int
job_set_state(struct job *job, const char *name)
{
	int state;

	for (state = 0; state < JOB_STATE_MAX; state++)
		if (strcmp(state_names[state], name) == 0)
			break;
	if (state == JOB_STATE_MAX)
		return -1;
	if (state == JOB_QUEUED) {
		job->state = JOB_QUEUED;
		job_list_in(job, &job->queue->ready, now_ms());
	} else if (state == JOB_DISPATCHED) {
		job->state = JOB_DISPATCHED;
		job_list_in(job, &job->queue->dispatched, now_ms() +
		    (double)set_int("codepipeline", "redeliver_ms"));
	} else if (state == JOB_IN_PROGRESS || state == JOB_CONTINUED) {
		job->state = (enum job_state)state;
		job_unlist(job);
	} else
		job_finish(job, (enum job_state)state);
	return 0;
}

json_t *
job_describe_fully(struct job *job)
{
	json_t *told = job_describe(job);

	json_object_set_new(told, "credentials", creds_of_job(job));
	return told;
}

json_t *
job_describe(struct job *job)
{
	struct execution *x = job->execution;
	json_t *outputs = json_array(), *inputs = json_array();
	int i;

	for (i = 0; i < x->noutputs; i++)
		json_array_append_new(outputs, json_pack("{ss ss}", "bucket",
		    x->outputs[i].bucket, "key", x->outputs[i].key));
	for (i = 0; i < x->ninputs; i++)
		json_array_append_new(inputs, json_pack("{ss ss}", "bucket",
		    x->inputs[i].bucket, "key", x->inputs[i].key));
	return json_pack("{ss ss ss ss ss ss ss ss ss ss? ss? si si si si sO "
	    "so so sO ss}", "id", job->id, "state", state_names[job->state],
	    "action", execution_action(x), "version", x->version,
	    "actionExecutionId", x->id,
	    "pipelineExecutionId", x->pipeline_execution,
	    "pipeline", x->pipeline, "stage", x->stage, "name", x->name,
	    "nonce", job->nonce[0] == '\0' ? NULL : job->nonce,
	    "continuationToken", job->token, "deliveries", job->deliveries,
	    "acknowledged", job->acknowledged,
	    "refused_acks", job->refused_acks,
	    "details_calls", job->details_calls, "results", job->results,
	    "outputs", outputs, "inputs", inputs, "console", x->console,
	    "latest", x->latest->id);
}

static void
queues_free(void)
{
	struct entry *e;
	struct queue *q;
	size_t i;

	for (i = 0; i < queues.cap; i++)
		for (e = queues.slots[i]; e != NULL; e = e->next) {
			q = e->value;
			free(q->type);
			free(q);
		}
	table_clear(&queues);
}

/* Credentials point at jobs, so free them first. */
void
job_reset(void)
{
	struct job *job;

	cred_reset();
	while ((job = STAILQ_FIRST(&jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&jobs, all);
		free(job->token);
		json_decref(job->results);
		free(job);
	}
	executions_free();
	table_clear(&jobs_by_id);
	queues_free();
	njobs = 0;
}
