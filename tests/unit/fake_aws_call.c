#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_aws_call.h"
#include "mem.h"

#define BODY_MAX	(1024 * 1024)

static TAILQ_HEAD(, aws_call) calls = TAILQ_HEAD_INITIALIZER(calls);
static int started, cancelled;

const char *fake_calls_fail;
void (*fake_calls_begun)(const struct aws_call *);

struct aws_call *
aws_call_start(struct aws *aws, const char *operation, json_t *input,
    enum aws_sending sending, aws_call_done done, void *arg,
    struct fail *fail)
{
	struct aws_call *call;

	(void)aws;
	if (fake_calls_fail != NULL) {
		(void)fail_set(fail, FAIL_AGAIN, "%s", fake_calls_fail);
		json_decref(input);
		return NULL;
	}
	call = xcalloc(1, sizeof(*call));
	call->operation = operation;
	call->input = input;
	call->sending = sending;
	call->done = done;
	call->arg = arg;
	TAILQ_INSERT_TAIL(&calls, call, link);
	started++;
	if (fake_calls_begun != NULL)
		fake_calls_begun(call);
	return call;
}

static void
end(struct aws_call *call)
{
	json_decref(call->input);
	free(call);
}

void
aws_call_cancel(struct aws_call *call)
{
	if (call == NULL)
		return;
	TAILQ_REMOVE(&calls, call, link);
	cancelled++;
	end(call);
}

int
fake_calls(void)
{
	const struct aws_call *call;
	int n = 0;

	TAILQ_FOREACH(call, &calls, link)
		n++;
	return n;
}

int
fake_calls_started(void)
{
	return started;
}

int
fake_calls_cancelled(void)
{
	return cancelled;
}

struct aws_call *
fake_call(int i)
{
	struct aws_call *call;

	TAILQ_FOREACH(call, &calls, link)
		if (i-- == 0)
			return call;
	return NULL;
}

struct aws_call *
fake_call_of(const char *operation)
{
	struct aws_call *call;

	TAILQ_FOREACH(call, &calls, link)
		if (strcmp(call->operation, operation) == 0)
			return call;
	return NULL;
}

/* As aws_call.c does it: the call is no longer under way, but still there. */
static void
deliver(struct aws_call *call, const struct aws_reply *reply)
{
	TAILQ_REMOVE(&calls, call, link);
	call->done(reply, call->arg);
	end(call);
}

void
fake_answer(struct aws_call *call, const char *body)
{
	struct aws_reply reply = { .ok = true };
	struct buf text;

	buf_init(&text, BODY_MAX);
	assert(buf_adds(&text, body) == 0);
	reply.body = &text;
	deliver(call, &reply);
	buf_free(&text);
}

void
fake_answer_error(struct aws_call *call, const char *code, bool passing,
    bool unsure, int64_t retry_after_ms)
{
	struct aws_reply reply = { .passing = passing, .unsure = unsure };

	(void)strlcpy(reply.error.code, code, sizeof(reply.error.code));
	reply.error.retry_after_ms = retry_after_ms;
	(void)snprintf(reply.text, sizeof(reply.text), "%s: %s: no",
	    call->operation, code);
	deliver(call, &reply);
}

void
fake_calls_reset(void)
{
	assert(TAILQ_EMPTY(&calls));
	started = cancelled = 0;
	fake_calls_fail = NULL;
	fake_calls_begun = NULL;
}
