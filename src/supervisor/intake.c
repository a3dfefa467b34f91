/*
 * How jobs come to the board.
 */
#include <string.h>

#include "intake.h"
#include "job_log.h"
#include "journal.h"
#include "json.h"
#include "mem.h"
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

/* A job is of the type that was polled. If it says otherwise, or nothing, it
 * cannot be run, but it can be claimed and failed. */
static void
check_type(struct job_data *data, const struct cp_action_type *polled)
{
	bool provider = strcmp(polled->provider, data->provider) == 0;

	if (data->unread != NULL || (provider &&
	    strcmp(polled->category, data->category) == 0))
		return;
	data->unread = xasprintf("actionTypeId: %s is not %s, which the worker "
	    "polled for", provider ? "category" : "provider",
	    provider ? polled->category : polled->provider);
	data->unread_kind = FAIL_SYSTEM;
}

/* CodePipeline hands out only jobs with the value that was asked for. Another
 * value means another CloudShell server, where this job must run. */
static bool
astray(struct intake *intake, const struct action_type *type,
    const struct job_data *data)
{
	const char *property = type->type.property, *value;

	if (type->query == NULL)
		return false;
	value = json_text(data->configuration, property);
	if (value == NULL ? data->unread != NULL :
	    strcmp(value, type->query) == 0)
		return false;
	if (told_due(&intake->astray, property, TOLD_HOURLY_MS, sys_now_ms()))
		journal_event(JOURNAL_OTHER, LOG_WARNING, "job %.8s: "
		    "CodePipeline offers it although its %s is not %s; leaving "
		    "such jobs alone", data->id, property, type->query);
	return true;
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
intake_offer(struct job_data *data, const struct action_type *polled,
    void *arg)
{
	struct intake *intake = arg;
	const struct offer offer = { polled->action, data };
	struct life_rules rules = rules_of(intake, offer.action);
	struct life_now now = { .ms = sys_now_ms(), .wall = sys_wall() };
	struct entry *entry;

	if (astray(intake, polled, data) || known(intake, data)) {
		job_data_free(data);
		return false;
	}
	check_type(data, &polled->type);
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
