#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fake_executors.h"
#include "ipc_order.h"
#include "mem.h"

static int alive;
static char trace[4096], taken[sizeof(trace)];

const char *fake_executors_fail;
void (*fake_executors_asked)(void *job);

void
trace_add(const char *word)
{
	(void)strlcat(trace, word, sizeof(trace));
	(void)strlcat(trace, " ", sizeof(trace));
}

const char *
trace_take(void)
{
	(void)strlcpy(taken, trace, sizeof(taken));
	trace[0] = '\0';
	return taken;
}

int
fake_executors(void)
{
	return alive;
}

struct executor *
executor_start(struct executors *all, void *job, struct fail *fail)
{
	struct executor *executor;

	(void)all;
	if (fake_executors_asked != NULL)
		fake_executors_asked(job);
	if (fake_executors_fail != NULL) {
		(void)fail_set(fail, FAIL_AGAIN, "%s", fake_executors_fail);
		return NULL;
	}
	trace_add("start");
	executor = xcalloc(1, sizeof(*executor));
	executor->job = job;
	buf_init(&executor->written, IPC_ORDER_MAX);
	alive++;
	return executor;
}

void
executor_write(struct executor *executor, const struct buf *line, bool answer)
{
	trace_add(answer ? "write" : "park");
	executor->answered = answer;
	buf_clear(&executor->written);
	(void)buf_add(&executor->written, line->data, line->len);
}

void
executor_signal(struct executor *executor, int sig)
{
	(void)executor;
	trace_add(sig == SIGKILL ? "kill" : sig == SIGTERM ? "term" : "?");
}

bool
executor_known(const struct executor *executor)
{
	return executor->known;
}

void
executor_free(struct executor *executor)
{
	if (executor == NULL)
		return;
	trace_add("free");
	buf_free(&executor->written);
	free(executor);
	alive--;
}

void
executors_renew(struct executors *all, const char *why)
{
	(void)all, (void)why;
	trace_add("renew");
}
