/*
 * How far a connection to a server gets: its name, TCP, a proxy's tunnel, TLS.
 * Nothing is asked of the server. For qualictl, which names the step that
 * fails.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include "http.h"

#define HTTP_CHAIN_MAX	(128 * 1024)	/* bytes of a chain of certificates */

/* In the order in which they are taken. With a proxy, name and TCP are the
 * proxy's. */
enum http_step {
	HTTP_STEP_NAME,
	HTTP_STEP_TCP,
	HTTP_STEP_TUNNEL,	/* what a proxy opens */
	HTTP_STEP_TLS,
	HTTP_STEP_MAX
};

struct http_probe {
	enum http_step	 failed;	/* HTTP_STEP_MAX: none */
	CURLcode	 code;
	bool		 timed_out;
	bool		 untrusted;	/* the certificate was refused */
	bool		 bad_ca;	/* the certificates to check it with
					   cannot be read */
	long		 verify;	/* then X509_V_ERR_..., 0: its name */
	long		 tunnel_status;	/* of the proxy's answer, 0: none */
	char		 address[64];	/* of the peer, "": none */
	long		 port;
	long		 errnum;	/* of the system, 0: not said */
	int64_t		 ms;		/* the whole */
	char		 why[CURL_ERROR_SIZE];	/* libcurl's text, cleaned */
	struct buf	 chain;		/* certificates as PEM, the server's
					   own first, if TLS was set up */
};

/* Connect as a transfer of the request would, within timeout_ms, and hang up.
 * -1 if that cannot be tried (FAIL_CONFIG: the URL, FAIL_SYSTEM); 0: the probe
 * tells. Free it with http_probe_free in every case. */
int	http_probe(const struct http_request *, struct http_probe *,
	    struct fail *);
void	http_probe_free(struct http_probe *);

#endif
