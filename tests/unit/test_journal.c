/*
 * Records of jobs: fields in the journal (played by this program), a line on
 * stderr, and an explanation of each message id in the catalog.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <sys/uio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "src/supervisor/job_log.h"
#include "src/supervisor/journal.c"
#include "sys.h"

static char got[16384];
static int refuse;

/* In place of libsystemd's. */
int
sd_journal_sendv(const struct iovec *io, int n)
{
	got[0] = '\0';
	if (refuse)
		return -1;
	for (int i = 0; i < n; i++) {
		size_t used = strlen(got);

		(void)snprintf(got + used, sizeof(got) - used, "%.*s\n",
		    (int)io[i].iov_len, (const char *)io[i].iov_base);
	}
	return 0;
}

static void
make_job(struct life *j)
{
	memset(j, 0, sizeof(*j));
	(void)strlcpy(j->id, "0a1b2c3d-0000-4000-8000-000000000001",
	    sizeof(j->id));
	j->action = ACTION_START;
	(void)strlcpy(j->pipeline, "Pipe", sizeof(j->pipeline));
	(void)strlcpy(j->stage, "Lab", sizeof(j->stage));
	(void)strlcpy(j->facts.sandbox_id, "sb-1",
	    sizeof(j->facts.sandbox_id));
	j->step = STEP_SETUP;
}

static void
stderr_as_journal(void)
{
	struct stat st;
	char own[64];

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", own, 1), 0);
	log_init("quali-job-worker", LOG_INFO);
	journal_init();
}

static void
fields_of_a_job(void **state)
{
	struct life j;

	(void)state;
	make_job(&j);
	stderr_as_journal();
	job_log(&j, JOURNAL_CLAIMED, LOG_INFO, "claimed %d", 1);
	assert_string_equal(got,
	    "MESSAGE=job 0a1b2c3d start-sandbox: claimed 1\n"
	    "PRIORITY=6\n"
	    "SYSLOG_IDENTIFIER=quali-job-worker\n"
	    "MESSAGE_ID=f4179b7742cb4bd08d574f4edb18bc04\n"
	    "QUALI_JOB_ID=0a1b2c3d-0000-4000-8000-000000000001\n"
	    "QUALI_ACTION=start-sandbox\n"
	    "QUALI_PIPELINE=Pipe\n"
	    "QUALI_STAGE=Lab\n"
	    "QUALI_SANDBOX_ID=sb-1\n"
	    "QUALI_STEP=setup\n");
	journal_event(JOURNAL_OTHER, LOG_WARNING, "plain");
	assert_string_equal(got, "MESSAGE=plain\nPRIORITY=4\n"
	    "SYSLOG_IDENTIFIER=quali-job-worker\n");
	got[0] = '\0';
	job_log(&j, JOURNAL_STEP, LOG_DEBUG, "not told");
	assert_string_equal(got, "");
}

/* A line end in a text cannot begin a field. */
static void
outside_text_stays_in_its_field(void **state)
{
	struct life j;
	char *long_text = xcalloc(1, 10000);

	(void)state;
	make_job(&j);
	stderr_as_journal();
	job_log(&j, JOURNAL_OTHER, LOG_INFO, "a\nMESSAGE_ID=1\nPRIORITY=0");
	assert_non_null(strstr(got, "start-sandbox: a MESSAGE_ID=1 PRIORITY=0"
	    "\nPRIORITY=6\n"));
	memset(long_text, 'x', 9999);
	journal_event(JOURNAL_AWS, LOG_INFO, "%s", long_text);
	assert_true(strlen(got) > 4000 && strlen(got) < 4500);
	free(long_text);
}

static void
stderr_without_journal(void **state)
{
	char line[1024] = "";
	int fds[2], saved;
	struct life j;

	(void)state;
	make_job(&j);
	assert_int_equal(pipe(fds), 0);
	assert_true((saved = dup(STDERR_FILENO)) != -1);
	assert_true(dup2(fds[1], STDERR_FILENO) != -1);
	log_set_sink(NULL);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	log_init("quali-job-worker", LOG_INFO);
	journal_init();
	got[0] = '\0';
	job_log(&j, JOURNAL_FAILED, LOG_ERR, "failed");
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	assert_non_null(strstr(line, "job 0a1b2c3d start-sandbox: failed"));
	assert_string_equal(got, "");

	/* a journal that accepts nothing */
	stderr_as_journal();
	refuse = 1;
	memset(line, 0, sizeof(line));
	job_log(&j, JOURNAL_FAILED, LOG_ERR, "failed again");
	refuse = 0;
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	assert_string_equal(line,
	    "<3>job 0a1b2c3d start-sandbox: failed again\n");
	assert_true(dup2(saved, STDERR_FILENO) != -1);
	(void)close(saved);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
catalog_explains_each_id(void **state)
{
	char *path = xasprintf("%s/src/systemd/quali-job-worker.catalog",
	    getenv("SRCDIR")), mark[64];
	char *text = sys_read_file(path, 100000, NULL);

	(void)state;
	assert_non_null(text);
	for (int i = JOURNAL_OTHER + 1; i < JOURNAL_EVENT_MAX; i++) {
		assert_non_null(journal_message_ids[i]);
		assert_int_equal(strlen(journal_message_ids[i]), 32);
		(void)snprintf(mark, sizeof(mark), "\n-- %s\nSubject: ",
		    journal_message_ids[i]);
		if (strstr(text, mark) == NULL)
			fail_msg("no explanation of %s",
			    journal_message_ids[i]);
		for (int k = i + 1; k < JOURNAL_EVENT_MAX; k++)
			assert_string_not_equal(journal_message_ids[i],
			    journal_message_ids[k]);
	}
	xfree_secret(text);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_job),
		cmocka_unit_test(outside_text_stays_in_its_field),
		cmocka_unit_test(stderr_without_journal),
		cmocka_unit_test(catalog_explains_each_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
