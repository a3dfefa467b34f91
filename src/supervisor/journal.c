/*
 * Sends the supervisor's records to the journal, with fields by which one can
 * follow a job, else to stderr. src/systemd/quali-job-worker.catalog explains
 * each message id.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <sys/uio.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "journal.h"
#include "log.h"
#include "utf8.h"

#define IDENTIFIER	"quali-job-worker"
#define FIELDS_MAX	16	/* of one record, besides the standard ones */
#define FIELD_SIZE	512	/* bytes of one field */

/* Made once, by systemd-id128 new; never change them. */
const char *const journal_message_ids[JOURNAL_EVENT_MAX] = {
	[JOURNAL_STARTED] = "c32ea95e41944f5b936a6f192afb8535",
	[JOURNAL_STOPPED] = "30e9626f046448f98caf9455c8b63570",
	[JOURNAL_CLAIMED] = "f4179b7742cb4bd08d574f4edb18bc04",
	[JOURNAL_DROPPED] = "785b49b335d54808b9621fa93bc3cd06",
	[JOURNAL_BEGUN] = "c514da0e277a4198bef56371c3f1265f",
	[JOURNAL_STEP] = "3a04e119a1894dcfa236662ff6ed62f3",
	[JOURNAL_SUCCEEDED] = "888847a3d0824122aafcf0663fc535c7",
	[JOURNAL_FAILED] = "9a35ff0273d14df687d2c30b9890a9ea",
	[JOURNAL_PUT] = "17fb9235c71e46f08802959eee8c0a39",
	[JOURNAL_REFUSED] = "153935a720554ce19847fa5bfb679564",
	[JOURNAL_DEADLINE] = "ddc3f671f3804240ba5e710a7b3af152",
	[JOURNAL_KILLED] = "88ccb6474fc849798b6636c44e4c01a6",
	[JOURNAL_CRASHED] = "d12a87dd55644f83ab11214cddf33a22",
	[JOURNAL_CLEANUP] = "ff96a41b14e649b1b832cbdf8668a8b9",
	[JOURNAL_RESUMED] = "19760de3dcc84612adee9c055fc8544b",
	[JOURNAL_PARKED] = "eba86a0b352340a9b305874d883c8d23",
	[JOURNAL_AMBIGUOUS] = "dbe3ff291a944c0eab0e42fd224ffd7e",
	[JOURNAL_LEDGER] = "f7ef5b9191634075b53176c6166caedd",
	[JOURNAL_CREDENTIALS] = "0217cc00887842d4a50ac64bad9efb0a",
	[JOURNAL_AWS] = "bad599a9e7784603aec45c924270cc0d",
	[JOURNAL_ZYGOTE] = "3f87b4e05139417bbb651c5f704b0aa9",
};

/* --- the sink --- */

/* One record by sd_journal_sendv, a datagram to journald. If journald does not
 * take it, it goes to stderr, which the journal reads, too. */
static void
sink_journal(int priority, const struct log_field *fields, size_t n,
    const char *message)
{
	static char text[FIELDS_MAX][FIELD_SIZE];
	static char first[LOG_LINE_MAX + 16];
	char level[16];
	struct iovec io[FIELDS_MAX + 3];
	size_t used = 0;
	int len;

	len = snprintf(first, sizeof(first), "MESSAGE=%s", message);
	if (len < 0 || (size_t)len >= sizeof(first))
		len = (int)sizeof(first) - 1;
	io[used++] = (struct iovec){ first, (size_t)len };
	len = snprintf(level, sizeof(level), "PRIORITY=%d", priority);
	io[used++] = (struct iovec){ level, (size_t)len };
	io[used++] = (struct iovec){ (void *)(uintptr_t)
	    "SYSLOG_IDENTIFIER=" IDENTIFIER,
	    sizeof("SYSLOG_IDENTIFIER=" IDENTIFIER) - 1 };
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++) {
		if (fields[i].value == NULL || fields[i].value[0] == '\0')
			continue;
		len = snprintf(text[i], sizeof(text[i]), "%s=%s",
		    fields[i].name, fields[i].value);
		if (len < 0)
			continue;
		if ((size_t)len >= sizeof(text[i])) {
			utf8_trim(text[i]);
			len = (int)strlen(text[i]);
		}
		io[used++] = (struct iovec){ text[i], (size_t)len };
	}
	if (sd_journal_sendv(io, (int)used) < 0)
		(void)dprintf(STDERR_FILENO, "<%d>%s\n", priority, message);
}

void
journal_init(void)
{
	if (log_stderr_is_journal())
		log_set_sink(sink_journal);
}

/* --- records --- */

void
journal_event(enum journal_event event, int priority, const char *fmt, ...)
{
	struct log_field field = { "MESSAGE_ID", journal_message_ids[event] };
	char message[LOG_LINE_MAX];
	va_list ap;

	if (priority > log_level())
		return;
	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	log_fields(priority, &field, 1, "%s", message);
}
