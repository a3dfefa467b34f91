/*
 * Takes a connection apart into its steps, and says what a refused certificate
 * is and how to trust it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "certificate.h"
#include "check_peer.h"
#include "http_client.h"
#include "http_probe.h"
#include "mem.h"
#include "proxy.h"
#include "sys.h"
#include "trust.h"
#include "url.h"

#define SOON_S		(14 * 24 * 3600)	/* a certificate is about to
						   expire */

/* One look at a peer. */
struct look {
	struct findings		*f;
	const struct peer	*peer;
	struct url		 url;
	char			 host[URL_HOST_SIZE];
	char			 server[320];	/* host:port */
	struct proxy		 proxy;
	bool			 proxied;
	struct http_probe	 probe;
};

static const char *const steps[HTTP_STEP_MAX] = {
	[HTTP_STEP_NAME] = "dns", [HTTP_STEP_TCP] = "tcp",
	[HTTP_STEP_TUNNEL] = "proxy", [HTTP_STEP_TLS] = "tls",
};

static void	say(struct look *, const char *, enum finding_status,
		    const char *, const char *, ...)
		    __attribute__((format(printf, 5, 6)));

static void
say(struct look *l, const char *step, enum finding_status status,
    const char *remedy, const char *fmt, ...)
{
	char name[64], text[3072];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(name, sizeof(name), "%s.%s", l->peer->group, step);
	finding(l->f, name, status, remedy, "%s", text);
}

static int
probe(const struct peer *peer, const char *url, bool verify,
    struct http_probe *p)
{
	struct http_tls tls = peer->tls;
	struct http_request rq = { .method = "GET", .url = url,
	    .timeout_ms = peer->timeout_ms, .tls = &tls };
	struct fail fail;

	tls.verify = verify;
	return http_probe(&rq, p, &fail);
}

/* --- proxy, name, TCP --- */

static void
say_proxy(struct look *l)
{
	const struct proxy *p = &l->proxy;

	if (l->proxied)
		say(l, "proxy", FINDING_OK, NULL, "%s serves %s (%s)",
		    p->shown, l->server, p->variable);
	else if (p->exception != NULL)
		say(l, "proxy", FINDING_OK, NULL, "none for %s (%s)",
		    l->server, p->exception);
	else
		say(l, "proxy", FINDING_OK, NULL, "none");
}

static void
refused_tunnel(struct look *l)
{
	char *remedy = xasprintf("have the proxy allow %s, or name the host in "
	    "NO_PROXY", l->server);

	if (l->probe.tunnel_status == 407)
		say(l, "proxy", FINDING_FAILED, "put user name and password "
		    "into the proxy's URL", "the proxy %s (%s) wants a user "
		    "name and a password", l->proxy.shown, l->proxy.variable);
	else if (l->probe.tunnel_status != 0)
		say(l, "proxy", FINDING_FAILED, remedy, "the proxy %s (%s) "
		    "refuses to connect to %s (HTTP %ld)", l->proxy.shown,
		    l->proxy.variable, l->server, l->probe.tunnel_status);
	else
		say(l, "proxy", FINDING_FAILED, remedy, "the proxy %s (%s) "
		    "opens no connection to %s: %s", l->proxy.shown,
		    l->proxy.variable, l->server, l->probe.why);
	free(remedy);
}

/* host:port that name and TCP concern. */
static const char *
next_hop(const struct look *l)
{
	return l->proxied ? l->proxy.peer : l->server;
}

static void
say_name(struct look *l)
{
	const char *hop = next_hop(l), *address = l->probe.address;
	size_t n = strlen(address);

	if (n == 0)
		say(l, "dns", FINDING_OK, NULL, "%s has an address", hop);
	else if (strncmp(hop + (hop[0] == '['), address, n) == 0)
		say(l, "dns", FINDING_OK, NULL, "%s is an address", address);
	else
		say(l, "dns", FINDING_OK, NULL, "%s is at %s", hop, address);
}

static void
no_name(struct look *l)
{
	char *remedy = xasprintf("correct %s, or this host's name servers",
	    l->proxied ? l->proxy.variable : l->peer->settings);

	say(l, "dns", FINDING_FAILED, remedy, l->probe.timed_out ?
	    "no name server says in time what address %s has" :
	    "%s has no address", next_hop(l));
	free(remedy);
}

static void
no_tcp(struct look *l)
{
	char *remedy = xasprintf("%s; or correct %s", l->probe.timed_out ?
	    "ask whether a firewall stands between" :
	    "check that the server runs and listens on that port",
	    l->proxied ? l->proxy.variable : l->peer->settings);

	if (l->probe.timed_out)
		say(l, "tcp", FINDING_FAILED, remedy, "%s does not answer "
		    "within %lld s", next_hop(l),
		    (long long)l->peer->timeout_ms / 1000);
	else if (l->probe.errnum == ECONNREFUSED)
		say(l, "tcp", FINDING_FAILED, remedy, "%s refuses the "
		    "connection", next_hop(l));
	else
		say(l, "tcp", FINDING_FAILED, remedy, "cannot connect to %s: "
		    "%s", next_hop(l), l->probe.errnum != 0 ?
		    strerror((int)l->probe.errnum) : l->probe.why);
	free(remedy);
}

