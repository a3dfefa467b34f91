/*
 * A board with dispatch, requests and commit as they are, between executors, a
 * CodePipeline, a ledger and a clock that the test plays.
 */
#ifndef TESTS_BOARD_RIG_H
#define TESTS_BOARD_RIG_H

#include "tests/unit/fake_loop.h"

#include "src/supervisor/board.h"
#include "src/supervisor/commit.h"
#include "src/supervisor/dispatch.h"
#include "src/supervisor/requests.h"
#include "tests/unit/fake_aws_call.h"
#include "tests/unit/fake_executors.h"
#include "tests/unit/records.h"

#define RIG_JOB		"0a1b2c3d-0000-4000-8000-000000000001"
#define RIG_TIMEOUT_MS	900000
#define RIG_SECRET	"artifact-secret-key"
#define RIG_PASSWORD	"cloudshell-password"

struct rig {
	struct conf		 conf;
	struct aws		 aws;
	struct secret		*password;
	struct token_source	 tokens;
	struct board		 board;
	struct commit		 commit;
	struct requests		 requests;
	struct dispatch		 dispatch;
	struct life_rules	 rules;
	/* counted */
	int			 readies, changes, freed, upgrades, keys_made;
	/* the ledger, played */
	const char		*ledger_fails;	/* NULL: it does not */
		int64_t			 ledger_room;
	int			 saves, commits;
	/* the step of a life, played; NULL: the real one */
	unsigned		 (*step)(struct life *,
				    const struct life_event *);
	int			 steps;
};

extern struct rig rig;

int	rig_setup(void **);
int	rig_teardown(void **);

/* An entry with a job that has just been offered, not yet told so. */
struct entry	*rig_entry(const char *id);
/* The same, told. */
struct entry	*rig_offered(const char *id);
/* The same, claimed, with an executor that has got its order. */
struct entry	*rig_working(const char *id);
/* Entries on the board, those included whose life is over. */
int		 rig_entries(void);

/* What its executor says. */
void	rig_hello(struct entry *);
void	rig_result(struct entry *, enum job_outcome, enum fail_kind);
void	rig_exit(struct entry *, bool signaled, int status);
/* Tell an event to the board. */
void	rig_tell(struct entry *, enum life_event_type);

#endif
