/*
 * Definition files of the action types: the ones of the tree, and broken ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "mem.h"
#include "src/supervisor/actions.h"

static char dir[64];
static struct conf conf;
static struct action_type *list;
static size_t n;
static char *own_data;	/* the data_dir of the tree */

static int
setup(void **state)
{
	(void)state;
	(void)strlcpy(dir, "/tmp/test-actions-XXXXXX", sizeof(dir));
	if (mkdtemp(dir) == NULL || getenv("SRCDIR") == NULL)
		return -1;
	memset(&conf, 0, sizeof(conf));
	conf.worker.actions_dir = dir;
	own_data = xasprintf("%s/src", getenv("SRCDIR"));
	conf.worker.data_dir = own_data;
	for (int i = 0; i < ACTION_MAX; i++)
		conf.action[i].poll = true;
	list = NULL;
	n = 0;
	return 0;
}

static int
teardown(void **state)
{
	char path[128];

	(void)state;
	free(list);
	free(own_data);
	for (int i = 0; i < ACTION_MAX; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.json", dir,
		    job_action_name(i));
		(void)unlink(path);
		(void)rmdir(path);
	}
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text)
{
	char path[128];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	assert_non_null(fp = fopen(path, "w"));
	assert_true(fputs(text, fp) != EOF);
	assert_int_equal(fclose(fp), 0);
}

static void
load(void)
{
	struct fail f = { 0 };

	if (actions_load(&conf, &list, &n, &f) == -1)
		fail_msg("%s", f.text);
}

static void
assert_entry(size_t i, enum job_action action, const char *category,
    const char *provider, const char *version)
{
	assert_true(i < n);
	assert_int_equal(list[i].action, action);
	assert_string_equal(list[i].type.category, category);
	assert_string_equal(list[i].type.provider, provider);
	assert_string_equal(list[i].type.version, version);
}

static void
shipped_ones(void **state)
{
	(void)state;
	conf.worker.versions = (char *)(uintptr_t)"10 9";
	load();
	assert_int_equal(n, 6);
	assert_entry(0, ACTION_START, "Deploy", "Quali-Start-Sandbox", "10");
	assert_entry(1, ACTION_START, "Deploy", "Quali-Start-Sandbox", "9");
	assert_entry(2, ACTION_RUN, "Test", "Quali-Run-Command", "10");
	assert_entry(3, ACTION_RUN, "Test", "Quali-Run-Command", "9");
	assert_entry(4, ACTION_END, "Deploy", "Quali-End-Sandbox", "10");
	assert_entry(5, ACTION_END, "Deploy", "Quali-End-Sandbox", "9");
}

static void
file_version_without_setting(void **state)
{
	(void)state;
	load();
	assert_int_equal(n, 3);
	assert_entry(2, ACTION_END, "Deploy", "Quali-End-Sandbox", "10");
}

static void
versions_once_each(void **state)
{
	(void)state;
	conf.worker.versions = (char *)(uintptr_t)" 9 9  11a  9";
	conf.action[ACTION_START].poll = conf.action[ACTION_END].poll = false;
	load();
	assert_int_equal(n, 2);
	assert_entry(0, ACTION_RUN, "Test", "Quali-Run-Command", "9");
	assert_entry(1, ACTION_RUN, "Test", "Quali-Run-Command", "11a");
}

static void
own_folder_wins(void **state)
{
	(void)state;
	write_file("run-command", "{\"category\": \"Invoke\", "
	    "\"provider\": \"Mine\", \"version\": \"1\", \"more\": []}");
	load();
	assert_int_equal(n, 3);
	assert_entry(0, ACTION_START, "Deploy", "Quali-Start-Sandbox", "10");
	assert_entry(1, ACTION_RUN, "Invoke", "Mine", "1");
}

static void
no_own_folder(void **state)
{
	(void)state;
	conf.worker.actions_dir = (char *)(uintptr_t)"/nonexistent";
	load();
	assert_int_equal(n, 3);
	free(list);
	list = NULL;
	conf.worker.actions_dir = NULL;
	load();
	assert_int_equal(n, 3);
}

static void
none_polled(void **state)
{
	(void)state;
	for (int i = 0; i < ACTION_MAX; i++)
		conf.action[i].poll = false;
	load();
	assert_int_equal(n, 0);
}

/* The second set of the tree, by which several servers share an account. */
static void
by_server(void **state)
{
	char *own = xasprintf("%s/src/actions/by-server", getenv("SRCDIR"));

	(void)state;
	conf.worker.actions_dir = own;
	conf.worker.query = (char *)(uintptr_t)"lab-a";
	conf.worker.versions = (char *)(uintptr_t)"11s 10s";
	load();
	assert_int_equal(n, 6);
	assert_entry(0, ACTION_START, "Deploy", "Quali-Start-Sandbox", "11s");
	assert_entry(1, ACTION_START, "Deploy", "Quali-Start-Sandbox", "10s");
	assert_entry(3, ACTION_RUN, "Test", "Quali-Run-Command", "10s");
	assert_entry(5, ACTION_END, "Deploy", "Quali-End-Sandbox", "10s");
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(list[i].type.property, "Server");
		assert_string_equal(list[i].query, "lab-a");
	}
	free(own);
}

/* The definition of Quali-Run-Command, with these properties. */
static void
write_properties(const char *properties)
{
	char *text = xasprintf("{\"category\": \"Test\", \"provider\": "
	    "\"Mine\", \"version\": \"1\", \"configurationProperties\": "
	    "[%s]}", properties);

	write_file("run-command", text);
	free(text);
}

#define PROPERTY(name, queryable) "{\"name\": " name ", \"required\": true, " \
	"\"key\": true, \"secret\": false, \"queryable\": " queryable "}"
