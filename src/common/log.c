/*
 * Logging: format once, within bounds, and pass to the sink.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "utf8.h"
#include "write.h"

#define RECORD_MAX	(LOG_LINE_MAX + 2048)	/* a line with its fields */

static void	sink_stderr(int, const struct log_field *, size_t,
		    const char *);

static const char *program = "quali-job-worker";
static int level = LOG_INFO;
static bool to_journal;
static log_sink sink = sink_stderr;

/* $JOURNAL_STREAM names the socket that journald reads; stderr may have been
 * redirected since. */
bool
log_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	(void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

void
log_init(const char *name, int least)
{
	program = name;
	level = least;
	to_journal = log_stderr_is_journal();
}

void
log_set_sink(log_sink s)
{
	sink = s != NULL ? s : sink_stderr;
}

int
log_level(void)
{
	return level;
}

static const char *
level_word(int priority)
{
	static const char *const words[] = { "emergency", "alert", "critical",
		"error", "warning", "notice", "info", "debug" };

	return words[priority >= LOG_EMERG && priority <= LOG_DEBUG ?
	    priority : LOG_ERR];
}

/* Append to a line as much as fits. */
static size_t
put(char *line, size_t used, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + used, RECORD_MAX - used, fmt, ap);
	va_end(ap);
	if (n < 0)
		return used;
	return (size_t)n >= RECORD_MAX - used ? RECORD_MAX - 1 :
	    used + (size_t)n;
}

static void
sink_stderr(int priority, const struct log_field *fields, size_t n,
    const char *message)
{
	char line[RECORD_MAX + 1], when[32];
	time_t now = time(NULL);
	struct tm tm;
	size_t used = 0;

	if (to_journal) {
		used = put(line, used, "<%d>%s", priority, message);
	} else {
		if (localtime_r(&now, &tm) == NULL ||
		    strftime(when, sizeof(when), "%F %T", &tm) == 0)
			(void)strlcpy(when, "-", sizeof(when));
		used = put(line, used, "%s %s: %s: %s", when, program,
		    level_word(priority), message);
	}
	(void)fields, (void)n;
	line[used++] = '\n';
	(void)write_all(STDERR_FILENO, line, used);
}

static void
log_record(int priority, const struct log_field *fields, size_t n, int err,
    const char *fmt, va_list ap)
{
	char message[LOG_LINE_MAX];
	int len;

	len = vsnprintf(message, sizeof(message), fmt, ap);
	if (len < 0)
		(void)strlcpy(message, fmt, sizeof(message));
	if (err != 0) {
		(void)strlcat(message, ": ", sizeof(message));
		(void)strlcat(message, strerror(err), sizeof(message));
	}
	utf8_trim(message);
	utf8_clean(message, false);
	sink(priority, fields, n, message);
}

void
log_fields(int priority, const struct log_field *fields, size_t n,
    const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (priority <= level) {
		va_start(ap, fmt);
		log_record(priority, fields, n, 0, fmt, ap);
		va_end(ap);
	}
	errno = saved;
}

/* The plain calls differ in level and in whether they add errno's text. */
#define LOG_BODY(priority, err) do {					\
	int saved = errno;						\
	va_list ap;							\
									\
	if ((priority) <= level) {					\
		va_start(ap, fmt);					\
		log_record((priority), NULL, 0, (err), fmt, ap);	\
		va_end(ap);						\
	}								\
	errno = saved;							\
} while (0)

void
log_err(const char *fmt, ...)
{
	LOG_BODY(LOG_ERR, 0);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_WARNING, saved);
}

void
log_warnx(const char *fmt, ...)
{
	LOG_BODY(LOG_WARNING, 0);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_INFO, 0);
}

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_DEBUG, 0);
}

void
fatal(const char *fmt, ...)
{
	LOG_BODY(LOG_CRIT, saved);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	LOG_BODY(LOG_CRIT, 0);
	exit(1);
}

char *
log_safe(char *dst, size_t size, const char *src)
{
	size_t used = 0;

	if (size == 0)
		return dst;
	while (src != NULL && *src != '\0') {
		char piece[8];
		unsigned char c = (unsigned char)*src;
		size_t taken = utf8_len(src), len;

		if (taken > 1 && utf8_control(src) == 0) {
			memcpy(piece, src, taken);
			len = taken;
		} else {
			const char *fmt = c == '\\' ? "\\\\" :
			    c == '\n' ? "\\n" : c == '\t' ? "\\t" :
			    c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x";

			len = (size_t)snprintf(piece, sizeof(piece), fmt, c);
			taken = 1;
		}
		if (used + len >= size)
			break;
		memcpy(dst + used, piece, len);
		used += len;
		src += taken;
	}
	dst[used] = '\0';
	return dst;
}
