/*
 * Programs that print credentials: their command line, their limits, and what
 * may be shown of what they say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESS_LIMIT_MS	500

#include "src/credentials/process.c"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NOW		1795435200	/* Mon, 23 Nov 2026 12:00:00 GMT */

/* --- the command line; the expectations are those of Python's shlex --- */

static void
test_split(void **state)
{
	static const struct {
		const char *line;
		const char *words[5];	/* NULL first: refused */
	} cases[] = {
		{ "a", { "a" } },
		{ "  a\tb\r\nc ", { "a", "b", "c" } },
		{ "'a b' \"c d\"", { "a b", "c d" } },
		{ "a'b'\"c\"d", { "abcd" } },
		{ "''", { "" } },
		{ "a '' b", { "a", "", "b" } },
		{ "a\\ b", { "a b" } },
		{ "\\a\\\\", { "a\\" } },
		{ "'a\\b'", { "a\\b" } },
		{ "\"a\\b\\\"\\\\\"", { "a\\b\"\\" } },
		{ "\"a\\'b\"", { "a\\'b" } },
		{ "\"it's\"", { "it's" } },
		{ "a#b #c", { "a#b", "#c" } },
		{ "$HOME `x` $(y) a;b|c&d", { "$HOME", "`x`", "$(y)",
		    "a;b|c&d" } },
		{ "*.pem > x", { "*.pem", ">", "x" } },
		{ "'a", { NULL } }, { "\"a", { NULL } }, { "a\\", { NULL } },
		{ "\"a\\", { NULL } }, { "a 'b' \"c", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char **words = process_split(cases[i].line);
		size_t n = 0;

		if (cases[i].words[0] == NULL) {
			assert_null(words);
			continue;
		}
		assert_non_null(words);
		for (; cases[i].words[n] != NULL; n++) {
			assert_non_null(words[n]);
			assert_string_equal(words[n], cases[i].words[n]);
		}
		assert_null(words[n]);
		process_free(words);
	}
}

static void
test_split_nothing(void **state)
{
	char **words = process_split(" \t ");

	(void)state;
	assert_non_null(words);
	assert_null(words[0]);
	process_free(words);
}

/* --- running --- */

struct end {
	struct buf	out, errors;
	struct fail	fail;
	int		rc;
};

static void
run_shell(const char *script, int64_t limit_ms, size_t out_max, struct end *e)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)script, NULL };

	memset(e, 0, sizeof(*e));
	buf_init(&e->out, out_max);
	buf_init(&e->errors, 8);
	e->rc = run_program(argv, limit_ms, &e->out, &e->errors, &e->fail);
}

static void
end_free(struct end *e)
{
	buf_free(&e->out);
	buf_free(&e->errors);
}

static void
test_run(void **state)
{
	struct end e;

	(void)state;
	run_shell("cat; echo out; echo 0123456789 >&2", 10000, 100, &e);
	assert_int_equal(e.rc, 0);
	assert_string_equal(buf_text(&e.out), "out\n");
	assert_string_equal(buf_text(&e.errors), "3456789\n");
	end_free(&e);
	run_shell("echo x; exit 7", 10000, 100, &e);
	assert_int_equal(e.rc, -1);
	assert_string_equal(e.fail.text, "ended with status 7");
	end_free(&e);
	run_shell("kill -9 $$", 10000, 100, &e);
	assert_string_equal(e.fail.text, "died of signal 9");
	end_free(&e);
	run_shell("echo 0123456789", 10000, 4, &e);
	assert_int_equal(e.rc, -1);
	assert_non_null(strstr(e.fail.text, "wrote more than"));
	end_free(&e);
	run_shell("yes", 60000, 64 * 1024, &e);
	assert_string_equal(e.fail.text, "wrote more than 64 KiB");
	end_free(&e);
	run_shell("yes >&2 & yes >&2", 300, 64, &e);
	assert_string_equal(e.fail.text, "did not end within 1 s");
	end_free(&e);
}

static void
test_cannot_run(void **state)
{
	char *argv[] = { (char *)(uintptr_t)"/nonexistent/x", NULL };
	struct end e = { 0 };

	(void)state;
	buf_init(&e.out, 10);
	buf_init(&e.errors, 10);
	assert_int_equal(run_program(argv, 1000, &e.out, &e.errors, &e.fail),
	    -1);
	assert_int_equal(e.fail.kind, FAIL_CONFIG);
	assert_string_equal(e.fail.text,
	    "cannot be run: No such file or directory");
	end_free(&e);
}

