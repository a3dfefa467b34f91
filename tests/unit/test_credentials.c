/*
 * The supervisor's side of a look-up, against shell scripts that play
 * aws-credentials. The scripts find $HOME, which the look-up passes on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define LOOKUP_MS	400

#include "json.h"
#include "src/supervisor/lookup.c"
#include "src/supervisor/aws_keys.c"

#include <sys/stat.h>

#include <poll.h>
#include <stdio.h>

#define LIMIT_MS	10000	/* of one wait */

#define KEYS	"\"Version\":1,\"AccessKeyId\":\"AKID\"," \
		"\"SecretAccessKey\":\"sec/ret\""

static char dir[64], script[96];
static sd_event *event;
static struct conf conf;
static struct aws_keys *source;
static int calls, stop_in_call;
static bool have;

static void
changed(bool has, void *arg)
{
	(void)arg;
	calls++;
	have = has;
	if (stop_in_call) {
		aws_keys_stop(source);
		source = NULL;
	}
}

static int
setup(void **state)
{
	(void)state;
	(void)strlcpy(dir, "/tmp/test-credentials-XXXXXX", sizeof(dir));
	if (mkdtemp(dir) == NULL || setenv("HOME", dir, 1) == -1 ||
	    sd_event_new(&event) < 0)
		return -1;
	(void)snprintf(script, sizeof(script), "%s/aws-credentials", dir);
	memset(&conf, 0, sizeof(conf));
	conf.worker.libexec_dir = dir;
	calls = stop_in_call = 0;
	source = NULL;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "aws-credentials", "out", "pid",
	    "json" };
	char path[128];

	(void)state;
	aws_keys_stop(source);
	(void)sd_event_unref(event);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void
play(const char *body)
{
	FILE *fp = fopen(script, "w");

	assert_non_null(fp);
	assert_true(fprintf(fp, "#!/bin/sh\n%s\n", body) > 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(script, 0700), 0);
}

static void
run_until(int wanted)
{
	int64_t until = sys_now_ms() + LIMIT_MS;

	while (calls < wanted && sys_now_ms() < until)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_int_equal(calls, wanted);
}

static void
begin_source(void)
{
	source = aws_keys_new(event, &conf, changed, NULL);
	assert_int_equal(calls, 0);
	assert_null(aws_keys_get(source));
	run_until(1);
}

/* What the script left in a file of $HOME. */
static char *
left(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return sys_read_file(path, 65536, NULL);
}

