/*
 * A job's life as others see it: the table of handlers, and what others may
 * ask. Pure.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "flow.h"
#include "life.h"
#include "put.h"
#include "run.h"
#include "stop.h"

typedef unsigned (*event_handler)(struct life *, const struct life_event *,
    const struct life_now *);

static const event_handler handlers[EV_MAX] = {
	[EV_OFFERED] = claim_offered,
	[EV_OFFERED_AGAIN] = claim_offered_again,
	[EV_RESUME] = stop_resume,
	[EV_SAVED] = flow_saved,
	[EV_SAVE_FAILED] = flow_save_failed,
	[EV_ACK_ANSWER] = claim_answered,
	[EV_DETAILS_ANSWER] = claim_details,
	[EV_PUT_ANSWER] = put_answered,
	[EV_START_FAILED] = run_start_failed,
	[EV_BUSY] = run_busy,
	[EV_HELLO] = run_hello,
	[EV_HELLO_VERSION] = run_hello_version,
	[EV_NOTED] = run_noted,
	[EV_PROGRESS] = run_progress,
	[EV_NEED_CREDENTIALS] = run_need_credentials,
	[EV_RESULT] = run_result,
	[EV_FAULT] = run_fault,
	[EV_NO_ORDER] = run_fault,
	[EV_EXIT] = run_exit,
	[EV_CANCEL] = stop_cancel,
	[EV_DRAIN] = stop_drain,
	[EV_PARK] = stop_park,
	[EV_TIMER] = stop_timer,
};

unsigned
life_step(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	const int64_t *times[] = { &life->deadline_ms, &life->limit_ms,
	    &life->retry_ms, &life->start_ms, &life->save_ms };
	unsigned fx;

	assert(ev->type < EV_MAX && handlers[ev->type] != NULL);
	life->notes = 0;
	fx = handlers[ev->type](life, ev, now);
	life->wake_ms = 0;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (*times[i] != 0 && (life->wake_ms == 0 ||
		    *times[i] < life->wake_ms))
			life->wake_ms = *times[i];
	life->active = life->child != CHILD_NONE ||
	    life->state == LIFE_NEW || life->state == LIFE_CLAIMING ||
	    life->state == LIFE_OURS;
	/* a clean-up that is about to start, a result that CodePipeline
	 * refuses */
	life->slot = life->active || (life->state == LIFE_RESULT &&
	    ((life->cleanup && (life->start_ms == 0 || life->wants_slot)) ||
	    (!life->put_done && life->tries >= LIFE_SLOT_TRIES)));
	return fx;
}

bool
life_at_rest(const struct life *life)
{
	return life->child == CHILD_NONE && life->busy == 0 && !life->dirty;
}

void
life_new(struct life *life, const struct offer *offer,
    const struct life_rules *rules, const struct life_now *now)
{
	const struct job_data *data = offer->data;

	memset(life, 0, sizeof(*life));
	(void)strlcpy(life->id, data->id, sizeof(life->id));
	(void)strlcpy(life->nonce, data->nonce, sizeof(life->nonce));
	(void)strlcpy(life->version, data->version, sizeof(life->version));
	(void)strlcpy(life->pipeline, data->pipeline, sizeof(life->pipeline));
	(void)strlcpy(life->stage, data->stage, sizeof(life->stage));
	(void)strlcpy(life->name, data->action, sizeof(life->name));
	(void)strlcpy(life->execution, data->execution,
	    sizeof(life->execution));
	life->action = offer->action;
	life->rules = *rules;
	if (data->unread != NULL)
		claim_unread(life, data->unread, data->unread_kind);
	else if (data->continuation != NULL)
		(void)claim_token(life, data->continuation, now);
}

void
life_free(struct life *life)
{
	job_facts_free(&life->facts);
	job_result_free(&life->result);
	free(life->unfit);
}

const char *const life_state_names[LIFE_STATE_MAX] = {
	[LIFE_NEW] = "new",
	[LIFE_CLAIMING] = "claiming",
	[LIFE_OURS] = "ours",
	[LIFE_RESULT] = "result",
	[LIFE_DONE] = "done",
	[LIFE_DROPPED] = "dropped",
};

enum life_state
life_state_parse(const char *name)
{
	for (int i = 0; i < LIFE_STATE_MAX; i++)
		if (strcmp(life_state_names[i], name) == 0)
			return (enum life_state)i;
	return LIFE_NEW;
}
