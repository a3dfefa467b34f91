/*
 * The report pipe of an executor. A line that breaks the protocol or comes out
 * of turn is a fault.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "child_lines.h"
#include "log.h"
#include "priority.h"
#include "sys.h"

#define READ_AT_ONCE	(64 * 1024)
#define DRAIN_READS	16	/* after an exit, since somebody else may go on
				   writing */

void
child_lines_ignore(struct child_lines *lines)
{
	lines->ignored = true;
	buf_clear(&lines->in);
}

static int
take_line(struct child_lines *lines, const char *line, size_t len,
    struct fail *fail)
{
	const struct child_lines_ears *ears = &lines->ears;
	struct ipc_report report = { 0 };

	if (ipc_report_decode(line, len, &report, fail) != 0)
		return -1;
	if (!ipc_permitted(&lines->turn, report.type)) {
		ipc_report_free(&report);
		return fail_set(fail, FAIL_SYSTEM, "report %u came out of turn",
		    lines->turn.lines + 1);
	}
	ipc_turn_took(&lines->turn, report.type);
	if (report.type == IPC_HELLO)
		ears->hello(ears->arg, &report);
	else
		ears->report(ears->job, &report, ears->job_arg);
	ipc_report_free(&report);
	return 0;
}

static void
take_lines(struct child_lines *lines)
{
	const char *line, *end;
	struct fail fail;
	size_t done = 0;
	int rc = 0;

	while (rc == 0 && lines->fd != -1 && !lines->ignored &&
	    done < lines->in.len &&
	    (end = memchr(lines->in.data + done, '\n',
	    lines->in.len - done)) != NULL) {
		line = lines->in.data + done;
		done += (size_t)(end - line) + 1;
		rc = take_line(lines, line, (size_t)(end - line), &fail);
	}
	if (lines->fd == -1)
		return;
	if (lines->ignored) {
		buf_clear(&lines->in);
		return;
	}
	if (rc == 0) {
		buf_consume(&lines->in, done);
		if (lines->in.len < lines->in.max)
			return;
		(void)fail_set(&fail, FAIL_SYSTEM,
		    "a report line is too long");
	}
	child_lines_ignore(lines);
	lines->ears.fault(lines->ears.arg, fail.text);
}

/* Read once; whether there may be more. */
static bool
read_some(struct child_lines *lines)
{
	char chunk[READ_AT_ONCE];
	size_t room = lines->in.max - lines->in.len;
	ssize_t n;

	n = read(lines->fd, chunk, room < sizeof(chunk) ? room :
	    sizeof(chunk));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		child_lines_close(lines);
		lines->ears.end(lines->ears.arg);
		return false;
	}
	(void)buf_add(&lines->in, chunk, (size_t)n);
	explicit_bzero(chunk, (size_t)n);
	take_lines(lines);
	return lines->fd != -1;
}

static int
on_readable(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source, (void)fd, (void)revents;
	(void)read_some(arg);
	return 0;
}

void
child_lines_open(struct child_lines *lines, sd_event *event, int fd,
    const struct child_lines_ears *ears)
{
	memset(lines, 0, sizeof(*lines));
	buf_init(&lines->in, IPC_REPORT_MAX);
	lines->ears = *ears;
	lines->fd = fd;
	if (sd_event_add_io(event, &lines->source, fd, EPOLLIN, on_readable,
	    lines) < 0)
		fatalx("cannot watch the pipe of an executor");
	(void)sd_event_source_set_priority(lines->source, PRIO_REPORT);
}

void
child_lines_drain(struct child_lines *lines)
{
	for (int i = 0; i < DRAIN_READS && lines->fd != -1; i++)
		if (!read_some(lines))
			break;
}

void
child_lines_close(struct child_lines *lines)
{
	lines->source = sd_event_source_disable_unref(lines->source);
	sys_close(&lines->fd);
	buf_free(&lines->in);
}
