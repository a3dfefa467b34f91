/*
 * The configuration: the table of settings, and how one is read and checked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_table.h"
#include "sys.h"

#define TEXT_MAX	1023	/* bytes of a text setting */
#define NAME_BYTES_MAX	255	/* of user and domain */
#define REASON_MAX	200	/* of why a value is refused */
#define TABLE_MAX	64	/* settings in the table */

#define SECOND		INT64_C(1000)
#define MINUTE		(60 * SECOND)
#define HOUR		(60 * MINUTE)
#define DAY		(24 * HOUR)
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
	{ s, n, k, offsetof(struct conf, f), lo, hi, preset, words }
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
	TEXT("cloudshell", "url", CONF_SERVER, cloudshell.url, NULL),
	TEXT("cloudshell", "user", CONF_TEXT, cloudshell.user, NULL),
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
_Static_assert(sizeof(conf_table) / sizeof(conf_table[0]) <= TABLE_MAX,
    "TABLE_MAX");

/* --- values --- */

bool
conf_is_text(const struct conf_setting *s)
{
	return s->kind <= CONF_VERSIONS;
}

/* A number followed by one of units ("ms" "s" ...), whose factors stand in
 * the same order. A bare number has the factor otherwise. */
static int
parse_unit(const char *text, const char *const *units, const int64_t *factors,
    int64_t otherwise, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0, factor = otherwise;

	if (digits == 0 || digits > 15)
		return -1;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	text += digits;
	text += strspn(text, " ");
	if (*text != '\0') {
		while (*units != NULL && strcmp(*units, text) != 0)
			units++, factors++;
		if (*units == NULL)
			return -1;
		factor = *factors;
	}
	return __builtin_mul_overflow(value, factor, out) ? -1 : 0;
}

int
conf_parse_time(const char *text, int64_t *ms)
{
	static const char *const units[] = { "ms", "s", "m", "h", "d", NULL };
	static const int64_t factors[] = { 1, SECOND, MINUTE, HOUR, DAY };

	return parse_unit(text, units, factors, SECOND, ms);
}

int
conf_parse_size(const char *text, int64_t *bytes)
{
	static const char *const units[] = { "K", "M", "G", NULL };
	static const int64_t factors[] = { 1 << 10, 1 << 20, 1 << 30 };

	return parse_unit(text, units, factors, 1, bytes);
}

static const char *
check_text(const char *value)
{
	if (strlen(value) > TEXT_MAX)
		return "too long (1023 bytes at most)";
	for (const char *p = value; *p != '\0'; p += utf8_len(p))
		if (utf8_len(p) == 0)
			return "not UTF-8";
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "contains a control character";
	return NULL;
}

/* http or https, host, port; a path if it is allowed; no more. */
static const char *
check_url(const char *value, bool path)
{
	size_t host, digits;
	const char *fault;
	char port[6];

	if (strncmp(value, "https://", 8) == 0)
		value += 8;
	else if (strncmp(value, "http://", 7) == 0)
		value += 7;
	else
		return "must begin with https:// (or http://)";
	if (value[strcspn(value, "?#")] != '\0')
		return "must end before '?' or '#'";
	if (memchr(value, '@', strcspn(value, "/")) != NULL)
		return "must not contain a user name (use user)";
	if (*value == '[')
		host = strspn(value, "[]0123456789abcdefABCDEF:.%");
	else
		host = strcspn(value, ":/ ");
	if (host == 0 || value[host] == ' ')
		return "has no valid host name";
	value += host;
	if (*value == ':') {
		digits = strspn(++value, "0123456789");
		(void)snprintf(port, sizeof(port), "%.*s", (int)digits, value);
		(void)strtonum(port, 1, 65535, &fault);
		if (digits >= sizeof(port) || fault != NULL)
			return "has no valid port after ':'";
		value += digits;
	}
	if (*value != '\0' && *value != '/')
		return "has something after the host that is no port";
	if (*value == '/' && !path)
		return "must be scheme, host and port only: leave out the "
		    "path";
	return value[strcspn(value, " ")] == '\0' ? NULL : "contains a blank";
}

