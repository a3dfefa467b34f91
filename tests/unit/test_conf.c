/*
 * conf.c: pairs in tests/unit/conf. X.in is loaded and checked. With X.ok it
 * must be good and print that (without paths of the build), with X.err these
 * must be its faults.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "conf_print.h"
#include "mem.h"
#include "src/common/conf_table.h"
#include "src/common/conf_value.h"
#include "sys.h"
#include "write.h"

static void
note(const char *text, void *arg)
{
	assert_int_equal(buf_addf(arg, "%s\n", text), 0);
}

static char *
printed(const struct conf *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	conf_print(c, out);
	(void)fclose(out);
	return text;
}

/* Leave out lines that end in a directory of the build. */
static char *
without_build_paths(char *text)
{
	static const char *const paths[] = { STATEDIR, RUNDIR, DATADIR,
		LIBEXECDIR, SYSCONFDIR "/quali-job-worker/actions" };
	char *to = text, *next;

	for (char *line = text; *line != '\0'; line = next) {
		size_t n = strcspn(line, "\n");
		bool keep = true;

		next = line + n + (line[n] == '\n');
		for (size_t i = 0; i < 5; i++) {
			size_t len = strlen(paths[i]);

			if (n > len + 3 && memcmp(line + n - len - 3, " = ",
			    3) == 0 && memcmp(line + n - len, paths[i], len) ==
			    0)
				keep = false;
		}
		if (keep) {
			memmove(to, line, (size_t)(next - line));
			to += next - line;
		}
	}
	*to = '\0';
	return text;
}

static char *
slurp(const char *path)
{
	char *text = sys_read_file(path, CONF_FILE_MAX, NULL);

	if (text == NULL)
		fail_msg("%s", path);
	return text;
}

/* What is printed must read back as the same. */
static void
assert_reads_back(const char *text)
{
	char path[] = "/tmp/test_conf.XXXXXX", *again;
	struct conf c;
	struct buf faults;
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
	buf_init(&faults, 10000);
	conf_defaults(&c);
	(void)conf_load(&c, path, note, &faults);
	(void)unlink(path);
	assert_string_equal(buf_text(&faults), "");
	again = printed(&c);
	assert_string_equal(again, text);
	free(again);
	conf_free(&c);
	buf_free(&faults);
}

static void
run_pair(const char *in)
{
	char *stem = xstrndup(in, strlen(in) - 3);
	char *ok = xasprintf("%s.ok", stem), *err = xasprintf("%s.err", stem);
	struct buf faults;
	struct conf c;
	char *text, *want;

	buf_init(&faults, 10000);
	conf_defaults(&c);
	(void)conf_load(&c, in, note, &faults);
	(void)conf_check(&c, in, note, &faults);
	if (access(ok, R_OK) == 0) {
		assert_string_equal(buf_text(&faults), "");
		text = printed(&c);
		assert_reads_back(text);
		want = slurp(ok);
		assert_string_equal(without_build_paths(text), want);
		free(text);
	} else {
		want = slurp(err);
		assert_string_equal(buf_text(&faults), want);
	}
	xfree_secret(want);
	conf_free(&c);
	buf_free(&faults);
	free(stem);
	free(ok);
	free(err);
}

