/*
 * The configuration: defaults, the file, the check of the whole.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_hint.h"
#include "conf_table.h"
#include "conf_value.h"
#include "ini.h"
#include "mem.h"
#include "sys.h"
#include "utf8.h"

#define NAME_BYTES_MAX	255	/* of user and domain */

/* --- defaults --- */

/* From the environment; conf_check reports faults. */
static void
preset_text(char **field, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	free(*field);
	*field = xstrdup(value);
}

/* The first of the directories that systemd lists, separated by ':'. */
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
	char why[CONF_REASON_MAX];

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < conf_table_size; i++)
		if (conf_table[i].preset != NULL)
			(void)conf_parse(c, &conf_table[i],
			    conf_table[i].preset, why);
	preset_text(&c->cloudshell.url, getenv("CLOUDSHELL_URL"));
	if (c->cloudshell.url != NULL)
		conf_strip_slashes(c->cloudshell.url);
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
	bool		 unknown;	/* unknown section: one fault for all
					   its lines */
	unsigned	 set_in[CONF_TABLE_MAX];	/* lines, 0: not set */
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
	char hint[CONF_REASON_MAX];

	l->unknown = !is_section(line->section);
	if (!l->unknown)
		return;
	conf_hint_section(hint, sizeof(hint), line->section);
	load_fault(l, "%s:%u: [%.64s]: unknown section%s", l->path,
	    line->line, line->section, hint);
}

static int
take_line(const struct ini_line *line, void *arg, struct fail *fail)
{
	struct load *l = arg;
	char why[CONF_REASON_MAX];
	size_t i = 0;

	(void)fail;
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
	if (l->set_in[i] != 0) {
		load_fault(l, "%s:%u: %s.%s: already set on line %u", l->path,
		    line->line, line->section, line->name, l->set_in[i]);
	} else if (conf_parse(l->conf, &conf_table[i], line->value,
	    why) != 0) {
		load_fault(l, "%s:%u: %s.%s: %s", l->path, line->line,
		    line->section, line->name, why);
		l->conf->refused |= UINT64_C(1) << i;
	}
	l->set_in[i] = line->line;
	return 0;
}

int
conf_load(struct conf *c, const char *path,
    void (*report)(const char *, void *), void *arg)
{
	struct load l = { .conf = c, .path = path, .report = report,
		.arg = arg };
	struct fail fail;
	const char *reason;
	size_t len, digits;
	char *text;

	text = sys_read_file(path, CONF_FILE_MAX, &len);
	if (text == NULL) {
		load_fault(&l, "%s: %s", path, sys_read_error(errno,
		    CONF_FILE_MAX));
		c->refused = UINT64_MAX;
		return -1;
	}
	if (ini_read(text, len, INI_WORKER, take_line, &l, &fail) != 0) {
		/* "line N: reason" becomes "file:N: reason" */
		reason = fail.text + strlen("line ");
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

static void
check_setting(struct load *l, const struct conf *c, size_t i)
{
	const struct conf_setting *s = &conf_table[i];
	char why[CONF_REASON_MAX], *copy = NULL;
	const char *text;

	if (!conf_is_text(s))
		return;
	text = *(char *const *)((const char *)c + s->offset);
	if (text == NULL && s->needed != NULL &&
	    (c->refused & UINT64_C(1) << i) == 0)
		load_fault(l, "%s: %s.%s: not set (write %s = %s in section "
		    "[%s])", l->path, s->section, s->name, s->name, s->needed,
		    s->section);
	if (text != NULL && conf_parse_text(s, &copy, text, why) != 0)
		load_fault(l, "%s: %s.%s: %s", l->path, s->section, s->name,
		    why);
	free(copy);
}

int
conf_check(const struct conf *c, const char *path,
    void (*report)(const char *, void *), void *arg)
{
	struct load l = { .path = path, .report = report, .arg = arg };

	check_length(&l, "user", c->cloudshell.user);
	check_length(&l, "domain", c->cloudshell.domain);
	for (size_t i = 0; i < conf_table_size; i++)
		check_setting(&l, c, i);
	if (!c->action[ACTION_START].poll && !c->action[ACTION_RUN].poll &&
	    !c->action[ACTION_END].poll)
		load_fault(&l, "%s: poll: no in all three action sections "
		    "leaves nothing to do", path);
	if (c->worker.wait_first > c->worker.wait_max)
		load_fault(&l, "%s: worker.wait_first: longer than wait_max",
		    path);
	return l.faults == 0 ? 0 : -1;
}
