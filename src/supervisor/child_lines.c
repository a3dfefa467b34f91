/*
 * Lines of an executor's report pipe. What is not permitted now, or not of the
 * protocol, is a fault.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "child_lines.h"

#define READ_AT_ONCE	(64 * 1024)

void
child_lines_init(struct child_lines *lines)
{
	memset(lines, 0, sizeof(*lines));
	buf_init(&lines->in, IPC_REPORT_MAX);
}

void
child_lines_free(struct child_lines *lines)
{
	buf_free(&lines->in);
}

void
child_lines_clear(struct child_lines *lines)
{
	buf_clear(&lines->in);
}

/* 1: go on, 0: do not, -1: a fault. */
static int
take_line(struct child_lines *lines, const char *line, size_t len,
    child_lines_take take, void *arg, struct fail *fail)
{
	struct ipc_report report = { 0 };
	bool go_on;

	if (ipc_report_decode(line, len, &report, fail) != 0)
		return -1;
	if (!ipc_permitted(&lines->turn, report.type)) {
		ipc_report_free(&report);
		return fail_set(fail, FAIL_SYSTEM, "report %u came out of turn",
		    lines->turn.lines + 1);
	}
	ipc_turn_took(&lines->turn, report.type);
	go_on = take(&report, arg);
	ipc_report_free(&report);
	return go_on ? 1 : 0;
}

static enum child_lines_got
take_lines(struct child_lines *lines, child_lines_take take, void *arg,
    struct fail *fail)
{
	const char *end;
	size_t done = 0;
	int rc = 1;

	while (done < lines->in.len && (end = memchr(lines->in.data + done,
	    '\n', lines->in.len - done)) != NULL) {
		const char *line = lines->in.data + done;

		rc = take_line(lines, line, (size_t)(end - line), take, arg,
		    fail);
		if (rc == 0)		/* the lines may be gone */
			return CHILD_LINES_SOME;
		if (rc != 1)
			break;
		done += (size_t)(end - line) + 1;
	}
	if (rc == 1 && lines->in.len - done >= lines->in.max)
		rc = fail_set(fail, FAIL_SYSTEM, "a report line is too long");
	if (rc == 1) {
		buf_consume(&lines->in, done);
		return CHILD_LINES_SOME;
	}
	child_lines_clear(lines);
	return CHILD_LINES_FAULT;
}

enum child_lines_got
child_lines_read(struct child_lines *lines, int fd, child_lines_take take,
    void *arg, struct fail *fail)
{
	char chunk[READ_AT_ONCE];
	size_t room = lines->in.max - lines->in.len;
	ssize_t n;

	n = read(fd, chunk, room < sizeof(chunk) ? room : sizeof(chunk));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return CHILD_LINES_NONE;
	if (n <= 0)
		return CHILD_LINES_END;
	(void)buf_add(&lines->in, chunk, (size_t)n);
	explicit_bzero(chunk, (size_t)n);
	return take_lines(lines, take, arg, fail);
}