static bool
alive(pid_t pid)
{
	char path[64], line[512] = "";
	FILE *fp;
	char *p;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fp = fopen(path, "r")) == NULL)
		return false;
	(void)!fgets(line, sizeof(line), fp);
	(void)fclose(fp);
	p = strrchr(line, ')');
	return p != NULL && p[2] != 'Z' && p[2] != 'X';
}

static void
assert_gone(const char *text)
{
	int64_t until = sys_now_ms() + 10000;
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	assert_true(pid > 1);
	while (alive(pid) && sys_now_ms() < until)
		(void)usleep(1000);
	assert_false(alive(pid));
}

/* What the program left behind holds the pipes: its end counts, and nothing of
 * its group survives. */
static void
test_group_is_killed(void **state)
{
	struct end e;

	(void)state;
	run_shell("sleep 100 & echo $!", 60000, 100, &e);
	assert_int_equal(e.rc, 0);
	assert_gone(buf_text(&e.out));
	end_free(&e);
	run_shell("sleep 100 & echo $!; wait", 300, 100, &e);
	assert_string_equal(e.fail.text, "did not end within 1 s");
	assert_gone(buf_text(&e.out));
	end_free(&e);
	run_shell("trap '' TERM INT; exec sleep 100", 300, 100, &e);
	assert_string_equal(e.fail.text, "did not end within 1 s");
	end_free(&e);
}

