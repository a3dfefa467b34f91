/*
 * One HTTP request, one bounded response, over libcurl. Every transfer of
 * every program is set up here: http and https only, no redirects, TLS 1.2 at
 * least, time limits, bounded header and body.
 *
 * The supervisor drives prepared calls through its own multi handle; the other
 * programs use http_perform, which can be interrupted.
 */
#ifndef HTTP_H
#define HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"

#define HTTP_HEADERS_MAX	(32 * 1024)	/* of one response, together */
#define HTTP_CONNECT_MS		10000		/* name look-up, TCP and TLS;
						   with a libcurl before 7.87
						   a look-up under way ends
						   when the resolver gives up */

/* How a peer's certificate is checked. */
struct http_tls {
	const char	*ca_file;	/* PEM bundle, or NULL: the system's */
	const char	*ca;		/* its text, in place of a file, for
					   http_perform only; NULL: none */
	bool		 verify;	/* false: no check at all */
	const char	*settings;	/* that say so, for texts, a constant:
					   "ca_file in [aws]"; NULL: none */
};

struct http_request {
	const char	*method;	/* GET PUT POST DELETE HEAD */
	const char	*url;
	const char *const *headers;	/* "Name: value" lines, NULL at the
					   end; Host comes from the URL */
	const void	*body;		/* NULL: none */
	size_t		 body_len;
	size_t		 answer_max;	/* a longer body is an error */
	int64_t		 timeout_ms;	/* of the whole call, HTTP_CONNECT_MS
					   of it at most for the connection; 0:
					   none, then it must not stall (1 KB/s
					   over 60 s) once it is connected */
	bool		 once;		/* must not happen twice: own
					   connection, HTTP/1.1, never sent
					   again by libcurl */
	bool		 private_answer;	/* may hold secrets: then its
					   connection is closed, and with it go
					   the buffers of TLS */
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
	bool		 too_big;	/* headers or body over their limit */
};

/* One transfer under way. Zero it, then http_prepare. */
struct http_call {
	CURL			*easy;
	struct curl_slist	*headers;
	struct http_answer	 answer;
	bool			 private_answer;
	const char		*settings;	/* of TLS, for texts */
	size_t			 limit;		/* that was broken, if the
						   answer is too_big */
	int64_t			 started_ms;
	char			 error[CURL_ERROR_SIZE];
};

/* What can interrupt http_perform: descriptors that become readable. The
 * callback, asked then, tells whether to give up the call (FAIL_STOPPED). */
struct http_interrupt {
	int	 fds[2];		/* -1: unused */
	bool	(*asked)(void *);
	void	*arg;
};

/* A blocking client with its connection pool; one per process. */
struct http_client;

/* Once per process, before threads: libcurl with memory that is wiped when
 * freed. Finds the system's hashed CA directory; with an old libcurl sets
 * RES_OPTIONS, unless it is set. */
void	http_init(void);

#define HTTP_CA_PLACES	4

/* Files and folders with the system's CA certificates, as http_init found them.
 * Fills in their names, constants; returns how many there are. */
size_t	http_ca_places(const char *places[HTTP_CA_PLACES]);

struct http_client	*http_client_new(const struct http_interrupt *);
void			 http_client_free(struct http_client *);

/* Send and wait. 0: an answer came, whatever its status; the caller frees it
 * with http_answer_free in every case. -1: FAIL_AGAIN (nothing was sent),
 * FAIL_UNSURE (sent, outcome unknown), FAIL_CONFIG (certificate, malformed
 * URL), FAIL_SYSTEM (answer over its limit), FAIL_STOPPED. */
int	http_perform(struct http_client *, const struct http_request *,
	    struct http_answer *, struct fail *);

/* host:port that the client's last request was sent to if no whole answer came;
 * else NULL. Valid until the next request. */
const char	*http_unanswered(const struct http_client *);

/* For a loop of one's own: make call->easy ready to be added to a multi
 * handle; after its end http_finish decides as http_perform does; http_release
 * frees everything, also the answer. */
int	http_prepare(struct http_call *, const struct http_request *,
	    struct fail *);
int	http_finish(struct http_call *, CURLcode, struct fail *);
/* Note time, status and whether bytes went out, of a transfer given up;
 * http_finish does it itself. */
void	http_measure(struct http_call *);
void	http_release(struct http_call *);

/* Value of a response header (name without case) copied to dst, cut to size.
 * false if absent. The last one wins. */
bool	http_header(const struct http_answer *, const char *name, char *dst,
	    size_t size);
void	http_answer_free(struct http_answer *);

/* host[:port]/path of a URL, without query, user and fragment, cut to size:
 * what may be shown of it. Returns dst. */
char	*http_url_show(char *dst, size_t size, const char *url);
/* host:port of a URL, for texts. Returns dst. */
char	*http_url_peer(char *dst, size_t size, const char *url);

#endif
