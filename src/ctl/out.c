/*
 * What qualictl prints.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "out.h"
#include "utf8.h"

static void	line_to(FILE *, const char *, const char *, va_list)
		    __attribute__((format(printf, 3, 0)));

static void
line_to(FILE *fp, const char *before, const char *fmt, va_list ap)
{
	char text[OUT_LINE_MAX], safe[OUT_LINE_MAX];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	utf8_trim(text);
	(void)fprintf(fp, "%s%s\n", before, log_safe(safe, sizeof(safe),
	    text));
}

void
out_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_to(stdout, "", fmt, ap);
	va_end(ap);
}

void
out_error(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	va_start(ap, fmt);
	line_to(stderr, "qualictl: ", fmt, ap);
	va_end(ap);
}

void
out_json(const json_t *v)
{
	char *text = json_dumps(v, JSON_INDENT(2) | JSON_ENSURE_ASCII |
	    JSON_ENCODE_ANY);

	(void)puts(text);
	xfree_secret(text);
}

json_t *
out_text(const char *text)
{
	json_t *v;
	char *clean;

	if (text == NULL)
		return json_null();
	if ((v = json_string(text)) == NULL) {
		clean = xstrdup(text);
		utf8_clean(clean, true);
		v = json_string(clean);
		xfree_secret(clean);
	}
	return v;
}

json_t *
out_fail(const struct fail *fail)
{
	json_t *o;

	if (fail == NULL)
		return json_null();
	o = json_object();
	(void)json_object_set_new(o, "kind", json_string(fail_kind_name(
	    fail->kind)));
	(void)json_object_set_new(o, "text", out_text(fail->text));
	return o;
}

int
out_status(const struct fail *fail)
{
	return fail->kind == FAIL_PERMISSION ? CTL_DENIED : CTL_FAILED;
}

int
out_result(bool json, json_t *o, const struct fail *fail)
{
	if (json) {
		(void)json_object_set_new(o, "error", out_fail(fail));
		out_json(o);
	}
	json_decref(o);
	if (fail == NULL)
		return CTL_OK;
	out_error("%s", fail->text);
	return out_status(fail);
}

int
out_close(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	out_error("cannot write: %s", strerror(errno));
	return CTL_FAILED;
}
