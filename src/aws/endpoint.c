/*
 * Where AWS's services are: partitions, host names, configured URLs.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"
#include "url.h"

#define HOST_MAX	253	/* characters of a host name */

/* A region belongs to the first partition whose prefix it has, followed by a
 * word and a number; else to the first of all. */
static const struct partition {
	const char	*prefix;
	const char	*name;		/* in ARNs */
	const char	*dns;
	const char	*dual;
	bool		 no_fips;	/* S3's model refuses it, and of the
					   others no name exists */
} partitions[] = {
	{ "", "aws", "amazonaws.com", "api.aws", false },
	{ "cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
	    true },
	{ "us-gov-", "aws-us-gov", "amazonaws.com", "api.aws", false },
	{ "eusc-de-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu",
	    false },
	{ "us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", false },
	{ "us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", false },
	{ "eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
	    false },
	{ "us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
	    false },
};

static const struct partition *
partition_of(const char *region)
{
	const char *p;
	size_t i, len;

	for (i = 1; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
		len = strlen(partitions[i].prefix);
		if (strncmp(region, partitions[i].prefix, len) != 0)
			continue;
		p = region + len;
		p += len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (len == 0 || *p++ != '-')
			continue;
		len = strspn(p, "0123456789");
		if (len > 0 && p[len] == '\0')
			return &partitions[i];
	}
	return &partitions[0];
}

bool
aws_region_valid(const char *region)
{
	size_t len = strlen(region);

	return len >= 4 && len < AWS_REGION_SIZE &&
	    strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
	    region[0] >= 'a' && region[0] <= 'z' && region[len - 1] != '-';
}

const char *
aws_partition(const char *region)
{
	return partition_of(region)->name;
}

bool
aws_region_near(const char *region, const char *other)
{
	return partition_of(region) == partition_of(other);
}

static bool
loopback(const char *host)
{
	struct in_addr a;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	    ntohl(a.s_addr) >> 24 == 127;
}

/* A name or IPv4 address. Some versions of libcurl rewrite shortened and
 * hexadecimal addresses; the signed Host then differs from the sent one. */
static bool
name_valid(const char *host)
{
	struct in_addr a;
	const char *label, *last = host;
	size_t n;

	if (strlen(host) > HOST_MAX)
		return false;
	for (label = host;; label += n + 1) {
		n = strcspn(label, ".");
		if (n == 0 || n > 63 || strspn(label, "abcdefghijklmnopqrstuv"
		    "wxyz0123456789-_") != n)
			return false;
		last = label;
		if (label[n] == '\0')
			break;
	}
	if (strspn(last, "0123456789") == strlen(last) ||
	    strncmp(last, "0x", 2) == 0)
		return inet_pton(AF_INET, host, &a) == 1;
	return true;
}

/* Check host in place and bring it into the form libcurl sends. */
static bool
host_normalise(char *host, size_t size)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];
	char *p;
	size_t len = strlen(host);

	for (p = host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (host[0] != '[')
		return name_valid(host);
	if (host[len - 1] != ']')
		return false;
	host[len - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &a) != 1 ||
	    inet_ntop(AF_INET6, &a, text, sizeof(text)) == NULL)
		return false;
	return (size_t)snprintf(host, size, "[%s]", text) < size;
}

/* A base path is signed as it stands, so it may hold no dot segments, no empty
 * ones and no byte that a client would encode. */
