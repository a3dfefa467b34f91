/*
 * Lines of an executor's report pipe become events of its job, in the
 * supervisor. What is not permitted now, or not of the protocol, ends the
 * executor.
 */
#include <stdio.h>
#include <string.h>

#include "worker.h"

static void
take_call(struct entry *entry, const struct ipc_report *report)
{
	const struct job *job = &entry->job;
	char where[256], error[512];

	log_safe(where, sizeof(where), report->u.call.where);
	if (report->u.call.error != NULL)
		journal_job(job, JOURNAL_OTHER, LOG_WARNING,
		    "%s %s: %s (attempt %d, %lld ms)", report->u.call.method,
		    where, log_safe(error, sizeof(error),
		    report->u.call.error), report->u.call.attempt,
		    (long long)report->u.call.ms);
	else
		journal_job(job, JOURNAL_OTHER,
		    report->u.call.status >= 400 ? LOG_INFO : LOG_DEBUG,
		    "%s %s: %ld (attempt %d, %lld ms)", report->u.call.method,
		    where, report->u.call.status, report->u.call.attempt,
		    (long long)report->u.call.ms);
}

static void
take_progress(struct entry *entry, const struct ipc_report *report)
{
	struct job_event ev = { .type = EV_PROGRESS };
	enum ipc_step before = entry->job.step;
	char text[512];

	ev.u.step = report->u.progress.step;
	dispatch_event(entry, &ev);
	if (report->u.progress.text != NULL)
		journal_job(&entry->job, JOURNAL_STEP, LOG_INFO, "%s: %s",
		    ipc_step_text(ev.u.step), log_safe(text, sizeof(text),
		    report->u.progress.text));
	else if (before != ev.u.step)
		journal_job(&entry->job, JOURNAL_STEP, LOG_DEBUG, "%s",
		    ipc_step_text(ev.u.step));
}

static void
take_hello(struct entry *entry, const struct ipc_report *report, pid_t *told)
{
	if (report->u.hello.version != IPC_VERSION) {
		journal_job(&entry->job, JOURNAL_ZYGOTE, LOG_ERR,
		    "the executor speaks protocol %d, this supervisor %d: the "
		    "package was upgraded; starting anew",
		    report->u.hello.version, IPC_VERSION);
		dispatch_simple(entry, EV_HELLO_VERSION);
		return;
	}
	*told = report->u.hello.pid;
}

static void
take(struct entry *entry, const struct ipc_report *report, pid_t *told)
{
	struct job_event ev = { .type = EV_NOTED };

	switch (report->type) {
	case IPC_HELLO:
		take_hello(entry, report, told);
		break;
	case IPC_INTENT:
	case IPC_FACT:
		ev.u.facts = &report->u.facts;
		dispatch_event(entry, &ev);
		break;
	case IPC_PROGRESS:
		take_progress(entry, report);
		break;
	case IPC_CALL:
		take_call(entry, report);
		break;
	case IPC_NEED_CREDENTIALS:
		journal_job(&entry->job, JOURNAL_OTHER, LOG_DEBUG,
		    "wants fresh artifact credentials");
		dispatch_simple(entry, EV_NEED_CREDENTIALS);
		break;
	case IPC_RESULT:
		ev.type = EV_RESULT;
		ev.u.result = &report->u.result;
		dispatch_event(entry, &ev);
		break;
	default:
		break;
	}
}

static void
fault(struct entry *entry, const char *text)
{
	journal_job(&entry->job, JOURNAL_OTHER, LOG_ERR,
	    "protocol fault of the executor: %s", text);
	dispatch_text(entry, EV_FAULT, text);
}

static bool
one_line(struct entry *entry, struct child_pipe *pipe, const char *line,
    size_t len, pid_t *told)
{
	struct ipc_report report = { 0 };
	char text[128];
	struct fail fail;

	if (ipc_report_decode(line, len, &report, &fail) != 0) {
		fault(entry, fail.text);
		return false;
	}
	if (!ipc_permitted(&pipe->turn, report.type)) {
		(void)snprintf(text, sizeof(text), "report %u came out of turn",
		    pipe->turn.lines + 1);
		fault(entry, text);
		ipc_report_free(&report);
		return false;
	}
	ipc_turn_took(&pipe->turn, report.type);
	take(entry, &report, told);
	ipc_report_free(&report);
	return true;
}

void
report_lines(struct entry *entry, struct child_pipe *pipe, pid_t *told)
{
	size_t done = 0;
	char *end;

	while (done < pipe->in.len &&
	    (end = memchr(pipe->in.data + done, '\n', pipe->in.len - done)) !=
	    NULL) {
		size_t len = (size_t)(end - (pipe->in.data + done));
		pid_t before = *told;

		if (!one_line(entry, pipe, pipe->in.data + done, len, told)) {
			buf_clear(&pipe->in);
			return;
		}
		if (pipe->in.len < done + len + 1)	/* cleared: it is
							   gone */
			return;
		done += len + 1;
		if (*told != before)
			break;	/* child.c checks the pid first */
	}
	buf_consume(&pipe->in, done);
	if (pipe->in.len >= pipe->in.max) {
		fault(entry, "a report line is too long");
		buf_clear(&pipe->in);
	}
}
