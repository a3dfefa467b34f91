/*
 * url.c: what it reads from a URL, and what it refuses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "url.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
parts_are_read(void **state)
{
	static const struct {
		const char	*text;
		bool		 tls;
		const char	*host;
		int		 port;
		const char	*path;
	} cases[] = {
		{ "http://h", false, "h", 0, "" },
		{ "HTTPS://H.Example:8443/a/../b", true, "H.Example", 8443,
		    "/a/../b" },
		{ "https://h:00443/", true, "h", 443, "/" },
		{ "https://h//a@b:c d", true, "h", 0, "//a@b:c d" },
		{ "http://[::1]:82/x]", false, "[::1]", 82, "/x]" },
		{ "https://[fe80::1%25lo]", true, "[fe80::1]", 0, "" },
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(url_parse(cases[i].text, &url), URL_OK);
		assert_int_equal(url.tls, cases[i].tls);
		assert_string_equal(url.host, cases[i].host);
		assert_int_equal(url.port, cases[i].port);
		assert_string_equal(url.path, cases[i].path);
	}
}

static void
faults_are_named(void **state)
{
	static const struct {
		const char	*text;
		enum url_fault	 fault;
	} cases[] = {
		{ "", URL_SCHEME }, { "h", URL_SCHEME }, { "/x", URL_SCHEME },
		{ "ftp://h", URL_SCHEME }, { "https:/h", URL_SCHEME },
		{ "https:h", URL_SCHEME }, { " https://h", URL_SCHEME },
		{ "https://h?", URL_QUERY }, { "https://h#", URL_QUERY },
		{ "https://h/a?b=c", URL_QUERY }, { "https://?", URL_QUERY },
		{ "https://u@h", URL_USER }, { "https://u:p@h:1/", URL_USER },
		{ "https://:p@h", URL_USER },
		{ "https://", URL_HOST }, { "https:///h", URL_HOST },
		{ "https://:82", URL_HOST }, { "https://a b", URL_HOST },
		{ "https://h\n", URL_HOST }, { "https://h/\x7f", URL_HOST },
		{ "https://[::1", URL_HOST }, { "https://[::g]", URL_HOST },
		{ "https://h:", URL_PORT }, { "https://h:/", URL_PORT },
		{ "https://h:0", URL_PORT }, { "https://h:65536", URL_PORT },
		{ "https://h:000082", URL_PORT }, { "https://h:8x", URL_PORT },
		{ "https://h:+8", URL_PORT }, { "https://h: 8", URL_PORT },
		{ "https://h:-1", URL_PORT }, { "https://[::1]x", URL_PORT },
		{ "https://h:18446744073709551697", URL_PORT },
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (url_parse(cases[i].text, &url) != cases[i].fault)
			fail_msg("%s", cases[i].text);
}

/* A name that is too long is refused, not cut. */
static void
long_hosts_are_refused(void **state)
{
	char text[600] = "http://";
	struct url url;

	(void)state;
	memset(text + 7, 'a', URL_HOST_SIZE - 1);
	assert_int_equal(url_parse(text, &url), URL_OK);
	assert_int_equal(strlen(url.host), URL_HOST_SIZE - 1);
	text[7 + URL_HOST_SIZE - 1] = 'a';
	assert_int_equal(url_parse(text, &url), URL_HOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_read),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(long_hosts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
