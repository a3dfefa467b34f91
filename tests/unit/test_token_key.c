/*
 * The key of continuation tokens: what it is made of, and when it is made anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/supervisor/token_key.h"

static char path[] = "/tmp/token-key-XXXXXX", ci[] = "ci", other[] = "other",
    global[] = "Global";
static struct conf conf;
static struct token_source source;

static void
write_password(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void
refresh(const char *hex)
{
	char is[2 * TOKEN_KEY_SIZE + 1];

	token_key_refresh(&source);
	assert_true(source.key.known);
	(void)sodium_bin2hex(is, sizeof(is), source.key.bytes,
	    TOKEN_KEY_SIZE);
	assert_string_equal(is, hex);
}

static int
setup(void **state)
{
	int fd;

	(void)state;
	strlcpy(path, "/tmp/token-key-XXXXXX", sizeof(path));
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	memset(&source, 0, sizeof(source));
	source.conf = &conf;
	conf.cloudshell.user = ci;
	conf.cloudshell.domain = global;
	conf.cloudshell.password_file = path;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_key_wipe(&source);
	(void)unlink(path);
	return 0;
}

/* By an implementation of quali-job-protocol(7) in Python. */
#define KEY_PASS	"e665e40590d7f61af8fbd0ff6da9bfd39bb3c607d0a5a3c3540d"\
			"9760004966e0"
#define KEY_SIM		"0edbe39d219a9c3dc406b4f73a8362efc9ea1b01ada3e73420f5"\
			"c6a084ae70dd"

/* Wherever the password comes from. */
static void
key_of_the_page(void **state)
{
	struct secret *kept = secret_text("sim-password");

	(void)state;
	write_password("pass\n");
	refresh(KEY_PASS);
	write_password("pass");
	refresh(KEY_PASS);
	conf.cloudshell.password_file = NULL;
	source.password = kept;
	refresh(KEY_SIM);
	source.password = NULL;
	secret_free(kept);
}

static void
user_and_domain_count(void **state)
{
	unsigned char keys[3][TOKEN_KEY_SIZE];

	(void)state;
	write_password("pass");
	for (int i = 0; i < 3; i++) {
		token_key_wipe(&source);
		conf.cloudshell.user = i == 1 ? other : ci;
		conf.cloudshell.domain = i == 2 ? other : global;
		token_key_refresh(&source);
		memcpy(keys[i], source.key.bytes, TOKEN_KEY_SIZE);
	}
	assert_memory_not_equal(keys[0], keys[1], TOKEN_KEY_SIZE);
	assert_memory_not_equal(keys[0], keys[2], TOKEN_KEY_SIZE);
	assert_memory_not_equal(keys[1], keys[2], TOKEN_KEY_SIZE);
}

/* Only another password costs the time of another key. */
static void
follows_the_file(void **state)
{
	(void)state;
	write_password("pass\n");
	refresh(KEY_PASS);
	write_password("sim-password\n");
	refresh(KEY_SIM);
	source.key.bytes[0] ^= 1;	/* would be made anew */
	token_key_refresh(&source);
	source.key.bytes[0] ^= 1;
	refresh(KEY_SIM);
}

/* A file that cannot be read for the moment changes nothing. */
static void
outlives_an_unreadable_file(void **state)
{
	(void)state;
	write_password("pass\n");
	refresh(KEY_PASS);
	assert_int_equal(unlink(path), 0);
	refresh(KEY_PASS);
	write_password("");		/* just being written */
	refresh(KEY_PASS);
	write_password("sim-password\n");
	refresh(KEY_SIM);
}

static void
unknown_without_a_password(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	token_key_refresh(&source);
	assert_false(source.key.known);
	assert_non_null(strstr(source.key.why, "could not read"));
	write_password("pass\n");
	refresh(KEY_PASS);
}

static uint64_t
address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char line[200] = "";

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	return strtoul(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Then the old one is no key any more: the password is another. */
static void
unknown_without_memory(void **state)
{
	struct rlimit saved, least;

	(void)state;
	if (address_space() > UINT64_C(1) << 40)
		return;			/* a sanitizer's own: no limit fits */
	write_password("sim-password\n");
	refresh(KEY_SIM);
	write_password("pass\n");
	assert_int_equal(getrlimit(RLIMIT_AS, &saved), 0);
	least = saved;
	least.rlim_cur = (rlim_t)address_space() + 4 * 1024 * 1024;
	assert_int_equal(setrlimit(RLIMIT_AS, &least), 0);
	token_key_refresh(&source);
	assert_int_equal(setrlimit(RLIMIT_AS, &saved), 0);
	assert_false(source.key.known);
	assert_non_null(strstr(source.key.why, "lacks the memory"));
	for (size_t i = 0; i < TOKEN_KEY_SIZE; i++)
		assert_int_equal(source.key.bytes[i], 0);
	refresh(KEY_PASS);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(key_of_the_page),
		CASE(user_and_domain_count),
		CASE(follows_the_file),
		CASE(outlives_an_unreadable_file),
		CASE(unknown_without_a_password),
		CASE(unknown_without_memory),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
