/*
 * Logging of programs. Libraries do not log; the program logs a failure once,
 * where it handles it. One event, one line; text from outside goes through
 * log_safe first. errno stays. A stderr that nobody reads blocks the program
 * (the journal drops what it cannot take).
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

#define LOG_LINE_MAX	4096	/* bytes of one record's message */

/* One extra field of a record, as journald names it (QUALI_JOB_ID ...). */
struct log_field {
	const char	*name;
	const char	*value;	/* NULL or "" leaves the field out */
};

/* Where records go. The default sink writes the message as one line to stderr,
 * without fields (messages name their job themselves), with the
 * "<N>" prefix of journald when stderr is the journal ($JOURNAL_STREAM), else
 * with time and level in words. */
typedef void	(*log_sink)(int priority, const struct log_field *, size_t n,
		    const char *message);

/* level: LOG_ERR ... LOG_DEBUG of syslog.h; higher ones are dropped. */
void	log_init(const char *program, int level);
void	log_set_sink(log_sink);
int	log_level(void);
/* Whether stderr is the journal. */
bool	log_stderr_is_journal(void);

void	log_fields(int priority, const struct log_field *, size_t n,
	    const char *, ...) __attribute__((format(printf, 4, 5)));

/* log_warn appends the text of errno. */
void	log_err(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Log and exit with status 1; fatal appends the text of errno. */
void	fatal(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));
void	fatalx(const char *, ...)
	    __attribute__((noreturn, format(printf, 1, 2)));

/* Copy text from outside into dst with control characters (as utf8_control has
 * it) and odd bytes escaped, cut to size. Returns dst. */
char	*log_safe(char *dst, size_t size, const char *src);

#endif
