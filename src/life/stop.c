/*
 * What comes from outside: the operator, the clock, a start of the worker.
 * Pure.
 */
#include <string.h>

#include "end.h"
#include "run.h"
#include "stop.h"

#define RESUMED_S	3600	/* least time to try after a restart */

static unsigned
resume_ours(struct life *life, const struct life_now *now)
{
	int64_t left = (life->deadline_wall - now->wall) * 1000;
	char text[32];

	if (left > life->rules.timeout_ms)
		left = life->rules.timeout_ms;
	life->resumed = true;
	if (left <= 0) {
		end_failed(life, FAIL_JOB, "Timed out: the time allowed for "
		    "this action (%s) was over when the worker started again "
		    "(last step: %s).", end_duration(text, sizeof(text),
		    life->rules.timeout_ms), ipc_step_text(life->step));
		return flow_ended(life, false);
	}
	life->deadline_ms = now->ms + left;
	life->busy |= FX_DETAILS;
	return FX_DETAILS;
}

unsigned
stop_resume(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	int64_t left_s = life->claimed_wall + LIFE_PUT_S - now->wall;

	(void)ev;
	life->on_disk = life->token_unread = true;
	/* somebody may have set the clock meanwhile */
	if (left_s > LIFE_PUT_S)
		left_s = LIFE_PUT_S;
	if (left_s < RESUMED_S)
		left_s = RESUMED_S;
	life->give_up_ms = now->ms + left_s * 1000;
	switch (life->state) {
	case LIFE_CLAIMING:
		life->ack_unsure = true;
		return flow_acknowledge(life);
	case LIFE_OURS:
		return resume_ours(life, now);
	case LIFE_RESULT:
		if (life->put_done && !life->cleanup)
			return flow_finish(life);
		life->put_unsure = !life->put_done;
		return flow_release(life, FX_PUT |
		    (life->cleanup ? FX_START : 0), now);
	default:
		return 0;
	}
}

unsigned
stop_cancel(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (life->state != LIFE_OURS)
		return 0;
	if (life->child == CHILD_WORKING)
		return flow_stop_child(life, STOP_CANCEL, now);
	if (life->child == CHILD_ASKED) {
		out = flow_kill_child(life);
		life->late = true;
		strlcpy(life->why, "cancelled", sizeof(life->why));
	} else if (life->child != CHILD_NONE)
		return 0;
	life->held &= ~(FX_START | FX_DETAILS);
	end_failed(life, FAIL_JOB, "Cancelled by the operator of the "
	    "worker before it began.");
	return flow_ended_here(life, out);
}

unsigned
stop_drain(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev, (void)now;
	life->draining = true;
	life->held &= ~FX_START;
	life->start_ms = 0;
	if (life->retry_what != FX_PUT && !life->want_credentials)
		life->retry_ms = 0;
	if (life->state == LIFE_CLAIMING && !(life->busy & FX_ACKNOWLEDGE) &&
	    !life->ack_unsure)
		return flow_drop(life);
	if (life->child == CHILD_ASKED)
		return flow_kill_child(life);
	return 0;
}

unsigned
stop_park(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	unsigned out = stop_drain(life, ev, now);

	life->parking = true;
	/* The next process repeats what is unanswered by now; an acknowledge
	 * has until the end, since repeating it is ambiguous. */
	if (life->busy & ~FX_ACKNOWLEDGE) {
		life->put_unsure |= (life->busy & FX_PUT) != 0;
		life->busy &= FX_ACKNOWLEDGE;
		out |= FX_CANCEL;
	}
	if (life->child == CHILD_NONE)
		return out | run_rest(life, now);
	if (life->child != CHILD_WORKING)
		return out;
	life->child = CHILD_PARKING;
	life->limit_ms = now->ms + life->rules.kill_grace_ms;
	return out | FX_WRITE_PARK;
}

static unsigned
limit_reached(struct life *life)
{
	life->limit_ms = 0;
	switch (life->child) {
	case CHILD_ASKED:
		life->late = true;
		strlcpy(life->why, "it did not say hello in time",
		    sizeof(life->why));
		return flow_kill_child(life) | FX_RENEW;
	case CHILD_WORKING:
	case CHILD_STOPPING:
	case CHILD_PARKING:
	case CHILD_FINISHED:
		return flow_kill_child(life);
	default:
		return 0;
	}
}

unsigned
stop_timer(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	unsigned out = 0;

	(void)ev;
	if (life->deadline_ms != 0 && now->ms >= life->deadline_ms &&
	    life->state == LIFE_OURS)
		out |= run_overdue(life, now);
	if (life->limit_ms != 0 && now->ms >= life->limit_ms)
		out |= limit_reached(life);
	if (life->retry_ms != 0 && now->ms >= life->retry_ms) {
		life->retry_ms = 0;
		out |= flow_when_saved(life, life->retry_what, now);
	}
	if (life->start_ms != 0 && now->ms >= life->start_ms) {
		life->start_ms = 0;
		out |= flow_when_saved(life, FX_START, now);
	}
	if (life->save_ms != 0 && now->ms >= life->save_ms) {
		life->save_ms = 0;
		out |= flow_save_then(life, 0);
	}
	return out;
}
