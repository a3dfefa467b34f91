/*
 * What the phases of a life share. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "flow.h"

#define SAVE_RETRY_MS	1000
#define REQUESTS	(FX_ACKNOWLEDGE | FX_DETAILS | FX_PUT)

unsigned
flow_start(struct life *life, const struct life_now *now)
{
	if (life->child != CHILD_NONE || life->draining)
		return 0;
	if (life->state == LIFE_OURS && !life->have_data)
		return 0;
	life->child = CHILD_ASKED;
	life->wants_slot = false;
	life->cleaning = life->state == LIFE_RESULT;
	life->limit_ms = now->ms + LIFE_HELLO_MS;
	life->late = life->fault = false;
	return FX_START;
}

unsigned
flow_release(struct life *life, unsigned effects, const struct life_now *now)
{
	unsigned out = effects & FX_FORGET;

	if (effects & FX_DETAILS && life->state == LIFE_OURS &&
	    (!life->draining || life->want_credentials))
		out |= FX_DETAILS;
	if (effects & FX_PUT && life->state == LIFE_RESULT && !life->put_done)
		out |= FX_PUT;
	if (effects & FX_RECORDED && life->turn_open) {
		life->turn_open = false;
		out |= FX_RECORDED;
	}
	if (effects & FX_START && (life->state == LIFE_OURS || life->cleanup))
		out |= flow_start(life, now);
	out &= ~(life->busy & REQUESTS);
	life->busy |= out & REQUESTS;
	if (effects & FX_ACKNOWLEDGE && life->state == LIFE_CLAIMING &&
	    !life->draining)
		out |= flow_acknowledge(life);
	return out;
}

unsigned
flow_acknowledge(struct life *life)
{
	if (life->busy & FX_ACKNOWLEDGE)
		return 0;
	strlcpy(life->sent_nonce, life->nonce, sizeof(life->sent_nonce));
	life->busy |= FX_ACKNOWLEDGE;
	return FX_ACKNOWLEDGE;
}

unsigned
flow_when_saved(struct life *life, unsigned effects, const struct life_now *now)
{
	if (!life->dirty)
		return flow_release(life, effects, now);
	life->held |= effects;
	return 0;
}

int64_t
flow_pause_ms(const struct life *life, unsigned tries, int64_t base,
    int64_t most)
{
	int64_t ms = base;
	unsigned spread = (unsigned)strtoul(life->id, NULL, 16) % 64;

	while (tries-- > 0 && ms < most)
		ms *= 2;
	if (ms > most)
		ms = most;
	return ms / 2 + ms * (int64_t)spread / 128 + 1;
}

unsigned
flow_retry(struct life *life, unsigned what, int64_t after, int64_t most,
    const struct life_now *now)
{
	int64_t ms = flow_pause_ms(life, life->tries++, 1000, most);

	life->retry_what = what;
	life->retry_ms = now->ms + (after > ms ? after : ms);
	return 0;
}

unsigned
flow_finish(struct life *life)
{
	if (life->state != LIFE_RESULT || !life->put_done || life->cleanup ||
	    life->child != CHILD_NONE)
		return flow_save_then(life, 0);
	life->state = LIFE_DONE;
	return flow_save_then(life, FX_FORGET);
}

unsigned
flow_drop(struct life *life)
{
	life->state = LIFE_DROPPED;
	life->held = 0;
	return flow_save_then(life, FX_FORGET);
}

void
flow_settle(struct life *life, bool told)
{
	if (life->state != LIFE_RESULT)
		life->notes |= NOTE_RESULT;
	life->state = LIFE_RESULT;
	life->cleanup = end_needs_cleanup(life, told);
	life->deadline_ms = 0;
	life->retry_ms = life->start_ms = 0;
	life->tries = 0;
	life->busy &= ~FX_DETAILS;
	life->want_credentials = false;
}

unsigned
flow_ended(struct life *life, bool told)
{
	flow_settle(life, told);
	return flow_save_then(life, FX_PUT | (life->cleanup ? FX_START : 0));
}

unsigned
flow_ended_here(struct life *life, unsigned kill)
{
	flow_settle(life, false);
	if (life->child != CHILD_NONE)
		return kill | flow_save_then(life, 0);
	return kill | flow_save_then(life, FX_PUT |
	    (life->cleanup ? FX_START : 0));
}

unsigned
flow_kill_child(struct life *life)
{
	life->child = CHILD_KILLED;
	life->limit_ms = 0;
	return FX_KILL;
}

unsigned
flow_stop_child(struct life *life, enum life_stop why,
    const struct life_now *now)
{
	life->stop = why;
	life->child = CHILD_STOPPING;
	life->limit_ms = now->ms + life->rules.kill_grace_ms;
	return FX_STOP;
}

unsigned
flow_saved(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	unsigned held = life->held;

	(void)ev;
	life->dirty = false;
	life->on_disk = true;
	life->save_ms = 0;
	life->held = 0;
	return flow_release(life, held, now);
}

/* The record could not be written. Nothing new begins; what runs and what needs
 * reporting goes on, but intents wait. */
unsigned
flow_save_failed(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	unsigned go = life->held & FX_PUT;

	(void)ev;
	if (life->state == LIFE_CLAIMING && (life->held & FX_ACKNOWLEDGE) &&
	    !life->ack_unsure) {
		life->state = LIFE_DROPPED;
		life->held = FX_FORGET;
		/* the next process would take its record for a claim */
		if (life->on_disk) {
			life->save_ms = now->ms + SAVE_RETRY_MS;
			return 0;
		}
		life->dirty = false;
		return FX_FORGET;
	}
	if (life->facts.intent == INTENT_NONE)
		go |= life->held & FX_RECORDED;
	life->held &= ~go;
	life->save_ms = now->ms + SAVE_RETRY_MS;
	return flow_release(life, go, now);
}

struct token_owner
flow_owner(const struct life *life)
{
	return (struct token_owner){ life->action, life->execution,
	    life->pipeline, life->stage, life->name };
}
