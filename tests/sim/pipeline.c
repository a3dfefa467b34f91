/*
 * Pipelines: actions that run one after another; the output artifact of one is
 * the input of those that name it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define STEPS_MAX	50

struct step {
	json_t *spec;
	struct execution *execution;
};

struct pipeline {
	STAILQ_ENTRY(pipeline) next;
	int id, nsteps;
	const char *state;
	json_t *name, *declaration;
	struct step steps[STEPS_MAX];
};

static STAILQ_HEAD(, pipeline) pipelines = STAILQ_HEAD_INITIALIZER(pipelines);
static int next_id = 1;

static struct step *
step_find(struct pipeline *p, const char *name)
{
	int i;

	for (i = 0; i < p->nsteps; i++)
		if (strcmp(jstr(p->steps[i].spec, "name"), name) == 0)
			return &p->steps[i];
	return NULL;
}

/* The spec, with its input from the action that it names. */
static json_t *
step_spec(struct pipeline *p, struct step *s)
{
	const char *from = jstr(s->spec, "input_from");
	json_t *spec = json_deep_copy(s->spec), *input;
	struct step *other;
	struct buf b = { NULL, 0, 0 };

	json_object_set(spec, "pipeline", p->name);
	other = from == NULL ? NULL : step_find(p, from);
	if (other == NULL || other->execution == NULL ||
	    other->execution->noutputs == 0)
		return spec;
	buf_fmt(&b, "%s/%s", other->execution->outputs[0].bucket,
	    other->execution->outputs[0].key);
	input = json_pack("{ss}", "object", b.data);
	json_object_set_new(spec, "input", input);
	buf_free(&b);
	return spec;
}

static int
step_start(struct pipeline *p, int i, char *why, size_t size)
{
	json_t *spec = step_spec(p, &p->steps[i]);
	struct execution *x = job_execute(spec, p, why, size);

	json_decref(spec);
	if (x == NULL)
		return -1;
	x->step = i;
	if (i > 0)
		memcpy(x->pipeline_execution,
		    p->steps[0].execution->pipeline_execution, ID_MAX);
	p->steps[i].execution = x;
	return 0;
}

/* As GetPipeline shows it. */
static json_t *
pipeline_declare(struct pipeline *p)
{
	json_t *specs[STEPS_MAX];
	int i;

	for (i = 0; i < p->nsteps; i++)
		specs[i] = p->steps[i].spec;
	return declaration_make(p->name, specs, p->nsteps);
}

/* Of all pipelines, the newest last. */
json_t *
pipeline_declarations(void)
{
	json_t *list = json_array();
	struct pipeline *p;

	STAILQ_FOREACH(p, &pipelines, next)
		json_array_append(list, p->declaration);
	return list;
}

static void
pipeline_free(struct pipeline *p)
{
	int i;

	for (i = 0; i < p->nsteps; i++)
		json_decref(p->steps[i].spec);
	json_decref(p->name);
	json_decref(p->declaration);
	free(p);
}

int
pipeline_add(json_t *j, char *why, size_t size)
{
	json_t *actions = json_object_get(j, "actions"), *spec;
	struct pipeline *p;
	size_t i;

	if (json_array_size(actions) < 1 ||
	    json_array_size(actions) > STEPS_MAX) {
		snprintf(why, size, "actions: 1 to %d", STEPS_MAX);
		return -1;
	}
	json_array_foreach(actions, i, spec)
		if (jstr(spec, "name") == NULL) {
			snprintf(why, size, "action without name");
			return -1;
		}
	p = xcalloc(1, sizeof(*p));
	p->state = "InProgress";
	p->name = json_string(jstr(j, "name") == NULL ? "SimPipeline" :
	    jstr(j, "name"));
	json_array_foreach(actions, i, spec)
		p->steps[p->nsteps++].spec = json_deep_copy(spec);
	if (step_start(p, 0, why, size) == -1) {
		pipeline_free(p);
		return -1;
	}
	p->id = next_id++;
	p->declaration = pipeline_declare(p);
	STAILQ_INSERT_TAIL(&pipelines, p, next);
	return p->id;
}

/* An action has ended: go on, or stop here. */
void
pipeline_finished(struct execution *x, bool good)
{
	struct pipeline *p = x->owner;
	char why[WHY_MAX];

	if (p == NULL || strcmp(p->state, "InProgress") != 0 ||
	    p->steps[x->step].execution != x)
		return;
	if (!good)
		p->state = "Failed";
	else if (x->step + 1 == p->nsteps)
		p->state = "Succeeded";
	else if (step_start(p, x->step + 1, why, sizeof(why)) == -1)
		p->state = "Failed";
}

json_t *
pipeline_describe(int id)
{
	struct pipeline *p;
	struct execution *x;
	json_t *list, *one;
	int i;

	STAILQ_FOREACH(p, &pipelines, next)
		if (p->id == id)
			break;
	if (p == NULL)
		return NULL;
	list = json_array();
	for (i = 0; i < p->nsteps; i++) {
		if ((x = p->steps[i].execution) != NULL)
			job_tick(x->latest, now_ms());
		one = json_pack("{sO}", "name",
		    json_object_get(p->steps[i].spec, "name"));
		json_object_set_new(one, "job", x == NULL ? json_null() :
		    json_string(x->latest->id));
		json_object_set_new(one, "status", x == NULL ? json_null() :
		    json_incref(json_object_get(x->console, "status")));
		json_object_set_new(one, "console", x == NULL ? json_null() :
		    json_incref(x->console));
		json_array_append_new(list, one);
	}
	return json_pack("{si sO ss so}", "id", p->id, "name", p->name,
	    "state", p->state, "actions", list);
}

void
pipeline_reset(void)
{
	struct pipeline *p;

	while ((p = STAILQ_FIRST(&pipelines)) != NULL) {
		STAILQ_REMOVE_HEAD(&pipelines, next);
		pipeline_free(p);
	}
}
