/*
 * Which proxy libcurl takes for a URL, by the variables that it reads.
 */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>

struct proxy {
	const char	*variable;	/* that names it; NULL: there is none */
	const char	*exception;	/* "NO_PROXY" if that exempts the
					   host; else NULL */
	char		 shown[320];	/* the proxy without user name and
					   password */
	char		 peer[320];	/* host:port of it */
};

/* Whether a proxy serves the URL. */
bool	proxy_for(const char *url, struct proxy *);

#endif
