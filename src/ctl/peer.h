/*
 * A server that the doctor looks at.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"
#include "http_probe.h"
#include "http_tls.h"
#include "proxy.h"
#include "url.h"

/* Texts are borrowed. */
struct peer {
	const char	*group;		/* "cloudshell": of "cloudshell.tls" */
	const char	*url;
	struct http_tls	 tls;
	int64_t		 timeout_ms;
	const char	*settings;	/* where its URL is set: "url in
					   [cloudshell] of FILE" */
	const char	*conf_path;	/* whose ca_file may trust the server's
					   own certificate; NULL: advise to
					   name the CA */
};

/* One look at it. */
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

/* Add the line "GROUP.step". */
void	peer_say(struct look *, const char *step, enum finding_status,
	    const char *remedy, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));

/* http_probe to a URL, with the peer's time limit and certificates; the error's
 * text is in its why. */
int	peer_probe(const struct peer *, const char *url, bool verify,
	    struct http_probe *);

#endif
