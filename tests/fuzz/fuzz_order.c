/*
 * The order, and the later lines of the order pipe.
 */
#include <string.h>

#include "fuzz.h"
#include "ipc.h"
#include "ipc_order.h"

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void
try_order(const char *line, size_t len)
{
	struct ipc_order order, again;
	struct buf one, two;
	struct fail fail = { 0 };

	if (ipc_order_decode(line, len, &order, &fail) == -1) {
		fuzz_fail_check(&fail, CANARY);
		return;
	}
	MUST(order.action < ACTION_MAX && order.remaining_ms >= 0);
	MUST(order.data.ninputs <= JOB_ARTIFACTS_MAX);
	buf_init(&one, IPC_ORDER_MAX);
	buf_init(&two, IPC_ORDER_MAX);
	MUST(ipc_order_encode(&one, &order) == 0);
	MUST(ipc_order_decode(one.data, one.len - 1, &again, &fail) == 0);
	MUST(ipc_order_encode(&two, &again) == 0 && same(&one, &two));
	ipc_order_free(&order);
	ipc_order_free(&again);
	buf_free(&one);
	buf_free(&two);
}

static void
try_later(const char *line, size_t len)
{
	struct ipc_later_order later, again;
	struct buf one, two;
	struct fail fail = { 0 };

	if (ipc_later_decode(line, len, &later, &fail) == -1) {
		fuzz_fail_check(&fail, CANARY);
		return;
	}
	buf_init(&one, IPC_ORDER_MAX);
	buf_init(&two, IPC_ORDER_MAX);
	MUST(ipc_later_encode(&one, &later) == 0);
	MUST(ipc_later_decode(one.data, one.len - 1, &again, &fail) == 0);
	MUST(ipc_later_encode(&two, &again) == 0 && same(&one, &two));
	ipc_later_free(&later);
	ipc_later_free(&again);
	buf_free(&one);
	buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > IPC_ORDER_MAX / 8)
		return 0;
	try_order((const char *)data, size);
	try_later((const char *)data, size);
	return 0;
}
