/*
 * Runs aws-credentials as a child: constant argument list, fixed environment,
 * bounded output, a time limit. Whatever it starts ends with it.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "keys.h"
#include "log.h"
#include "spawn.h"

#define ERRORS_MAX	4096	/* bytes kept of its stderr */
#define NONE		"aws-credentials: no credentials"

static const char *
last_line(struct buf *errors)
{
	char *line;

	while (errors->len > 0 && (errors->data[errors->len - 1] == '\n' ||
	    errors->data[errors->len - 1] == '\r'))
		errors->data[--errors->len] = '\0';
	line = errors->len == 0 ? NULL : memrchr(errors->data, '\n',
	    errors->len);
	return line != NULL ? line + 1 : buf_text(errors);
}

static int
complain(const struct spawn *what, int error, struct fail *fail)
{
	return fail_set(fail, FAIL_SYSTEM, "cannot run %s%s%s", what->path,
	    error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
}

/* 0: it found something, which its output says. */
static int
judge(const struct spawn *what, struct spawn_end end, bool *none,
    struct fail *fail)
{
	const char *line = last_line(what->errors);
	char safe[1024];

	switch (end.how) {
	case SPAWN_FAILED:
		return complain(what, end.value, fail);
	case SPAWN_LATE:
		return fail_set(fail, FAIL_SYSTEM, "aws-credentials did not "
		    "answer within %lld s", (long long)what->limit_ms / 1000);
	case SPAWN_TOO_MUCH:
		return fail_set(fail, FAIL_SYSTEM, "the answer of "
		    "aws-credentials is larger than %d bytes", AWS_FOUND_MAX);
	case SPAWN_DIED:
		return fail_set(fail, FAIL_SYSTEM, "aws-credentials died of "
		    "signal %d", end.value);
	case SPAWN_ENDED:
		break;
	}
	if (end.value == 0)
		return 0;
	if (*line == '\0')
		return complain(what, 0, fail);
	*none = strncmp(line, NONE, strlen(NONE)) == 0;
	return fail_set(fail, FAIL_CONFIG, "%s", log_safe(safe, sizeof(safe),
	    line));
}

int
keys_find(const struct keys_place *place, struct aws_found *found, bool *none,
    struct fail *fail)
{
	const char *argv[AWS_LOOKUP_ARGUMENTS];
	char **env = aws_lookup_environment(place->env);
	struct buf answer, errors;
	struct spawn what = { .path = place->lookup.program,
	    .argv = (char *const *)(uintptr_t)argv, .env = env,
	    .no_new_privs = true, .limit_ms = place->limit_ms != 0 ?
	    place->limit_ms : AWS_LOOKUP_MS, .out = &answer,
	    .errors = &errors };
	int rc;

	*none = false;
	buf_init(&answer, AWS_FOUND_MAX);
	buf_init(&errors, ERRORS_MAX);
	aws_lookup_arguments(&place->lookup, argv);
	rc = judge(&what, spawn_wait(&what), none, fail);
	if (rc == 0)
		rc = aws_found_read(found, buf_text(&answer), answer.len,
		    fail);
	buf_free(&answer);
	buf_free(&errors);
	free(env);
	return rc;
}
