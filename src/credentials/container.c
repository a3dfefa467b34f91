/*
 * Credentials of a container.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws_request.h"
#include "container.h"
#include "environment.h"
#include "mem.h"
#include "metadata.h"
#include "settings.h"
#include "sys.h"
#include "url.h"

#define RELATIVE	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL		"AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN		"AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

#define ECS		"169.254.170.2"
#define EKS		"169.254.170.23"
#define EKS_IPV6	"fd00:ec2::23"
#define TOKEN_MAX	20000	/* bytes: what STS takes of a web identity */
#define ATTEMPTS	3
#define TIMEOUT_MS	2000
#define PAUSE_MS	1000

/* --- where to ask --- */

static bool
ipv4_allowed(struct in_addr addr)
{
	struct in_addr known;

	if (ntohl(addr.s_addr) >> 24 == 127)
		return true;
	return (inet_pton(AF_INET, ECS, &known) == 1 &&
	    known.s_addr == addr.s_addr) ||
	    (inet_pton(AF_INET, EKS, &known) == 1 &&
	    known.s_addr == addr.s_addr);
}

static bool
ipv6_allowed(const struct in6_addr *addr)
{
	struct in6_addr known;

	return IN6_IS_ADDR_LOOPBACK(addr) ||
	    (inet_pton(AF_INET6, EKS_IPV6, &known) == 1 &&
	    memcmp(&known, addr, sizeof(known)) == 0);
}

/* Whether plain http may go there. */
static bool
host_allowed(const char *host)
{
	char text[URL_HOST_SIZE];
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &ipv4) == 1)
		return ipv4_allowed(ipv4);
	if (host[0] != '[')
		return false;
	(void)strlcpy(text, host + 1, sizeof(text));
	text[strcspn(text, "]")] = '\0';
	return inet_pton(AF_INET6, text, &ipv6) == 1 && ipv6_allowed(&ipv6);
}

static int
full_check(const char *full, struct fail *fail)
{
	char *server = xstrndup(full, strcspn(full, "?#"));
	enum url_fault fault;
	struct url url;

	fault = url_parse(server, &url);	/* a query does no harm */
	free(server);
	if (fault != URL_OK)
		return fail_set(fail, FAIL_CONFIG, FULL " is not a URL of the "
		    "form http://host[:port]/path%s", fault == URL_USER ?
		    ": it holds a user name" : "");
	if (!url.tls && !host_allowed(url.host))
		return fail_set(fail, FAIL_CONFIG, FULL ": plain http goes "
		    "only to localhost, to loopback addresses, and to " ECS ", "
		    EKS " and " EKS_IPV6 ", not to %s: use https", url.host);
	return 0;
}

/* The URL to ask and how texts show it, new; NULL: not configured, or with
 * fail->kind set, a fault. */
static char *
url_make(struct aws_found *found, char **shown, struct fail *fail)
{
	const char *relative = variable(RELATIVE), *full = variable(FULL);
	char place[320];

	if (relative == NULL && full == NULL)
		return NULL;
	if (relative != NULL && full != NULL)
		aws_found_warn(found, RELATIVE " and " FULL " are both set: "
		    "the first counts, unset the other");
	if (relative != NULL && relative[0] != '/') {
		/* what follows the address would be part of the host */
		(void)fail_set(fail, FAIL_CONFIG, RELATIVE " does not begin "
		    "with '/'");
		return NULL;
	}
	if (relative != NULL) {
		*shown = xstrdup(ECS " (" RELATIVE ")");
		return xasprintf("http://" ECS "%s", relative);
	}
	if (full_check(full, fail) != 0)
		return NULL;
	*shown = xasprintf("%s (" FULL ")", http_url_show(place, sizeof(place),
	    full));
	return xstrdup(full);
}

/* --- the token --- */

/* Drop one line end. */
static void
chomp(char *text)
{
	size_t n = strlen(text);

	if (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n > 0 && text[n - 1] == '\r')
		text[n - 1] = '\0';
}

