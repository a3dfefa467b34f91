/*
 * When a call is repeated: the formula of the standard mode for all chances,
 * the quota's arithmetic, and what is never repeated.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "aws_retry.h"

#define TRANSIENT_COST	14
#define THROTTLED_COST	5
#define EXTRA_MS	5000

/* From none to nearly all, and the ends. */
static const uint32_t chances[] = { 0, 1, 0x3fffffff, 0x40000000, 0x7fffffff,
	0x80000000, 0xc0000000, 0xfffffffe, 0xffffffff };
#define CHANCES	(sizeof(chances) / sizeof(chances[0]))

static const struct aws_error transient = { .class = AWS_TRANSIENT };
static const struct aws_error throttled = { .class = AWS_THROTTLED };

/* aws-contract 7.2: the whole delay before retry i. */
static int64_t
full(int64_t base, int i)
{
	int64_t ms = base;

	while (i-- > 0)
		ms *= 2;
	return ms < 20000 ? ms : 20000;
}

/* The delay of the retry after so many, or -1. */
static int64_t
next(const struct aws_error *e, int retries, uint32_t chance)
{
	struct aws_retry retry;
	struct aws_retry_call call = { .retries = retries };

	aws_retry_init(&retry, 30);
	return aws_retry_next(&retry, &call, e, chance);
}

static void
delays(void **state)
{
	static const struct {
		const struct aws_error	*e;
		int64_t			 base;
	} kinds[] = { { &transient, 50 }, { &throttled, 1000 } };

	(void)state;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 20; i++) {
			int64_t whole = full(kinds[k].base, i), last = -1;

			for (size_t c = 0; c < CHANCES; c++) {
				int64_t ms = next(kinds[k].e, i, chances[c]);

				/* evenly: the chance's share of the whole */
				assert_int_equal(ms, whole * chances[c] >> 32);
				assert_true(ms >= last && ms < whole);
				last = ms;
			}
			assert_int_equal(next(kinds[k].e, i, 0), 0);
			assert_int_equal(next(kinds[k].e, i, 0x80000000),
			    whole / 2);
		}
}

/* A server's hint: never less than the delay t, never more than t + 5 s. */
static void
hints(void **state)
{
	static const int64_t hinted[] = { 1, 40, 1000, 4999, 5000, 5001, 60000,
	    15 * 60 * 1000 };

	(void)state;
	for (size_t h = 0; h < sizeof(hinted) / sizeof(hinted[0]); h++)
		for (int i = 0; i < 8; i++)
			for (size_t c = 0; c < CHANCES; c++) {
				struct aws_error e = throttled;
				int64_t t = next(&e, i, chances[c]), ms;

				e.retry_after_ms = hinted[h];
				ms = next(&e, i, chances[c]);
				assert_in_range(ms, t, t + EXTRA_MS);
				if (hinted[h] >= t && hinted[h] <= t + EXTRA_MS)
					assert_int_equal(ms, hinted[h]);
			}
}

static void
attempts(void **state)
{
	static const int wanted[][2] = { { 0, 3 }, { 1, 1 }, { 2, 2 },
	    { 10, 10 } };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct aws_retry retry;
		struct aws_retry_call call = { 0 };
		int made = 1;

		aws_retry_init(&retry, wanted[i][0]);
		while (aws_retry_next(&retry, &call, &transient, 1) >= 0)
			made++;
		assert_int_equal(made, wanted[i][1]);
		assert_int_equal(call.retries, made - 1);
	}
}

static void
never(void **state)
{
	static const enum aws_class classes[] = { AWS_OK, AWS_FINAL,
	    AWS_CREDENTIALS, AWS_SKEW, AWS_REDIRECT };
	struct aws_retry retry;
	struct aws_retry_call call = { 0 };

	(void)state;
	aws_retry_init(&retry, 0);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct aws_error e = { .class = classes[i] };

		assert_int_equal(aws_retry_next(&retry, &call, &e, 1), -1);
	}
	assert_int_equal(retry.quota, AWS_RETRY_QUOTA);
	assert_int_equal(call.retries, 0);
}

static void
quota(void **state)
{
	struct aws_retry retry;
	struct aws_retry_call call = { 0 };
	int n = 0;

	(void)state;
	aws_retry_init(&retry, 1000);
	assert_int_equal(retry.quota, 500);
	/* a success at the first attempt gives 1, but never above the whole */
	aws_retry_over(&retry, &call);
	assert_int_equal(retry.quota, 500);
	assert_true(aws_retry_next(&retry, &call, &transient, 1) >= 0);
	assert_int_equal(retry.quota, 500 - TRANSIENT_COST);
	assert_true(aws_retry_next(&retry, &call, &throttled, 1) >= 0);
	assert_int_equal(retry.quota, 500 - TRANSIENT_COST - THROTTLED_COST);
	/* what the last retry took */
	aws_retry_over(&retry, &call);
	assert_int_equal(retry.quota, 500 - TRANSIENT_COST);
	call = (struct aws_retry_call){ 0 };
	aws_retry_over(&retry, &call);
	assert_int_equal(retry.quota, 500 - TRANSIENT_COST + 1);
	/* spent: first for the one, then for the other */
	while (aws_retry_next(&retry, &call, &transient, 1) >= 0)
		n++;
	assert_int_equal(n, (500 - TRANSIENT_COST + 1) / TRANSIENT_COST);
	assert_in_range(retry.quota, THROTTLED_COST, TRANSIENT_COST - 1);
	assert_true(aws_retry_next(&retry, &call, &throttled, 1) >= 0);
	assert_true(retry.quota >= 0);
	while (aws_retry_next(&retry, &call, &throttled, 1) >= 0)
		continue;
	assert_in_range(retry.quota, 0, THROTTLED_COST - 1);
}

static void
limit(void **state)
{
	struct aws_retry retry;
	struct aws_retry_call call = { 0 };

	(void)state;
	aws_retry_init(&retry, 2);
	assert_true(aws_retry_next(&retry, &call, &transient, 1) >= 0);
	assert_int_equal(aws_retry_next(&retry, &call, &transient, 1), -1);
	aws_retry_limit(&retry, 0);
	assert_int_equal(retry.attempts, AWS_ATTEMPTS);
	assert_int_equal(retry.quota, 500 - TRANSIENT_COST);
	assert_true(aws_retry_next(&retry, &call, &transient, 1) >= 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays),
		cmocka_unit_test(hints),
		cmocka_unit_test(attempts),
		cmocka_unit_test(never),
		cmocka_unit_test(quota),
		cmocka_unit_test(limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
