/*
 * The jobs at hand, and the slots they take up.
 */
#ifndef BOARD_H
#define BOARD_H

#include <sys/queue.h>
#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stdint.h>

#include "aws_call.h"
#include "executors.h"
#include "job.h"
#include "life.h"

/* An event that an effect posts to its own job, for delivery after the
 * effect. */
struct board_event {
	STAILQ_ENTRY(board_event) link;
	struct life_event	 event;
	struct life_answer	 answer;	/* of the event, or unused */
	char			*text;		/* the same, or NULL */
};

struct board;

/* One job and what belongs to it, from its offer, or its record in the ledger,
 * until board_bury. */
struct entry {
	TAILQ_ENTRY(entry)	 link;
	struct board		*board;
	struct life		 life;
	struct job_data		 data;		/* secrets: only until the order
						   is written */
	struct credentials	 fresh;		/* for FX_CREDENTIALS */
	char			*refused;	/* why there are none */
	struct executor		*executor;
	struct aws_call		*acknowledge, *details, *put;
	sd_event_source		*timer;
	int64_t			 timer_ms;	/* when it is due; 0: off */
	STAILQ_HEAD(, board_event) events;
	bool			 busy;		/* an event is being delivered:
						   board_post, not deliver */
	bool			 save;		/* to be part of the next
						   commit */
	bool			 in_commit;	/* part of the commit under
						   way */
	bool			 over;		/* freed after the next
						   commit */
};

/* Deliver an event from the loop, never from within an effect of the same job;
 * its texts and pointers are borrowed. */
typedef void	(*board_deliver)(struct entry *, const struct life_event *,
		    void *);

struct board {
	TAILQ_HEAD(, entry)	 entries;
	int64_t			 max_jobs;
	board_deliver		 deliver;
	void			*arg;		/* of deliver */
	unsigned long		 claimed, succeeded, failed, ambiguous;
};

void		 board_init(struct board *, int64_t max_jobs, board_deliver,
		    void *);
/* A zeroed entry at the end of the list. */
struct entry	*board_add(struct board *);
/* The job with this id whose life is not over, or NULL. */
struct entry	*board_find(struct board *, const char *id);
/* Free the jobs whose life is over; not while somebody walks the list. */
void		 board_bury(struct board *);
/* Free all jobs without an event, at the end of the process. */
void		 board_clear(struct board *);

/* Deliver an event to one job. */
static inline void
board_tell(struct entry *entry, const struct life_event *event)
{
	entry->board->deliver(entry, event, entry->board->arg);
}

static inline void
board_tell_simple(struct entry *entry, enum life_event_type type)
{
	struct life_event event = { .type = type };

	board_tell(entry, &event);
}

/* Deliver an event to every job. */
void		 board_tell_all(struct board *, enum life_event_type);

/* From within an effect: queue an event for its job. text is copied. */
void		 board_post(struct entry *, enum life_event_type,
		    const char *text);
/* The same, with the answer of a call that could not even begin. */
void		 board_post_unsent(struct entry *, enum life_event_type);
/* Take the first queued event; free it afterwards. */
struct board_event *board_next(struct entry *);
void		 board_event_free(struct board_event *);

/* Slots not taken. */
int		 board_free_slots(const struct board *);
/* Jobs at work; jobs with an executor. */
int		 board_active(const struct board *);
int		 board_running(const struct board *);
/* Whether the process may end now and lose nothing but time; results: and every
 * result is out. */
bool		 board_at_rest(const struct board *, bool results);

#endif
