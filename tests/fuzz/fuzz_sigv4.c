/*
 * Signatures and endpoints. Pieces: method, path, query, headers as lines,
 * endpoint URL.
 */
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "fuzz.h"
#include "sigv4.h"

#define HASH	"e3b0c44298fc1c149afbf4c8996fb924" \
		"27ae41e4649b934ca495991b7852b855"

static size_t
headers_read(char *text, struct sigv4_header *h, size_t max)
{
	char *line, *colon;
	size_t n = 0;

	while (n < max && (line = strsep(&text, "\n")) != NULL)
		if ((colon = strchr(line, ':')) != NULL) {
			*colon = '\0';
			h[n].name = line;
			h[n++].value = colon + 1;
		}
	return n;
}

static void
try_signature(struct sigv4_input *in)
{
	struct credentials keys = { (char *)"AKID", secret_text(CANARY), NULL,
	    0 };
	struct fail fail = { 0 };
	char one[65], two[65];
	struct buf b;

	buf_init(&b, 64 * 1024);
	if (sigv4_canonical(in, &b, &fail) == -1) {
		fuzz_fail_check(&fail, CANARY);
	} else {
		MUST(b.len > 64 && strcmp(b.data + b.len - 64, HASH) == 0);
		MUST(sigv4_signature(in, &keys, one, &fail) == 0);
		in->path = strdup(in->path);	/* nothing depends on where */
		MUST(sigv4_signature(in, &keys, two, &fail) == 0);
		MUST(strcmp(one, two) == 0 && strlen(one) == 64);
		free((char *)in->path);
	}
	buf_free(&b);
	secret_free(keys.secret_key);
}

static void
try_endpoint(const char *url, const char *region)
{
	struct aws_endpoint e = { 0 };
	struct fail fail = { 0 };

	if (aws_endpoint_find("s3", region, url, false, false, &e, &fail) ==
	    -1) {
		MUST(strstr(fail.text, CANARY) == NULL);
		return;
	}
	MUST(strncmp(e.url, "http", 4) == 0 && e.host[0] != '\0');
	MUST(strpbrk(e.url, "@?# \n") == NULL);
	MUST(e.base[0] == '\0' || e.base[0] == '/');
	MUST(strstr(e.url, e.base) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigv4_header headers[SIGV4_HEADERS_MAX];
	struct sigv4_input in = { .headers = headers, .payload_hash = HASH,
		.date = "20261123T120000Z", .region = "us-east-1",
		.service = "s3" };
	char *piece[5] = { NULL };
	size_t len, n = 0;

	if (size > 16 * 1024)
		return 0;
	while (n < 5 && fuzz_piece(&data, &size, &piece[n], &len))
		n++;
	if (n == 5) {
		in.method = piece[0];
		in.path = piece[1];
		in.query = piece[2];
		in.nheaders = headers_read(piece[3], headers,
		    SIGV4_HEADERS_MAX);
		in.double_encode = len % 2 == 0;
		try_signature(&in);
		try_endpoint(piece[4], "us-east-1");
		try_endpoint(NULL, piece[4]);
	}
	while (n > 0)
		free(piece[--n]);
	return 0;
}
