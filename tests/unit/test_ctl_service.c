/*
 * qualictl: environment files as systemd reads them, what the service would
 * use, and what aws-credentials may do to its caller.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "json.h"
#include "mem.h"
#include "src/ctl/env_file.h"
#include "src/ctl/keys.h"
#include "src/ctl/service.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	(void)strlcpy(dir, "/tmp/test-ctl-XXXXXX", sizeof(dir));
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const files[] = { "environment", "program",
	    "grandchild" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	return rmdir(dir);
}

static char *
write_file(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	return path;
}

/* --- environment files --- */

static void
take(const char *name, const char *value, void *arg)
{
	assert_int_equal(buf_addf(arg, "%s=%s|", name, value), 0);
}

static void
environment_files(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "A=b", "A=b|" },
		{ "\n\n A = b c \t\r\nB=2\n", "A=b c|B=2|" },
		{ "# A=1\n;B=2\nno equal\n=x\n9=x\na b=c\n", "" },
		{ "# goes on \\\nA=1\nB=2\n", "B=2|" },
		{ "A=\n", "A=|" },
		{ "A=x\\\ny\\\\z\\q\n", "A=xy\\zq|" },
		{ "A=x\\ \nB=1\n", "A=x |B=1|" },
		{ "A='x \\ \"y\nz' \nB=1", "A=x \\ \"y\nz|B=1|" },
		{ "A=\"a\\\"b\\\\c\\$d\\`e\\fg\\\nh # i\"\n",
		    "A=a\"b\\c$d`e\\fgh # i|" },
		{ "A=x'y' \"z\"\n", "A=x'y' \"z\"|" },
		{ "A=x # no comment\n", "A=x # no comment|" },
		{ "export A=1\n", "" },
		{ "A=\377\nB=1", "B=1|" },
		{ "A='open", "A=open|" },
		{ "A=\\", "A=\\|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;

		buf_init(&b, 4096);
		env_file_read(cases[i][0], strlen(cases[i][0]), take, &b);
		if (strcmp(buf_text(&b), cases[i][1]) != 0)
			fail_msg("%s: wanted %s, got %s", cases[i][0],
			    cases[i][1], buf_text(&b));
		buf_free(&b);
	}
}

/* --- the service --- */

static const char *
variable(const struct service *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; s->env[i] != NULL; i++)
		if (strncmp(s->env[i], name, len) == 0 &&
		    s->env[i][len] == '=')
			return s->env[i] + len + 1;
	return NULL;
}

static void
what_the_service_has(void **state)
{
	struct service *s;

	(void)state;
	free(write_file("environment", "AWS_REGION=a\nhttps_proxy=http://p:1\n"
	    "LD_PRELOAD=/x\nSSLKEYLOGFILE=/y\nAWS_REGION='b'\n", 0600));
	s = service_load(dir);
	assert_string_equal(variable(s, "HOME"), dir);
	assert_string_equal(variable(s, "AWS_REGION"), "b");
	assert_string_equal(variable(s, "https_proxy"), "http://p:1");
	assert_non_null(variable(s, "PATH"));
	assert_null(variable(s, "LD_PRELOAD"));
	assert_null(variable(s, "SSLKEYLOGFILE"));
	assert_false(s->env_unread);
	assert_non_null(strstr(s->password_file, "/cloudshell-password"));
	service_free(s);
}

static void
without_environment_file(void **state)
{
	struct service *s = service_load(dir);

	(void)state;
	assert_false(s->env_unread);
	assert_null(variable(s, "AWS_REGION"));
	service_free(s);
}

static void
unreadable_environment_file(void **state)
{
	struct service *s;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/environment", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	s = service_load(dir);
	assert_true(s->env_unread);
	assert_non_null(strstr(s->why.text, path));
	service_free(s);
}

/* --- a program in place of aws-credentials --- */

#define ANSWER	"{\"Version\": 1, \"AccessKeyId\": \"AKID\", " \
		"\"SecretAccessKey\": \"s3cret\", \"Region\": \"'$AWS_X'\"}"

