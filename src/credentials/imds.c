/*
 * A client of EC2's instance metadata service.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws_request.h"
#include "environment.h"
#include "files.h"
#include "imds.h"
#include "mem.h"
#include "settings.h"
#include "sys.h"
#include "url.h"

#define IPV4		"http://169.254.169.254"
#define IPV6		"http://[fd00:ec2::254]"
#define TOKEN_PATH	"latest/api/token"
#define TOKEN_TTL	"x-aws-ec2-metadata-token-ttl-seconds: 21600"
#define TOKEN_HEADER	"x-aws-ec2-metadata-token: "
#define TOKEN_MAX	4096	/* bytes; AWS's have 56 */
#define PAUSE_MS	500
#define NUMBER_MAX	1000000	/* IMDS_TOTAL_MS cuts what is too long */

/* --- settings --- */

/* A setting of the service: its variable, else the profile's key. *name is
 * which of the two, for texts. */
static const char *
setting(const struct chain *c, const char *name_of_variable, const char *key,
    const char **name)
{
	const char *value = variable(name_of_variable);

	*name = value != NULL ? name_of_variable : key;
	return value != NULL ? value :
	    files_find(c->files, c->profile, key, NULL);
}

static int
number(const struct chain *c, const char *name_of_variable, const char *key,
    const char *what, int *number_of, struct fail *fail)
{
	const char *name, *error;
	const char *value = setting(c, name_of_variable, key, &name);

	if (value == NULL)
		return 0;
	*number_of = (int)strtonum(value, 1, NUMBER_MAX, &error);
	return error == NULL ? 0 : fail_set(fail, FAIL_CONFIG, "%s is not a "
	    "whole number of %s from 1 on", name, what);
}

static int
limits(struct imds *m, const struct chain *c, bool brief, struct fail *fail)
{
	int timeout_s = IMDS_TIMEOUT_S, attempts = IMDS_ATTEMPTS;

	if (number(c, "AWS_METADATA_SERVICE_TIMEOUT",
	    "metadata_service_timeout", "seconds", &timeout_s, fail) != 0 ||
	    number(c, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
	    "metadata_service_num_attempts", "attempts", &attempts, fail) != 0)
		return -1;
	m->service.timeout_ms = (int64_t)timeout_s * 1000;
	m->service.attempts = brief ? 1 : attempts;
	m->service.pause_ms = PAUSE_MS;
	m->service.until_ms = sys_now_ms() + (brief ? IMDS_BRIEF_MS :
	    IMDS_TOTAL_MS);
	return 0;
}

static int
custom_base(struct imds *m, const char *url, const char *name,
    struct fail *fail)
{
	struct url parsed;
	size_t len;

	if (url_parse(url, &parsed) != URL_OK)
		return fail_set(fail, FAIL_CONFIG, "%s is not a URL of the "
		    "form http://host[:port][/path] without user, query and "
		    "fragment", name);
	len = strlen(url);
	m->base = xstrndup(url, url[len - 1] == '/' ? len - 1 : len);
	m->custom = true;
	return 0;
}

static int
base(struct imds *m, const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	const char *url_name, *mode_name;
	const char *url = setting(c, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
	    "ec2_metadata_service_endpoint", &url_name);
	const char *mode = setting(c, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
	    "ec2_metadata_service_endpoint_mode", &mode_name);
	bool ipv6 = mode != NULL && strcasecmp(mode, "ipv6") == 0;

	if (mode != NULL && !ipv6 && strcasecmp(mode, "ipv4") != 0)
		return fail_set(fail, FAIL_CONFIG, "%s is neither ipv4 nor "
		    "ipv6", mode_name);
	if (url != NULL) {
		if (ipv6)
			aws_found_warn(found, "%s is ipv6 and %s names an "
			    "endpoint: the endpoint counts, unset one of them",
			    mode_name, url_name);
		return custom_base(m, url, url_name, fail);
	}
	m->base = xstrdup(ipv6 ? IPV6 : IPV4);
	return 0;
}

enum verdict
imds_open(struct imds *m, const struct chain *c, bool brief,
    struct aws_found *found, struct fail *fail)
{
	const char *disabled = variable("AWS_EC2_METADATA_DISABLED");

