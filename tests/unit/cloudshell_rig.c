#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cloudshell_rig.h"
#include "http_client.h"
#include "json.h"

static int
rig_pause(int64_t ms, void *arg, struct fail *fail)
{
	struct rig *g = arg;

	assert_true(ms > 0 && ms < g->left);
	g->left -= ms;
	g->paused += ms;
	if (ms > g->longest)
		g->longest = ms;
	if (++g->pauses == g->stop_at)
		return fail_set(fail, FAIL_STOPPED, "stopped by the test");
	return 0;
}

static void
rig_called(const char *method, const char *where, long status, int64_t ms,
    int attempt, const char *error, void *arg)
{
	struct rig *g = arg;

	assert_true(ms >= 0);
	g->calls++;
	assert_int_equal(buf_addf(&g->told, "%s %s %ld %d %s\n", method, where,
	    status, attempt, error != NULL ? error : "-"), 0);
}

static int64_t
rig_remaining(void *arg)
{
	return ((struct rig *)arg)->left;
}

void
rig_start(struct rig *g, const struct step *steps, size_t n)
{
	memset(g, 0, sizeof(*g));
	listener_start(&g->server, steps, n);
	(void)snprintf(g->url, sizeof(g->url), "http://127.0.0.1:%d/",
	    g->server.port);
	g->password = secret_text("pass word&1");
	g->left = 15 * 60000;
	buf_init(&g->told, 1024 * 1024);
	g->set = (struct cs_settings){ .url = g->url, .user = "ci",
	    .domain = "Global", .password = g->password,
	    .tls = { .verify = true }, .timeout_ms = 20000, .pause = rig_pause,
	    .called = rig_called, .remaining = rig_remaining, .arg = g };
	g->http = http_client_new(NULL);
	g->client = cs_client_new(&g->set, g->http);
}

void
rig_done(struct rig *g)
{
	const char *const texts[] = { g->fail.text, buf_text(&g->told) };

	listener_stop(&g->server);
	for (size_t i = 0; i < 2; i++) {
		assert_null(strstr(texts[i], TOKEN));
		assert_null(strstr(texts[i], "Zm9v%2B"));
		assert_null(strstr(texts[i], "pass word"));
		assert_null(strstr(texts[i], "word&"));
	}
	assert_int_equal(g->calls, g->server.n);
}

void
rig_free(struct rig *g)
{
	cs_client_free(g->client);
	http_client_free(g->http);
	secret_free(g->password);
	buf_free(&g->told);
	listener_free(&g->server);
}

int
rig_get(struct rig *g)
{
	struct cs_sandbox s;
	int rc = cs_sandbox_get(g->client, "box-1", &s, &g->fail);

	cs_sandbox_free(&s);
	return rc;
}

int
rig_begin(struct rig *g)
{
	struct cs_sandbox s;
	int rc = cs_sandbox_start(g->client, "bp", "n", 5, NULL, &s, &g->fail);

	cs_sandbox_free(&s);
	return rc;
}

int
rig_command(struct rig *g)
{
	struct cs_target t = { "box-1", "comp" };
	char id[SANDBOX_ID_SIZE];
	int rc;

	rc = cs_command_start(g->client, &t, "do it", NULL, id, &g->fail);
	if (rc == -1 && g->fail.kind == FAIL_REVISION)
		rc = cs_command_missing(g->client, &t, "do it", &g->fail);
	return rc;
}