/* --- TLS --- */

static bool
why_has(const struct look *l, const char *part)
{
	return strcasestr(l->probe.why, part) != NULL;
}

/* Whether there is a server of plain http: some close a connection that begins
 * with TLS, others answer it. */
static bool
speaks_http(const struct look *l)
{
	struct http_client *http = http_client_new(NULL);
	struct http_answer answer = { 0 };
	char *url = xasprintf("http://%s/", l->server);
	struct http_request rq = { .method = "HEAD", .url = url,
	    .timeout_ms = l->peer->timeout_ms };
	bool yes;

	yes = http_perform(http, &rq, &answer, NULL) == 0;
	http_answer_free(&answer);
	http_client_free(http);
	free(url);
	return yes;
}

static void
no_tls(struct look *l)
{
	char *remedy;

	if (why_has(l, "protocol version") ||
	    why_has(l, "unsupported protocol")) {
		remedy = xstrdup("turn on TLS 1.2 or 1.3 in the server");
		say(l, "tls", FINDING_FAILED, remedy, "%s only speaks a TLS "
		    "older than 1.2", l->server);
	} else if (l->probe.timed_out) {
		remedy = xasprintf("check that it speaks TLS on this port, or "
		    "correct %s", l->peer->settings);
		say(l, "tls", FINDING_FAILED, remedy, "%s takes the "
		    "connection, but does not answer", l->server);
	} else if (speaks_http(l)) {
		remedy = xasprintf("name the port that speaks TLS, or write "
		    "http://%s in %s", l->server, l->peer->settings);
		say(l, "tls", FINDING_FAILED, remedy, "%s speaks plain http, "
		    "not TLS", l->server);
	} else {
		remedy = xasprintf("check that it speaks TLS on this port, or "
		    "correct %s", l->peer->settings);
		say(l, "tls", FINDING_FAILED, remedy, "no TLS with %s: %s",
		    l->server, l->probe.why);
	}
	free(remedy);
}

/* What is wrong with the certificate itself, whoever signed it. NULL: nothing.
 * The caller frees the remedy. */
static const char *
wrong_itself(const struct look *l, const struct certificate *c, char **remedy)
{
	int64_t now = sys_wall();

	if (c->ends != 0 && now >= c->ends) {
		*remedy = xasprintf("give the server a new certificate");
		return "has expired";
	}
	if (now < c->begins) {
		*remedy = xasprintf("set this host's clock if it is wrong, "
		    "else give the server another certificate");
		return "is not valid yet";
	}
	if (!certificate_is_for(c, l->host)) {
		*remedy = xasprintf("write one of its names in %s, or give the "
		    "server a certificate for %s", l->peer->settings, l->host);
		return "is for another name";
	}
	return NULL;
}

/* How to trust this certificate, whose names and times are right. */
static char *
how_to_trust(const struct look *l)
{
	const struct peer *p = l->peer;

	if (p->conf_path == NULL)
		return xasprintf("if a proxy or firewall opens TLS on the way, "
		    "name a file with its certificate in %s",
		    p->tls.settings);
	return trust_remedy(p->conf_path, p->tls.ca_file, l->server,
	    l->proxied ? l->proxy.peer : NULL, !p->tls.verify);
}

static void
say_untrusted(struct look *l, const struct certificate *c)
{
	char *remedy = NULL;
	const char *wrong = wrong_itself(l, c, &remedy);

	if (wrong == NULL)
		remedy = how_to_trust(l);
	say(l, "tls", FINDING_FAILED, remedy, "the certificate of %s %s%s: "
	    "subject %s, issuer %s, for %s, SHA-256 %s, valid from %s to %s",
	    l->server, wrong != NULL ? wrong : c->self_signed ?
	    "is self-signed and not trusted" :
	    "is signed by an authority that is not trusted",
	    wrong != NULL && c->self_signed ? " (and is self-signed)" : "",
	    c->subject, c->issuer, c->names, c->sha256, c->not_before,
	    c->not_after);
	free(remedy);
}

/* A second look without a check shows the certificate that was refused. */
static void
untrusted(struct look *l)
{
	struct certificate c = { 0 };
	struct http_probe p;

	(void)probe(l->peer, l->peer->url, false, &p);
	if (certificate_read(&c, buf_text(&p.chain), p.chain.len) == 0)
		say_untrusted(l, &c);
	else
		say(l, "tls", FINDING_FAILED, "check again", "the certificate "
		    "of %s is not trusted: %s", l->server, l->probe.why);
	certificate_free(&c);
	http_probe_free(&p);
}

