/*
 * The snapshot of the worker, and the line that systemctl shows of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "src/supervisor/status.h"
#include "utf8.h"

/* --- the parts, played --- */

struct poller {
	struct poller_state	 state;
};

struct aws_keys {
	const struct credentials *have;
	const char		*error, *origin, *region;
};

static int running;

int
board_running(const struct board *board)
{
	(void)board;
	return running;
}

void
poller_state(const struct poller *poller, struct poller_state *state)
{
	*state = poller->state;
}

const struct credentials *
aws_keys_get(const struct aws_keys *keys)
{
	return keys->have;
}

const char *
aws_keys_error(const struct aws_keys *keys)
{
	return keys->error;
}

const char *
aws_keys_origin(const struct aws_keys *keys)
{
	return keys->origin;
}

const char *
aws_keys_region(const struct aws_keys *keys)
{
	return keys->region;
}

/* --- the snapshot --- */

static void
all_is_taken(void **state)
{
	static const struct credentials some;
	const struct poller poller = { { .why = "w", .failing = true,
	    .refused = 2, .code = "C", .types = 6 } };
	const struct aws_keys keys = { &some, "e", "o", "r" };
	const struct board board = { .max_jobs = 32, .claimed = 4,
	    .succeeded = 3, .failed = 2, .ambiguous = 1 };
	const struct commit commit = { .broken = true, .disk_full = true };
	const enum worker_mode mode = MODE_PARKING;
	const struct status_sources from = { &mode, &board, &commit, &poller,
	    &keys };
	struct status status;

	(void)state;
	running = 5;
	status_take(&status, &from);
	assert_int_equal(status.mode, MODE_PARKING);
	assert_int_equal(status.running, 5);
	assert_int_equal(status.max_jobs, 32);
	assert_int_equal(status.claimed, 4);
	assert_int_equal(status.succeeded, 3);
	assert_int_equal(status.failed, 2);
	assert_int_equal(status.ambiguous, 1);
	assert_true(status.have_keys);
	assert_string_equal(status.keys_error, "e");
	assert_string_equal(status.keys_origin, "o");
	assert_string_equal(status.region, "r");
	assert_true(status.ledger_broken);
	assert_true(status.disk_full);
	assert_string_equal(status.poller.why, "w");
	assert_true(status.poller.failing);
	assert_int_equal(status.poller.refused, 2);
	assert_string_equal(status.poller.code, "C");
	assert_int_equal(status.poller.types, 6);
}

/* Before there is a poller, or a look-up of credentials. */
static void
parts_may_be_missing(void **state)
{
	const struct board board = { .max_jobs = 1 };
	const struct commit commit = { 0 };
	const enum worker_mode mode = MODE_STARTING;
	const struct status_sources from = { &mode, &board, &commit, NULL,
	    NULL };
	struct status status;
	char line[256];

	(void)state;
	memset(&status, 0xff, sizeof(status));
	running = 0;
	status_take(&status, &from);
	assert_false(status.have_keys);
	assert_string_equal(status.keys_error, "");
	assert_string_equal(status.keys_origin, "");
	assert_string_equal(status.region, "");
	assert_string_equal(status.poller.why, "");
	assert_int_equal(status.poller.refused, 0);
	assert_string_equal(status_line(&status, line, sizeof(line)),
	    "No AWS credentials: looking them up");
}

/* --- the line --- */

/* Everything is well: each case changes some of it. */
static struct status
well(void)
{
	return (struct status){ .mode = MODE_RUNNING, .running = 3,
	    .max_jobs = 32, .claimed = 10, .succeeded = 5, .failed = 2,
	    .have_keys = true, .keys_error = "", .keys_origin = "file",
	    .region = "eu-central-1", .poller = { .why = "", .types = 6 } };
}

static void
assert_line(const struct status *status, const char *expected)
{
	char line[256];

	assert_ptr_equal(status_line(status, line, sizeof(line)), line);
	assert_string_equal(line, expected);
}

#define COUNTS	"3 of 32 jobs running; 10 claimed, 5 succeeded, 2 failed " \
		"since the start"

static void
line_of_each_state(void **state)
{
	struct status status = well();

	(void)state;
	assert_line(&status, COUNTS);
	status.mode = MODE_STARTING;
	assert_line(&status, COUNTS);

	status = well();
	status.poller.refused = 2;
	status.poller.code = "AccessDenied";
	assert_line(&status, "2 of 6 action types refused (AccessDenied); "
	    COUNTS);
	status.poller.failing = true;
	assert_line(&status, "CodePipeline fails at present; " COUNTS);
	status.poller.why = "no AWS region";
	assert_line(&status, "Not polling: no AWS region; " COUNTS);

	/* each of the next comes before all above */
	status.ledger_broken = true;
	assert_line(&status, "The worker cannot write its ledger and "
	    "claims nothing; 3 jobs running");
	status.have_keys = false;
	assert_line(&status, "No AWS credentials: looking them up");
	status.keys_error = "no profile \"x\"";
	assert_line(&status, "No AWS credentials: no profile \"x\"");
	status.mode = MODE_STOPPING;
	assert_line(&status, "Stopping: 3 jobs running");
	status.mode = MODE_PARKING;
	assert_line(&status, "Stopping: 3 jobs running");
}

/* Old credentials that still serve are no trouble. */
static void
failed_look_up_with_keys(void **state)
{
	struct status status = well();

	(void)state;
	status.keys_error = "endpoint away";
	assert_line(&status, COUNTS);
}

/* systemd drops a line that is not UTF-8, and a line end would begin another
 * field of the message to it. */
static void
line_is_one_of_utf8(void **state)
{
	struct status status = well();
	char text[600], line[256];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		status = well();
		status.have_keys = false;
		status.keys_error = text;
		(void)status_line(&status, line, sizeof(line));
		assert_true(strlen(line) > sizeof(line) - 5);
		assert_true(utf8_valid(line));
		assert_null(strchr(line, '?'));

		status = well();
		status.poller.why = text;
		(void)status_line(&status, line, sizeof(line));
		assert_true(utf8_valid(line));
		assert_non_null(strstr(line, COUNTS));

		status = well();
		status.poller.refused = 1;
		status.poller.code = text;
		(void)status_line(&status, line, sizeof(line));
		assert_true(utf8_valid(line));
		assert_non_null(strstr(line, COUNTS));
	}
	status = well();
	status.have_keys = false;
	status.keys_error = "one\nMAINPID=1";
	(void)status_line(&status, line, sizeof(line));
	assert_null(strchr(line, '\n'));
}

static void
short_of_room(void **state)
{
	struct status status = well();
	char line[16];

	(void)state;
	memset(line, '#', sizeof(line));
	(void)status_line(&status, line, 9);
	assert_string_equal(line, "3 of 32 ");
	assert_int_equal(line[9], '#');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_taken),
		cmocka_unit_test(parts_may_be_missing),
		cmocka_unit_test(line_of_each_state),
		cmocka_unit_test(failed_look_up_with_keys),
		cmocka_unit_test(line_is_one_of_utf8),
		cmocka_unit_test(short_of_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
