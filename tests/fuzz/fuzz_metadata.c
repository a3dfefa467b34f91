/*
 * Answers of the local services that hand out credentials: a container's
 * endpoint, or EC2's metadata service. Each request gets the next piece of the
 * input. http_perform and nanosleep are replaced (tests/fuzz/sources.mk), so
 * nothing is sent and nobody waits.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/credentials/container.h"
#include "src/credentials/ec2.h"
#include "src/credentials/files.h"
#include "endpoint.h"
#include "http_client.h"
#include "fuzz.h"

#define BASE		"http://127.0.0.1:81/b"
#define CONTAINER_TOKEN	CANARY "-token"

static const uint8_t *input;
static size_t left;
static unsigned calls;

int	__wrap_http_perform(struct http_client *, const struct http_request *,
	    struct http_answer *, struct fail *);
int	__wrap_nanosleep(const struct timespec *, struct timespec *);

int
__wrap_http_perform(struct http_client *h, const struct http_request *rq,
    struct http_answer *a, struct fail *fail)
{
	char *piece;
	size_t len;

	(void)h;
	memset(a, 0, sizeof(*a));
	MUST(++calls < 50);
	MUST(strncmp(rq->url, BASE, strlen(BASE)) == 0);
	MUST(strpbrk(rq->url, " ?#\r\n") == NULL);
	MUST(rq->no_proxy && rq->private_answer && rq->timeout_ms > 0);
	for (size_t i = 0; rq->headers[i] != NULL; i++)
		MUST(strpbrk(rq->headers[i], "\r\n") == NULL);
	if (!fuzz_piece(&input, &left, &piece, &len))
		return fail_set(fail, FAIL_AGAIN, "nobody there");
	fuzz_answer(piece, len, a);
	a->sent = true;
	free(piece);
	if (a->body.len > rq->answer_max)
		return fail_set(fail, FAIL_SYSTEM, "too long");
	return a->status > 0 ? 0 : fail_set(fail, FAIL_UNSURE, "lost");
}

int
__wrap_nanosleep(const struct timespec *wanted, struct timespec *rest)
{
	(void)rest;
	MUST(wanted->tv_sec < 10);
	return 0;
}

static void
look(provider p, const struct chain *c)
{
	/* what was sent and may not be shown; the input may hold it, too */
	const char *secret = p == container_look ? CONTAINER_TOKEN : "\n";
	struct aws_found found = { 0 };
	struct fail fail = { 0 };
	char *region;

	switch (p(c, &found, &fail)) {
	case FOUND:
		MUST(found.keys.access_key_id[0] != '\0');
		MUST(found.keys.secret_key != NULL && found.keys.expires > 0);
		MUST(found.source != NULL && found.origin != NULL);
		MUST(found.account == NULL || strlen(found.account) == 12);
		fuzz_text_check(found.origin, 200, false);
		break;
	case BROKEN:
	case NOT_CONFIGURED:
		fuzz_fail_check(&fail, secret);
		MUST(found.keys.access_key_id == NULL);
		break;
	}
	region = ec2_region(c, &found);
	MUST(region == NULL || aws_region_valid(region));
	free(region);
	for (size_t i = 0; i < found.nwarnings; i++)
		fuzz_text_check(found.warning[i], FAIL_TEXT_MAX + 100, false);
	aws_found_free(&found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = { .credentials_file = fuzz_file(0, "", 0),
	    .config_file = fuzz_file(1, "", 0) };
	struct chain chain = { .options = &options, .profile = "default" };
	struct aws_files *files;
	struct fail fail = { 0 };

	if (size < 2 || size > 64 * 1024)
		return 0;
	(void)setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", BASE "/", 1);
	(void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", BASE, 1);
	(void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN, 1);
	input = data + 2;	/* a digit and a line end */
	left = size - 2;
	calls = 0;
	MUST(files_load(&files, &options, &fail) == 0);
	chain.files = files;
	options.metadata_v1 = data[0] % 3 == 2;
	look(data[0] % 3 == 0 ? container_look : ec2_look, &chain);
	files_free(files);
	return 0;
}
