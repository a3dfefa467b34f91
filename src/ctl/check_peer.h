/*
 * The way to a server, step by step: proxy, name, TCP, TLS.
 */
#ifndef CHECK_PEER_H
#define CHECK_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"
#include "http_tls.h"

/* Texts are borrowed. */
struct peer {
	const char	*group;		/* "cloudshell": of "cloudshell.tls" */
	const char	*title;		/* "CloudShell" */
	const char	*url;
	struct http_tls	 tls;
	int64_t		 timeout_ms;
	const char	*settings;	/* where its URL is set: "url in
					   [cloudshell] of FILE" */
	const char	*conf_path;	/* whose ca_file may trust the server's
					   own certificate; NULL: advise to
					   name the CA */
};

/* A line for each step; those after the one that fails are skipped. Whether the
 * server can be reached. */
bool	check_peer(struct findings *, const struct peer *);

/* Whether there is TLS where the URL says plain http. */
bool	check_peer_speaks_tls(const struct peer *);

#endif
