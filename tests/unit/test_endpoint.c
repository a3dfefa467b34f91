/*
 * Host names by partition, variants, configured URLs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "endpoint.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The host name that is built for a region ends in its partition's suffix. */
static void
suffix_expect(const char *region, bool dualstack, const char *suffix)
{
	struct aws_endpoint ep;
	struct fail fail;
	char host[300];

	assert_int_equal(aws_endpoint_find("codepipeline", region, NULL, false,
	    dualstack, &ep, &fail), 0);
	snprintf(host, sizeof(host), "codepipeline.%s.%s", region, suffix);
	assert_string_equal(ep.host, host);
}

static void
test_partitions(void **state)
{
	static const struct {
		const char *region, *dns, *dual;
	} cases[] = {
		{ "us-east-1", "amazonaws.com", "api.aws" },
		{ "mx-central-1", "amazonaws.com", "api.aws" },
		{ "cn-north-1", "amazonaws.com.cn",
		    "api.amazonwebservices.com.cn" },
		{ "us-gov-west-1", "amazonaws.com", "api.aws" },
		{ "eusc-de-east-1", "amazonaws.eu",
		    "api.amazonwebservices.eu" },
		{ "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov" },
		{ "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud" },
		{ "eu-isoe-west-1", "cloud.adc-e.uk",
		    "api.cloud-aws.adc-e.uk" },
		{ "us-isof-south-1", "csp.hci.ic.gov",
		    "api.aws.hci.ic.gov" },
		{ "cn-north", "amazonaws.com", "api.aws" },
		{ "cn-north-1x", "amazonaws.com", "api.aws" },
		{ "us-iso-1", "amazonaws.com", "api.aws" },
		{ "nowhere", "amazonaws.com", "api.aws" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		suffix_expect(cases[i].region, false, cases[i].dns);
		suffix_expect(cases[i].region, true, cases[i].dual);
	}
}

static void
test_region_near(void **state)
{
	(void)state;
	assert_true(aws_region_near("us-east-1", "mx-central-1"));
	assert_true(aws_region_near("cn-north-1", "cn-northwest-1"));
	assert_false(aws_region_near("us-east-1", "us-gov-east-1"));
	assert_false(aws_region_near("us-east-1", "cn-north-1"));
	assert_false(aws_region_near("us-iso-east-1", "us-isob-east-1"));
}

static void
test_region_valid(void **state)
{
	static const char *const good[] = {
		"us-east-1", "cn-northwest-1", "test",
		"abcdefghijklmnopqrstuvwxyz-123",
	};
	static const char *const bad[] = {
		"", "abc", "US-EAST-1", "us_east_1", "us-east-", "-us-east-1",
		"us-east-1.evil.example", "us-east-1/x", "us east 1",
		"1us-east-1", "abcdefghijklmnopqrstuvwxyz-1234",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		assert_true(aws_region_valid(good[i]));
	for (i = 0; i < COUNT(bad); i++)
		assert_false(aws_region_valid(bad[i]));
}

static void
test_built(void **state)
{
	static const struct {
		const char *service, *region;
		bool fips, dual;
		const char *host;
	} cases[] = {
		{ "codepipeline", "us-east-2", false, false,
		    "codepipeline.us-east-2.amazonaws.com" },
		{ "codepipeline", "us-east-2", true, false,
		    "codepipeline-fips.us-east-2.amazonaws.com" },
		{ "codepipeline", "us-east-2", false, true,
		    "codepipeline.us-east-2.api.aws" },
		{ "codepipeline", "us-gov-west-1", true, true,
		    "codepipeline-fips.us-gov-west-1.api.aws" },
		{ "codepipeline", "cn-north-1", false, false,
		    "codepipeline.cn-north-1.amazonaws.com.cn" },
		{ "s3", "us-east-1", false, false,
		    "s3.us-east-1.amazonaws.com" },
		{ "s3", "cn-north-1", false, true,
		    "s3.dualstack.cn-north-1.amazonaws.com.cn" },
		{ "s3", "us-east-1", true, false,
		    "s3-fips.us-east-1.amazonaws.com" },
		{ "s3", "us-east-1", true, true,
		    "s3-fips.dualstack.us-east-1.amazonaws.com" },
		{ "sts", "eu-west-1", false, false,
		    "sts.eu-west-1.amazonaws.com" },
		{ "sts", "us-west-2", true, false,
		    "sts-fips.us-west-2.amazonaws.com" },
		{ "sts", "us-gov-west-1", true, false,
		    "sts.us-gov-west-1.amazonaws.com" },
	};
	struct aws_endpoint ep;
	struct fail fail;
	char url[600];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(aws_endpoint_find(cases[i].service,
		    cases[i].region, i % 2 ? NULL : "", cases[i].fips,
		    cases[i].dual, &ep, &fail), 0);
		snprintf(url, sizeof(url), "https://%s", cases[i].host);
		assert_string_equal(ep.url, url);
		assert_string_equal(ep.host, cases[i].host);
		assert_string_equal(ep.base, "");
		assert_false(ep.custom);
	}
}

static void
test_custom(void **state)
{
	static const struct {
		const char *given, *url, *host, *base;
	} cases[] = {
		{ "https://vpce-1.example/", "https://vpce-1.example",
		    "vpce-1.example", "" },
		{ "HTTPS://Vpce-1.Example:443/a/b/",
		    "https://vpce-1.example/a/b", "vpce-1.example", "/a/b" },
		{ "https://h:8443", "https://h:8443", "h:8443", "" },
		{ "http://localhost:4566/", "http://localhost:4566",
		    "localhost:4566", "" },
		{ "http://127.0.0.1:80/x", "http://127.0.0.1/x", "127.0.0.1",
		    "/x" },
		{ "http://127.9.8.7:1", "http://127.9.8.7:1", "127.9.8.7:1",
		    "" },
		{ "http://[::1]:9000/b/", "http://[::1]:9000/b",
		    "[::1]:9000", "/b" },
		{ "http://[0:0::0001]", "http://[::1]", "[::1]", "" },
		{ "https://[2001:DB8::1]:8/", "https://[2001:db8::1]:8",
		    "[2001:db8::1]:8", "" },
		{ "https://10.1.2.3", "https://10.1.2.3", "10.1.2.3", "" },
		{ "https://h/a%20b", "https://h/a%20b", "h", "/a%20b" },
		{ "https://local_stack:4566", "https://local_stack:4566",
		    "local_stack:4566", "" },
	};
	struct aws_endpoint ep;
	struct fail fail;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (aws_endpoint_find("s3", "us-east-1", cases[i].given, false,
		    false, &ep, &fail) != 0)
			fail_msg("%s: %s", cases[i].given, fail.text);
		assert_string_equal(ep.url, cases[i].url);
		assert_string_equal(ep.host, cases[i].host);
		assert_string_equal(ep.base, cases[i].base);
		assert_true(ep.custom);
	}
}

