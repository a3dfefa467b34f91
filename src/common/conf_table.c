/*
 * The table of settings.
 */
#include "conf_table.h"

#define TERA		(INT64_C(1) << 40)

static const char *const on_stop_words[] = { [ON_STOP_RESUME] = "resume",
	[ON_STOP_HAND_BACK] = "hand-back", NULL };
static const char *const claim_words[] = { [CLAIM_DROP] = "drop",
	[CLAIM_RUN] = "run", NULL };
static const char *const setup_failure_words[] = {
	[SETUP_FAILURE_END] = "end", [SETUP_FAILURE_KEEP] = "keep", NULL };
static const char *const level_words[] = { "error", "warning", "notice",
	"info", "debug", NULL };

#define SETTING(s, n, k, f, lo, hi, preset, words) \
	{ s, n, k, offsetof(struct conf, f), lo, hi, preset, words, NULL }
#define NEEDED(s, n, k, f, value) \
	{ s, n, k, offsetof(struct conf, f), 0, 0, NULL, NULL, value }
#define TEXT(s, n, k, f, preset) \
	SETTING(s, n, k, f, 0, 0, preset, NULL)
#define FLAG(s, n, f, preset) \
	SETTING(s, n, CONF_FLAG, f, 0, 0, preset, NULL)
#define RANGE(s, n, k, f, lo, hi, preset) \
	SETTING(s, n, k, f, lo, hi, preset, NULL)
#define CHOICE(s, n, f, preset, words) \
	SETTING(s, n, CONF_CHOICE, f, 0, 0, preset, words)
#define ACTION(s, a) \
	FLAG(s, "poll", action[a].poll, "yes"), \
	RANGE(s, "timeout", CONF_TIME, action[a].timeout, SECOND, 24 * HOUR, \
	    "15m")

const struct conf_setting conf_table[] = {
	NEEDED("cloudshell", "url", CONF_SERVER, cloudshell.url,
	    "https://host:port"),
	NEEDED("cloudshell", "user", CONF_TEXT, cloudshell.user, "name"),
	TEXT("cloudshell", "domain", CONF_TEXT, cloudshell.domain, "Global"),
	TEXT("cloudshell", "password_file", CONF_PATH,
	    cloudshell.password_file, NULL),
	TEXT("cloudshell", "ca_file", CONF_PATH, cloudshell.ca_file, NULL),
	FLAG("cloudshell", "verify", cloudshell.verify, "yes"),
	TEXT("cloudshell", "portal_url", CONF_URL, cloudshell.portal_url,
	    NULL),

	TEXT("aws", "region", CONF_TEXT, aws.region, NULL),
	TEXT("aws", "profile", CONF_TEXT, aws.profile, NULL),
	TEXT("aws", "config_file", CONF_PATH, aws.config_file, NULL),
	TEXT("aws", "credentials_file", CONF_PATH, aws.credentials_file, NULL),
	TEXT("aws", "ca_file", CONF_PATH, aws.ca_file, NULL),
	FLAG("aws", "metadata_v1", aws.metadata_v1, "no"),

	RANGE("worker", "poll_interval", CONF_TIME, worker.poll_interval,
	    100, HOUR, "10s"),
	RANGE("worker", "max_jobs", CONF_NUMBER, worker.max_jobs, 1, 1000,
	    "32"),
	RANGE("worker", "stop_grace", CONF_TIME, worker.stop_grace, 0, HOUR,
	    "10s"),
	RANGE("worker", "kill_grace", CONF_TIME, worker.kill_grace, 100, HOUR,
	    "10s"),
	RANGE("worker", "http_timeout", CONF_TIME, worker.http_timeout, 100,
	    HOUR, "30s"),
	RANGE("worker", "wait_first", CONF_TIME, worker.wait_first, 10, HOUR,
	    "1s"),
	RANGE("worker", "wait_max", CONF_TIME, worker.wait_max, 10, HOUR,
	    "10s"),
	RANGE("worker", "max_request_rate", CONF_NUMBER,
	    worker.max_request_rate, 1, 1000, "32"),
	RANGE("worker", "history", CONF_TIME, worker.history, 0, 3650 * DAY,
	    "7d"),
	RANGE("worker", "min_free", CONF_SIZE, worker.min_free, 0, TERA,
	    "16M"),
	CHOICE("worker", "on_stop", worker.on_stop, "resume", on_stop_words),
	CHOICE("worker", "ambiguous_claim", worker.ambiguous_claim, "drop",
	    claim_words),
	FLAG("worker", "tag_sandbox_names", worker.tag_sandbox_names, "yes"),
	TEXT("worker", "versions", CONF_VERSIONS, worker.versions, "10 9"),
	TEXT("worker", "query", CONF_QUERY, worker.query, NULL),
	SETTING("worker", "log_level", CONF_WORD, worker.log_level, 0, 0,
	    "info", level_words),
	TEXT("worker", "state_dir", CONF_PATH, worker.state_dir, STATEDIR),
	TEXT("worker", "runtime_dir", CONF_PATH, worker.runtime_dir, RUNDIR),
	TEXT("worker", "actions_dir", CONF_PATH, worker.actions_dir,
	    SYSCONFDIR "/quali-job-worker/actions"),
	TEXT("worker", "data_dir", CONF_PATH, worker.data_dir, DATADIR),
	TEXT("worker", "libexec_dir", CONF_PATH, worker.libexec_dir,
	    LIBEXECDIR),

	ACTION("start-sandbox", ACTION_START),
	CHOICE("start-sandbox", "on_setup_failure", start.on_setup_failure,
	    "end", setup_failure_words),
	ACTION("run-command", ACTION_RUN),
	FLAG("run-command", "output_variable", run.output_variable, "no"),
	ACTION("end-sandbox", ACTION_END),
	FLAG("end-sandbox", "wait_for_teardown", end.wait_for_teardown, "no"),
};
const size_t conf_table_size = sizeof(conf_table) / sizeof(conf_table[0]);
_Static_assert(sizeof(conf_table) / sizeof(conf_table[0]) <= CONF_TABLE_MAX,
    "CONF_TABLE_MAX");

bool
conf_is_text(const struct conf_setting *s)
{
	return s->kind <= CONF_VERSIONS;
}
