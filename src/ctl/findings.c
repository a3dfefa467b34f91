/*
 * The lines of a check, as text and as JSON.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "findings.h"
#include "json.h"
#include "mem.h"
#include "names.h"
#include "utf8.h"

#define NAME_COLUMNS	32	/* of the longest usual name */

static const char *const words[FINDING_MAX] = {
	[FINDING_OK] = "ok", [FINDING_WARNING] = "warning",
	[FINDING_FAILED] = "failed", [FINDING_DENIED] = "failed",
	[FINDING_SKIPPED] = "skipped",
};

void
findings_init(struct findings *f, FILE *out)
{
	memset(f, 0, sizeof(*f));
	f->list = json_array();
	f->out = out;
}

void
findings_free(struct findings *f)
{
	json_decref(f->list);
	f->list = NULL;
}

/* "failed   cloudshell.tls    text: remedy", then commands, each on a line of
 * its own. */
static void
print(FILE *out, const json_t *line)
{
	const char *text = json_text(line, "text");
	const char *remedy = json_text(line, "remedy");
	size_t first = strcspn(remedy, "\n");

	(void)fprintf(out, "%-8s %-*s %s%s%.*s\n", json_text(line, "status"),
	    NAME_COLUMNS, json_text(line, "name"), text,
	    first > 0 ? ": " : "", (int)first, remedy);
	if (remedy[first] == '\n')
		(void)fprintf(out, "%s\n", remedy + first + 1);
	(void)fflush(out);
}

static void
add(struct findings *f, enum finding_status status, json_t *line)
{
	if (json_array_size(f->list) >= FINDINGS_MAX) {
		json_decref(line);
		return;
	}
	f->count[status]++;
	(void)json_array_append_new(f->list, line);
	if (f->out != NULL)
		print(f->out, line);
}

static json_t *
line_new(const char *name, const char *status, const char *text,
    const char *remedy)
{
	json_t *line = json_object();

	json_put_text(line, "name", name);
	json_put_text(line, "status", status);
	json_put_text(line, "text", text);
	json_put_text(line, "remedy", remedy);
	return line;
}

void
finding(struct findings *f, const char *name, enum finding_status status,
    const char *remedy, const char *fmt, ...)
{
	char *advice = xstrdup(remedy != NULL ? remedy : "");
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_trim(text);
	utf8_clean(text, false);
	utf8_clean(advice, true);
	add(f, status, line_new(name, words[status], text, advice));
	free(advice);
}

void
findings_take(struct findings *f, const json_t *from)
{
	const json_t *line, *list = json_array_of(from, "list");
	const char *word;
	size_t i;
	int s;

	json_array_foreach(list, i, line) {
		word = json_text(line, "status");
		s = name_find(words, FINDING_MAX, word, FINDING_FAILED);
		add(f, (enum finding_status)s, line_new(
		    json_text(line, "name"), words[s],
		    json_text(line, "text"), json_text(line, "remedy")));
	}
}

bool
findings_has(const struct findings *f, const char *name)
{
	const json_t *line;
	size_t i;

	json_array_foreach(f->list, i, line)
		if (strcmp(json_text(line, "name"), name) == 0)
			return true;
	return false;
}

static void
count(struct buf *to, size_t n, const char *what)
{
	if (n > 0)
		(void)buf_addf(to, "%s%zu %s", to->len > 0 ? ", " : "", n,
		    what);
}

char *
findings_summary(const struct findings *f)
{
	size_t failed = f->count[FINDING_FAILED] + f->count[FINDING_DENIED];
	size_t warned = f->count[FINDING_WARNING];
	struct buf counts;
	char *text;

	buf_init(&counts, 256);
	count(&counts, failed, "failed");
	count(&counts, warned, warned == 1 ? "warning" : "warnings");
	count(&counts, f->count[FINDING_OK], "ok");
	count(&counts, f->count[FINDING_SKIPPED], "skipped");
	if (failed > 0)
		text = xasprintf("The worker cannot do its work yet (%s): "
		    "correct what failed, then check again.",
		    buf_text(&counts));
	else if (warned > 0)
		text = xasprintf("The worker can do its work, but look at the "
		    "%s (%s).", warned == 1 ? "warning" : "warnings",
		    buf_text(&counts));
	else if (f->count[FINDING_SKIPPED] > 0)
		text = xasprintf("Nothing that was checked is wrong (%s).",
		    buf_text(&counts));
	else
		text = xasprintf("All is well (%s).", buf_text(&counts));
	buf_free(&counts);
	return text;
}
