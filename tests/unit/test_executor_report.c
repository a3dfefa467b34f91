/*
 * The executor's end of the report pipe, with a file in the pipe's place:
 * however much there is to report, what the supervisor waits for gets through.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "log.h"
#include "src/executor/report.h"
#include "sys.h"

/* Lines of each type; the last one's type. */
struct told {
	size_t		count[IPC_REPORT_TYPES], lines;
	enum ipc_type	last;
	bool		permitted;	/* all of them, by the table */
};

static void
read_back(int fd, struct told *t)
{
	struct ipc_turn turn = { .ordered = false };
	struct ipc_report r;
	char *line = NULL;
	struct fail f;
	size_t size = 0;
	ssize_t n;
	FILE *in;

	memset(t, 0, sizeof(*t));
	t->permitted = true;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	in = fdopen(fd, "r");
	assert_non_null(in);
	while ((n = getline(&line, &size, in)) > 0) {
		assert_int_equal(line[n - 1], '\n');
		assert_int_equal(ipc_report_decode(line, (size_t)n - 1, &r,
		    &f), 0);
		t->permitted &= ipc_permitted(&turn, r.type);
		ipc_turn_took(&turn, r.type);
		turn.ordered = true;
		turn.waiting = false;
		t->count[r.type]++;
		t->lines++;
		t->last = r.type;
		ipc_report_free(&r);
	}
	free(line);
	(void)fclose(in);
}

/* After a day of looks, intent, fact and result still get through. */
static void
chatter_leaves_room(void **state)
{
	struct job_facts facts = { .intent = INTENT_COMMAND };
	struct job_result result = { .outcome = OUTCOME_SUCCESS };
	int fd = memfd_create("reports", MFD_CLOEXEC);
	struct told t;

	(void)state;
	assert_true(fd >= 0);
	report_open(fd);
	report_hello();
	for (int i = 0; i < IPC_REPORTS_MAX; i++) {
		report_call("GET", "host/api/v2/sandboxes", 200, 1, 1, NULL);
		report_progress(STEP_COMMAND, "waits");
	}
	report_facts(IPC_INTENT, &facts);
	facts.intent = INTENT_NONE;
	report_facts(IPC_FACT, &facts);
	report_need_credentials();
	report_result(&result);
	report_call("DELETE", "host/api/login", 200, 1, 1, NULL);
	report_progress(STEP_CLEANUP, NULL);
	read_back(fd, &t);
	assert_true(t.lines < IPC_REPORTS_MAX);
	assert_true(t.lines > IPC_REPORTS_MAX / 2);
	assert_int_equal(t.count[IPC_INTENT], 1);
	assert_int_equal(t.count[IPC_FACT], 1);
	assert_int_equal(t.count[IPC_NEED_CREDENTIALS], 1);
	assert_int_equal(t.count[IPC_RESULT], 1);
	assert_int_equal(t.last, IPC_RESULT);
	assert_true(t.permitted);
}

/* What is logged comes over the pipe, with the step it happened in: standard
 * error leads nowhere. */
static void
words_are_told(void **state)
{
	int fd = memfd_create("reports", MFD_CLOEXEC), status;
	struct ipc_report r;
	char line[4096];
	struct fail f;
	ssize_t n;
	pid_t pid;
	char *at;

	(void)state;
	assert_true(fd >= 0);
	if ((pid = fork()) == 0) {
		report_open(fd);
		report_hello();
		report_words();
		report_progress(STEP_COMMAND, NULL);
		fatalx("no %s for \"%d\"", "memory", 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	n = pread(fd, line, sizeof(line) - 1, 0);
	assert_true(n > 0 && line[n - 1] == '\n');
	line[n - 1] = '\0';
	assert_non_null(at = strrchr(line, '\n'));
	at++;
	assert_int_equal(ipc_report_decode(at, strlen(at), &r, &f), 0);
	assert_int_equal(r.type, IPC_PROGRESS);
	assert_int_equal(r.u.progress.step, STEP_COMMAND);
	assert_string_equal(r.u.progress.text, "no memory for \"7\"");
	ipc_report_free(&r);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_told),
		cmocka_unit_test(chatter_leaves_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
