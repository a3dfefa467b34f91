/*
 * Executors as they are, with puppets for their processes and jobs that note
 * what they hear.
 */
#ifndef TESTS_EXECUTORS_RIG_H
#define TESTS_EXECUTORS_RIG_H

#include "puppet.h"
#include "records.h"
#include "src/supervisor/executors.h"

#define LOGIN	"{\"type\":\"progress\",\"step\":\"login\"}\n"
#define SETUP	"{\"type\":\"progress\",\"step\":\"setup\"}\n"
#define RESULT	"{\"type\":\"result\",\"outcome\":\"success\"," \
		"\"text\":\"ok\",\"sandbox_ended\":false," \
		"\"sandbox_kept\":false}\n"

extern sd_event *event;
extern struct executors *all;
extern struct puppet *zygote_puppet;	/* it has given its sign of life */
extern int readies;
extern pid_t known_pid;			/* a child of somebody else's */

/* Who executors work for, and what was heard of them, in words. */
extern struct job {
	struct executor	*executor;
	struct puppet	*puppet;
	char		 heard[512];
	int		 words;
	pid_t		 pid;		/* of its hello */
	int		 renewals;	/* when it ended */
	const char	*free_at;	/* in the callback of this word */
	struct job	*free_other;	/* that one's, when it ends */
} one, two;

/* Of a group, and of each test. */
int	rig_begin(void **);
int	rig_end(void **);
int	rig_setup(void **);
int	rig_teardown(void **);

/* Turn the loop until so much has been counted; until nothing is due; once, and
 * then until nothing is due. */
void	run_until(const int *count, int wanted);
void	run_dry(void);
void	one_turn(void);
/* Turn it until this child is gone. */
void	until_reaped(pid_t);

/* An executor that is asked for; forked; forked without the zygote's answer,
 * whose number is returned; that has said its hello; that has its order, and
 * has been heard of no more. */
void	ask_for(struct job *);
void	begin(struct job *);
uint32_t begin_unanswered(struct job *);
void	begin_hello(struct job *);
void	begin_working(struct job *);

void	give(struct job *, const char *text, bool answer);
void	say(struct job *, const char *text);
void	assert_heard(const struct job *, const char *expected);

/* What waits to be written to its order pipe. */
const struct buf *rig_unwritten(const struct executor *);
/* Its exit is seen before what it has said. */
void	rig_exit_first(struct executor *);

#endif
