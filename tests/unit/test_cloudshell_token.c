/* cloudshell: how long a token is used. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cloudshell_rig.h"
#include "json.h"

/* The client replaces an old token before CloudShell says that it has expired,
 * so that it does not send with it what must not happen twice. */
static void
old_token_is_renewed(void **state)
{
	static const struct step steps[] = { LOGIN, OK(BOX), OK(BOX), LOGIN,
	    OK(BOX) };
	static const char login[] = "PUT /api/login";
	struct rig g;

	(void)state;
	START(&g, steps);
	assert_int_equal(rig_get(&g), 0);
	g.client->token_ms -= CS_TOKEN_AGE_MS / 2;
	assert_int_equal(rig_get(&g), 0);
	g.client->token_ms -= CS_TOKEN_AGE_MS / 2 + 1;
	assert_int_equal(rig_get(&g), 0);
	rig_done(&g);
	assert_int_equal(g.server.n, 5);
	assert_int_equal(listener_count(&g.server, login), 2);
	assert_int_equal(strncmp(g.server.requests[3], login,
	    strlen(login)), 0);
	rig_free(&g);
}

/* An unknown token cannot be masked. */
static void
broken_token_is_not_shown(void **state)
{
	static const struct {
		const char *body, *shown;
	} cases[] = {
		{ "\"" TOKEN, "not a JSON string" },
		{ TOKEN, "not a JSON string" },
		{ "<string xmlns=\"x\">" TOKEN "</string>",
		  "not a JSON string" },
		{ "{\"token\":\"" TOKEN "\"}", "does not understand" },
		{ " <HTML><p>Welcome</p>", ": Welcome" },
	};
	struct rig g;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct step steps[] = { OK(cases[i].body),
		    OK(cases[i].body), OK(cases[i].body) };

		START(&g, steps);
		assert_int_equal(rig_get(&g), -1);
		assert_int_equal(g.fail.kind, FAIL_CONFIG);
		assert_non_null(strstr(g.fail.text, cases[i].shown));
		rig_done(&g);
		rig_free(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_token_is_renewed),
		cmocka_unit_test(broken_token_is_not_shown),
	};

	json_init();
	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