static const char *
check_versions(const char *value)
{
	static const char valid[] = "0123456789-_"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	while (*value != '\0') {
		size_t n = strspn(value, valid);

		if (n == 0 || n >= JOB_VERSION_SIZE ||
		    (value[n] != '\0' && value[n] != ' '))
			return "write versions of 1 to 9 letters and digits, "
			    "with blanks between, such as 10 9";
		value += n;
		value += strspn(value, " ");
	}
	return NULL;
}

static int
word_index(const char *const *words, const char *value)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(words[i], value) == 0)
			return i;
	return -1;
}

static int
refuse_words(const struct conf_setting *s, char *why)
{
	(void)strlcpy(why, "must be one of:", REASON_MAX);
	for (const char *const *w = s->words; *w != NULL; w++) {
		(void)strlcat(why, w == s->words ? " " : ", ", REASON_MAX);
		(void)strlcat(why, *w, REASON_MAX);
	}
	return -1;
}

static int
refuse(char *why, const char *reason)
{
	(void)strlcpy(why, reason, REASON_MAX);
	return -1;
}

static void
strip_slashes(char *s)
{
	for (size_t n = strlen(s); n > 0 && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
}

static int
parse_text(const struct conf_setting *s, char **field, const char *value,
    char *why)
{
	const char *reason = check_text(value);
	char *copy = xstrdup(value);

	if (s->kind == CONF_SERVER || s->kind == CONF_URL) {
		strip_slashes(copy);
		if (reason == NULL)
			reason = check_url(copy, s->kind == CONF_URL);
	} else if (reason == NULL && s->kind == CONF_VERSIONS) {
		reason = check_versions(copy);
	} else if (reason == NULL && s->kind == CONF_PATH && *copy != '/') {
		reason = "must be an absolute path (begin with /)";
	}
	if (reason != NULL) {
		free(copy);
		return refuse(why, reason);
	}
	free(*field);
	*field = copy;
	return 0;
}

static int
parse_flag(bool *field, const char *value, char *why)
{
	static const char *const yes[] = { "yes", "true", "on", "1", NULL };
	static const char *const no[] = { "no", "false", "off", "0", NULL };

	if (word_index(yes, value) == -1 && word_index(no, value) == -1)
		return refuse(why, "must be yes or no");
	*field = word_index(yes, value) != -1;
	return 0;
}

static int
parse_range(const struct conf_setting *s, int64_t *field, const char *value,
    char *why)
{
	char least[32], most[32];
	static const char *const none[] = { NULL };
	const char *form;
	int64_t n;
	int rc;

	(void)snprintf(least, sizeof(least), "%lld", (long long)s->least);
	(void)snprintf(most, sizeof(most), "%lld", (long long)s->most);
	if (s->kind == CONF_TIME) {
		form = "not a time: write a number with ms, s, m, h or d";
		rc = conf_parse_time(value, &n);
		(void)conf_show_time(least, sizeof(least), s->least);
		(void)conf_show_time(most, sizeof(most), s->most);
	} else if (s->kind == CONF_SIZE) {
		form = "not a size: write a number, with K, M or G";
		rc = conf_parse_size(value, &n);
		(void)conf_show_size(least, sizeof(least), s->least);
		(void)conf_show_size(most, sizeof(most), s->most);
	} else {
		form = "not a number";
		rc = parse_unit(value, none, NULL, 1, &n);
	}
	if (rc == -1)
		return refuse(why, form);
	if (n < s->least || n > s->most) {
		(void)snprintf(why, REASON_MAX, "must be from %s to %s", least,
		    most);
		return -1;
	}
	*field = n;
	return 0;
}

/* Set one setting; -1 with the reason. */
static int
setting_parse(struct conf *c, const struct conf_setting *s, const char *value,
    char why[REASON_MAX])
{
	void *field = (char *)c + s->offset;

	if (*value == '\0')
		return refuse(why, "has no value (leave the line out for the "
		    "default)");
	switch (s->kind) {
	case CONF_FLAG:
		return parse_flag(field, value, why);
	case CONF_CHOICE:
		if (word_index(s->words, value) == -1)
			return refuse_words(s, why);
		*(int64_t *)field = word_index(s->words, value);
		return 0;
	case CONF_NUMBER:
	case CONF_TIME:
	case CONF_SIZE:
		return parse_range(s, field, value, why);
	case CONF_WORD:
		if (word_index(s->words, value) == -1)
			return refuse_words(s, why);
		value = s->words[word_index(s->words, value)];
		/* FALLTHROUGH */
	default:
		return parse_text(s, field, value, why);
	}
}

/* --- defaults --- */

/* From the environment; conf_check tells what is wrong with it. */
static void
preset_text(char **field, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	free(*field);
	*field = xstrdup(value);
}

/* systemd names several directories with ':' between: the first. */
static void
preset_directory(char **field, const char *name)
{
	const char *value = getenv(name);
	char *first;

	if (value == NULL || *value != '/')
		return;
	first = xstrndup(value, strcspn(value, ":"));
	preset_text(field, first);
	free(first);
}

void
conf_defaults(struct conf *c)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char why[REASON_MAX];

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < conf_table_size; i++)
		if (conf_table[i].preset != NULL)
			(void)setting_parse(c, &conf_table[i],
			    conf_table[i].preset, why);
	preset_text(&c->cloudshell.url, getenv("CLOUDSHELL_URL"));
	if (c->cloudshell.url != NULL)
		strip_slashes(c->cloudshell.url);
	preset_text(&c->cloudshell.user, getenv("CLOUDSHELL_USER"));
	preset_text(&c->cloudshell.domain, getenv("CLOUDSHELL_DOMAIN"));
	preset_directory(&c->worker.state_dir, "STATE_DIRECTORY");
	preset_directory(&c->worker.runtime_dir, "RUNTIME_DIRECTORY");
	if (credentials != NULL && *credentials == '/')
		c->cloudshell.password_file = xasprintf(
		    "%s/cloudshell-password", credentials);
}

