/*
 * When the supervisor no longer reads, the process ends, since nobody would
 * ever learn what it did.
 */
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "report.h"
#include "write.h"

/* Drop calls and progress before the supervisor takes the number of lines for a
 * fault; room stays for intents, facts and the result. */
#define CHATTER_MAX	(IPC_REPORTS_MAX - 1000)

static struct {
	int		 fd;
	unsigned	 lines;
	bool		 closed;	/* the result is out: nothing follows */
	enum ipc_step	 step;		/* the last that was told */
} pipe_end = { .fd = -1, .step = STEP_ORDER };

static int
write_line(const struct ipc_report *r)
{
	struct buf line;
	int rv = -1;

	buf_init(&line, IPC_REPORT_MAX);
	if (ipc_report_encode(&line, r) != 0)
		goto out;
	if (write_all(pipe_end.fd, line.data, line.len) != 0)
		_exit(IPC_EXIT_REPORT);
	pipe_end.lines++;
	rv = 0;
out:
	buf_free(&line);
	return rv;
}

/* For lines that are known to fit. */
static void
write_sure(const struct ipc_report *r)
{
	if (write_line(r) != 0)
		_exit(IPC_EXIT_PROTOCOL);
}

static bool
chatter(void)
{
	return !pipe_end.closed && pipe_end.lines < CHATTER_MAX;
}

void
report_open(int fd)
{
	pipe_end.fd = fd;
}

void
report_hello(void)
{
	struct ipc_report r = { .type = IPC_HELLO };

	r.u.hello.version = IPC_VERSION;
	r.u.hello.pid = getpid();
	write_sure(&r);
}

void
report_facts(enum ipc_type type, const struct job_facts *facts)
{
	struct ipc_report r = { .type = type };

	r.u.facts = *facts;	/* borrowed, so not freed */
	write_sure(&r);
}

void
report_progress(enum ipc_step step, const char *text)
{
	struct ipc_report r = { .type = IPC_PROGRESS };

	pipe_end.step = step;
	if (!chatter())
		return;
	r.u.progress.step = step;
	r.u.progress.text = xstrdup(text);
	(void)write_line(&r);
	ipc_report_free(&r);
}

static void
words(int priority, const struct log_field *fields, size_t n,
    const char *message)
{
	static bool speaking;

	(void)priority, (void)fields, (void)n;
	if (speaking)		/* no memory for the words about that */
		return;
	speaking = true;
	report_progress(pipe_end.step, message);
	speaking = false;
}

void
report_words(void)
{
	log_set_sink(words);
}

void
report_call(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error)
{
	struct ipc_report r = { .type = IPC_CALL };

	if (!chatter())
		return;
	r.u.call.method = xstrdup(method);
	r.u.call.where = xstrdup(where);
	r.u.call.status = status;
	r.u.call.ms = ms;
	r.u.call.attempt = attempt;
	r.u.call.error = xstrdup(error);
	(void)write_line(&r);
	ipc_report_free(&r);
}

void
report_need_credentials(void)
{
	struct ipc_report r = { .type = IPC_NEED_CREDENTIALS };

	write_sure(&r);
}

void
report_result(const struct job_result *result)
{
	struct ipc_report r = { .type = IPC_RESULT };

	r.u.result = *result;	/* borrowed, so not freed */
	pipe_end.closed = true;
	if (write_line(&r) == 0)
		return;
	/* only the variables can be too long, once escaped */
	r.u.result.variables = NULL;
	write_sure(&r);
}
