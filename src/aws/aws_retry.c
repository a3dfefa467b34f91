/*
 * Delays and quota of the SDKs' standard mode (aws-contract 7.2).
 */
#include "aws_retry.h"

#define BASE_MS			50	/* passing faults */
#define BASE_THROTTLED_MS	1000
#define DELAY_MAX_MS		20000
#define HINT_EXTRA_MS		5000	/* a server's hint may add this much */
#define COST			14
#define COST_THROTTLED		5

void
aws_retry_init(struct aws_retry *retry, int attempts)
{
	aws_retry_limit(retry, attempts);
	retry->quota = AWS_RETRY_QUOTA;
}

void
aws_retry_limit(struct aws_retry *retry, int attempts)
{
	retry->attempts = attempts > 0 ? attempts : AWS_ATTEMPTS;
}

/* chance * min(base * 2^i, 20 s), and what the server asks for on top. */
static int64_t
delay(int retries, int64_t base, int64_t hint, uint32_t chance)
{
	int64_t ms = base;

	for (int i = 0; i < retries && ms < DELAY_MAX_MS; i++)
		ms *= 2;
	if (ms > DELAY_MAX_MS)
		ms = DELAY_MAX_MS;
	ms = (int64_t)(((uint64_t)ms * chance) >> 32);
	if (hint > ms + HINT_EXTRA_MS)
		hint = ms + HINT_EXTRA_MS;
	return hint > ms ? hint : ms;
}

int64_t
aws_retry_next(struct aws_retry *retry, struct aws_retry_call *call,
    const struct aws_error *e, uint32_t chance)
{
	bool throttled = e->class == AWS_THROTTLED;
	int cost = throttled ? COST_THROTTLED : COST;
	int64_t ms;

	if ((!throttled && e->class != AWS_TRANSIENT) ||
	    call->retries + 1 >= retry->attempts || retry->quota < cost)
		return -1;
	ms = delay(call->retries, throttled ? BASE_THROTTLED_MS : BASE_MS,
	    e->retry_after_ms, chance);
	retry->quota -= cost;
	call->taken = cost;
	call->retries++;
	return ms;
}

void
aws_retry_over(struct aws_retry *retry, const struct aws_retry_call *call)
{
	retry->quota += call->retries > 0 ? call->taken : 1;
	if (retry->quota > AWS_RETRY_QUOTA)
		retry->quota = AWS_RETRY_QUOTA;
}
