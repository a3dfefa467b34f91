/*
 * How jobs come to the board.
 */
#include <string.h>

#include "intake.h"
#include "job_log.h"
#include "journal.h"
#include "sys.h"

static struct life_rules
rules_of(const struct intake *intake, enum job_action action)
{
	const struct conf *conf = intake->conf;

	return (struct life_rules){
		.timeout_ms = conf->action[action].timeout,
		.kill_grace_ms = conf->worker.kill_grace,
		.run_ambiguous = conf->worker.ambiguous_claim == CLAIM_RUN,
		.hand_back = conf->worker.on_stop == ON_STOP_HAND_BACK,
		.plain_names = !conf->worker.tag_sandbox_names,
		.key = &intake->tokens->key,
	};
}

static enum job_action
action_of(const struct intake *intake, const struct job_data *data)
{
	for (size_t i = 0; i < intake->ntypes; i++) {
		const struct action_type *type = &intake->types[i];

		if (strcmp(type->type.provider, data->provider) == 0 &&
		    strcmp(type->type.category, data->category) == 0)
			return type->action;
	}
	return ACTION_MAX;
}

/* The same job again: its claim may still be open, or it was ours and gets no
 * new life. */
static bool
known(struct intake *intake, const struct job_data *data)
{
	struct life_event event = { .type = EV_OFFERED_AGAIN,
	    .u.nonce = data->nonce };
	struct entry *entry = board_find(intake->board, data->id);
	enum life_state state;

	if (entry != NULL) {
		board_tell(entry, &event);
		return true;
	}
	state = ledger_state(intake->ledger, data->id);
	/* claiming without an entry: a full disk dropped it */
	if (state == LIFE_NEW || state == LIFE_DROPPED ||
	    state == LIFE_CLAIMING)
		return false;
	journal_event(JOURNAL_OTHER, LOG_WARNING, "job %.8s: CodePipeline "
	    "offers it again although it is %s here; leaving it alone",
	    data->id, life_state_names[state]);
	return true;
}

int
intake_slots(void *arg)
{
	const struct intake *intake = arg;

	return board_free_slots(intake->board);
}

/* Claim only what can be written down and run. */
bool
intake_may_claim(void *arg)
{
	const struct intake *intake = arg;

	return executors_ready(intake->executors) &&
	    commit_takes_more(intake->commit);
}

bool
intake_offer(struct job_data *data, void *arg)
{
	struct intake *intake = arg;
	const struct offer offer = { action_of(intake, data), data };
	struct life_rules rules;
	struct life_now now = { .ms = sys_now_ms(), .wall = sys_wall() };
	struct entry *entry;

	if (offer.action != ACTION_MAX)
		rules = rules_of(intake, offer.action);
	if (offer.action == ACTION_MAX || known(intake, data)) {
		job_data_free(data);
		return false;
	}
	if (data->continuation != NULL)
		token_key_refresh(intake->tokens);
	entry = board_add(intake->board);
	life_new(&entry->life, &offer, &rules, &now);
	entry->data = *data;
	memset(data, 0, sizeof(*data));
	board_tell_simple(entry, EV_OFFERED);
	return true;
}

void
intake_resume(struct intake *intake, struct life *life)
{
	struct entry *entry = board_add(intake->board);

	entry->life = *life;
	memset(life, 0, sizeof(*life));
	entry->life.rules = rules_of(intake, entry->life.action);
	job_log_resumed(&entry->life);
	board_tell_simple(entry, EV_RESUME);
}
