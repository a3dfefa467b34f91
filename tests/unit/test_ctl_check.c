/*
 * What qualictl check is made of: lines and their summary, the proxy of a URL,
 * commands to be copied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "src/ctl/findings.h"
#include "src/ctl/proxy.h"
#include "src/ctl/trust.h"

/* --- lines --- */

static char *
summary_of(size_t failed, size_t warned, size_t skipped)
{
	struct findings f;
	char *text;

	findings_init(&f, NULL);
	finding(&f, "a", FINDING_OK, NULL, "%s", "x");
	while (failed-- > 0)
		finding(&f, "b", FINDING_DENIED, "y", "x");
	while (warned-- > 0)
		finding(&f, "c", FINDING_WARNING, "y", "x");
	while (skipped-- > 0)
		finding(&f, "d", FINDING_SKIPPED, NULL, "x");
	text = findings_summary(&f);
	findings_free(&f);
	return text;
}

static void
summary(void **state)
{
	static const struct {
		size_t		 failed, warned, skipped;
		const char	*text;
	} cases[] = {
		{ 0, 0, 0, "All is well (1 ok)." },
		{ 0, 0, 2, "Nothing that was checked is wrong (1 ok, 2 "
		    "skipped)." },
		{ 0, 1, 0, "The worker can do its work, but look at the "
		    "warning (1 warning, 1 ok)." },
		{ 0, 2, 1, "The worker can do its work, but look at the "
		    "warnings (2 warnings, 1 ok, 1 skipped)." },
		{ 3, 1, 0, "The worker cannot do its work yet (3 failed, 1 "
		    "warning, 1 ok): correct what failed, then check again." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = summary_of(cases[i].failed, cases[i].warned,
		    cases[i].skipped);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* What comes from outside cannot begin a line of its own. */
static void
lines_stay_lines(void **state)
{
	struct findings f;
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	(void)state;
	findings_init(&f, out);
	finding(&f, "cloudshell.login", FINDING_FAILED, "do this\nrun that",
	    "it said: %s", "a\nok       forged  \x1b[2J\xff.");
	finding(&f, "clock", FINDING_OK, NULL, "as AWS's");
	(void)fclose(out);
	assert_string_equal(printed,
	    "failed   cloudshell.login                 it said: a ok       "
	    "forged   [2J?.: do this\nrun that\n"
	    "ok       clock                            as AWS's\n");
	assert_true(findings_has(&f, "clock"));
	assert_false(findings_has(&f, "cloc"));
	findings_free(&f);
	free(printed);
}

/* Lines of another process come out as they went in. */
static void
lines_of_another_process(void **state)
{
	struct findings a, b;
	json_t *o;

	(void)state;
	findings_init(&a, NULL);
	findings_init(&b, NULL);
	finding(&a, "x", FINDING_WARNING, "z", "y");
	finding(&a, "x", FINDING_SKIPPED, NULL, "y");
	o = json_pack("{s:O}", "list", a.list);
	findings_take(&b, o);
	assert_true(json_equal(a.list, b.list));
	assert_int_equal(b.count[FINDING_WARNING], 1);
	assert_int_equal(b.count[FINDING_SKIPPED], 1);
	json_decref(o);
	findings_free(&a);
	findings_free(&b);
}

/* --- the proxy of a URL --- */

static const char *const names[] = { "http_proxy", "https_proxy",
	"HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	"HTTP_PROXY" };

static void
variables(const char *list)
{
	char name[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unsetenv(names[i]);
	while (*list != '\0') {
		size_t n = strcspn(list, "="), end = strcspn(list, ";");
		char value[128];

		assert_true(n < sizeof(name) && end - n < sizeof(value));
		memcpy(name, list, n);
		name[n] = '\0';
		memcpy(value, list + n + 1, end - n - 1);
		value[end - n - 1] = '\0';
		(void)setenv(name, value, 1);
		list += end + (list[end] == ';');
	}
}

static void
proxies(void **state)
{
	static const struct {
		const char	*set, *url, *variable, *peer;
	} cases[] = {
		{ "", "https://a.example", NULL, "" },
		{ "https_proxy=p:1", "https://a.example", "https_proxy",
		    "p:1" },
		{ "HTTPS_PROXY=http://u:p@p:1/", "https://a.example",
		    "HTTPS_PROXY", "p:1" },
		{ "HTTPS_PROXY=p:1;https_proxy=q:2", "https://a.example",
		    "https_proxy", "q:2" },
		{ "HTTPS_PROXY=p:1", "http://a.example", NULL, "" },
		{ "HTTP_PROXY=p:1", "http://a.example", NULL, "" },
		{ "http_proxy=p:1", "http://a.example", "http_proxy", "p:1" },
		{ "ALL_PROXY=p:1", "http://a.example", "ALL_PROXY", "p:1" },
		{ "ALL_PROXY=p:1;https_proxy=", "https://a.example",
		    "ALL_PROXY", "p:1" },
		{ "https_proxy=p:1;NO_PROXY=*", "https://a.example", NULL,
		    "" },
		{ "https_proxy=p:1;NO_PROXY=example", "https://a.example",
		    NULL, "" },
		{ "https_proxy=p:1;NO_PROXY=.Example", "https://a.example:3",
		    NULL, "" },
		{ "https_proxy=p:1;NO_PROXY=ample", "https://a.example",
		    "https_proxy", "p:1" },
		{ "https_proxy=p:1;NO_PROXY=b.example,a.example x",
		    "https://a.example", NULL, "" },
		{ "https_proxy=p:1;no_proxy=x;NO_PROXY=a.example",
		    "https://a.example", "https_proxy", "p:1" },
		{ "https_proxy=p:1;NO_PROXY=10.1.2.3", "https://10.1.2.3",
		    NULL, "" },
		{ "https_proxy=p:1;NO_PROXY=2.3", "https://10.1.2.3",
		    "https_proxy", "p:1" },
		{ "https_proxy=p:1;NO_PROXY=[::1]", "https://[::1]:3443",
		    NULL, "" },
		{ "https_proxy=p:1;NO_PROXY=::2", "https://[::1]:3443",
		    "https_proxy", "p:1" },
	};
	struct proxy p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		variables(cases[i].set);
		assert_int_equal(proxy_for(cases[i].url, &p),
		    cases[i].variable != NULL);
		if (cases[i].variable != NULL)
			assert_string_equal(p.variable, cases[i].variable);
		assert_string_equal(p.peer, cases[i].peer);
		assert_null(strstr(p.shown, "u:p"));
	}
	variables("");
}

/* --- commands --- */

/* What a shell makes of a path in the commands. */
static void
paths_in_commands(void **state)
{
	static const char *const files[] = { "/etc/a/worker.conf",
		"/tmp/it's $HOME `x`; rm/worker.conf", "worker.conf" };
	char *text, *quoted;

	(void)state;
	text = trust_remedy(files[0], NULL, "lab.example:3443", NULL, false);
	assert_non_null(strstr(text, "\nopenssl s_client -connect "
	    "lab.example:3443 </dev/null 2>/dev/null | openssl x509 | install "
	    "-m 644 /dev/stdin /etc/a/cloudshell-ca.pem\nsed -i -e '0,/^ *"
	    "\\[cloudshell\\]/{//a ca_file = /etc/a/cloudshell-ca.pem' -e '}' "
	    "/etc/a/worker.conf"));
	free(text);
	text = trust_remedy(files[1], "/x y", "[::1]:3443", "p:1", true);
	quoted = strstr(text, "\nopenssl s_client -proxy p:1 -connect "
	    "'[::1]:3443' </dev/null 2>/dev/null | openssl x509 >>'/x y'\n"
	    "sed -i -e '/^ *verify *=/d' '/tmp/it'\\''s $HOME `x`; "
	    "rm/worker.conf'");
	assert_non_null(quoted);
	free(text);
	text = trust_remedy(files[2], NULL, "h:1", NULL, false);
	assert_non_null(strstr(text, "/dev/stdin cloudshell-ca.pem\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary),
		cmocka_unit_test(lines_stay_lines),
		cmocka_unit_test(lines_of_another_process),
		cmocka_unit_test(proxies),
		cmocka_unit_test(paths_in_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
