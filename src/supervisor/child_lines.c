/*
 * Lines of an executor's report pipe. What is not permitted now, or not of the
 * protocol, is a fault.
 */
#include <string.h>

#include "child_lines.h"

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
	lines->done = 0;
}

void
child_lines_clear(struct child_lines *lines)
{
	buf_clear(&lines->in);
	lines->done = 0;
}

size_t
child_lines_room(const struct child_lines *lines)
{
	return lines->in.max - lines->in.len;
}

void
child_lines_add(struct child_lines *lines, const void *data, size_t len)
{
	(void)buf_add(&lines->in, data, len);
}

static int
take_line(struct child_lines *lines, const char *line, size_t len,
    struct ipc_report *report, struct fail *fail)
{
	memset(report, 0, sizeof(*report));
	if (ipc_report_decode(line, len, report, fail) != 0)
		return -1;
	if (!ipc_permitted(&lines->turn, report->type)) {
		ipc_report_free(report);
		return fail_set(fail, FAIL_SYSTEM, "report %u came out of turn",
		    lines->turn.lines + 1);
	}
	ipc_turn_took(&lines->turn, report->type);
	return 1;
}

int
child_lines_next(struct child_lines *lines, struct ipc_report *report,
    struct fail *fail)
{
	const char *begin, *end = NULL;
	size_t left = lines->in.len - lines->done;
	int rc;

	if (left > 0) {
		begin = lines->in.data + lines->done;
		end = memchr(begin, '\n', left);
	}
	if (end == NULL) {
		buf_consume(&lines->in, lines->done);
		lines->done = 0;
		if (lines->in.len < lines->in.max)
			return 0;
		child_lines_clear(lines);
		return fail_set(fail, FAIL_SYSTEM,
		    "a report line is too long");
	}
	rc = take_line(lines, begin, (size_t)(end - begin), report, fail);
	lines->done += (size_t)(end - begin) + 1;
	if (rc != 1)
		child_lines_clear(lines);
	return rc;
}