static void
test_custom_refused(void **state)
{
	static const char *const cases[] = {
		"ftp://h", "h:8443", "https://", "https:///x", "https://:443",
		"https://h:0", "https://h:65536", "https://h:", "https://h:1x",
		"https://h:123456", "https://user:hunter2@h/", "https://h/?a=b",
		"https://h#x", "https://h/a//b", "https://h/a/../b",
		"https://h/./b", "https://h/a b", "https://h/\xc3\xbc",
		"https://h\\x", "https://h\r\nX: y", "https://a..b",
		"https://h.", "https://.h", "https://[::1", "https://[::g]",
		"https://[::1%25lo]", "https://[::1]x", "https://127.1",
		"https://0x7f.0.0.1", "https://0x7f000001",
		"https://2130706433",
		"https://256.1.1.1", "http://example.com", "http://10.0.0.1",
		"http://[::2]", "http://localhost.example", "http://128.0.0.1",
		"http://127.0.0.1.example",
	};
	struct aws_endpoint ep;
	struct fail fail;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		fail.kind = FAIL_NONE;
		if (aws_endpoint_find("s3", "us-east-1", cases[i], false,
		    false, &ep, &fail) != -1)
			fail_msg("%s was taken", cases[i]);
		assert_int_equal(fail.kind, FAIL_CONFIG);
		assert_null(strstr(fail.text, "hunter2"));
	}
}

static void
test_custom_long(void **state)
{
	struct aws_endpoint ep;
	struct fail fail;
	char url[1000];
	size_t n;

	(void)state;
	for (n = 8; n < sizeof(url) - 1; n++) {
		memset(url, 'a', n);
		memcpy(url, "https://", 8);
		url[n] = '\0';
		/* a label has at most 63 characters */
		assert_int_equal(aws_endpoint_find("s3", "us-east-1", url,
		    false, false, &ep, &fail), n > 8 && n <= 8 + 63 ? 0 : -1);
		memcpy(url, "https://h/", 10 > n ? n : 10);
		if (n > 10)
			assert_int_equal(aws_endpoint_find("s3", "us-east-1",
			    url, false, false, &ep, &fail),
			    n - 9 < sizeof(ep.base) ? 0 : -1);
	}
}

static void
test_custom_with_variants(void **state)
{
	struct aws_endpoint ep;
	struct fail fail;

	(void)state;
	assert_int_equal(aws_endpoint_find("s3", "us-east-1", "https://h",
	    true, false, &ep, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "AWS_ENDPOINT_URL"));
	assert_non_null(strstr(fail.text, "use_fips_endpoint"));
	assert_int_equal(aws_endpoint_find("s3", "us-east-1", "https://h",
	    false, true, &ep, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "use_dualstack_endpoint"));
	/* China has none; dual-stack it has */
	assert_int_equal(aws_endpoint_find("codepipeline", "cn-north-1", "",
	    true, true, &ep, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
	assert_non_null(strstr(fail.text, "cn-north-1"));
	assert_non_null(strstr(fail.text, "use_fips_endpoint"));
	assert_int_equal(aws_endpoint_find("codepipeline", "cn-north-1", "",
	    false, true, &ep, &fail), 0);
	assert_int_equal(aws_endpoint_find("s3", "us-east-1.evil",
	    NULL, false, false, &ep, &fail), -1);
	assert_int_equal(fail.kind, FAIL_CONFIG);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_region_near),
		cmocka_unit_test(test_region_valid),
		cmocka_unit_test(test_built),
		cmocka_unit_test(test_custom),
		cmocka_unit_test(test_custom_refused),
		cmocka_unit_test(test_custom_long),
		cmocka_unit_test(test_custom_with_variants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