void
conf_free(struct conf *c)
{
	for (size_t i = 0; i < conf_table_size; i++)
		if (conf_is_text(&conf_table[i]))
			free(*(char **)((char *)c + conf_table[i].offset));
	memset(c, 0, sizeof(*c));
}

/* --- the file --- */

struct load {
	struct conf	*conf;
	const char	*path;
	void		(*report)(const char *, void *);
	void		*arg;
	unsigned	 faults;
	bool		 unknown;	/* section: one fault for all of it */
	unsigned	 set_in[TABLE_MAX];	/* lines, 0: not set */
};

static void	load_fault(struct load *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

static void
load_fault(struct load *l, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_trim(text);
	utf8_clean(text, false);
	l->faults++;
	l->report(text, l->arg);
}

static bool
is_section(const char *name)
{
	for (size_t i = 0; i < conf_table_size; i++)
		if (strcmp(conf_table[i].section, name) == 0)
			return true;
	return false;
}

static void
take_header(struct load *l, const struct ini_line *line)
{
	char hint[REASON_MAX];

	l->unknown = !is_section(line->section);
	if (!l->unknown)
		return;
	conf_hint_section(hint, sizeof(hint), line->section);
	load_fault(l, "%s:%u: [%.64s]: unknown section%s", l->path,
	    line->line, line->section, hint);
}

static int
take_line(const struct ini_line *line, void *arg, struct fail *f)
{
	struct load *l = arg;
	char why[REASON_MAX];
	size_t i = 0;

	(void)f;
	if (line->name == NULL) {
		take_header(l, line);
		return 0;
	}
	if (l->unknown)
		return 0;
	while (i < conf_table_size &&
	    (strcmp(conf_table[i].section, line->section) != 0 ||
	    strcmp(conf_table[i].name, line->name) != 0))
		i++;
	if (i == conf_table_size) {
		conf_hint_name(why, sizeof(why), line->section, line->name);
		load_fault(l, "%s:%u: %s%s%.64s: unknown setting%s", l->path,
		    line->line, line->section,
		    *line->section != '\0' ? "." : "", line->name, why);
		return 0;
	}
	if (l->set_in[i] != 0)
		load_fault(l, "%s:%u: %s.%s: already set in line %u", l->path,
		    line->line, line->section, line->name, l->set_in[i]);
	else if (setting_parse(l->conf, &conf_table[i], line->value, why) == -1)
		load_fault(l, "%s:%u: %s.%s: %s", l->path, line->line,
		    line->section, line->name, why);
	l->set_in[i] = line->line;
	return 0;
}

int
conf_load(struct conf *c, const char *path,
    void (*report)(const char *, void *), void *arg)
{
	struct load l = { .conf = c, .path = path, .report = report,
		.arg = arg };
	struct fail f;
	const char *reason;
	size_t len, digits;
	char *text;

	text = sys_read_file(path, CONF_FILE_MAX, &len);
	if (text == NULL) {
		load_fault(&l, "%s: %s", path, errno == EFBIG ?
		    "larger than 256 KiB" : errno == EINVAL ?
		    "contains a NUL byte" : strerror(errno));
		return -1;
	}
	if (ini_read(text, len, INI_WORKER, take_line, &l, &f) == -1) {
		/* "line N: reason" becomes "file:N: reason" */
		reason = f.text + strlen("line ");
		digits = strspn(reason, "0123456789");
		load_fault(&l, "%s:%.*s%s", path, (int)digits, reason,
		    reason + digits);
	}
	xfree_secret(text);
	return l.faults == 0 ? 0 : -1;
}

/* --- the whole --- */

/* What an order can carry. */
static void
check_length(struct load *l, const char *name, const char *value)
{
	if (value != NULL && strlen(value) > NAME_BYTES_MAX)
		load_fault(l, "%s: cloudshell.%s: longer than %d bytes",
		    l->path, name, NAME_BYTES_MAX);
}

int
conf_check(const struct conf *c, const char *path,
    void (*report)(const char *, void *), void *arg)
{
	struct load l = { .path = path, .report = report, .arg = arg };
	char why[REASON_MAX], *copy;

	if (c->cloudshell.url == NULL)
		load_fault(&l, "%s: cloudshell.url: not set (write url = "
		    "https://host:port in section [cloudshell])", path);
	check_length(&l, "user", c->cloudshell.user);
	check_length(&l, "domain", c->cloudshell.domain);
	if (c->cloudshell.user == NULL)
		load_fault(&l, "%s: cloudshell.user: not set (write user = "
		    "name in section [cloudshell])", path);
	for (size_t i = 0; i < conf_table_size; i++) {
		const struct conf_setting *s = &conf_table[i];
		const char *text;

		if (!conf_is_text(s))
			continue;
		text = *(char *const *)((const char *)c + s->offset);
		copy = NULL;
		if (text != NULL && parse_text(s, &copy, text, why) == -1)
			load_fault(&l, "%s: %s.%s: %s", path, s->section,
			    s->name, why);
		free(copy);
	}
	if (!c->action[ACTION_START].poll && !c->action[ACTION_RUN].poll &&
	    !c->action[ACTION_END].poll)
		load_fault(&l, "%s: poll: no in all three action sections: "
		    "there would be nothing to do", path);
	if (c->worker.wait_first > c->worker.wait_max)
		load_fault(&l, "%s: worker.wait_first: longer than wait_max",
		    path);
	return l.faults == 0 ? 0 : -1;
}
