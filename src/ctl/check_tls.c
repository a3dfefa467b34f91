/*
 * Says what a certificate is that was refused, and how to trust it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "certificate.h"
#include "check_tls.h"
#include "http_client.h"
#include "mem.h"
#include "sys.h"
#include "trust.h"

#define SOON_S		(14 * 24 * 3600)	/* a certificate is about to
						   expire */

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
		peer_say(l, "tls", FINDING_FAILED, remedy,
		    "%s only speaks a TLS older than 1.2", l->server);
	} else if (l->probe.timed_out) {
		remedy = xasprintf("check that it speaks TLS on this port, or "
		    "correct %s", l->peer->settings);
		peer_say(l, "tls", FINDING_FAILED, remedy, "%s takes the "
		    "connection, but does not answer", l->server);
	} else if (speaks_http(l)) {
		remedy = xasprintf("name the port that speaks TLS, or write "
		    "http://%s in %s", l->server, l->peer->settings);
		peer_say(l, "tls", FINDING_FAILED, remedy,
		    "%s speaks plain http, not TLS", l->server);
	} else {
		remedy = xasprintf("check that it speaks TLS on this port, or "
		    "correct %s", l->peer->settings);
		peer_say(l, "tls", FINDING_FAILED, remedy, "no TLS with %s: %s",
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
	peer_say(l, "tls", FINDING_FAILED, remedy, "the certificate of %s "
	    "%s%s: subject %s, issuer %s, for %s, SHA-256 %s, valid from %s "
	    "to %s",
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

	(void)peer_probe(l->peer, l->peer->url, false, &p);
	if (certificate_read(&c, buf_text(&p.chain), p.chain.len) == 0)
		say_untrusted(l, &c);
	else
		peer_say(l, "tls", FINDING_FAILED, "check again",
		    "the certificate "
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

	peer_say(l, "tls", FINDING_FAILED, remedy,
	    "cannot check the certificate of %s: %s", l->server, l->probe.why);
	free(remedy);
}

void
check_tls_failed(struct look *l)
{
	if (l->probe.untrusted)
		untrusted(l);
	else if (l->probe.bad_ca)
		bad_ca(l);
	else
		no_tls(l);
}

static void
unverified(struct look *l, const struct certificate *c)
{
	char *remedy = how_to_trust(l);

	peer_say(l, "tls", FINDING_WARNING, remedy, "verify = no: anybody on "
	    "the way can read the password; the server shows a certificate "
	    "with subject %s, issuer %s, SHA-256 %s, valid from %s to %s",
	    c->subject, c->issuer, c->sha256, c->not_before, c->not_after);
	free(remedy);
}

void
check_tls_good(struct look *l)
{
	struct certificate c = { 0 };
	int64_t left;

	if (certificate_read(&c, buf_text(&l->probe.chain),
	    l->probe.chain.len) != 0) {
		peer_say(l, "tls", FINDING_OK, NULL, "TLS with %s", l->server);
		return;
	}
	left = c.ends - sys_wall();
	if (!l->peer->tls.verify)
		unverified(l, &c);
	else if (left < SOON_S)
		peer_say(l, "tls", FINDING_WARNING,
		    "have it renewed before then",
		    "the certificate of %s expires at %s", l->server,
		    c.not_after);
	else
		peer_say(l, "tls", FINDING_OK, NULL,
		    "certificate of %s, signed by "
		    "%s, valid to %s", c.subject, c.issuer, c.not_after);
	certificate_free(&c);
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 ||
	    strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0;
}

void
check_tls_plain(struct look *l)
{
	char *remedy;

	if (is_loopback(l->host)) {
		peer_say(l, "tls", FINDING_OK, NULL, "plain http, on this host "
		    "only");
		return;
	}
	remedy = xasprintf("turn on TLS in the server (port 3443) and write "
	    "https:// in %s", l->peer->settings);
	peer_say(l, "tls", FINDING_WARNING, remedy,
	    "plain http: anybody on the "
	    "way to %s can read the password", l->server);
	free(remedy);
}