/* By relative name, so that messages are the same everywhere. */
static void
pairs(void **state)
{
	const char *root = getenv("SRCDIR");
	glob_t g;

	(void)state;
	assert_non_null(root);
	assert_int_equal(chdir(root), 0);
	assert_int_equal(chdir("tests/unit/conf"), 0);
	assert_int_equal(glob("*.in", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 4);
	for (size_t i = 0; i < g.gl_pathc; i++)
		run_pair(g.gl_pathv[i]);
	globfree(&g);
}

static void
environment_gives_defaults(void **state)
{
	char *text;
	struct conf c;
	struct buf faults;

	(void)state;
	(void)setenv("CLOUDSHELL_URL", "https://env:82/", 1);
	(void)setenv("CLOUDSHELL_USER", "a # b", 1);
	(void)setenv("CLOUDSHELL_DOMAIN", "Lab", 1);
	(void)setenv("STATE_DIRECTORY", "/var/lib/x:/var/lib/y", 1);
	(void)setenv("RUNTIME_DIRECTORY", "/run/x", 1);
	(void)setenv("CREDENTIALS_DIRECTORY", "/run/credentials/u", 1);
	conf_defaults(&c);
	assert_string_equal(c.cloudshell.url, "https://env:82");
	assert_string_equal(c.cloudshell.user, "a # b");
	assert_string_equal(c.cloudshell.domain, "Lab");
	assert_string_equal(c.worker.state_dir, "/var/lib/x");
	assert_string_equal(c.worker.runtime_dir, "/run/x");
	assert_string_equal(c.cloudshell.password_file,
	    "/run/credentials/u/cloudshell-password");
	buf_init(&faults, 1000);
	assert_int_equal(conf_check(&c, "f", note, &faults), 0);
	text = printed(&c);
	assert_reads_back(text);
	free(text);
	conf_free(&c);

	(void)setenv("CLOUDSHELL_URL", "env", 1);
	conf_defaults(&c);
	assert_int_equal(conf_check(&c, "f", note, &faults), -1);
	assert_string_equal(buf_text(&faults), "f: cloudshell.url: must begin "
	    "with https:// (or http://)\n");
	conf_free(&c);
	buf_free(&faults);
	(void)unsetenv("CLOUDSHELL_URL");
	(void)unsetenv("CLOUDSHELL_USER");
	(void)unsetenv("CLOUDSHELL_DOMAIN");
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("RUNTIME_DIRECTORY");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

/* Forms of a server's URL, given as the environment would. */
static void
server_urls(void **state)
{
	static const char *const good[] = { "http://h", "https://h:1",
		"https://h.example.com:65535/", "http://127.0.0.1:82",
		"http://[::1]:82", "https://[fe80::1%25]" };
	static const char *const bad[] = { "h", "ftp://h", "https://",
		"https://:82", "https://h:", "https://h:0", "https://h:65536",
		"https://h:000082", "https://h:8x", "https://h/x",
		"https://u@h", "https://h?x", "https://h#x", "https://a b",
		"https://h:82 ", "https://h\n", "https://\xff" };
	struct conf c;
	struct buf faults;

	(void)state;
	buf_init(&faults, 10000);
	(void)setenv("CLOUDSHELL_USER", "u", 1);
	for (size_t i = 0; i < 6 + 17; i++) {
		const char *url = i < 6 ? good[i] : bad[i - 6];

		(void)setenv("CLOUDSHELL_URL", url, 1);
		conf_defaults(&c);
		if (conf_check(&c, "f", note, &faults) != (i < 6 ? 0 : -1))
			fail_msg("%s", url);
		conf_free(&c);
	}
	buf_free(&faults);
	(void)unsetenv("CLOUDSHELL_URL");
	(void)unsetenv("CLOUDSHELL_USER");
}

static void
files_that_cannot_be_read(void **state)
{
	struct conf c;
	struct buf faults;

	(void)state;
	buf_init(&faults, 1000);
	conf_defaults(&c);
	assert_int_equal(conf_load(&c, "/nonexistent/w.conf", note, &faults),
	    -1);
	/* what it would have set is not reported as missing */
	assert_int_equal(conf_check(&c, "/nonexistent/w.conf", note, &faults),
	    0);
	assert_string_equal(buf_text(&faults),
	    "/nonexistent/w.conf: No such file or directory\n");
	buf_clear(&faults);
	assert_int_equal(conf_load(&c, "/dev/zero", note, &faults), -1);
	assert_string_equal(buf_text(&faults),
	    "/dev/zero: larger than 256 KiB\n");
	conf_free(&c);
	buf_free(&faults);
}

static void
times_and_sizes(void **state)
{
	int64_t v = -7;

	(void)state;
	assert_int_equal(conf_parse_time("250ms", &v), 0);
	assert_int_equal(v, 250);
	assert_int_equal(conf_parse_time("90", &v), 0);
	assert_int_equal(v, 90000);
	assert_int_equal(conf_parse_time("15 m", &v), 0);
	assert_int_equal(v, 900000);
	assert_int_equal(conf_parse_time("3d", &v), 0);
	assert_int_equal(v, 259200000);
	assert_int_equal(conf_parse_size("16M", &v), 0);
	assert_int_equal(v, 16777216);
	v = -7;
	assert_int_equal(conf_parse_time("", &v), -1);
	assert_int_equal(conf_parse_time("-1s", &v), -1);
	assert_int_equal(conf_parse_time("1.5s", &v), -1);
	assert_int_equal(conf_parse_time("1h30m", &v), -1);
	assert_int_equal(conf_parse_time("1S", &v), -1);
	assert_int_equal(conf_parse_time("999999999999999d", &v), -1);
	assert_int_equal(conf_parse_time("9999999999999999", &v), -1);
	assert_int_equal(conf_parse_size("1k", &v), -1);
	assert_int_equal(conf_parse_size("1T", &v), -1);
}

static void
names_are_listed_once(void **state)
{
	(void)state;
	assert_in_range(conf_table_size, 1, CONF_TABLE_MAX);
	for (size_t i = 0; i < conf_table_size; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(strcmp(conf_table[i].section,
			    conf_table[k].section) != 0 ||
			    strcmp(conf_table[i].name,
			    conf_table[k].name) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(environment_gives_defaults),
		cmocka_unit_test(server_urls),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(times_and_sizes),
		cmocka_unit_test(names_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
