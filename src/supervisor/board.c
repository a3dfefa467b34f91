/*
 * The jobs at hand.
 */
#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "mem.h"

void
board_init(struct board *board, int64_t max_jobs, board_deliver deliver,
    void *arg)
{
	memset(board, 0, sizeof(*board));
	TAILQ_INIT(&board->entries);
	board->max_jobs = max_jobs;
	board->deliver = deliver;
	board->arg = arg;
}

/* --- come and go --- */

struct entry *
board_add(struct board *board)
{
	struct entry *entry = xcalloc(1, sizeof(*entry));

	entry->board = board;
	STAILQ_INIT(&entry->events);
	TAILQ_INSERT_TAIL(&board->entries, entry, link);
	return entry;
}

struct entry *
board_find(struct board *board, const char *id)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &board->entries, link)
		if (!entry->over && strcmp(entry->life.id, id) == 0)
			return entry;
	return NULL;
}

/* The process ends while work is under way. */
static void
cut_short(struct entry *entry)
{
	aws_call_cancel(entry->acknowledge);
	aws_call_cancel(entry->details);
	aws_call_cancel(entry->put);
	executor_free(entry->executor);
}

static void
drop(struct entry *entry)
{
	TAILQ_REMOVE(&entry->board->entries, entry, link);
	if (entry->acknowledge != NULL || entry->details != NULL ||
	    entry->put != NULL || entry->executor != NULL)
		cut_short(entry);
	sd_event_source_disable_unref(entry->timer);
	while (!STAILQ_EMPTY(&entry->events))
		board_event_free(board_next(entry));
	job_data_free(&entry->data);
	credentials_free(&entry->fresh);
	life_free(&entry->life);
	free(entry->refused);
	free(entry);
}

void
board_bury(struct board *board)
{
	struct entry *entry, *next;
	bool any = false;

	TAILQ_FOREACH_SAFE(entry, &board->entries, link, next)
		if (entry->over) {
			drop(entry);
			any = true;
		}
	/* Give back to the system what a burst of jobs left free in the
	 * heap. */
	if (any && TAILQ_EMPTY(&board->entries))
		(void)malloc_trim(0);
}

void
board_clear(struct board *board)
{
	struct entry *entry, *next;

	TAILQ_FOREACH_SAFE(entry, &board->entries, link, next)
		drop(entry);
}

/* --- events --- */

void
board_tell_all(struct board *board, enum life_event_type type)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &board->entries, link)
		board_tell_simple(entry, type);
}

static struct board_event *
post(struct entry *entry, enum life_event_type type)
{
	struct board_event *event = xcalloc(1, sizeof(*event));

	assert(entry->busy);
	event->event.type = type;
	STAILQ_INSERT_TAIL(&entry->events, event, link);
	return event;
}

void
board_post(struct entry *entry, enum life_event_type type, const char *text)
{
	struct board_event *event = post(entry, type);

	event->text = xstrdup(text);
	event->event.u.text = event->text;
}

void
board_post_unsent(struct entry *entry, enum life_event_type type)
{
	struct board_event *event = post(entry, type);

	event->answer.passing = true;
	event->answer.code = "";
	event->event.u.answer = &event->answer;
}

struct board_event *
board_next(struct entry *entry)
{
	struct board_event *event = STAILQ_FIRST(&entry->events);

	STAILQ_REMOVE_HEAD(&entry->events, link);
	return event;
}

void
board_event_free(struct board_event *event)
{
	free(event->text);
	free(event);
}

/* --- counts --- */

int
board_free_slots(const struct board *board)
{
	const struct entry *entry;
	int64_t slots = board->max_jobs;

	TAILQ_FOREACH(entry, &board->entries, link)
		if (entry->life.slot)
			slots--;
	return slots > 0 ? (int)slots : 0;
}

int
board_active(const struct board *board)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &board->entries, link)
		if (entry->life.active)
			n++;
	return n;
}

int
board_running(const struct board *board)
{
	const struct entry *entry;
	int n = 0;

	TAILQ_FOREACH(entry, &board->entries, link)
		if (entry->executor != NULL)
			n++;
	return n;
}

bool
board_at_rest(const struct board *board, bool results)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, &board->entries, link) {
		const struct life *life = &entry->life;

		if (!life_at_rest(life) || (results &&
		    life->state == LIFE_RESULT && !life->put_done))
			return false;
	}
	return true;
}
