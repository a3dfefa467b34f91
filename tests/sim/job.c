/*
 * Jobs and the action executions they belong to: making them, the queues they
 * wait in, what becomes of them. codepipeline.c speaks over the wire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static const struct {
	const char *name, *category, *provider;
	int outputs;
} actions[ACTION_MAX] = {
	{ "start-sandbox", "Deploy", "Quali-Start-Sandbox", 1 },
	{ "run-command", "Test", "Quali-Run-Command", 0 },
	{ "end-sandbox", "Deploy", "Quali-End-Sandbox", 0 },
};

static const char *const state_names[JOB_STATE_MAX] = {
	"Queued", "Dispatched", "InProgress", "Succeeded", "Failed",
	"Continued", "TimedOut", "Abandoned"
};

struct job_all jobs = STAILQ_HEAD_INITIALIZER(jobs);
static STAILQ_HEAD(, execution) executions =
    STAILQ_HEAD_INITIALIZER(executions);
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

/* The type of a pipeline's action as its declaration shows it, to be freed, and
 * how many output artifacts it has; NULL: there is no such action. */
json_t *
job_action_type(json_t *spec, int64_t *outputs)
{
	const char *name = jstr(spec, "action");
	const char *category = jstr(spec, "category");
	const char *provider = jstr(spec, "provider");
	const char *version = jstr(spec, "version");
	int i;

	for (i = 0; i < ACTION_MAX; i++)
		if (name != NULL && strcmp(actions[i].name, name) == 0)
			break;
	if (i == ACTION_MAX)
		return NULL;
	*outputs = jint(spec, "outputs", actions[i].outputs);
	return json_pack("{ss ss ss ss}", "category",
	    category == NULL ? actions[i].category : category, "owner",
	    "Custom", "provider",
	    provider == NULL ? actions[i].provider : provider, "version",
	    version == NULL ? "10" : version);
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

/* --- executions --- */

static void
artifact_free(struct artifact *a, int n)
{
	while (n-- > 0) {
		free(a[n].bucket);
		free(a[n].key);
	}
}

static void
execution_free(struct execution *x)
{
	artifact_free(x->inputs, x->ninputs);
	artifact_free(x->outputs, x->noutputs);
	free(x->category);
	free(x->provider);
	free(x->version);
	free(x->pipeline);
	free(x->stage);
	free(x->name);
	free(x->encryption_key);
	json_decref(x->configuration);
	json_decref(x->console);
	free(x);
}

static char *
copy_or(const char *s, const char *other)
{
	return xstrdup(s == NULL ? other : s);
}

/* Keys as CodePipeline cuts them: pipeline 20, artifact 10, random 7. */
static void
artifact_name(struct artifact *a, struct execution *x, const char *name)
{
	char random[8], key[64];

	random_text(random, sizeof(random), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789");
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(key, sizeof(key), "%.20s/%.10s/%s", x->pipeline, name,
	    random);
	a->bucket = xstrdup(set_str("s3", "bucket"));
	a->key = xstrdup(key);
}

/* The bytes of an input; NULL if there should be no object. */
static struct blob *
input_blob(json_t *input)
{
	struct buf b = { NULL, 0, 0 };
	json_t *value, *members;
	const char *text;
	size_t len;
	char *dump;

	if ((text = jstr(input, "base64")) != NULL) {
		b.data = xcalloc(1, strlen(text) + 1);
		if (sodium_base642bin((unsigned char *)b.data, strlen(text),
		    text, strlen(text), "\r\n ", &len, NULL,
		    sodium_base64_VARIANT_ORIGINAL) == 0)
			b.len = len;
		return blob_take(&b);
	}
	if ((value = json_object_get(input, "zip")) != NULL) {
		zip_write(&b, value);
		return blob_take(&b);
	}
	if ((value = json_object_get(input, "json")) == NULL)
		return NULL;
	if (jtrue(input, "bare")) {
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_str(&b, dump);
		free(dump);
	} else {
		members = json_pack("{sO}", "sandbox.json", value);
		zip_write(&b, members);
		json_decref(members);
	}
	return blob_take(&b);
}

static void
add_input(struct execution *x, json_t *input)
{
	struct artifact *a = &x->inputs[x->ninputs];
	const char *object = jstr(input, "object"), *slash;
	struct blob *blob;
	char name[32];

	snprintf(name, sizeof(name), "InputArtifact%.0d", x->ninputs);
	artifact_name(a, x, name);
	x->ninputs++;
	if (object != NULL && (slash = strchr(object, '/')) != NULL) {
		artifact_free(a, 1);
		a->bucket = xstrndup(object, (size_t)(slash - object));
		a->key = xstrdup(slash + 1);
	} else if ((blob = input_blob(input)) != NULL)
		object_put(a->bucket, a->key, blob, true, x->encryption_key,
		    "application/zip");
}

static void
add_artifacts(struct execution *x, json_t *j)
{
	json_t *input = json_object_get(j, "input");
	int64_t i, n;
	char name[32];

	n = jint(j, "inputs", json_is_object(input) ? 1 : 0);
	for (i = 0; i < n && i < ARTIFACTS_MAX; i++)
		add_input(x, i == 0 ? input : NULL);
	n = jint(j, "outputs", actions[x->action].outputs);
	for (i = 0; i < n && i < ARTIFACTS_MAX; i++) {
		snprintf(name, sizeof(name), "OutputArtifact%.0d", (int)i);
		artifact_name(&x->outputs[i], x, name);
		x->noutputs++;
	}
}

static struct execution *
execution_new(json_t *j, enum action action, struct pipeline *owner)
{
	struct execution *x = xcalloc(1, sizeof(*x));
	json_t *c = json_object_get(j, "configuration");

	x->action = action;
	x->owner = owner;
	random_guid(x->id, false);
	random_guid(x->pipeline_execution, false);
	if (jstr(j, "pipelineExecutionId") != NULL)
		snprintf(x->pipeline_execution, sizeof(x->pipeline_execution),
		    "%s", jstr(j, "pipelineExecutionId"));
	x->category = copy_or(jstr(j, "category"), actions[action].category);
	x->provider = copy_or(jstr(j, "provider"), actions[action].provider);
	x->version = copy_or(jstr(j, "version"), "10");
	x->pipeline = copy_or(jstr(j, "pipeline"), "SimPipeline");
	x->stage = copy_or(jstr(j, "stage"), "Test");
	x->name = copy_or(jstr(j, "name"), actions[action].name);
	if (jstr(j, "encryption_key") != NULL)
		x->encryption_key = xstrdup(jstr(j, "encryption_key"));
	x->configuration = json_is_object(c) ? json_deep_copy(c) :
	    json_object();
	json_object_update(x->configuration, json_object_get(j, "secret"));
	x->console = json_pack("{ss}", "status", "InProgress");
	x->started_ms = now_ms();
	add_artifacts(x, j);
	STAILQ_INSERT_TAIL(&executions, x, next);
	return x;
}

static bool
all_strings(json_t *map)
{
	const char *key;
	json_t *value;

	json_object_foreach(map, key, value)
		if (!json_is_string(value))
			return false;
	return true;
}

struct execution *
job_execute(json_t *j, struct pipeline *owner, char *why, size_t size)
{
	const char *name = jstr(j, "action");
	struct execution *x;
	int action;

	for (action = 0; action < ACTION_MAX; action++)
		if (name != NULL && strcmp(actions[action].name, name) == 0)
			break;
	if (action == ACTION_MAX || njobs >= JOBS_MAX) {
		snprintf(why, size, njobs >= JOBS_MAX ? "too many jobs" :
		    "unknown action");
		return NULL;
	}
	if (!all_strings(json_object_get(j, "configuration")) ||
	    !all_strings(json_object_get(j, "secret"))) {
		snprintf(why, size, "configuration values must be strings");
		return NULL;
	}
	x = execution_new(j, (enum action)action, owner);
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
	    "action", actions[x->action].name, "version", x->version,
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
	struct execution *x;

	cred_reset();
	while ((job = STAILQ_FIRST(&jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&jobs, all);
		free(job->token);
		json_decref(job->results);
		free(job);
	}
	while ((x = STAILQ_FIRST(&executions)) != NULL) {
		STAILQ_REMOVE_HEAD(&executions, next);
		execution_free(x);
	}
	table_clear(&jobs_by_id);
	queues_free();
	njobs = 0;
}