	memset(m, 0, sizeof(*m));
	if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
		(void)fail_set(fail, FAIL_CONFIG, "AWS_EC2_METADATA_DISABLED "
		    "is true");
		return NOT_CONFIGURED;
	}
	if (base(m, c, found, fail) != 0 || limits(m, c, brief, fail) != 0)
		return BROKEN;
	m->v1_forbidden = settings_flag(c, "AWS_EC2_METADATA_V1_DISABLED",
	    "ec2_metadata_v1_disabled");
	m->v1 = c->options->metadata_v1 && !m->v1_forbidden;
	m->tls = (struct http_tls){ .ca_file = settings_ca_bundle(c),
	    .verify = true, .settings = AWS_TLS_SETTINGS };
	m->service.tls = &m->tls;
	m->service.what = "EC2 metadata service";
	m->service.http = http_client_new(NULL);
	return FOUND;
}

static void
forget_token(struct imds *m)
{
	xfree_secret(m->header);
	m->header = NULL;
	secret_free(m->token);
	m->token = NULL;
}

void
imds_close(struct imds *m)
{
	forget_token(m);
	http_client_free(m->service.http);
	free(m->base);
	memset(m, 0, sizeof(*m));
}

/* --- requests --- */

static int
request(struct imds *m, const char *method, const char *path,
    const char *header, metadata_take take, void *arg,
    struct metadata_end *end, struct fail *fail)
{
	const char *headers[] = { header, NULL };
	char *url = xasprintf("%s/%s", m->base, path);
	char shown[320];
	struct metadata_request rq = { .method = method, .url = url,
	    .shown = http_url_show(shown, sizeof(shown), url),
	    .headers = headers, .secret = m->token };
	int rc;

	rc = metadata_get(&m->service, &rq, take, arg, end, fail);
	free(url);
	return rc;
}

static int
take_token(const struct http_answer *a, void *arg, struct fail *fail)
{
	struct imds *m = arg;
	const char *token = buf_text(&a->body);

	for (size_t i = 0; i < a->body.len; i++)
		if (token[i] <= ' ' || token[i] > '~' || i == TOKEN_MAX)
			return fail_set(fail, FAIL_AGAIN, "sent what is no "
			    "token");
	m->token = secret_text(token);
	m->header = xasprintf(TOKEN_HEADER "%s", token);
	return 0;
}

/* The service does not know tokens. */
static bool
lacks_tokens(const struct metadata_end *end)
{
	return end->status == 403 || end->status == 404 || end->status == 405;
}

/* It took the request and kept silent: its answer has too few hops to live for
 * a container with a network of its own. */
static bool
was_silent(const struct metadata_end *end)
{
	return end->status == 0 && end->connected && end->late;
}

static void
advise(const struct imds *m, const struct metadata_end *end,
    struct fail *fail)
{
	if (was_silent(end))
		(void)fail_add(fail, "In a container this means that the "
		    "answer may not travel that far: set the hop limit of the "
		    "instance's metadata to 2, or give the worker credentials "
		    "in another way");
	else if (lacks_tokens(end))
		(void)fail_add(fail, "It gives out no tokens, which version 2 "
		    "of the service needs. Version 1 needs %s",
		    m->v1_forbidden ? "AWS_EC2_METADATA_V1_DISABLED and "
		    "ec2_metadata_v1_disabled not to be true" :
		    "metadata_v1 = yes in [aws]");
}

static enum verdict
get_token(struct imds *m, struct fail *fail)
{
	struct metadata_end end;

	if (request(m, "PUT", TOKEN_PATH, TOKEN_TTL, take_token, m, &end,
	    fail) == 0)
		return FOUND;
	if (m->v1 && (lacks_tokens(&end) || was_silent(&end))) {
		m->tokenless = true;
		return FOUND;
	}
	advise(m, &end, fail);
	/* nobody there, or something else at AWS's address, is no fault */
	return !m->custom && (lacks_tokens(&end) ||
	    (end.status == 0 && !end.connected)) ? NOT_CONFIGURED : BROKEN;
}

enum verdict
imds_get(struct imds *m, const char *path, metadata_take take, void *arg,
    struct metadata_end *end, struct fail *fail)
{
	enum verdict v;

	memset(end, 0, sizeof(*end));
	for (int renewed = 0;; renewed++) {
		if (m->token == NULL && !m->tokenless &&
		    (v = get_token(m, fail)) != FOUND)
			return v;
		if (request(m, "GET", path, m->header, take, arg, end,
		    fail) == 0)
			return FOUND;
		if (end->status != 401 || m->token == NULL || renewed == 1)
			break;
		forget_token(m);
	}
	return end->status == 0 && !end->connected && !m->custom ?
	    NOT_CONFIGURED : BROKEN;
}
