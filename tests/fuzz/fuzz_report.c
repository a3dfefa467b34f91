/*
 * Lines of the report pipe, as a hostile executor might send them.
 */
#include <string.h>

#include "fuzz.h"
#include "ipc.h"

static void
check(const struct ipc_report *r)
{
	struct ipc_report again = { 0 };
	struct ipc_turn turn = { .hello = true, .ordered = true };
	struct buf one, two;
	struct fail fail = { 0 };

	MUST(r->type < IPC_REPORT_TYPES);
	(void)ipc_permitted(&turn, r->type);
	ipc_turn_took(&turn, r->type);
	/* what was read can be written, unchanged */
	buf_init(&one, IPC_REPORT_MAX);
	buf_init(&two, IPC_REPORT_MAX);
	MUST(ipc_report_encode(&one, r) == 0);
	MUST(one.data[one.len - 1] == '\n');
	MUST(memchr(one.data, '\n', one.len - 1) == NULL);
	MUST(ipc_report_decode(one.data, one.len - 1, &again, &fail) == 0);
	MUST(ipc_report_encode(&two, &again) == 0);
	MUST(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	ipc_report_free(&again);
	buf_free(&one);
	buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipc_report r;
	struct fail f = { 0 };

	if (size > IPC_REPORT_MAX / 8)
		return 0;
	if (ipc_report_decode((const char *)data, size, &r, &f) == -1) {
		fuzz_fail_check(&f, CANARY);
		MUST(f.kind == FAIL_SYSTEM);
		return 0;
	}
	check(&r);
	ipc_report_free(&r);
	return 0;
}