static void
bad_ca(struct look *l)
{
	char *remedy = xasprintf("put certificates in PEM form into %s, which "
	    "%s names", l->peer->tls.ca_file != NULL ? l->peer->tls.ca_file :
	    "the system's file", l->peer->tls.settings);

	say(l, "tls", FINDING_FAILED, remedy, "cannot check the certificate of "
	    "%s: %s", l->server, l->probe.why);
	free(remedy);
}

static void
unverified(struct look *l, const struct certificate *c)
{
	char *remedy = how_to_trust(l);

	say(l, "tls", FINDING_WARNING, remedy, "verify = no: anybody on the "
	    "way can read the password; the server shows a certificate with "
	    "subject %s, issuer %s, SHA-256 %s, valid from %s to %s",
	    c->subject, c->issuer, c->sha256, c->not_before, c->not_after);
	free(remedy);
}

static void
trusted(struct look *l)
{
	struct certificate c = { 0 };
	int64_t left;

	if (certificate_read(&c, buf_text(&l->probe.chain),
	    l->probe.chain.len) != 0) {
		say(l, "tls", FINDING_OK, NULL, "TLS with %s", l->server);
		return;
	}
	left = c.ends - sys_wall();
	if (!l->peer->tls.verify)
		unverified(l, &c);
	else if (left < SOON_S)
		say(l, "tls", FINDING_WARNING, "have it renewed before then",
		    "the certificate of %s expires at %s", l->server,
		    c.not_after);
	else
		say(l, "tls", FINDING_OK, NULL, "certificate of %s, signed by "
		    "%s, valid to %s", c.subject, c.issuer, c.not_after);
	certificate_free(&c);
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 ||
	    strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0;
}

static void
plain(struct look *l)
{
	char *remedy;

	if (is_loopback(l->host)) {
		say(l, "tls", FINDING_OK, NULL, "plain http, on this host "
		    "only");
		return;
	}
	remedy = xasprintf("turn on TLS in the server (port 3443) and write "
	    "https:// in %s", l->peer->settings);
	say(l, "tls", FINDING_WARNING, remedy, "plain http: anybody on the way "
	    "to %s can read the password", l->server);
	free(remedy);
}

/* --- all steps --- */

static void
say_failed(struct look *l)
{
	switch (l->probe.failed) {
	case HTTP_STEP_NAME:
		no_name(l);
		break;
	case HTTP_STEP_TCP:
		no_tcp(l);
		break;
	case HTTP_STEP_TUNNEL:
		refused_tunnel(l);
		break;
	default:
		if (l->probe.untrusted)
			untrusted(l);
		else if (l->probe.bad_ca)
			bad_ca(l);
		else
			no_tls(l);
	}
}

/* Lines of the steps before the one that failed, of that one, and of those that
 * come after it. */
static void
say_steps(struct look *l)
{
	const struct http_probe *p = &l->probe;

	if (p->failed == HTTP_STEP_TUNNEL)
		say_failed(l);
	else
		say_proxy(l);
	for (int s = HTTP_STEP_NAME; s < HTTP_STEP_MAX; s++) {
		if (s == HTTP_STEP_TUNNEL)
			continue;
		if (s == (int)p->failed)
			say_failed(l);
		else if (s > (int)p->failed)
			say(l, steps[s], FINDING_SKIPPED, NULL, "not reached");
		else if (s == HTTP_STEP_NAME)
			say_name(l);
		else if (s == HTTP_STEP_TCP)
			say(l, "tcp", FINDING_OK, NULL, "%s port %ld accepts "
			    "connections", p->address, p->port);
		else if (l->url.tls)
			trusted(l);
		else
			plain(l);
	}
}

bool
check_peer(struct findings *f, const struct peer *peer)
{
	struct look l = { .f = f, .peer = peer };
	bool reached;

	if (url_parse(peer->url, &l.url) == URL_OK)
		(void)strlcpy(l.host, l.url.host, sizeof(l.host));
	(void)http_url_peer(l.server, sizeof(l.server), peer->url);
	l.proxied = proxy_for(peer->url, &l.proxy);
	if (probe(peer, peer->url, peer->tls.verify, &l.probe) != 0) {
		say(&l, "dns", FINDING_FAILED, peer->settings, "%s",
		    l.probe.why);
		http_probe_free(&l.probe);
		return false;
	}
	say_steps(&l);
	reached = l.probe.failed == HTTP_STEP_MAX;
	http_probe_free(&l.probe);
	return reached;
}

bool
check_peer_speaks_tls(const struct peer *peer)
{
	struct http_probe p;
	char *url;
	bool tls;

	if (strncasecmp(peer->url, "http://", 7) != 0)
		return false;
	url = xasprintf("https://%s", peer->url + 7);
	tls = probe(peer, url, false, &p) == 0 &&
	    p.failed == HTTP_STEP_MAX;
	http_probe_free(&p);
	free(url);
	return tls;
}
