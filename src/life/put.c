/*
 * What CodePipeline answers to the result. Pure.
 */
#include <string.h>

#include "end.h"
#include "put.h"

static unsigned
taken(struct life *life)
{
	life->notes |= NOTE_PUT;
	life->put_done = true;
	return flow_finish(life);
}

/* Refused for good: the job is not ours, or no longer. */
static unsigned
refused(struct life *life)
{
	life->notes |= life->put_unsure || life->resumed ? NOTE_PUT_BEFORE :
	    NOTE_PUT_REFUSED;
	life->put_done = true;
	if (end_abandoned(life))
		life->cleanup = true;
	if (life->cleanup)
		return flow_save_then(life, FX_START);
	return flow_finish(life);
}

/* CodePipeline does not take the contents. */
static unsigned
put_less(struct life *life, const struct life_now *now)
{
	life->notes |= NOTE_PUT_LESS;
	if (!life->bare) {
		life->bare = true;
		return flow_when_saved(life, FX_PUT, now);
	}
	/* What the pipeline sees as failed must leave nothing behind. */
	if (life->result.outcome != OUTCOME_FAILURE)
		return flow_ended(life, end_untaken(life));
	life->put_done = true;
	return flow_finish(life);
}

/* Anything else, even a missing permission, may be corrected while the ledger
 * keeps the result. */
static unsigned
put_again(struct life *life, const struct life_answer *answer,
    const struct life_now *now)
{
	life->notes |= answer->odd ? NOTE_PUT_ODD : NOTE_PUT_FAILED;
	if (answer->odd || answer->unsure)
		life->put_unsure = true;
	if (now->ms >= life->give_up_ms) {
		life->notes |= NOTE_PUT_GIVEN_UP;
		life->put_done = true;
		return flow_finish(life);
	}
	return flow_retry(life, FX_PUT, answer->retry_after_ms, 60000, now);
}

static bool
is_code(const struct life_answer *answer, const char *one, const char *other)
{
	return strcmp(answer->code, one) == 0 ||
	    strcmp(answer->code, other) == 0;
}

unsigned
put_answered(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	const struct life_answer *answer = ev->u.answer;

	if (!flow_answered(life, FX_PUT))
		return 0;
	if (answer->ok)
		return taken(life);
	if (is_code(answer, "JobNotFoundException",
	    "InvalidJobStateException"))
		return refused(life);
	if (is_code(answer, "ValidationException",
	    "OutputVariablesSizeExceededException"))
		return put_less(life, now);
	return put_again(life, answer, now);
}
