/*
 * From the offer until the job is ours and its data is at hand: offer,
 * acknowledge, details. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "end.h"
#include "mem.h"
#include "run.h"

#define LEFT_MIN_MS	1000	/* even if a token leaves less */

/* --- the offer --- */

unsigned
claim_offered(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)ev;
	if (life->state != LIFE_NEW)
		return 0;
	life->state = LIFE_CLAIMING;
	life->claimed_wall = now->wall;
	life->give_up_ms = now->ms + LIFE_PUT_S * 1000;
	life->have_data = true;
	return flow_save_then(life, FX_ACKNOWLEDGE);
}

unsigned
claim_offered_again(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	(void)now;
	if (life->state != LIFE_CLAIMING ||
	    strcmp(life->nonce, ev->u.nonce) == 0)
		return 0;
	(void)strlcpy(life->nonce, ev->u.nonce, sizeof(life->nonce));
	/* CodePipeline offers the job again, so nothing sent before claimed
	 * it. */
	if (!(life->busy & FX_ACKNOWLEDGE))
		life->ack_unsure = false;
	return flow_save_then(life, 0);
}

/* Whether the record tells of work. No executor is started before the facts of
 * a token are in it, so what the token says is older. */
static bool
begun(const struct job_facts *facts)
{
	return facts->intent != INTENT_NONE || facts->sandbox_name != NULL ||
	    facts->sandbox_id[0] != '\0' || facts->execution_id[0] != '\0';
}

/* A token leaves the job this much time, or what it has if that is less. */
static void
leave(struct life *life, int64_t left_ms, const struct life_now *now)
{
	if (life->state != LIFE_OURS) {
		life->deadline_wall = now->wall + left_ms / 1000;
		return;
	}
	if (left_ms < LEFT_MIN_MS)
		left_ms = LEFT_MIN_MS;
	if (now->ms + left_ms >= life->deadline_ms)
		return;
	life->deadline_ms = now->ms + left_ms;
	life->deadline_wall = now->wall + (left_ms + 999) / 1000;
}

static void
unfit(struct life *life, enum fail_kind kind, char *why)
{
	free(life->unfit);
	life->unfit = why;
	life->unfit_kind = kind;
}

void
claim_unread(struct life *life, const char *what, enum fail_kind kind)
{
	unfit(life, kind, xasprintf("The worker cannot read this job as "
	    "CodePipeline describes it: %s.", what));
}

bool
claim_token(struct life *life, const char *token, const struct life_now *now)
{
	const struct token_owner owner = flow_owner(life);
	struct job_facts told;
	struct fail fail;
	int64_t left_ms;

	life->token_unread = false;
	if (token == NULL || begun(&life->facts))
		return false;
	if (token_decode(token, &owner, life->rules.key, &told, &left_ms,
	    &fail) != 0) {
		unfit(life, FAIL_CONFIG, xstrdup(fail.text));
		life->token_unread = true;
		return false;
	}
	job_facts_free(&life->facts);
	life->facts = told;
	leave(life, left_ms, now);
	return true;
}

/* --- AcknowledgeJob --- */

/* A job that cannot be read, or whose token cannot be trusted, fails before it
 * begins. */
static unsigned
fail_unfit(struct life *life)
{
	end_failed(life, life->unfit_kind, "%s", life->unfit);
	return flow_ended(life, false);
}

/* Acknowledged: run the job, or hand it back if the worker is stopping. */
static unsigned
own(struct life *life, const struct life_now *now)
{
	int64_t ms = life->rules.timeout_ms;
	unsigned out = 0;

	if (life->deadline_wall != 0 &&
	    (life->deadline_wall - now->wall) * 1000 < ms)
		ms = (life->deadline_wall - now->wall) * 1000;
	if (ms < LEFT_MIN_MS)
		ms = LEFT_MIN_MS;
	life->state = LIFE_OURS;
	life->deadline_wall = now->wall + (ms + 999) / 1000;
	life->deadline_ms = now->ms + ms;
	life->retry_ms = 0;
	life->tries = 0;
	if (life->unfit != NULL)
		return fail_unfit(life);
	if (life->parking)
		out = run_rest(life, now);
	if (out == 0)
		out = flow_save_then(life, life->have_data ? FX_START :
		    FX_DETAILS);
	return out;
}

