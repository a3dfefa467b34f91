/*
 * Between http.c and http_tls.c.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "http.h"

/* Whether libcurl takes certificates out of memory, from 7.77; else
 * http_client.c gives them to OpenSSL. */
#ifndef HTTP_CA_BLOB
#define HTTP_CA_BLOB	(LIBCURL_VERSION_NUM >= 0x074d00)
#endif

/* Have a transfer check its peer's certificate, with TLS 1.2 at least, and
 * resume the process's TLS sessions. tls NULL: with the system's CAs. */
void	http_set_tls(CURL *, const struct http_tls *);

#endif
