#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "records.h"

#define RECORDS_MAX	1024	/* kept: the last ones */

static struct record kept[RECORDS_MAX];
static size_t written;

/* Here the id of a kind is a letter, in the order of their numbers. */
const char *const journal_message_ids[JOURNAL_EVENT_MAX] = {
	"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N",
	"O", "P", "Q", "R", "S", "T", "U", "V",
};

static const struct record *
nth(size_t i)
{
	return &kept[i % RECORDS_MAX];
}

static size_t
first(void)
{
	return written > RECORDS_MAX ? written - RECORDS_MAX : 0;
}

int
records_with(const char *piece)
{
	int n = 0;

	for (size_t i = first(); i < written; i++)
		if (strstr(nth(i)->text, piece) != NULL)
			n++;
	return n;
}

const struct record *
records_find(const char *piece)
{
	for (size_t i = written; i > first(); i--)
		if (strstr(nth(i - 1)->text, piece) != NULL)
			return nth(i - 1);
	return NULL;
}

static struct record *
keep(const char *job, enum journal_event event, int priority)
{
	struct record *record = &kept[written++ % RECORDS_MAX];

	record->event = event;
	record->priority = priority;
	(void)snprintf(record->job, sizeof(record->job), "%s", job);
	return record;
}

/* Lines with a MESSAGE_ID are records; others are not the journal's. */
static void
sink(int priority, const struct log_field *fields, size_t n,
    const char *message)
{
	const char *id = NULL, *job = "";
	struct record *record;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(fields[i].name, "MESSAGE_ID") == 0)
			id = fields[i].value;
		if (strcmp(fields[i].name, "QUALI_JOB_ID") == 0)
			job = fields[i].value;
	}
	if (id == NULL)
		return;
	record = keep(job, (enum journal_event)(id[0] - 'A'), priority);
	(void)snprintf(record->text, sizeof(record->text), "%s", message);
}

void
journal_event(enum journal_event event, int priority, const char *fmt, ...)
{
	struct record *record = keep("", event, priority);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(record->text, sizeof(record->text), fmt, ap);
	va_end(ap);
}

void
records_clear(void)
{
	written = 0;
	log_init("test", LOG_DEBUG);
	log_set_sink(sink);
}
