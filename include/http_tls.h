/*
 * The set-up of libcurl and OpenSSL, once per process, and whose certificates
 * to trust.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* How a peer's certificate is checked. */
struct http_tls {
	const char	*ca_file;	/* PEM bundle, or NULL: the system's */
	const char	*ca;		/* its text, in place of a file, for
					   http_perform only; NULL: none */
	bool		 verify;	/* false: no check at all */
	const char	*settings;	/* the setting's name for texts, a
					   constant: "ca_file in [aws]"; NULL:
					   none */
};

/* Once per process, before threads: libcurl gets memory that is wiped when
 * freed. Finds the system's hashed CA directory; with an old libcurl sets
 * RES_OPTIONS, unless it is set. */
void	http_init(void);

#define HTTP_CA_PLACES	4

/* Files and folders with the system's CA certificates, as http_init found them.
 * Fills in their names, constants; returns how many there are. */
size_t	http_ca_places(const char *places[HTTP_CA_PLACES]);

/* Whether libcurl takes certificates out of memory, from 7.77; else
 * http_client.c gives them to OpenSSL. */
#ifndef HTTP_CA_BLOB
#define HTTP_CA_BLOB	(LIBCURL_VERSION_NUM >= 0x074d00)
#endif

/* Have a transfer check its peer's certificate, with TLS 1.2 at least, and
 * resume the process's TLS sessions. tls NULL: with the system's CAs. */
void	http_set_tls(CURL *, const struct http_tls *);

#endif
