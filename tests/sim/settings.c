/*
 * The knobs: one JSON tree, made from the text below at start and at
 * reset. PUT /settings may change values, never names or types.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "cloudshell.h"

static const char defaults_text[] =
"{'codepipeline': {"
"  'redeliver_ms': 5000, 'account': '111122223333', 'region': 'us-east-2',"
"  'poll_limit': 0, 'worker_key': 'AKIASIMWORKER',"
"  'worker_secret': 'sim-worker-secret', 'worker_token': '',"
"  'extra_workers': {}, 'nonce_strict': true, 'action_timeout_ms': 0,"
"  'continuation_delay_ms': 200, 'job_token_life_ms': 900000,"
"  'session_grace_ms': 0, 'clock_offset_s': 0, 'denied': [],"
"  'pipelines': [], 'pipelines_page': 1000, 'create_identical': 'ok',"
"  'action_types': ["
"    {'category': 'Deploy', 'provider': 'Quali-Start-Sandbox',"
"     'version': '9'},"
"    {'category': 'Deploy', 'provider': 'Quali-Start-Sandbox',"
"     'version': '10'},"
"    {'category': 'Test', 'provider': 'Quali-Run-Command',"
"     'version': '9'},"
"    {'category': 'Test', 'provider': 'Quali-Run-Command',"
"     'version': '10'},"
"    {'category': 'Deploy', 'provider': 'Quali-End-Sandbox',"
"     'version': '9'},"
"    {'category': 'Deploy', 'provider': 'Quali-End-Sandbox',"
"     'version': '10'}]},"
"'sts': {"
"  'region': '', 'clock_offset_s': 0, 'life_ms': 0, 'any_role': false,"
"  'web_token': 'sim-web-identity-token', 'roles': ["
"    {'arn': 'arn:aws:iam::111122223333:role/sim-worker',"
"     'trusts': ['*']},"
"    {'arn': 'arn:aws:iam::111122223333:role/sim-chained',"
"     'trusts': ['arn:aws:iam::111122223333:role/sim-worker']},"
"    {'arn': 'arn:aws:iam::111122223333:role/sim-external',"
"     'trusts': ['*'], 'external_id': 'sim-external-id'},"
"    {'arn': 'arn:aws:iam::111122223333:role/sim-web',"
"     'trusts': ['web-identity']}]},"
"'container': {"
"  'paths': ['/v1/credentials', '/v2/credentials/sim-task'],"
"  'token': 'sim-container-token', 'with_token': true,"
"  'with_expiration': true, 'with_account': false, 'life_ms': 21600000,"
"  'role_arn': 'arn:aws:iam::111122223333:role/sim-worker',"
"  'clock_offset_s': 0},"
"'imds': {"
"  'role': 'sim-worker', 'region': '', 'zone_suffix': 'a', 'v1': false,"
"  'token_status': 0, 'token_uses': 0, 'code': 'Success', 'empty': false,"
"  'life_ms': 21600000, 'clock_offset_s': 0},"
"'s3': {"
"  'require_kms': true, 'bucket': 'sim-artifacts', 'bucket_region': '',"
"  'kms_denied': false, 'missing_denied': false, 'clock_offset_s': 0},"
"'cloudshell': {"
"  'user': 'ci', 'password': 'sim-password', 'domain': 'Global',"
"  'token_form': 'classic', 'token_life_ms': 18000000,"
"  'expired_answer': '401', 'state_before_setup': 'BeforeSetup',"
"  'setup': 'ready', 'setup_ms': 300, 'setup_stage_stop': '',"
"  'teardown': 'ok', 'teardown_ms': 200, 'ended': 'ended',"
"  'stop_lag_polls': 0, 'conflicts': 0, 'conflict_status': 400,"
"  'quota_every': 0, 'quota_status': 429, 'loose': false,"
"  'page_size': 1000, 'no_activity': false, 'stop_v2_refused': false,"
"  'stop_body_refused': true,"
"  'command': {'ms': 200, 'status': 'Completed', 'output': 'done',"
"    'cancellable': true, 'output_bytes': 0, 'pending_ms': 0},"
"  'commands': {},"
"  'blueprints': ["
"    {'name': 'Demo Blueprint', 'public': true,"
"     'inputs': [{'name': 'Build', 'default': ''},"
"       {'name': 'Region', 'default': 'lab'}],"
"     'components': ['web_ab12-cd34', 'web_ef56-ab78', 'db'],"
"     'component_commands': [{'name': 'deploy', 'params': []}],"
"     'commands': [{'name': 'smoke test', 'params': []}]},"
"    {'name': 'Private Blueprint', 'public': false, 'inputs': [],"
"     'components': [], 'component_commands': [], 'commands': []},"
"    {'name': 'Needs Input', 'public': true,"
"     'inputs': [{'name': 'Version'}], 'components': ['app'],"
"     'component_commands': [{'name': 'deploy', 'params': []}],"
"     'commands': []}]}}";

/* Objects whose member names the user chooses; and words that a knob may
 * hold. */
static const char *const open_names[] = { "commands", "extra_workers", NULL };
static const struct {
	const char *name, *words;
} choices[] = {
	{ "token_form", "|classic|long|" },
	{ "expired_answer", "|401|403|400|500html|200error|" },
	{ "setup", "|ready|error|never|at-once|" },
	{ "teardown", "|ok|failed|never|" },
	{ "ended", "|ended|404|" },
	{ "create_identical", "|ok|refused|" },
};

static json_t *settings;

