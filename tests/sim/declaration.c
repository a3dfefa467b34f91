/*
 * ListPipelines and GetPipeline: how pipelines are declared. They come from
 * POST /pipelines and from the settings; of one name, the newest counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define VERSION_1	1	/* nobody changes a pipeline here */
#define CREATED		1764547200	/* 2025-12-01 */

/* --- declarations of pipelines that POST /pipelines made --- */

static json_t *
artifact_list(const char *action, int64_t n)
{
	json_t *list = json_array();
	char name[120];
	int64_t i;

	for (i = 0; action != NULL && i < n && i < ARTIFACTS_MAX; i++) {
		snprintf(name, sizeof(name), "%.90s-output%.0d", action,
		    (int)i);
		json_array_append_new(list, json_pack("{ss}", "name", name));
	}
	return list;
}

/* The configuration, with secrets masked as the service does. */
static json_t *
configuration_shown(json_t *spec)
{
	json_t *c = json_deep_copy(json_object_get(spec, "configuration"));
	json_t *value;
	const char *name;

	if (c == NULL)
		c = json_object();
	json_object_foreach(json_object_get(spec, "secret"), name, value)
		json_object_set_new(c, name, json_string("****"));
	return c;
}

static json_t *
action_make(json_t *spec, int order)
{
	int64_t outputs = 0;
	json_t *type = execution_type(spec, &outputs);

	return json_pack("{sO so si so so so}", "name",
	    json_object_get(spec, "name"), "actionTypeId", type, "runOrder",
	    order, "configuration", configuration_shown(spec),
	    "inputArtifacts", artifact_list(jstr(spec, "input_from"), 1),
	    "outputArtifacts", artifact_list(jstr(spec, "name"), outputs));
}

/* Actions of one stage that follow each other stand in it together. */
static json_t *
stages_make(json_t *const *specs, int n)
{
	json_t *stages = json_array(), *actions = NULL, *type;
	const char *name, *last = NULL;
	int64_t outputs;
	int i;

	for (i = 0; i < n; i++) {
		if ((type = execution_type(specs[i], &outputs)) == NULL)
			continue;
		json_decref(type);
		name = jstr(specs[i], "stage");
		if (name == NULL)
			name = "Test";
		if (last == NULL || strcmp(last, name) != 0) {
			actions = json_array();
			json_array_append_new(stages, json_pack("{ss so}",
			    "name", name, "actions", actions));
			last = name;
		}
		json_array_append_new(actions, action_make(specs[i],
		    (int)json_array_size(actions) + 1));
	}
	return stages;
}

json_t *
declaration_make(json_t *name, json_t *const *specs, int n)
{
	struct buf role = { NULL, 0, 0 };
	json_t *j;

	arn_make(&role, "iam", "role/sim-pipeline");
	j = json_pack("{sO ss s{ss ss} so}", "name", name, "roleArn",
	    role.data, "artifactStore", "type", "S3", "location",
	    set_str("s3", "bucket"), "stages", stages_make(specs, n));
	buf_free(&role);
	return j;
}

/* --- what clients see --- */

/* name -> declaration, sorted by what came first. */
static json_t *
all_pipelines(void)
{
	json_t *all = json_object(), *list = pipeline_declarations(), *one;
	size_t i;

	json_array_foreach(set_get("codepipeline", "pipelines"), i, one)
		json_object_set(all, jstr(one, "name"), one);
	json_array_foreach(list, i, one)
		json_object_set(all, jstr(one, "name"), one);
	json_decref(list);
	return all;
}

/* A page from start on; the answer's list. */
static json_t *
page_of(json_t *all, size_t start, size_t size)
{
	json_t *list = json_array(), *one;
	const char *name;
	size_t i = 0;

	json_object_foreach(all, name, one)
		if (i++ >= start && json_array_size(list) < size)
			json_array_append_new(list, json_pack(
			    "{ss si si si}", "name", name, "version",
			    VERSION_1, "created", CREATED, "updated",
			    CREATED));
	return list;
}

void
declaration_list(struct req *r)
{
	const char *token = jstr(r->json, "nextToken");
	size_t start = token == NULL ? 0 : strtoul(token, NULL, 10), size;
	int64_t most = set_int("codepipeline", "pipelines_page");
	json_t *all, *answer;
	char next[24];

	if (token != NULL && start == 0) {
		codepipeline_error(r, 400, "InvalidNextTokenException",
		    "The next token is invalid.");
		return;
	}
	size = (size_t)jint(r->json, "maxResults", most);
	if ((int64_t)size > most)
		size = (size_t)most;
	all = all_pipelines();
	answer = json_pack("{so}", "pipelines", page_of(all, start, size));
	if (start + size < json_object_size(all)) {
		snprintf(next, sizeof(next), "%zu", start + size);
		json_object_set_new(answer, "nextToken", json_string(next));
	}
	json_decref(all);
	codepipeline_answer(r, answer);
}

void
declaration_get(struct req *r)
{
	const char *name = jstr(r->json, "name");
	json_t *all = all_pipelines(), *one = json_object_get(all, name);
	struct buf text = { NULL, 0, 0 };

	if (one == NULL) {
		buf_fmt(&text, "Account '%s' does not have a pipeline with "
		    "name '%s'", set_str("codepipeline", "account"), name);
		codepipeline_error(r, 400, "PipelineNotFoundException",
		    text.data);
	} else if (jint(r->json, "version", VERSION_1) != VERSION_1)
		codepipeline_error(r, 400, "PipelineVersionNotFoundException",
		    "There is no such version of the pipeline.");
	else {
		arn_make(&text, "codepipeline", name);
		one = json_copy(one);
		json_object_set_new(one, "version", json_integer(VERSION_1));
		codepipeline_answer(r, json_pack("{so s{ss si si}}",
		    "pipeline", one, "metadata", "pipelineArn", text.data,
		    "created", CREATED, "updated", CREATED));
	}
	buf_free(&text);
	json_decref(all);
}