static void
assert_no_child(void)
{
	siginfo_t info;

	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
whole_answer(void **state)
{
	const struct credentials *c;

	(void)state;
	play("echo '{" KEYS ",\"SessionToken\":\"tok\","
	    "\"Expiration\":\"2100-01-02T03:04:05Z\",\"Region\":\"a-b-1\","
	    "\"Origin\":\"environment\",\"CaBundle\":\"/ca\","
	    "\"Endpoints\":{\"s3\":\"http://127.0.0.1:1\"},"
	    "\"UseFips\":true,\"UseDualstack\":false}'");
	begin_source();
	assert_true(have);
	assert_non_null(c = aws_keys_get(source));
	assert_string_equal(c->access_key_id, "AKID");
	assert_string_equal(secret_open(c->secret_key), "sec/ret");
	secret_close(c->secret_key);
	assert_string_equal(secret_open(c->token), "tok");
	secret_close(c->token);
	assert_int_equal(c->expires, 4102542245);
	assert_string_equal(aws_keys_region(source), "a-b-1");
	assert_string_equal(aws_keys_origin(source), "environment");
	assert_string_equal(aws_keys_error(source), "");
	assert_string_equal(aws_keys_endpoint(source, AWS_S3),
	    "http://127.0.0.1:1");
	assert_null(aws_keys_endpoint(source, AWS_CODEPIPELINE));
	assert_string_equal(aws_keys_ca_bundle(source), "/ca");
	assert_true(aws_keys_use_fips(source));
	assert_false(aws_keys_use_dualstack(source));
	assert_int_equal(aws_keys_child(source), -1);
	assert_no_child();
}

/* Arguments, environment and descriptors are exactly the intended ones. */
static void
what_the_child_gets(void **state)
{
	char *out;
	int spare = open("/dev/null", O_RDONLY);	/* not close-on-exec */

	(void)state;
	assert_true(spare != -1);
	conf.aws.profile = (char *)(uintptr_t)"prod x";
	conf.aws.region = (char *)(uintptr_t)"a-b-1";
	assert_int_equal(setenv("AWS_PROFILE", "p", 1), 0);
	assert_int_equal(setenv("CLOUDSHELL_PASSWORD", "hidden", 1), 0);
	play("{ echo \"args: $*\"; env; ls -l /proc/self/fd | wc -l;"
	    " grep NoNewPrivs /proc/self/status; } >$HOME/out\n"
	    "echo '{" KEYS "}'");
	begin_source();
	assert_true(have);
	assert_non_null(out = left("out"));
	assert_non_null(strstr(out, "args: --profile prod x --region a-b-1\n"));
	assert_non_null(strstr(out, "AWS_PROFILE=p\n"));
	assert_null(strstr(out, "hidden"));
	assert_non_null(strstr(out, "NoNewPrivs:\t1\n"));
	/* a heading, 0, 1, 2 and the folder itself */
	assert_non_null(strstr(out, "\n5\n"));
	assert_string_equal(aws_keys_region(source), "a-b-1");
	xfree_secret(out);
	(void)close(spare);
	assert_int_equal(unsetenv("AWS_PROFILE"), 0);
	assert_int_equal(unsetenv("CLOUDSHELL_PASSWORD"), 0);
}

static void
faults_are_told(void **state)
{
	static const struct {
		const char	*body, *error;
	} cases[] = {
		{ "echo first >&2; echo 'aws-credentials: no \033keys' >&2; "
		    "exit 1", "aws-credentials: no \\x1bkeys" },
		{ "exit 1", "ended with status 1 and said nothing" },
		{ "exit 0", "ended with status 0 and said nothing" },
		{ "kill -SEGV $$", "died of signal 11" },
		{ "echo hidden", "the answer of aws-credentials: line 1" },
		{ "echo '{\"Version\":2}'", "lacks Version 1" },
		{ "echo '{\"Version\":1,\"AccessKeyId\":\"x\"}'",
		    "lacks Version 1" },
		{ "echo '{" KEYS ",\"Expiration\":\"soon\"}'",
		    "invalid Expiration" },
		{ "head -c 70000 /dev/zero", "larger than 65536 bytes" },
		{ "head -c 9000 /dev/zero >&2; echo >&2; echo why >&2; exit 3",
		    "why" },
		{ "sleep 60", "did not answer within 0 s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		calls = 0;
		play(cases[i].body);
		begin_source();
		assert_false(have);
		assert_null(aws_keys_get(source));
		if (strstr(aws_keys_error(source), cases[i].error) == NULL ||
		    strstr(aws_keys_error(source), "hidden") != NULL)
			fail_msg("%s: %s", cases[i].body,
			    aws_keys_error(source));
		aws_keys_stop(source);
		source = NULL;
		assert_no_child();
	}
	assert_int_equal(unlink(script), 0);
	calls = 0;
	begin_source();
	assert_non_null(strstr(aws_keys_error(source), "cannot run "));
	assert_non_null(strstr(aws_keys_error(source), "No such file"));
}

/* A grandchild that holds the pipe delays nothing, and does not outlive the
 * look-up. */
static void
grandchild_dies_with_it(void **state)
{
	char *pid;
	int n;

	(void)state;
	play("sleep 3600 & echo $! >$HOME/pid; echo '{" KEYS "}'");
	begin_source();
	assert_true(have);
	assert_non_null(pid = left("pid"));
	/* whoever reaps it may need a moment */
	for (n = 0; n < 100; n++) {
		char *path = xasprintf("/proc/%ld/stat",
		    strtol(pid, NULL, 10));
		char *stat_text = sys_read_file(path, 4096, NULL);
		bool gone = stat_text == NULL ||
		    strstr(stat_text, ") Z ") != NULL;

		free(path);
		xfree_secret(stat_text);
		if (gone)
			break;
		(void)poll(NULL, 0, 20);
	}
	assert_true(n < 100);
	xfree_secret(pid);
}

/* The output of a look-up that fails is not an answer. */
static void
answer_of_a_failure(void **state)
{
	(void)state;
	play("echo '{" KEYS "}'; echo broken >&2; exit 1");
	begin_source();
	assert_false(have);
	assert_null(aws_keys_get(source));
	assert_string_equal(aws_keys_error(source), "broken");
}

static void
old_ones_are_kept(void **state)
{
	(void)state;
	play("echo '{" KEYS "}'");
	begin_source();
	play("echo broken >&2; exit 1");
	source->began_ms -= PAUSE_MS;
	aws_keys_refresh(source);
	aws_keys_refresh(source);
	run_until(2);
	assert_false(have);
	assert_string_equal(aws_keys_get(source)->access_key_id, "AKID");
	assert_string_equal(aws_keys_error(source), "broken");
	/* by itself, after a pause */
	play("echo '{" KEYS ",\"Origin\":\"again\"}'");
	run_until(3);
	assert_string_equal(aws_keys_origin(source), "again");
	assert_string_equal(aws_keys_error(source), "");
}

/* A life of four seconds is renewed after one to two. */
static void
renewed_before_the_end(void **state)
{
	int64_t first;

	(void)state;
	play("echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"A\\\","
	    "\\\"SecretAccessKey\\\":\\\"S\\\",\\\"Expiration\\\":"
	    "\\\"$(date -u -d '+4 seconds' +%Y-%m-%dT%H:%M:%SZ)\\\"}\"");
	begin_source();
	first = aws_keys_get(source)->expires;
	run_until(2);
	assert_true(aws_keys_get(source)->expires > first);
	assert_true(sys_wall() < first);
}

static void
renewal_times(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_in_range(renew_after(3600), 2940, 3000);
		assert_in_range(renew_after(1200), 540, 600);
		assert_in_range(renew_after(900), 390, 450);
		assert_in_range(renew_after(20), 5, 10);
		assert_in_range(renew_after(2), 1, 1);
	}
}

static void
refresh_too_soon_waits(void **state)
{
	(void)state;
	play("echo '{" KEYS "}'");
	begin_source();
	aws_keys_refresh(source);
	for (int64_t until = sys_now_ms() + 300; sys_now_ms() < until;)
		assert_true(sd_event_run(event, 20000) >= 0);
	assert_int_equal(calls, 1);
}

static void
stopped_in_its_own_call(void **state)
{
	(void)state;
	stop_in_call = 1;
	play("echo '{" KEYS "}'");
	source = aws_keys_new(event, &conf, changed, NULL);
	run_until(1);
	assert_null(source);
	assert_no_child();
}

static void
stopped_while_it_runs(void **state)
{
	siginfo_t info;

	(void)state;
	play("sleep 60");
	source = aws_keys_new(event, &conf, changed, NULL);
	for (int i = 0; i < 10 && aws_keys_child(source) == -1; i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_true(aws_keys_child(source) > 0);
	aws_keys_stop(source);
	source = NULL;
	/* its zombie is left to the sweep */
	(void)waitid(P_ALL, 0, &info, WEXITED);
	assert_no_child();
	assert_int_equal(calls, 0);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(whole_answer),
		CASE(what_the_child_gets),
		CASE(faults_are_told),
		CASE(grandchild_dies_with_it),
		CASE(answer_of_a_failure),
		CASE(old_ones_are_kept),
		CASE(renewed_before_the_end),
		CASE(renewal_times),
		CASE(refresh_too_soon_waits),
		CASE(stopped_in_its_own_call),
		CASE(stopped_while_it_runs),
	};

	json_init();
	sys_reset_signals();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
