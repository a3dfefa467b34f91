/*
 * Waiting for CloudShell: the length of the pauses, and what ends the looks.
 * Pauses take no time here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/executor/wait.h"

#define PAUSES_MAX	64

static struct {
	int64_t	 ms[PAUSES_MAX];
	int	 n;
	int	 stop_at;	/* this pause is the last, 0: none */
} paused;

int
orders_pause(struct orders *o, int64_t ms, struct fail *fail)
{
	(void)o;
	assert_true(paused.n < PAUSES_MAX);
	paused.ms[paused.n++] = ms;
	if (paused.n == paused.stop_at)
		return fail_set(fail, FAIL_STOPPED, "the job was stopped");
	return 0;
}

/* What each look finds: a kind of fail, or FAIL_NONE and what judge says. */
struct script {
	struct {
		enum fail_kind	 kind;
		int		 verdict;
	} look[PAUSES_MAX];
	int	 n;		/* looks there were */
	int	 judged;
};

static int
ask(void *arg, struct fail *fail)
{
	struct script *s = arg;
	enum fail_kind kind = s->look[s->n++].kind;

	if (kind == FAIL_NONE)
		return 0;
	return fail_set(fail, kind, "look %d", s->n);
}

static int
judge(void *arg, struct fail *fail)
{
	struct script *s = arg;
	int verdict = s->look[s->n - 1].verdict;

	s->judged++;
	if (verdict == -1)
		return fail_set(fail, FAIL_JOB, "judged %d", s->n);
	return verdict;
}

static const struct ipc_order order = { .policy = { .wait_first_ms = 1000,
    .wait_max_ms = 10000 } };

static int
watch(struct script *s, struct fail *fail)
{
	const struct wait_look look = { ask, judge, s };

	paused.n = 0;
	memset(fail, 0, sizeof(*fail));
	return wait_watch(&look, &order, NULL, fail);
}

static int
setup(void **state)
{
	(void)state;
	memset(&paused, 0, sizeof(paused));
	return 0;
}

static void
pauses_grow(void **state)
{
	static const int64_t want[] = { 1000, 1501, 2252, 3379, 5069, 7604,
	    10000, 10000 };
	struct ipc_order slow = order;
	struct fail fail;
	struct wait w;

	(void)state;
	wait_start(&w, &order);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(wait_next(&w, NULL, &fail), 0);
		assert_int_equal(paused.ms[i], want[i]);
	}
	/* the floor keeps the rate of requests, also above the longest */
	slow.policy.wait_floor_ms = 12000;
	wait_start(&w, &slow);
	assert_int_equal(wait_next(&w, NULL, &fail), 0);
	assert_int_equal(wait_next(&w, NULL, &fail), 0);
	assert_int_equal(paused.ms[paused.n - 2], 12000);
	assert_int_equal(paused.ms[paused.n - 1], 12000);
}

static void
judge_ends_it(void **state)
{
	struct script over = { .look = { { 0, WAIT_GOING }, { 0, WAIT_GOING },
	    { 0, WAIT_OVER } } };
	struct script failed = { .look = { { 0, WAIT_GOING }, { 0, -1 } } };
	struct fail fail;

	(void)state;
	assert_int_equal(watch(&over, &fail), WAIT_OVER);
	assert_int_equal(over.n, 3);
	assert_int_equal(paused.n, 3);	/* one before the first look, too */
	assert_int_equal(watch(&failed, &fail), -1);
	assert_int_equal(fail.kind, FAIL_JOB);
	assert_string_equal(fail.text, "judged 2");
}

static void
gone_twice(void **state)
{
	struct script twice = { .look = { { FAIL_REVISION, 0 },
	    { 0, WAIT_GOING }, { FAIL_REVISION, 0 }, { FAIL_REVISION, 0 } } };
	/* a look without an answer does not count */
	struct script between = { .look = { { FAIL_REVISION, 0 },
	    { FAIL_AGAIN, 0 }, { FAIL_REVISION, 0 } } };
	struct fail fail;

	(void)state;
	assert_int_equal(watch(&twice, &fail), WAIT_GONE);
	assert_int_equal(twice.n, 4);
	assert_int_equal(twice.judged, 1);
	assert_int_equal(watch(&between, &fail), WAIT_GONE);
	assert_int_equal(between.n, 3);
}

static void
faults_pass(void **state)
{
	struct script net = { 0 }, sick = { 0 }, rare = { 0 };
	struct script refused = { .look = { { FAIL_PERMISSION, 0 } } };
	struct fail fail;
	int i;

	(void)state;
	/* of the network: as long as there is time */
	for (i = 0; i < 40; i++)
		net.look[i].kind = i % 2 == 0 ? FAIL_AGAIN : FAIL_UNSURE;
	assert_int_equal(watch(&net, &fail), WAIT_OVER);
	assert_int_equal(net.n, 41);
	/* of the server: five in a row end it */
	for (i = 0; i < 10; i++)
		sick.look[i].kind = FAIL_SYSTEM;
	assert_int_equal(watch(&sick, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	assert_string_equal(fail.text, "look 5");
	/* four do not, and an answer starts the count again */
	for (i = 0; i < 9; i++) {
		rare.look[i].kind = i == 4 ? FAIL_NONE : FAIL_SYSTEM;
		rare.look[i].verdict = WAIT_GOING;
	}
	assert_int_equal(watch(&rare, &fail), WAIT_OVER);
	assert_int_equal(rare.n, 10);
	/* anything else at once */
	assert_int_equal(watch(&refused, &fail), -1);
	assert_int_equal(fail.kind, FAIL_PERMISSION);
	assert_int_equal(refused.n, 1);
}

static void
stop_ends_it(void **state)
{
	struct script s = { .look = { { 0, WAIT_GOING }, { 0, WAIT_GOING },
	    { 0, WAIT_GOING } } };
	struct fail fail;

	(void)state;
	paused.stop_at = 2;
	assert_int_equal(watch(&s, &fail), -1);
	assert_int_equal(fail.kind, FAIL_STOPPED);
	assert_int_equal(s.n, 1);	/* no look after it */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pauses_grow, setup),
		cmocka_unit_test_setup(judge_ends_it, setup),
		cmocka_unit_test_setup(gone_twice, setup),
		cmocka_unit_test_setup(faults_pass, setup),
		cmocka_unit_test_setup(stop_ends_it, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
