/*
 * One HTTP request, one bounded response, over libcurl. All programs set up all
 * transfers here: http and https only, no redirects, TLS 1.2 at least, time
 * limits, bounded header and body. It asks for answers that are not compressed
 * and decodes those that are; the limits count decoded bytes.
 *
 * The supervisor drives prepared calls through its own multi handle; the other
 * programs use http_client.h, which can be interrupted.
 */
#ifndef HTTP_H
#define HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "http_tls.h"

#define HTTP_HEADERS_MAX	(32 * 1024)	/* of one response, together */
#define HTTP_CONNECT_MS		10000		/* name look-up, TCP and TLS;
						   with a libcurl before 7.87
						   a look-up under way ends
						   when the resolver gives up */

struct http_request {
	const char	*method;	/* GET PUT POST DELETE HEAD */
	const char	*url;
	const char *const *headers;	/* "Name: value" lines, NULL at the
					   end; Host comes from the URL */
	const void	*body;		/* NULL: none */
	size_t		 body_len;
	size_t		 answer_max;	/* a longer body is an error */
	int64_t		 timeout_ms;	/* for the whole call, at most
					   HTTP_CONNECT_MS of that for the
					   connection; 0: no limit, but once
					   connected it must not stall (1 KB/s
					   over 60 s) */
	bool		 once;		/* must not happen twice: own
					   connection, HTTP/1.1, and libcurl
					   never sends it again */
	bool		 private_answer;	/* may hold secrets: closes its
					   connection, which frees the buffers
					   of TLS */
	bool		 no_proxy;
	const struct http_tls *tls;	/* NULL: verify with the system's CAs */
	const char	*user_agent;
};

struct http_answer {
	long		 status;	/* 0: none came */
	struct buf	 body;
	struct buf	 headers;	/* of the last response, raw lines */
	int64_t		 ms;		/* how long it took */
	bool		 sent;		/* bytes of the request itself went
					   out, on any of its connections: the
					   peer may have acted. What opens a
					   proxy's tunnel does not count */
	bool		 too_big;	/* headers or body exceed their limit */
};

/* One transfer under way. Zero it, then http_prepare. */
struct http_call {
	CURL			*easy;
	struct curl_slist	*headers;
	struct http_answer	 answer;
	bool			 private_answer;
	const char		*settings;	/* of TLS, for texts */
	size_t			 limit;		/* that it exceeds, with
						   too_big */
	int64_t			 started_ms;
	char			 error[CURL_ERROR_SIZE];
};

/* Make call->easy ready for a multi handle. When the transfer has ended,
 * http_finish decides: 0: an answer came, whatever its status; -1: FAIL_AGAIN
 * (nothing was sent), FAIL_UNSURE (sent, outcome unknown), FAIL_CONFIG
 * (certificate, malformed URL), FAIL_SYSTEM (answer over its limit).
 * http_release frees everything, including the answer. */
int	http_prepare(struct http_call *, const struct http_request *,
	    struct fail *);
int	http_finish(struct http_call *, CURLcode, struct fail *);
/* Note time, status and whether bytes went out for a transfer that is given up;
 * http_finish does this itself. */
void	http_measure(struct http_call *);
void	http_release(struct http_call *);

/* Value of a response header (name without case) copied to dst, cut to size.
 * false if absent. The last one wins. */
bool	http_header(const struct http_answer *, const char *name, char *dst,
	    size_t size);
/* Milliseconds of the header Retry-After, at most max_ms; 0: absent or not
 * understood. A date counts from now, seconds since the epoch; with 0 a date is
 * ignored. */
int64_t	http_retry_after(const struct http_answer *, int64_t now,
	    int64_t max_ms);
void	http_answer_free(struct http_answer *);

/* host[:port]/path of a URL, without query, user and fragment, cut to size:
 * what may be shown of it. Returns dst. */
char	*http_url_show(char *dst, size_t size, const char *url);
/* host:port of a URL that libcurl takes, for texts; else "". Returns dst. */
char	*http_url_peer(char *dst, size_t size, const char *url);

#endif