/* Whether InvalidNonceException means nothing: CodePipeline offered the job
 * again, with another nonce, while the acknowledge was under way. */
static bool
nonce_stale(const struct life *life)
{
	return strcmp(life->sent_nonce, life->nonce) != 0;
}

static unsigned
nonce_refused(struct life *life, const struct life_now *now)
{
	if (nonce_stale(life)) {
		life->ack_unsure = false;
		if (life->draining)
			return flow_drop(life);
		life->notes |= NOTE_NEW_NONCE;
		return flow_when_saved(life, FX_ACKNOWLEDGE, now);
	}
	if (!life->ack_unsure) {
		life->notes |= NOTE_TAKEN;
		return flow_drop(life);
	}
	if (life->rules.run_ambiguous) {
		life->notes |= NOTE_AMBIGUOUS_RUN;
		return own(life, now);
	}
	life->notes |= NOTE_AMBIGUOUS_DROP;
	return flow_drop(life);
}

static unsigned
acknowledge_again(struct life *life, const struct life_answer *answer,
    const struct life_now *now)
{
	life->notes |= answer->odd ? NOTE_CALL_ODD : NOTE_CALL_FAILED;
	if (answer->odd || answer->unsure)
		life->ack_unsure = true;
	/* Repeat one that may have landed as long as the job can live; the next
	 * process does so if this one is to end. */
	if (life->draining && life->ack_unsure && now->ms < life->give_up_ms)
		return 0;
	if (life->draining || now->ms >= life->give_up_ms ||
	    (life->tries >= LIFE_ACK_TRIES && !life->ack_unsure)) {
		life->notes |= NOTE_CLAIM_GIVEN_UP;
		return flow_drop(life);
	}
	return flow_retry(life, FX_ACKNOWLEDGE, answer->retry_after_ms, 30000,
	    now);
}

unsigned
claim_answered(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	const struct life_answer *answer = ev->u.answer;

	if (!flow_answered(life, FX_ACKNOWLEDGE) ||
	    life->state != LIFE_CLAIMING)
		return 0;
	if (answer->odd || (!answer->ok && answer->passing))
		return acknowledge_again(life, answer, now);
	if (!answer->ok && strcmp(answer->code, "InvalidNonceException") == 0)
		return nonce_refused(life, now);
	if (!answer->ok) {
		life->notes |= NOTE_NOT_CLAIMED;
		return flow_drop(life);
	}
	if (strcmp(answer->status, "InProgress") != 0) {
		life->notes |= NOTE_NOT_OURS;
		return flow_drop(life);
	}
	life->notes |= NOTE_CLAIMED;
	return own(life, now);
}

/* --- GetJobDetails: after a restart, and for fresh credentials --- */

static unsigned
details_refused(struct life *life, const struct life_answer *answer)
{
	life->tries = 0;
	if (life->want_credentials) {
		life->want_credentials = false;
		life->details_failed = true;
		return FX_CREDENTIALS;
	}
	if (life->child != CHILD_NONE)
		return 0;
	end_failed(life, FAIL_SYSTEM, "The worker could not continue the job "
	    "after a restart: %s", answer->text);
	return flow_ended(life, false);
}

unsigned
claim_details(struct life *life, const struct life_event *ev,
    const struct life_now *now)
{
	const struct life_answer *answer = ev->u.answer;
	bool taken;

	if (!flow_answered(life, FX_DETAILS) || life->state != LIFE_OURS)
		return 0;
	if (!answer->ok)
		life->notes |= answer->odd ? NOTE_CALL_ODD : NOTE_CALL_FAILED;
	if (answer->odd || (!answer->ok && answer->passing))
		return flow_retry(life, FX_DETAILS, answer->retry_after_ms,
		    30000, now);
	if (!answer->ok)
		return details_refused(life, answer);
	life->tries = 0;
	if (life->want_credentials) {
		life->want_credentials = life->details_failed = false;
		return FX_CREDENTIALS;
	}
	life->have_data = true;
	if (answer->unread != NULL)
		claim_unread(life, answer->unread, answer->unread_kind);
	taken = life->unfit == NULL && claim_token(life, answer->token, now);
	if (life->unfit != NULL)
		return fail_unfit(life);
	return taken ? flow_save_then(life, FX_START) : flow_start(life, now);
}
