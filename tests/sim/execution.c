/*
 * Runs of a pipeline's actions: what all jobs of one continuation chain share,
 * with the artifacts.
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

static STAILQ_HEAD(, execution) executions =
    STAILQ_HEAD_INITIALIZER(executions);

const char *
execution_action(const struct execution *x)
{
	return actions[x->action].name;
}

static enum action
action_find(json_t *spec)
{
	const char *name = jstr(spec, "action");
	int i;

	for (i = 0; i < ACTION_MAX; i++)
		if (name != NULL && strcmp(actions[i].name, name) == 0)
			break;
	return (enum action)i;
}

/* The type of a pipeline's action as its declaration shows it, to be freed, and
 * how many output artifacts it has; NULL: there is no such action. */
json_t *
execution_type(json_t *spec, int64_t *outputs)
{
	const char *category = jstr(spec, "category");
	const char *provider = jstr(spec, "provider");
	const char *version = jstr(spec, "version");
	enum action i = action_find(spec);

	if (i == ACTION_MAX)
		return NULL;
	*outputs = jint(spec, "outputs", actions[i].outputs);
	return json_pack("{ss ss ss ss}", "category",
	    category == NULL ? actions[i].category : category, "owner",
	    "Custom", "provider",
	    provider == NULL ? actions[i].provider : provider, "version",
	    version == NULL ? "10" : version);
}

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
execution_make(json_t *j, enum action action, struct pipeline *owner)
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

/* By what POST /jobs and POST /pipelines have; NULL: why not. */
struct execution *
execution_new(json_t *j, struct pipeline *owner, char *why, size_t size)
{
	enum action action = action_find(j);

	if (action == ACTION_MAX) {
		snprintf(why, size, "unknown action");
		return NULL;
	}
	if (!all_strings(json_object_get(j, "configuration")) ||
	    !all_strings(json_object_get(j, "secret"))) {
		snprintf(why, size, "configuration values must be strings");
		return NULL;
	}
	return execution_make(j, action, owner);
}

void
executions_free(void)
{
	struct execution *x;

	while ((x = STAILQ_FIRST(&executions)) != NULL) {
		STAILQ_REMOVE_HEAD(&executions, next);
		execution_free(x);
	}
}
