/*
 * URLs of servers, taken apart by libcurl: http[s]://host[:port][/path].
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>

#define URL_HOST_SIZE	256	/* a name has 253 characters at most */

struct url {
	bool		 tls;			/* https */
	char		 host[URL_HOST_SIZE];	/* as libcurl sends it: IPv4
						   written out, percent-encoding
						   undone; IPv6 in brackets,
						   without a zone */
	int		 port;			/* 0: not given */
	const char	*path;			/* in the text, "" or "/..." as
						   it stands there */
};

enum url_fault {
	URL_OK,
	URL_SCHEME,		/* neither http nor https */
	URL_QUERY,		/* '?' or '#' */
	URL_USER,		/* user name or password */
	URL_HOST,
	URL_PORT,		/* a port that is not 1 to 65535 in at most five
				   digits */
};

/* Fill url completely or not at all; the path may be anything. */
enum url_fault	url_parse(const char *text, struct url *);

#endif