/* It becomes a header. The text says what can be said of it without showing
 * it. */
static int
token_check(const char *token, const char *where, struct fail *fail)
{
	size_t n = strlen(token);

	if (n == 0)
		return fail_set(fail, FAIL_CONFIG, "the token in %s is empty",
		    where);
	if (n > TOKEN_MAX)
		return fail_set(fail, FAIL_CONFIG, "the token in %s is longer "
		    "than %d bytes", where, TOKEN_MAX);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)token[i] < ' ' || token[i] == 0x7f)
			return fail_set(fail, FAIL_CONFIG, "the token in %s "
			    "(%zu bytes%s) holds a line end or another control "
			    "character: it must be one line", where, n,
			    strchr(" \t\r\n\v\f", token[n - 1]) != NULL ?
			    ", the last of them white space" : "");
	return 0;
}

/* 0 with a new token, or NULL if there is none. */
static int
token_read(char **token, struct fail *fail)
{
	const char *path = variable(TOKEN_FILE);
	char *where;
	size_t len;
	int rc;

	if (path == NULL) {
		*token = xstrdup(variable(TOKEN));
		return *token == NULL ? 0 :
		    token_check(*token, TOKEN, fail);
	}
	/* with room for a line end; the check judges the rest */
	*token = sys_read_file(path, TOKEN_MAX + 2, &len);
	if (*token == NULL)
		return fail_set(fail, FAIL_CONFIG, "cannot read the token in "
		    "%s, named by " TOKEN_FILE ": %s", path,
		    sys_read_error(errno, TOKEN_MAX));
	chomp(*token);
	where = xasprintf("%s, named by " TOKEN_FILE ",", path);
	rc = token_check(*token, where, fail);
	free(where);
	return rc;
}

/* --- asking --- */

static int
ask(const struct chain *c, const char *url, const char *shown,
    const char *token, struct aws_found *found, struct fail *fail)
{
	struct http_tls tls = { .ca_file = settings_ca_bundle(c),
	    .verify = true, .settings = AWS_TLS_SETTINGS };
	struct metadata m = { .http = http_client_new(NULL), .tls = &tls,
	    .what = "container endpoint", .attempts = ATTEMPTS,
	    .timeout_ms = TIMEOUT_MS, .pause_ms = PAUSE_MS,
	    .until_ms = sys_now_ms() + (TIMEOUT_MS + PAUSE_MS) * ATTEMPTS };
	char *authorization = token == NULL ? NULL :
	    xasprintf("Authorization: %s", token);
	const char *headers[] = { "Accept: application/json", authorization,
	    NULL };
	struct secret *secret = secret_text(token);
	struct metadata_request rq = { .method = "GET", .url = url,
	    .shown = shown, .headers = headers, .secret = secret };
	char *where = xasprintf("container endpoint %s", shown);
	struct metadata_keys how = { .source = "container", .where = where };
	struct metadata_end end;
	json_t *o = NULL;
	int rc;

	rc = metadata_get(&m, &rq, metadata_take_json, &o, &end, fail);
	if (rc == 0 && (rc = metadata_keys(o, &how, found, fail)) != 0)
		(void)fail_prefix(fail, "%s", where);
	json_decref(o);
	free(where);
	secret_free(secret);
	xfree_secret(authorization);
	http_client_free(m.http);
	return rc;
}

enum verdict
container_look(const struct chain *c, struct aws_found *found,
    struct fail *fail)
{
	char *shown = NULL, *token = NULL, *url;
	struct fail fault = { 0 };
	enum verdict v = BROKEN;

	if ((url = url_make(found, &shown, &fault)) == NULL)
		v = fault.kind == FAIL_NONE ? NOT_CONFIGURED : BROKEN;
	else if (token_read(&token, &fault) == 0 &&
	    ask(c, url, shown, token, found, &fault) == 0)
		v = FOUND;
	if (v == BROKEN)
		(void)fail_set(fail, fault.kind, "%s", fault.text);
	xfree_secret(token);
	free(shown);
	free(url);
	return v;
}
