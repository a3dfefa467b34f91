/*
 * The User-Agent: the form of the SDKs, whatever the values hold.
 */
#include <sys/utsname.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user_agent.h"

#define ODD	"a b/c#d(e)\"f\\g\n\xc3\xa9@h"
#define ODD_OUT	"a-b-c-d-e--f-g----h"	/* byte by byte */
#define FIFTY	"12345678901234567890123456789012345678901234567890"

/* The part that every one begins with. */
static const char *
base(void)
{
	static char text[512];
	struct utsname os;

	assert_int_equal(uname(&os), 0);
	(void)snprintf(text, sizeof(text), "prog/" VERSION " ua/2.1 "
	    "os/linux#%s md/arch#%s lang/c md/curl#%s", os.release,
	    os.machine, curl_version_info(CURLVERSION_NOW)->version);
	return text;
}

static void
expect(const char *app_id, const char *rest)
{
	char *text = user_agent("prog", app_id), wanted[1024];

	(void)snprintf(wanted, sizeof(wanted), "%s%s", base(), rest);
	assert_string_equal(text, wanted);
	free(text);
}

static void
form(void **state)
{
	(void)state;
	(void)unsetenv("AWS_EXECUTION_ENV");
	expect(NULL, "");
	expect("", "");
	expect("deploy", " app/deploy");
	(void)setenv("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE", 1);
	expect("deploy", " exec-env/AWS_ECS_FARGATE app/deploy");
	(void)setenv("AWS_EXECUTION_ENV", "", 1);
	expect(NULL, "");
}

/* No value can end the header or pass for another item. */
static void
odd_values(void **state)
{
	static const char kept[] = "!$%&'*+-.^_`|~aZ09";

	(void)state;
	(void)setenv("AWS_EXECUTION_ENV", ODD, 1);
	expect(ODD, " exec-env/" ODD_OUT " app/" ODD_OUT);
	(void)unsetenv("AWS_EXECUTION_ENV");
	expect(kept, " app/!$%&'*+-.^_`|~aZ09");
}

static void
long_values(void **state)
{
	char *text, *large = malloc(100001);

	(void)state;
	memset(large, 'x', 100000);
	large[100000] = '\0';
	expect(FIFTY, " app/" FIFTY);
	expect(FIFTY "1", " app/" FIFTY);
	(void)setenv("AWS_EXECUTION_ENV", large, 1);
	text = user_agent(large, large);
	assert_true(strlen(text) <= USER_AGENT_MAX);
	assert_non_null(strstr(text, " app/xxx"));
	free(text);
	(void)unsetenv("AWS_EXECUTION_ENV");
	free(large);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(form),
		cmocka_unit_test(odd_values),
		cmocka_unit_test(long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
