/*
 * Answers of a CloudShell server: each request gets the next piece of the
 * input, whatever it asked for. http_perform is replaced
 * (tests/fuzz/sources.mk), so nothing is sent.
 */
#include <stdlib.h>
#include <string.h>

#include "src/cloudshell/types.h"
#include "fuzz.h"

#define PASSWORD	CANARY "-password"

static const uint8_t *input;
static size_t left;
static unsigned calls;

int	__wrap_http_perform(struct http_client *, const struct http_request *,
	    struct http_answer *, struct fail *);

int
__wrap_http_perform(struct http_client *h, const struct http_request *rq,
    struct http_answer *a, struct fail *fail)
{
	char *piece;
	size_t len;

	(void)h;
	memset(a, 0, sizeof(*a));
	MUST(++calls < 2000);
	MUST(strncmp(rq->url, "http://x.example:82/", 20) == 0);
	MUST(strpbrk(rq->url, " \r\n") == NULL);
	if (!fuzz_piece(&input, &left, &piece, &len))
		return fail_set(fail, FAIL_STOPPED, "the end");
	fuzz_answer(piece, len, a);
	a->sent = true;
	free(piece);
	if (a->body.len > rq->answer_max)
		return fail_set(fail, FAIL_SYSTEM, "too long");
	return a->status > 0 ? 0 : fail_set(fail, FAIL_UNSURE, "lost");
}

static int
no_pause(int64_t ms, void *arg, struct fail *fail)
{
	(void)arg, (void)fail;
	MUST(ms > 0);
	return 0;
}

static void
called(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	(void)status, (void)ms, (void)arg;
	MUST(method[0] != '\0' && attempt > 0);
	MUST(strstr(where, PASSWORD) == NULL);
	MUST(error == NULL || strstr(error, PASSWORD) == NULL);
}

static int64_t
remaining(void *arg)
{
	(void)arg;
	return 900000;
}

/* A failed call must have filled fail. */
static bool
went_well(int rc, struct fail *fail)
{
	if (rc == -1)
		fuzz_fail_check(fail, PASSWORD);
	memset(fail, 0, sizeof(*fail));
	return rc == 0;
}

static void
try_sandboxes(struct cs_client *c)
{
	struct cs_blueprint blueprint = { 0 };
	struct cs_sandbox sandbox = { 0 };
	struct fail fail = { 0 };
	struct cs_found found;
	enum cs_stop answer;

	if (went_well(cs_blueprint_find(c, "Lab", &blueprint, &fail), &fail))
		MUST(blueprint.id != NULL);
	cs_blueprint_free(&blueprint);
	if (went_well(cs_sandbox_start(c, "b1", "n", 5, NULL, &sandbox, &fail),
	    &fail))
		MUST(sandbox.id != NULL && json_is_object(sandbox.details));
	cs_sandbox_free(&sandbox);
	if (went_well(cs_sandbox_get(c, "s1", &sandbox, &fail), &fail))
		MUST(sandbox.phase <= CS_ENDED);
	cs_sandbox_free(&sandbox);
	if (went_well(cs_sandbox_find(c, "n", "Lab", &found, &fail), &fail))
		MUST(found.n == 0 || found.id[0][0] != '\0');
	(void)went_well(cs_sandbox_stop(c, "s1", &answer, &fail), &fail);
}

static void
try_commands(struct cs_client *c)
{
	struct cs_target target = { .sandbox = "s1", .component = "c1" };
	struct cs_component *list;
	struct cs_execution execution = { 0 };
	struct fail fail = { 0 };
	char id[SANDBOX_ID_SIZE];
	size_t n;

	if (went_well(cs_components(c, "s1", &list, &n, &fail), &fail)) {
		for (size_t i = 0; i < n; i++)
			MUST(list[i].id != NULL && list[i].name != NULL);
		cs_components_free(list, n);
	}
	if (went_well(cs_command_start(c, &target, "go", NULL, id, &fail),
	    &fail))
		MUST(id[0] != '\0');
	(void)went_well(cs_command_missing(c, &target, "go", &fail), &fail);
	if (went_well(cs_execution_get(c, "e1", &execution, &fail), &fail))
		MUST(execution.output == NULL ||
		    strstr(execution.output, PASSWORD) == NULL);
	cs_execution_free(&execution);
	(void)went_well(cs_execution_cancel(c, "e1", &fail), &fail);
}

static void
try_activity(struct cs_client *c)
{
	struct fail fail = { 0 };
	struct buf shown;
	int64_t last = 0;

	buf_init(&shown, CS_TEXT_MAX);
	if (went_well(cs_activity_errors(c, "s1", 1, &shown, &last, &fail),
	    &fail))
		fuzz_text_check(buf_text(&shown), CS_TEXT_MAX + 1, false);
	MUST(strstr(buf_text(&shown), PASSWORD) == NULL);
	buf_free(&shown);
	(void)went_well(cs_activity_last(c, "s1", &last, &fail), &fail);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_settings set = { .url = "http://x.example:82", .user = "ci",
	    .domain = "Global", .timeout_ms = 1000, .pause = no_pause,
	    .called = called, .remaining = remaining };
	static void (*const tries[])(struct cs_client *) = { try_sandboxes,
	    try_commands, try_activity };
	struct secret *password;
	struct cs_client *c;

	if (size < 2 || size > 64 * 1024)
		return 0;
	input = data + 2;	/* a digit and a line end */
	left = size - 2;
	calls = 0;
	password = secret_text(PASSWORD);
	set.password = password;
	c = cs_client_new(&set, NULL);
	tries[data[0] % 3](c);
	cs_logout(c);
	cs_client_free(c);
	secret_free(password);
	return 0;
}
