/*
 * The proxy variables as libcurl reads them (aws-contract 6): http_proxy only
 * in small letters, since a web server may be made to set HTTP_PROXY.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "proxy.h"
#include "url.h"

static const char *
first_set(const char *const *names, const char **value)
{
	for (; *names != NULL; names++) {
		*value = getenv(*names);
		if (*value != NULL && **value != '\0')
			return *names;
	}
	return NULL;
}

/* The first bits of two addresses. */
static bool
bits_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* "10.0.0.0/8" and an address. */
static bool
network_has(const char *network, const char *host)
{
	unsigned char a[16], b[16];
	unsigned bits = 128;
	char bare[64];
	char *slash;
	int family = AF_INET6;

	if (strlcpy(bare, network, sizeof(bare)) >= sizeof(bare))
		return false;
	if ((slash = strchr(bare, '/')) != NULL) {
#if LIBCURL_VERSION_NUM < 0x075600
		return false;		/* libcurl knows no networks yet */
#endif
		*slash++ = '\0';
		bits = (unsigned)strtoul(slash, NULL, 10);
	}
	if (inet_pton(AF_INET, host, a) == 1) {
		family = AF_INET;
		if (slash == NULL || bits > 32)
			bits = 32;
	} else if (inet_pton(AF_INET6, host, a) != 1 || bits > 128) {
		return false;
	}
	return inet_pton(family, bare, b) == 1 && bits_equal(a, b, bits);
}

static bool
is_address(const char *host)
{
	unsigned char a[16];

	return inet_pton(AF_INET, host, a) == 1 ||
	    inet_pton(AF_INET6, host, a) == 1;
}

/* The host itself, or a name below the entry. */
static bool
entry_has(const char *entry, const char *host)
{
	size_t n, h = strlen(host);

	if (is_address(host))
		return network_has(entry, host);
	entry += *entry == '.';
	n = strlen(entry);
	if (n == 0 || n > h || strcasecmp(host + h - n, entry) != 0)
		return false;
	return n == h || host[h - n - 1] == '.';
}

static bool
exempt(const char *list, const char *host)
{
	char entry[256];
	size_t n;

	if (strcmp(list, "*") == 0)
		return true;
	for (;; list += n) {
		list += strspn(list, ", \t");
		if ((n = strcspn(list, ", \t")) == 0)
			return false;
		if (n >= sizeof(entry))
			continue;
		memcpy(entry, list, n);
		entry[n] = '\0';
		if (entry[0] == '[')
			memmove(entry, entry + 1, strlen(entry));
		entry[strcspn(entry, "]")] = '\0';
		if (entry_has(entry, host))
			return true;
	}
}

bool
proxy_for(const char *url, struct proxy *p)
{
	static const char *const plain[] = { "http_proxy", "all_proxy",
		"ALL_PROXY", NULL };
	static const char *const tls[] = { "https_proxy", "HTTPS_PROXY",
		"all_proxy", "ALL_PROXY", NULL };
	static const char *const no[] = { "no_proxy", "NO_PROXY", NULL };
	const char *value, *list, *variable;
	char host[URL_HOST_SIZE], whole[512];
	struct url parts;

	memset(p, 0, sizeof(*p));
	if (url_parse(url, &parts) != URL_OK)
		return false;
	if ((variable = first_set(parts.tls ? tls : plain, &value)) == NULL)
		return false;
	(void)strlcpy(host, parts.host + (parts.host[0] == '['),
	    sizeof(host));
	host[strcspn(host, "]")] = '\0';
	p->exception = first_set(no, &list);
	if (p->exception != NULL && exempt(list, host))
		return false;
	p->exception = NULL;
	p->variable = variable;
	(void)http_url_show(p->shown, sizeof(p->shown), value);
	(void)snprintf(whole, sizeof(whole), "%s%s",
	    strstr(value, "://") == NULL ? "http://" : "", value);
	(void)http_url_peer(p->peer, sizeof(p->peer), whole);
	return true;
}
