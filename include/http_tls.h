/*
 * The set-up of libcurl and OpenSSL, once per process, and whose certificates
 * to trust.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <curl/curl.h>
#include <stdbool.h>

/* How a peer's certificate is checked. */
struct http_tls {
	const char	*ca_file;	/* PEM bundle, or NULL: the system's */
	bool		 verify;	/* false: no check at all */
	const char	*settings;	/* the setting's name for texts, a
					   constant: "ca_file in [aws]"; NULL:
					   none */
};

/* Once per process, before threads: libcurl gets memory that is wiped when
 * freed. Finds the system's hashed CA directory; with an old libcurl sets
 * RES_OPTIONS, unless it is set. */
void	http_init(void);

/* Have a transfer check its peer's certificate, with TLS 1.2 at least, and
 * resume the process's TLS sessions. tls NULL: with the system's CAs. */
void	http_set_tls(CURL *, const struct http_tls *);

#endif