void
settings_reset(void)
{
	char text[sizeof(defaults_text)];
	json_error_t e;
	size_t i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = defaults_text[i] == '\'' ? '"' : defaults_text[i];
	json_decref(settings);
	settings = json_loads(text, 0, &e);
	if (settings == NULL)
		errx(1, "default settings: %s", e.text);
	blueprint_guids();
	actiontype_reset();
}

static bool
name_open(const char *name)
{
	const char *const *p;

	for (p = open_names; *p != NULL; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return false;
}

static bool
word_allowed(const char *name, json_t *value)
{
	char word[32];
	size_t i;

	if (!json_is_string(value))
		return true;
	snprintf(word, sizeof(word), "|%.29s|", json_string_value(value));
	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		if (strcmp(choices[i].name, name) == 0)
			return strstr(choices[i].words, word) != NULL;
	return true;
}

static bool
same_type(json_t *a, json_t *b)
{
	if (json_is_boolean(a))
		return json_is_boolean(b);
	if (json_is_integer(a))
		return json_is_number(b);
	return json_typeof(a) == json_typeof(b);
}

static bool
blueprints_good(json_t *list)
{
	json_t *b, *input;
	size_t i, k;

	json_array_foreach(list, i, b) {
		if (jstr(b, "name") == NULL || (jstr(b, "id") == NULL &&
		    json_object_get(b, "id") != NULL))
			return false;
		json_array_foreach(json_object_get(b, "inputs"), k, input)
			if (jstr(input, "name") == NULL)
				return false;
	}
	return true;
}

static bool
roles_good(json_t *list)
{
	json_t *role, *who;
	size_t i, k;

	json_array_foreach(list, i, role) {
		if (jstr(role, "arn") == NULL)
			return false;
		json_array_foreach(json_object_get(role, "trusts"), k, who)
			if (!json_is_string(who))
				return false;
	}
	return true;
}

static bool
texts_good(json_t *list)
{
	json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		if (!json_is_string(text))
			return false;
	return true;
}

static bool
types_good(json_t *list)
{
	json_t *type;
	size_t i;

	json_array_foreach(list, i, type)
		if (jstr(type, "category") == NULL ||
		    jstr(type, "provider") == NULL ||
		    jstr(type, "version") == NULL)
			return false;
	return true;
}

static bool
pipelines_good(json_t *list)
{
	json_t *pipeline;
	size_t i;

	json_array_foreach(list, i, pipeline)
		if (jstr(pipeline, "name") == NULL ||
		    !json_is_array(json_object_get(pipeline, "stages")))
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*good)(json_t *);
	const char *why;
} lists[] = {
	{ "blueprints", blueprints_good, "blueprint or input with no name" },
	{ "roles", roles_good, "role with no arn, or trusts that are no list "
	    "of texts" },
	{ "denied", texts_good, "denied: not a list of texts" },
	{ "paths", texts_good, "paths: not a list of texts" },
	{ "action_types", types_good, "action type without category, provider "
	    "or version" },
	{ "pipelines", pipelines_good, "pipeline without name or stages" },
};

static const char *
list_bad(const char *name, json_t *value)
{
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i].name, name) == 0 && !lists[i].good(value))
			return lists[i].why;
	return NULL;
}

/* Check everything first, so that a refused change changes nothing. */
static int
check(json_t *into, json_t *from, char *why, size_t size)
{
	const char *name, *bad;
	json_t *value, *old;

	json_object_foreach(from, name, value) {
		old = json_object_get(into, name);
		if (old == NULL) {
			snprintf(why, size, "no setting %s", name);
			return -1;
		}
		if (json_is_null(value) && strcmp(name, "output") == 0)
			continue;
		if (!same_type(old, value)) {
			snprintf(why, size, "%s: wrong type", name);
			return -1;
		}
		if (!word_allowed(name, value)) {
			snprintf(why, size, "%s: unknown word", name);
			return -1;
		}
		if ((bad = list_bad(name, value)) != NULL) {
			snprintf(why, size, "%s", bad);
			return -1;
		}
		if (json_is_object(old) && !name_open(name) &&
		    check(old, value, why, size) == -1)
			return -1;
	}
	return 0;
}

static void
merge(json_t *into, json_t *from)
{
	const char *name;
	json_t *value, *old;

	json_object_foreach(from, name, value) {
		old = json_object_get(into, name);
		if (json_is_object(old) && !name_open(name))
			merge(old, value);
		else
			json_object_set_new(into, name,
			    json_deep_copy(value));
	}
}

int
settings_merge(json_t *from, char *why, size_t size)
{
	json_t *part;

	if (!json_is_object(from)) {
		snprintf(why, size, "not an object");
		return -1;
	}
	if (check(settings, from, why, size) == -1)
		return -1;
	merge(settings, from);
	blueprint_guids();
	part = json_object_get(from, "codepipeline");
	if (json_object_get(part, "action_types") != NULL)
		actiontype_reset();
	return 0;
}

json_t *
settings_all(void)
{
	return settings;
}

json_t *
set_get(const char *service, const char *name)
{
	json_t *value;

	value = json_object_get(json_object_get(settings, service), name);
	if (value == NULL)
		errx(1, "no setting %s.%s", service, name);
	return value;
}

int64_t
set_int(const char *service, const char *name)
{
	return jint(json_object_get(settings, service), name, 0);
}

bool
set_bool(const char *service, const char *name)
{
	return json_is_true(set_get(service, name));
}

const char *
set_str(const char *service, const char *name)
{
	return json_string_value(set_get(service, name));
}