/* Whatever we have open stays with us, and signals are as usual. */
static void
test_nothing_is_inherited(void **state)
{
	struct end e;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	sys_reset_signals();	/* as main does: SIGPIPE is ignored then */
	run_shell("ls /proc/self/fd | tr '\\n' ' '; grep SigIgn "
	    "/proc/self/status", 10000, 1000, &e);
	assert_int_equal(e.rc, 0);
	/* 3 is ls's own */
	assert_memory_equal(buf_text(&e.out), "0 1 2 3 SigIgn:", 15);
	/* those below 32, which libc keeps for itself */
	assert_int_equal(strtoul(buf_text(&e.out) + 15, NULL, 16) &
	    0x7fffffff, 0);
	end_free(&e);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* --- what it said --- */

static void
test_said(void **state)
{
	static const struct {
		const char *text, *out, *clean;
	} cases[] = {
		{ "cannot open /etc/pki/worker.pem\n", "",
		    "cannot open /etc/pki/worker.pem" },
		{ "open /etc/quali-job-worker/aws/ab12cd/Key.pem", "",
		    "open /etc/quali-job-worker/aws/ab12cd/Key.pem" },
		{ "/K7MDENGbPxRf/iCYEXAMPLEKEYwJalrX3", "", "***" },
		{ "  a\n\n b\x1b[1m\x7f c\r\n", "", "a b [1m c" },
		{ "key AKIAIOSFODNN7EXAMPLE used", "", "key *** used" },
		{ "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", "***" },
		{ "SecretAccessKey: short", "", "SecretAccessKey: ***" },
		{ "{\"SessionToken\": \"a b\", \"x\": 1}", "",
		    "{\"SessionToken\": \"***\", \"x\": 1}" },
		{ "--tpm-key-password=p&ss, no", "",
		    "--tpm-key-password=***, no" },
		{ "PIN = 1234", "", "PIN = ***" },
		{ "the key is not readable", "", "the key is not readable" },
		{ "got p/rinted as told", "{\"x\":\"p/rinted\"}",
		    "got *** as told" },
		{ "abcdefghijklmnopqrstuvwxyzABCDEFGH", "", "***" },
		{ "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ1.c2ln", "",
		    "***.***.c2ln" },
		{ "", "", "" }, { " \n", "", "" },
		{ "caf\xc3\xa9 \xff", "", "caf\xc3\xa9 ?" },
	};

	static const char *const none[] = { NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = said_clean(cases[i].text, cases[i].out, none);

		assert_string_equal(text, cases[i].clean);
		free(text);
	}
}

/* Parsers of command lines repeat what they do not understand. */
static void
test_said_arguments(void **state)
{
	static const struct {
		const char *argument, *text, *clean;
	} cases[] = {
		{ "hunter2!", "unrecognized arguments: --pw hunter2!",
		    "unrecognized arguments: --pw ***" },
		{ "two  words", "'two  words' and two words",
		    "'***' and two words" },
		{ "--pw=hunter2!", "bad flag: --pw=hunter2!",
		    "bad flag: --pw=***" },
		{ "process", "process of credential_process: 2process",
		    "*** of credential_process: 2process" },
		{ "4711", "4711, 4711", "***, ***" },
		{ "--format", "no --format", "no --format" },
		{ "/etc/a.pem", "no /etc/a.pem", "no /etc/a.pem" },
		{ "arn:aws:iam::1:role/x", "no arn:aws:iam::1:role/x",
		    "no arn:aws:iam::1:role/x" },
		{ "-c", "-c", "-c" }, { "no", "no", "no" }, { "", "x", "x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const arguments[] = { cases[i].argument, NULL };
		char *text = said_clean(cases[i].text, "", arguments);

		assert_string_equal(text, cases[i].clean);
		free(text);
	}
}

/* --- its answer --- */

#define KEYS	"\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"sec/ret\""

static void
test_take(void **state)
{
	static const char *const good[] = {
		"{\"Version\":1," KEYS "}",
		"{\"Version\":1.0," KEYS ",\"Expiration\":null}",
		(" {\"version\":1,\"ACCESSKEYID\":\"AKID\","
		    "\"secretaccesskey\":\"sec/ret\",\"More\":[1]}\n"),
	};
	struct aws_found found = { 0 };
	struct fail fail = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (process_take(&found, good[i], strlen(good[i]), "x", NOW,
		    &fail) != 0)
			fail_msg("%s", fail.text);
		assert_string_equal(found.keys.access_key_id, "AKID");
		assert_string_equal(secret_open(found.keys.secret_key),
		    "sec/ret");
		secret_close(found.keys.secret_key);
		assert_null(found.keys.token);
		assert_int_equal(found.keys.expires, 0);
		assert_string_equal(found.source, "process");
		aws_found_free(&found);
	}
}

static void
test_take_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "", "printed nothing" },
		{ "{", "printed no JSON: line 1" },
		{ "[]", "no object" },
		{ "{" KEYS "}", "Version" },
		{ "{\"Version\":2," KEYS "}", "Version" },
		{ "{\"Version\":\"1\"," KEYS "}", "Version" },
		{ "{\"Version\":true," KEYS "}", "Version" },
		{ "{\"Version\":1}", "AccessKeyId" },
		{ "{\"Version\":1,\"AccessKeyId\":\"\","
		    "\"SecretAccessKey\":\"sec/ret\"}", "AccessKeyId" },
		{ "{\"Version\":1,\"AccessKeyId\":\"A\","
		    "\"SecretAccessKey\":5}", "SecretAccessKey" },
		{ "{\"Version\":1,\"AccessKeyId\":\"A\","
		    "\"SecretAccessKey\":\"sec/ret x\"}", "invalid character" },
		{ "{\"Version\":1," KEYS ",\"SessionToken\":5}",
		    "SessionToken" },
		{ "{\"Version\":1," KEYS ",\"Expiration\":1795438800}",
		    "not a time" },
		{ "{\"Version\":1," KEYS ",\"Expiration\":\"sec/ret\"}",
		    "not a time" },
		{ "{\"Version\":1," KEYS
		    ",\"Expiration\":\"2026-11-23T12:00:00Z\"}",
		    "has passed" },
	};
	struct aws_found found = { 0 };
	struct fail fail;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&fail, 0, sizeof(fail));
		assert_int_equal(process_take(&found, cases[i].text,
		    strlen(cases[i].text), "x", NOW, &fail), -1);
		if (strstr(fail.text, cases[i].word) == NULL ||
		    strstr(fail.text, "sec/ret") != NULL)
			fail_msg("%zu: %s", i, fail.text);
		assert_null(found.keys.access_key_id);
	}
}

/* --- Roles Anywhere behind a proxy --- */

static void
test_proxy(void **state)
{
	static const struct {
		const char *line;
		bool advice;
	} cases[] = {
		{ "/usr/bin/aws_signing_helper credential-process --region x",
		    true },
		{ "aws_signing_helper credential-process", true },
		{ "aws_signing_helper credential-process --with-proxy",
		    false },
		{ "aws_signing_helper read-certificate-data", false },
		{ "/opt/other credential-process", false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		char **argv = process_split(cases[i / 2].line);

		if (i % 2 == 0)
			assert_int_equal(setenv("HTTPS_PROXY", "http://p:1",
			    1), 0);
		else
			assert_int_equal(unsetenv("HTTPS_PROXY"), 0);
		assert_int_equal(proxy_advice(argv) != NULL,
		    i % 2 == 0 && cases[i / 2].advice);
		process_free(argv);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_nothing),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_cannot_run),
		cmocka_unit_test(test_group_is_killed),
		cmocka_unit_test(test_nothing_is_inherited),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_said_arguments),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_refused),
		cmocka_unit_test(test_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