#define WHERE	PROPERTY("\"Where\"", "true")
#define OTHER	PROPERTY("\"Other\"", "false")
#define TAIL	"2345678901234567890123456789012345678901234567890"

static void
only_run_command(void)
{
	conf.action[ACTION_START].poll = conf.action[ACTION_END].poll = false;
}

static void
property_is_found(void **state)
{
	(void)state;
	only_run_command();
	write_properties(OTHER "," WHERE "," OTHER);
	conf.worker.query = (char *)(uintptr_t)"x";
	load();
	assert_int_equal(n, 1);
	assert_entry(0, ACTION_RUN, "Test", "Mine", "1");
	assert_string_equal(list[0].type.property, "Where");
	free(list);
	list = NULL;
	/* 50 characters in 52 bytes */
	write_properties(PROPERTY("\"\xe2\x82\xac" TAIL "\"", "true"));
	load();
	assert_string_equal(list[0].type.property, "\xe2\x82\xac" TAIL);
}

static void
without_query(void **state)
{
	(void)state;
	only_run_command();
	write_properties(OTHER);
	load();
	assert_int_equal(n, 1);
	assert_string_equal(list[0].type.property, "");
	assert_null(list[0].query);
}

/* Query, versions and definitions must fit together. */
static void
faults_of_queries_are_told(void **state)
{
	static const struct {
		const char	*properties, *query, *versions, *text;
	} cases[] = {
		{ WHERE, NULL, NULL, "/run-command.json: "
		    "configurationProperties: Where is queryable, so polls "
		    "must give a value for it: set query in section "
		    "[worker]" },
		{ WHERE, NULL, "10 9", "set query in section [worker]" },
		{ OTHER, "x", NULL, "worker.query: " },
		{ OTHER, "x", NULL, "/run-command.json has no queryable "
		    "property: put definitions that have one into "
		    "worker.actions_dir, or leave query out" },
		{ WHERE, "x", "10 9", "worker.versions: the queryable property "
		    "Where belongs to version 1 (" },
		{ WHERE, "x", "11 1a", "write versions = 1" },
		{ PROPERTY("\"12" TAIL "\"", "true"), "x", NULL,
		    "has no queryable property" },
		{ PROPERTY("7", "true"), "x", NULL,
		    "has no queryable property" },
	};

	(void)state;
	only_run_command();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fail f = { 0 };

		write_properties(cases[i].properties);
		conf.worker.query = (char *)(uintptr_t)cases[i].query;
		conf.worker.versions = (char *)(uintptr_t)cases[i].versions;
		assert_int_equal(actions_load(&conf, &list, &n, &f), -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		if (strstr(f.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].text, f.text);
		assert_null(list);
	}
}

/* A broken file of one's own is reported, not replaced by the shipped one. */
static void
broken_files_are_told(void **state)
{
	static const struct {
		const char	*text, *word;
	} cases[] = {
		{ "", "ends too early" },
		{ "{\"category\": \"Test\",}", "line 1" },
		{ "[]", "category: missing" },
		{ "{\"category\": 1}", "category: missing" },
		{ "{\"category\": \"Tests\"}", "no category Tests" },
		{ "{\"category\": \"Test\"}", "provider: missing" },
		{ "{\"category\": \"Test\", \"provider\": \"a b\"}",
		    "provider: must be" },
		{ "{\"category\": \"Test\", \"provider\": \"\"}",
		    "provider: must be" },
		{ "{\"category\": \"Test\", \"provider\": "
		    "\"p23456789012345678901234567890123456\"}",
		    "provider: must be 1 to 35" },
		{ "{\"category\": \"Test\", \"provider\": \"P\"}",
		    "version: missing" },
		{ "{\"category\": \"Test\", \"provider\": \"P\", "
		    "\"version\": 10}", "version: missing or not a text" },
		{ "{\"category\": \"Test\", \"provider\": \"P\", "
		    "\"version\": \"1234567890\"}", "version: must be 1 to 9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fail f = { 0 };

		write_file("run-command", cases[i].text);
		assert_int_equal(actions_load(&conf, &list, &n, &f), -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		if (strstr(f.text, cases[i].word) == NULL ||
		    strstr(f.text, "/run-command.json: ") == NULL)
			fail_msg("%s: %s", cases[i].text, f.text);
		assert_null(list);
	}
}

static void
unreadable_files_are_told(void **state)
{
	struct fail f = { 0 };
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/end-sandbox.json", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(actions_load(&conf, &list, &n, &f), -1);
	assert_non_null(strstr(f.text, "end-sandbox.json: Is a directory"));
	conf.worker.actions_dir = NULL;
	conf.worker.data_dir = (char *)(uintptr_t)"/nonexistent";
	assert_int_equal(actions_load(&conf, &list, &n, &f), -1);
	assert_non_null(strstr(f.text,
	    "/nonexistent/actions/start-sandbox.json: No such file"));
}

static void
bad_versions_are_told(void **state)
{
	static const char *const bad[] = { "10 1234567890", "1.0", "10;9",
	    "10,9", "10\t9",
	    "1 2 3 4 5 6 7 8 9 a b c d e f g h" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fail f = { 0 };

		conf.worker.versions = (char *)(uintptr_t)bad[i];
		assert_int_equal(actions_load(&conf, &list, &n, &f), -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		assert_non_null(strstr(f.text, "worker.versions: "));
	}
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(shipped_ones),
		CASE(file_version_without_setting),
		CASE(versions_once_each),
		CASE(own_folder_wins),
		CASE(no_own_folder),
		CASE(none_polled),
		CASE(by_server),
		CASE(property_is_found),
		CASE(without_query),
		CASE(faults_of_queries_are_told),
		CASE(broken_files_are_told),
		CASE(unreadable_files_are_told),
		CASE(bad_versions_are_told),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
