/*
 * Input artifacts: ZIP archives and bare JSON from a bucket that others write
 * to; and whether what was packed can be unpacked.
 */
#include <ctype.h>
#include <string.h>

#include "fuzz.h"
#include "src/executor/details.h"
#include "src/executor/zip.h"

static void
check_round(const uint8_t *data, size_t size)
{
	struct fail f = { 0 };
	struct buf zip, body;
	char id[SANDBOX_ID_SIZE];

	buf_init(&zip, ARTIFACT_MAX);
	buf_init(&body, size + 64);
	(void)buf_adds(&body, "{\"id\":\"x\",\"odd\":\"");
	for (size_t i = 0; i < size; i++)
		if (isalnum(data[i]))
			(void)buf_add(&body, &data[i], 1);
	(void)buf_adds(&body, "\"}");
	MUST(zip_write(&zip, ARTIFACT_DETAILS, body.data, body.len, &f) == 0);
	MUST(zip_detect(zip.data, zip.len));
	MUST(details_read(zip.data, zip.len, id, &f) == 0);
	MUST(strcmp(id, "x") == 0);
	buf_free(&zip);
	buf_free(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[SANDBOX_ID_SIZE];
	struct fail f = { 0 };

	if (details_read(data, size, id, &f) == -1) {
		fuzz_fail_check(&f, CANARY);
		MUST(f.kind == FAIL_CONFIG);
	} else {
		fuzz_text_check(id, sizeof(id), false);
		MUST(id[0] != '\0' && strchr(id, ' ') == NULL);
	}
	if (size % 16 == 0)
		check_round(data, size);
	return 0;
}
