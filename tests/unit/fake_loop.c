#include <sys/queue.h>
#include <systemd/sd-event.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fake_loop.h"
#include "mem.h"
#include "sys.h"

#define TURNS_MAX	20000	/* of one wait: more would never end */

struct sd_event_source {
	TAILQ_ENTRY(sd_event_source) link;
	sd_event_time_handler_t	 timer;		/* or defer */
	sd_event_handler_t	 defer;
	void			*arg;
	int64_t			 due_ms;
	bool			 on;
};

static TAILQ_HEAD(, sd_event_source) sources =
    TAILQ_HEAD_INITIALIZER(sources);
static int64_t clock_ms;
static int armed;

int64_t
fake_now_ms(void)
{
	return clock_ms;
}

int64_t
fake_wall(void)
{
	return 1700000000 + clock_ms / 1000;
}

void
fake_loop_reset(int64_t now_ms)
{
	assert(TAILQ_EMPTY(&sources));
	clock_ms = now_ms;
	armed = 0;
}

/* --- what the supervisor calls --- */

static sd_event_source *
add(void *arg)
{
	sd_event_source *source = xcalloc(1, sizeof(*source));

	source->arg = arg;
	source->on = true;
	TAILQ_INSERT_TAIL(&sources, source, link);
	return source;
}

int
sd_event_add_time(sd_event *event, sd_event_source **source, clockid_t clock,
    uint64_t usec, uint64_t accuracy, sd_event_time_handler_t handler,
    void *arg)
{
	(void)event, (void)accuracy;
	assert(clock == SYS_CLOCK);
	*source = add(arg);
	(*source)->timer = handler;
	(*source)->due_ms = (int64_t)(usec / 1000);
	armed++;
	return 0;
}

int
sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	source->due_ms = (int64_t)(usec / 1000);
	return 0;
}

int
sd_event_add_defer(sd_event *event, sd_event_source **source,
    sd_event_handler_t handler, void *arg)
{
	(void)event;
	*source = add(arg);
	(*source)->defer = handler;
	return 0;
}

int
sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	source->on = enabled != SD_EVENT_OFF;
	if (source->on && source->timer != NULL)
		armed++;
	return 0;
}

int
sd_event_source_set_priority(sd_event_source *source, int64_t priority)
{
	(void)source, (void)priority;
	return 0;
}

sd_event_source *
sd_event_source_disable_unref(sd_event_source *source)
{
	if (source != NULL) {
		TAILQ_REMOVE(&sources, source, link);
		free(source);
	}
	return NULL;
}

/* --- what the test calls --- */

static sd_event_source *
first(bool timer)
{
	sd_event_source *source, *best = NULL;

	TAILQ_FOREACH(source, &sources, link)
		if (source->on && (source->timer != NULL) == timer &&
		    (best == NULL || source->due_ms < best->due_ms))
			best = source;
	return best;
}

void
fake_loop_pass(int64_t ms)
{
	int64_t until = clock_ms + ms;
	sd_event_source *source;

	for (int turns = 0; turns < TURNS_MAX; turns++) {
		source = first(false);
		if (source != NULL) {
			source->on = false;
			(void)source->defer(source, source->arg);
			continue;
		}
		source = first(true);
		if (source == NULL || source->due_ms > until) {
			clock_ms = until;
			return;
		}
		if (source->due_ms > clock_ms)
			clock_ms = source->due_ms;
		source->on = false;
		(void)source->timer(source, 0, source->arg);
	}
	assert(!"the loop comes to rest");
}

int64_t
fake_loop_due(void)
{
	const sd_event_source *source = first(true);

	return source != NULL ? source->due_ms : -1;
}

int
fake_loop_sources(void)
{
	const sd_event_source *source;
	int n = 0;

	TAILQ_FOREACH(source, &sources, link)
		n++;
	return n;
}

int
fake_loop_armed(void)
{
	return armed;
}
