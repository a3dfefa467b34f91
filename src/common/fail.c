/*
 * The error value: whoever sees the fault fills it once, whoever handles it
 * reads it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "fail.h"
#include "names.h"
#include "utf8.h"

static const char *const kind_names[FAIL_MAX] = {
	[FAIL_NONE] = "None",
	[FAIL_JOB] = "JobFailed",
	[FAIL_CONFIG] = "ConfigurationError",
	[FAIL_PERMISSION] = "PermissionError",
	[FAIL_REVISION] = "RevisionUnavailable",
	[FAIL_SYSTEM] = "SystemUnavailable",
	[FAIL_AGAIN] = "Again",
	[FAIL_UNSURE] = "Unsure",
	[FAIL_AUTH] = "Auth",
	[FAIL_STOPPED] = "Stopped",
};

/* Format, cut to size at a UTF-8 boundary. out is never the text of a fail:
 * arguments may point into that. */
static void
fail_format(char out[FAIL_TEXT_MAX], const char *fmt, va_list ap)
{
	int n = vsnprintf(out, FAIL_TEXT_MAX, fmt, ap);

	if (n < 0)
		out[0] = '\0';
	else if (n >= FAIL_TEXT_MAX)
		utf8_trim(out);
}

/* The same for the arguments of the calling function. */
#define FAIL_FORMAT(out, fmt) do {					\
	va_list ap;							\
									\
	va_start(ap, fmt);						\
	fail_format(out, fmt, ap);					\
	va_end(ap);							\
} while (0)

int
fail_set(struct fail *fail, enum fail_kind kind, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];

	if (fail == NULL)
		return -1;
	FAIL_FORMAT(text, fmt);
	fail->kind = kind;
	(void)strlcpy(fail->text, text, sizeof(fail->text));
	return -1;
}

int
fail_prefix(struct fail *fail, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	const char *gap;
	size_t n;

	if (fail == NULL)
		return -1;
	FAIL_FORMAT(text, fmt);
	n = strlen(text);
	gap = n == 0 || text[n - 1] == ' ' ? "" : ": ";
	if (strlcat(text, gap, sizeof(text)) >= sizeof(text) ||
	    strlcat(text, fail->text, sizeof(text)) >= sizeof(text))
		utf8_trim(text);
	(void)strlcpy(fail->text, text, sizeof(fail->text));
	return -1;
}

int
fail_add(struct fail *fail, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	size_t room;

	if (fail == NULL)
		return -1;
	FAIL_FORMAT(text, fmt);
	room = sizeof(fail->text) - 1 - strlen(text);
	room = room > 2 ? room - 2 : 0;		/* ". " between */
	(void)utf8_cut(fail->text, room);
	if (fail->text[0] != '\0') {
		(void)strlcat(fail->text, full_stop(fail->text),
		    sizeof(fail->text));
		(void)strlcat(fail->text, " ", sizeof(fail->text));
	}
	(void)strlcat(fail->text, text, sizeof(fail->text));
	return -1;
}

const char *
fail_kind_name(enum fail_kind kind)
{
	if ((unsigned)kind >= FAIL_MAX)
		kind = FAIL_SYSTEM;
	return kind_names[kind];
}

enum fail_kind
fail_kind_parse(const char *name)
{
	return (enum fail_kind)name_find(kind_names, FAIL_MAX, name, FAIL_NONE);
}

const char *
fail_type(enum fail_kind kind)
{
	if (kind >= FAIL_JOB && kind <= FAIL_SYSTEM)
		return kind_names[kind];
	return kind_names[FAIL_SYSTEM];
}
