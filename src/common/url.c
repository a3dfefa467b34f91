/*
 * URLs of servers. libcurl takes them apart, since it will use them; but it
 * tolerates more than a setting should.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "url.h"

#if LIBCURL_VERSION_NUM >= 0x074e00
#define FLAGS	(CURLU_PATH_AS_IS | CURLU_DISALLOW_USER | CURLU_ALLOW_SPACE)
#else
#define FLAGS	(CURLU_PATH_AS_IS | CURLU_DISALLOW_USER)
#endif

static enum url_fault
fault_of(CURLUcode code)
{
	switch (code) {
	case CURLUE_OK:
		return URL_OK;
	case CURLUE_USER_NOT_ALLOWED:
		return URL_USER;
	case CURLUE_BAD_PORT_NUMBER:
		return URL_PORT;
	default:
		return URL_HOST;
	}
}

static enum url_fault
host_read(CURLU *handle, struct url *url)
{
	char *host = NULL;
	bool fits;

	if (curl_url_get(handle, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return URL_HOST;
	fits = strlcpy(url->host, host, sizeof(url->host)) <
	    sizeof(url->host);
	curl_free(host);
	return fits && url->host[0] != '\0' ? URL_OK : URL_HOST;
}

/* text is what follows the host. libcurl accepts a colon without a port, and
 * any number of digits. */
static enum url_fault
port_read(CURLU *handle, const char *text, struct url *url)
{
	const char *error;
	char *port = NULL;
	size_t len = strcspn(text, "/");

	if (curl_url_get(handle, CURLUPART_PORT, &port, 0) == CURLUE_OK)
		url->port = (int)strtonum(port, 1, 65535, &error);
	curl_free(port);
	url->path = text + len;
	return len == 0 || (url->port != 0 && len <= strlen(":65535")) ?
	    URL_OK : URL_PORT;
}

enum url_fault
url_parse(const char *text, struct url *url)
{
	const char *host, *rest;
	enum url_fault fault;
	struct url read = { 0 };
	CURLU *handle;

	read.tls = strncasecmp(text, "https://", 8) == 0;
	if (!read.tls && strncasecmp(text, "http://", 7) != 0)
		return URL_SCHEME;
	host = text + (read.tls ? 8 : 7);
	if (strpbrk(host, "?#") != NULL)
		return URL_QUERY;
	if (*host == '/' || (handle = curl_url()) == NULL)
		return URL_HOST;	/* libcurl accepts three slashes */
	fault = fault_of(curl_url_set(handle, CURLUPART_URL, text, FLAGS));
	if (fault == URL_OK)
		fault = host_read(handle, &read);
	if (fault == URL_OK) {
		rest = *host == '[' ? strchr(host, ']') + 1 :
		    host + strcspn(host, ":/");
		fault = port_read(handle, rest, &read);
	}
	if (fault == URL_OK)
		*url = read;
	curl_url_cleanup(handle);
	return fault;
}
