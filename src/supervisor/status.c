/*
 * How the worker is doing.
 */
#include <systemd/sd-daemon.h>

#include <stdio.h>
#include <string.h>

#include "status.h"
#include "utf8.h"

void
status_take(struct status *status, const struct status_sources *from)
{
	const struct board *board = from->board;

	*status = (struct status){ .mode = *from->mode,
	    .running = board_running(board), .max_jobs = board->max_jobs,
	    .claimed = board->claimed, .succeeded = board->succeeded,
	    .failed = board->failed, .ambiguous = board->ambiguous,
	    .ledger_broken = from->commit->broken,
	    .disk_full = from->commit->disk_full, .keys_error = "",
	    .keys_origin = "", .region = "", .poller = { .why = "" } };
	if (from->keys != NULL) {
		status->have_keys = aws_keys_get(from->keys) != NULL;
		status->keys_error = aws_keys_error(from->keys);
		status->keys_origin = aws_keys_origin(from->keys);
		status->region = aws_keys_region(from->keys);
	}
	if (from->poller != NULL)
		poller_state(from->poller, &status->poller);
}

/* What hinders the poller, with "; " at its end, or nothing. */
static void
put_trouble(const struct poller_state *poller, char *dst, size_t size)
{
	if (poller->why[0] != '\0')
		(void)snprintf(dst, size, "Not polling: %.100s; ",
		    poller->why);
	else if (poller->failing)
		(void)snprintf(dst, size, "CodePipeline fails at present; ");
	else if (poller->refused > 0)
		(void)snprintf(dst, size, "%zu of %zu action types refused "
		    "(%.60s); ", poller->refused, poller->types, poller->code);
	else
		dst[0] = '\0';
}

char *
status_line(const struct status *status, char *dst, size_t size)
{
	char trouble[128];

	if (status->mode >= MODE_STOPPING)
		(void)snprintf(dst, size, "Stopping: %d jobs running",
		    status->running);
	else if (!status->have_keys)
		(void)snprintf(dst, size, "No AWS credentials: %s",
		    status->keys_error[0] != '\0' ? status->keys_error :
		    "looking them up");
	else if (status->ledger_broken)
		(void)snprintf(dst, size, "The worker cannot write its ledger "
		    "and claims nothing; %d jobs running", status->running);
	else {
		put_trouble(&status->poller, trouble, sizeof(trouble));
		(void)snprintf(dst, size, "%s%d of %lld jobs running; %lu "
		    "claimed, %lu succeeded, %lu failed since the start",
		    trouble, status->running, (long long)status->max_jobs,
		    status->claimed, status->succeeded, status->failed);
	}
	/* systemd takes nothing else */
	utf8_trim(dst);
	utf8_clean(dst, false);
	return dst;
}

void
status_tell(struct status_teller *teller)
{
	char line[sizeof(teller->told)];
	struct status status;

	status_take(&status, &teller->sources);
	if (strcmp(status_line(&status, line, sizeof(line)),
	    teller->told) == 0)
		return;
	(void)strlcpy(teller->told, line, sizeof(teller->told));
	(void)sd_notifyf(0, "STATUS=%s", line);
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct status_teller *teller = arg;

	(void)source, (void)usec;
	teller->soon = false;
	status_tell(teller);
	return 0;
}

void
status_teller_init(struct status_teller *teller, sd_event *event,
    const struct status_sources *sources)
{
	*teller = (struct status_teller){ .event = event,
	    .sources = *sources, .on_timer = on_timer };
}

void
status_teller_free(struct status_teller *teller)
{
	teller->timer = sd_event_source_disable_unref(teller->timer);
}
