/*
 * Continuation tokens, written and read. Pure.
 */
#include <sodium.h>
#include <string.h>

#include "ipc.h"
#include "json.h"
#include "mem.h"
#include "token.h"

#define TOKEN_VERSION	2
#define LEFT_MAX_S	(7 * 86400)	/* no timeout is so long */
#define MAC_SIZE	(2 * crypto_auth_hmacsha256_BYTES + 1)

/* Jansson sorts the members: whatever blanks, escapes and order a token has on
 * its way, it is read as the text that was written. */
static void
mac_of(const json_t *token, const struct token_owner *owner,
    const struct token_key *key, char hex[MAC_SIZE])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	char *text = json_line(token);
	const char *parts[] = { "quali-job-worker token",
	    job_action_name(owner->action), owner->execution,
	    owner->pipeline, owner->stage, owner->name, text };

	(void)crypto_auth_hmacsha256_init(&state, key->bytes,
	    sizeof(key->bytes));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)crypto_auth_hmacsha256_update(&state,
		    (const unsigned char *)parts[i], strlen(parts[i]) + 1);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	(void)sodium_bin2hex(hex, MAC_SIZE, mac, sizeof(mac));
	explicit_bzero(&state, sizeof(state));
	xfree_secret(text);
}

/* --- what a hand-back can know --- */

/* Nothing is open: no intent, and no start whose sandbox is still looked
 * for. */
static bool
start_is_whole(const struct job_facts *facts)
{
	bool sandbox = facts->sandbox_id[0] != '\0';

	if (!sandbox && (facts->starts_lost > 0 || facts->giving_up != NULL ||
	    facts->stop_accepted))
		return false;
	return facts->sandbox_ours == sandbox &&
	    facts->execution_id[0] == '\0' && !facts->execution_ended;
}

static bool
started_nothing(const struct job_facts *facts)
{
	return !facts->sandbox_ours && facts->sandbox_name == NULL &&
	    facts->blueprint == NULL && facts->giving_up == NULL &&
	    facts->starts_lost == 0 && facts->start_wall == 0;
}

static bool
run_is_whole(const struct job_facts *facts)
{
	bool execution = facts->execution_id[0] != '\0';

	return started_nothing(facts) && !facts->stop_accepted &&
	    (execution || !facts->execution_ended) &&
	    (facts->sandbox_id[0] != '\0' || !execution);
}

static bool
end_is_whole(const struct job_facts *facts)
{
	return started_nothing(facts) && facts->execution_id[0] == '\0' &&
	    !facts->execution_ended &&
	    (facts->sandbox_id[0] != '\0' || !facts->stop_accepted);
}

static bool
could_be_handed_back(const struct job_facts *facts, enum job_action action)
{
	if (facts->intent != INTENT_NONE)
		return false;
	switch (action) {
	case ACTION_START:
		return start_is_whole(facts);
	case ACTION_RUN:
		return run_is_whole(facts);
	case ACTION_END:
		return end_is_whole(facts);
	default:
		return false;
	}
}

/* --- written --- */

char *
token_encode(const struct job_facts *facts, int64_t remaining_ms,
    const struct token_owner *owner, const struct token_key *key)
{
	char hex[MAC_SIZE];
	json_t *token;
	char *text;

	if (!key->known || !could_be_handed_back(facts, owner->action))
		return NULL;
	token = json_object();
	(void)json_object_set_new(token, "quali", json_integer(TOKEN_VERSION));
	(void)json_object_set_new(token, "left_s",
	    json_integer(remaining_ms / 1000));
	ipc_facts_put(token, facts);
	mac_of(token, owner, key, hex);
	(void)json_object_set_new(token, "mac", json_string(hex));
	text = json_line(token);
	json_decref(token);
	if (strlen(text) <= JOB_TOKEN_MAX)
		return text;
	xfree_secret(text);
	return NULL;
}

/* --- read --- */

/* The MAC is taken out of the token. */
static bool
verified(json_t *token, const struct token_owner *owner,
    const struct token_key *key)
{
	char want[MAC_SIZE], given[MAC_SIZE] = "";
	const char *mac = json_text(token, "mac");
	bool same;

	if (mac == NULL || strlcpy(given, mac, sizeof(given)) !=
	    sizeof(given) - 1)
		return false;
	(void)json_object_del(token, "mac");
	mac_of(token, owner, key, want);
	same = sodium_memcmp(want, given, sizeof(want)) == 0;
	explicit_bzero(want, sizeof(want));
	return same;
}

/* What the reader can look at, though none of it can be believed. */
static int
not_trusted(const json_t *token, const char *why, struct fail *fail)
{
	const char *id = json_text(token, "sandbox_id");

	(void)fail_set(fail, FAIL_CONFIG, "The continuation token of this job "
	    "cannot be trusted: %s. The worker touched nothing.", why);
	/* a dot would let it look like an address */
	if (id != NULL && id_plain(id) && strchr(id, '.') == NULL)
		(void)fail_add(fail, "The token names sandbox %s: look in "
		    "CloudShell whether it still runs, and end it there if "
		    "nobody needs it.", id);
	return fail_add(fail, "Then retry the stage, and tell the worker's "
	    "operator.");
}

/* Why a token cannot be trusted, or NULL. */
static const char *
fault_of(json_t *token, const struct token_owner *owner,
    const struct token_key *key)
{
	if (json_int(token, "quali", 0) != TOKEN_VERSION)
		return "a worker of another version wrote it";
	if (!key->known)
		return key->why;
	if (!verified(token, owner, key))
		return "a worker with another CloudShell user or password "
		    "wrote it, or it belongs to another action, or somebody "
		    "has changed it";
	return NULL;
}

static int
take(json_t *token, const struct token_owner *owner,
    const struct token_key *key, struct job_facts *facts, int64_t *left_s,
    struct fail *fail)
{
	const char *why = fault_of(token, owner, key);

	if (why != NULL)
		return not_trusted(token, why, fail);
	*left_s = json_int(token, "left_s", -1);
	if (ipc_facts_take(token, facts, "token", NULL) != 0 ||
	    *left_s < 0 || *left_s > LEFT_MAX_S ||
	    !could_be_handed_back(facts, owner->action))
		return not_trusted(token, "no hand-back writes what it says",
		    fail);
	return 0;
}

int
token_decode(const char *text, const struct token_owner *owner,
    const struct token_key *key, struct job_facts *facts,
    int64_t *remaining_ms, struct fail *fail)
{
	json_t *token = NULL;
	int64_t left_s = 0;
	int rc;

	memset(facts, 0, sizeof(*facts));
	if (strlen(text) <= JOB_TOKEN_MAX)
		token = json_parse(text, strlen(text), NULL);
	if (!json_is_object(token))
		rc = not_trusted(NULL, "no quali-job-worker wrote it", fail);
	else
		rc = take(token, owner, key, facts, &left_s, fail);
	if (rc != 0)
		job_facts_free(facts);
	else
		*remaining_ms = left_s * 1000;
	json_decref(token);
	return rc;
}
