/*
 * Takes a connection apart into its steps.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check_peer.h"
#include "check_tls.h"
#include "mem.h"

static const char *const steps[HTTP_STEP_MAX] = {
	[HTTP_STEP_NAME] = "dns", [HTTP_STEP_TCP] = "tcp",
	[HTTP_STEP_TUNNEL] = "proxy", [HTTP_STEP_TLS] = "tls",
};

/* --- proxy, name, TCP --- */

static void
say_proxy(struct look *l)
{
	const struct proxy *p = &l->proxy;

	if (l->proxied)
		peer_say(l, "proxy", FINDING_OK, NULL, "%s serves %s (%s)",
		    p->shown, l->server, p->variable);
	else if (p->exception != NULL)
		peer_say(l, "proxy", FINDING_OK, NULL, "none for %s (%s)",
		    l->server, p->exception);
	else
		peer_say(l, "proxy", FINDING_OK, NULL, "none");
}

static void
refused_tunnel(struct look *l)
{
	char *remedy = xasprintf("have the proxy allow %s, or name the host in "
	    "NO_PROXY", l->server);

	if (l->probe.tunnel_status == 407)
		peer_say(l, "proxy", FINDING_FAILED,
		    "put user name and password into the proxy's URL",
		    "the proxy %s (%s) wants a user name and a password",
		    l->proxy.shown, l->proxy.variable);
	else if (l->probe.tunnel_status != 0)
		peer_say(l, "proxy", FINDING_FAILED, remedy,
		    "the proxy %s (%s) refuses to connect to %s (HTTP %ld)",
		    l->proxy.shown, l->proxy.variable, l->server,
		    l->probe.tunnel_status);
	else
		peer_say(l, "proxy", FINDING_FAILED, remedy,
		    "the proxy %s (%s) opens no connection to %s: %s",
		    l->proxy.shown, l->proxy.variable, l->server,
		    l->probe.why);
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
		peer_say(l, "dns", FINDING_OK, NULL, "%s has an address", hop);
	else if (strncmp(hop + (hop[0] == '['), address, n) == 0)
		peer_say(l, "dns", FINDING_OK, NULL, "%s is an address",
		    address);
	else
		peer_say(l, "dns", FINDING_OK, NULL, "%s is at %s", hop,
		    address);
}

static void
no_name(struct look *l)
{
	char *remedy = xasprintf("correct %s, or this host's name servers",
	    l->proxied ? l->proxy.variable : l->peer->settings);

	peer_say(l, "dns", FINDING_FAILED, remedy, l->probe.timed_out ?
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
		peer_say(l, "tcp", FINDING_FAILED, remedy, "%s does not answer "
		    "within %lld s", next_hop(l),
		    (long long)l->peer->timeout_ms / 1000);
	else if (l->probe.errnum == ECONNREFUSED)
		peer_say(l, "tcp", FINDING_FAILED, remedy, "%s refuses the "
		    "connection", next_hop(l));
	else
		peer_say(l, "tcp", FINDING_FAILED, remedy,
		    "cannot connect to %s: %s", next_hop(l),
		    l->probe.errnum != 0 ? strerror((int)l->probe.errnum) :
		    l->probe.why);
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
		check_tls_failed(l);
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
			peer_say(l, steps[s], FINDING_SKIPPED, NULL,
			    "not reached");
		else if (s == HTTP_STEP_NAME)
			say_name(l);
		else if (s == HTTP_STEP_TCP)
			peer_say(l, "tcp", FINDING_OK, NULL,
			    "%s port %ld accepts connections", p->address,
			    p->port);
		else if (l->url.tls)
			check_tls_good(l);
		else
			check_tls_plain(l);
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
	if (peer_probe(peer, peer->url, peer->tls.verify, &l.probe) != 0) {
		peer_say(&l, "dns", FINDING_FAILED, "correct that URL",
		    "%s: %s", peer->settings, l.probe.why);
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
	tls = peer_probe(peer, url, false, &p) == 0 &&
	    p.failed == HTTP_STEP_MAX;
	http_probe_free(&p);
	free(url);
	return tls;
}