static bool
base_valid(const char *base)
{
	const char *p;
	size_t n;

	if (strspn(base, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~/%") != strlen(base))
		return false;
	for (p = base; *p == '/'; p += n) {
		p++;
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
	}
	return true;
}

/* Read scheme, host and port; NULL or what is wrong. */
static const char *
url_read(const char *text, struct url *url)
{
	switch (url_parse(text, url)) {
	case URL_SCHEME:
		return "does not begin with https:// or http://";
	case URL_QUERY:
	case URL_USER:
		return "may only hold scheme, host, port and path";
	case URL_HOST:
		return "has no valid host";
	case URL_PORT:
		return "has no valid port";
	case URL_OK:
		break;
	}
	text += strlen(url->tls ? "https://" : "http://");
	/* libcurl left out a zone or rewrote the name */
	if (text[0] == '[' ? strcspn(text, "%") < strcspn(text, "]") :
	    strncasecmp(text, url->host, strlen(url->host)) != 0)
		return "has no valid host";
	if (!host_normalise(url->host, sizeof(url->host)))
		return "has no valid host";
	if (url->port == (url->tls ? 443 : 80))
		url->port = 0;
	return NULL;
}

static int
custom_find(const char *service, const char *custom, struct aws_endpoint *ep,
    struct fail *fail)
{
	struct url url;
	const char *why;
	size_t n;

	if ((why = url_read(custom, &url)) != NULL)
		return fail_set(fail, FAIL_CONFIG, "endpoint URL of %s: it %s",
		    service, why);
	if (!url.tls && !loopback(url.host))
		return fail_set(fail, FAIL_CONFIG, "endpoint URL of %s: plain "
		    "http is allowed only for this host (localhost, 127.0.0.1, "
		    "[::1]); use https", service);
	n = strlcpy(ep->base, url.path, sizeof(ep->base));
	if (n < sizeof(ep->base) && n > 0 && ep->base[n - 1] == '/')
		ep->base[n - 1] = '\0';
	if (n >= sizeof(ep->base) || !base_valid(ep->base))
		return fail_set(fail, FAIL_CONFIG, "endpoint URL of %s: its "
		    "path is too long or holds '.', '..', '//' or special "
		    "characters", service);
	if (url.port == 0)
		(void)snprintf(ep->host, sizeof(ep->host), "%s", url.host);
	else
		(void)snprintf(ep->host, sizeof(ep->host), "%s:%d", url.host,
		    url.port);
	(void)snprintf(ep->url, sizeof(ep->url), "%s://%s%s",
	    url.tls ? "https" : "http", ep->host, ep->base);
	ep->custom = true;
	return 0;
}

/* The names that AWS gives. S3 says "dualstack" in the name and keeps the
 * ordinary suffix; GovCloud's plain STS is the FIPS one. */
static void
host_build(const char *service, const char *region, bool fips, bool dualstack,
    char *host, size_t size)
{
	const struct partition *p = partition_of(region);
	bool s3 = strcmp(service, "s3") == 0;

	if (strcmp(service, "sts") == 0 && !dualstack &&
	    strcmp(p->prefix, "us-gov-") == 0)
		fips = false;
	(void)snprintf(host, size, "%s%s%s.%s.%s", service, fips ? "-fips" : "",
	    s3 && dualstack ? ".dualstack" : "", region,
	    dualstack && !s3 ? p->dual : p->dns);
}

const char *
aws_endpoint_variant(bool fips, bool dualstack)
{
	if (fips)
		return "AWS may have no FIPS endpoint in this region: see "
		    AWS_FIPS_SETTING;
	return dualstack ? "AWS may have no dual-stack endpoint in this "
	    "region: see " AWS_DUALSTACK_SETTING : NULL;
}

/* What a built name cannot be, or a configured URL not be combined with. */
static int
variants_check(const char *service, const char *region, bool custom, bool fips,
    bool dualstack, struct fail *fail)
{
	if (fips && !custom && partition_of(region)->no_fips)
		return fail_set(fail, FAIL_CONFIG, "region %s has no FIPS "
		    "endpoints: unset " AWS_FIPS_SETTING, region);
	if (!custom || (!fips && !dualstack))
		return 0;
	return fail_set(fail, FAIL_CONFIG, "the endpoint URL of %s cannot be "
	    "combined with %s endpoints: unset either AWS_ENDPOINT_URL, its "
	    "form for this service and endpoint_url in the profile, or %s",
	    service, fips ? "FIPS" : "dual-stack",
	    fips ? AWS_FIPS_SETTING : AWS_DUALSTACK_SETTING);
}

int
aws_endpoint_find(const char *service, const char *region, const char *custom,
    bool fips, bool dualstack, struct aws_endpoint *ep, struct fail *fail)
{
	memset(ep, 0, sizeof(*ep));
	if (!aws_region_valid(region))
		return fail_set(fail, FAIL_CONFIG, "the AWS region does not "
		    "look like one, such as us-east-1");
	if (custom != NULL && custom[0] == '\0')
		custom = NULL;
	if (variants_check(service, region, custom != NULL, fips, dualstack,
	    fail) != 0)
		return -1;
	if (custom != NULL)
		return custom_find(service, custom, ep, fail);
	host_build(service, region, fips, dualstack, ep->host,
	    sizeof(ep->host));
	(void)snprintf(ep->url, sizeof(ep->url), "https://%s", ep->host);
	return 0;
}