static int
look(const char *script, int64_t limit_ms, struct aws_found *found, bool *none,
    struct fail *fail)
{
	char *text = xasprintf("#!/bin/sh\n%s\n", script);
	char *path = write_file("program", text, 0700);
	char *env[] = { (char *)(uintptr_t)"AWS_X=us-east-2",
	    (char *)(uintptr_t)"PATH=/usr/bin:/bin",
	    (char *)(uintptr_t)"SECRET_OF_CALLER=1", NULL };
	struct keys_place place = {
	    .lookup = { .program = path, .profile = "prof" },
	    .env = env, .limit_ms = limit_ms };
	int rc;

	memset(found, 0, sizeof(*found));
	memset(fail, 0, sizeof(*fail));
	rc = keys_find(&place, found, none, fail);
	free(text);
	free(path);
	return rc;
}

static void
a_good_answer(void **state)
{
	struct aws_found found;
	struct fail fail;
	bool none;

	(void)state;
	assert_int_equal(look("[ \"$*\" = '--profile prof' ] || exit 9\n"
	    "[ -z \"$SECRET_OF_CALLER\" ] || exit 8\n"
	    "echo '" ANSWER "'", 0, &found, &none, &fail), 0);
	assert_string_equal(found.keys.access_key_id, "AKID");
	assert_string_equal(found.region, "us-east-2");
	aws_found_free(&found);
}

static void
bad_answers(void **state)
{
	static const struct {
		const char	*script, *text;
		bool		 none;
	} cases[] = {
		{ "echo 'aws-credentials: no credentials: set it' >&2; exit 1",
		    "aws-credentials: no credentials: set it", true },
		{ "echo first >&2; printf 'pro\\033file\\n\\n' >&2; exit 1",
		    "pro\\x1bfile", false },
		{ "exit 3", "/program", false },
		{ "echo '{\"Version\": 2}'", "lacks Version 1", false },
		{ "echo", "aws-credentials", false },
		{ "kill -9 $$", "died of signal 9", false },
		{ "exec head -c 70000 /dev/zero", "is larger than", false },
		{ "head -c 9000 /dev/zero >&2; printf '\\nlast\\n' >&2; "
		    "exit 1", "last", false },
	};
	struct aws_found found;
	struct fail fail;
	bool none;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(look(cases[i].script, 0, &found, &none,
		    &fail), -1);
		if (strstr(fail.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].script, fail.text);
		assert_int_equal(none, cases[i].none);
	}
}

/* It and what it started end at the limit. */
static void
a_program_that_hangs(void **state)
{
	struct aws_found found;
	struct fail fail;
	bool none;
	char script[256], *path, text[32] = "";
	FILE *fp;

	(void)state;
	(void)snprintf(script, sizeof(script),
	    "sleep 1000 & echo $! >%s/grandchild; wait", dir);
	assert_int_equal(look(script, 500, &found, &none, &fail), -1);
	assert_non_null(strstr(fail.text, "did not answer"));
	path = xasprintf("%s/grandchild", dir);
	fp = fopen(path, "r");
	free(path);
	assert_non_null(fp);
	assert_non_null(fgets(text, sizeof(text), fp));
	(void)fclose(fp);
	/* a zombie of another parent still has its number */
	for (int i = 0; i < 1000 && kill((pid_t)strtol(text, NULL, 10), 0) ==
	    0; i++) {
		(void)waitpid(-1, NULL, WNOHANG);
		(void)usleep(10000);
	}
	assert_int_equal(kill((pid_t)strtol(text, NULL, 10), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
no_program(void **state)
{
	struct keys_place place = { .lookup.program = "/nonexistent/x" };
	struct aws_found found = { .region = NULL };
	struct fail fail;
	bool none;

	(void)state;
	assert_int_equal(keys_find(&place, &found, &none, &fail), -1);
	assert_string_equal(fail.text, "cannot run /nonexistent/x: No such "
	    "file or directory");
	assert_false(none);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(environment_files),
		CASE(what_the_service_has),
		CASE(without_environment_file),
		CASE(unreadable_environment_file),
		CASE(a_good_answer),
		CASE(bad_answers),
		CASE(a_program_that_hangs),
		CASE(no_program),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
