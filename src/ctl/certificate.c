/*
 * Reads a certificate by OpenSSL.
 */
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certificate.h"
#include "utf8.h"

static void
name_show(const X509_NAME *name, char *dst, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	dst[0] = '\0';
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 &
	    ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
		len = BIO_get_mem_data(bio, &text);
	(void)snprintf(dst, size, "%.*s", (int)len, len > 0 ? text : "");
	BIO_free(bio);
	if (dst[0] == '\0')
		(void)strlcpy(dst, "nobody", size);
	utf8_trim(dst);
	utf8_clean(dst, false);
}

static void
digest_show(const X509 *x509, char *dst, size_t size)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t used = 0;

	dst[0] = '\0';
	if (X509_digest(x509, EVP_sha256(), md, &n) != 1)
		return;
	for (unsigned i = 0; i < n && used + 3 < size; i++)
		used += (size_t)snprintf(dst + used, size - used, "%s%02X",
		    i == 0 ? "" : ":", md[i]);
}

static int64_t
time_show(const ASN1_TIME *t, char *dst, size_t size)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
		(void)strlcpy(dst, "an unknown time", size);
		return 0;
	}
	(void)strftime(dst, size, "%Y-%m-%d %H:%M UTC", &tm);
	return (int64_t)timegm(&tm);
}

static void
address_show(const ASN1_OCTET_STRING *ip, char *dst, size_t size)
{
	const unsigned char *data = ASN1_STRING_get0_data(ip);
	int len = ASN1_STRING_length(ip);

	if (inet_ntop(len == 4 ? AF_INET : AF_INET6, data, dst,
	    (socklen_t)size) == NULL || (len != 4 && len != 16))
		(void)strlcpy(dst, "?", size);
}

static void
names_show(const X509 *x509, char *dst, size_t size)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL,
	    NULL);
	char one[256];

	dst[0] = '\0';
	for (int i = 0; all != NULL && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(all, i);

		if (n->type == GEN_DNS)
			(void)snprintf(one, sizeof(one), "%.*s",
			    ASN1_STRING_length(n->d.dNSName), (const char *)
			    ASN1_STRING_get0_data(n->d.dNSName));
		else if (n->type == GEN_IPADD)
			address_show(n->d.iPAddress, one, sizeof(one));
		else
			continue;
		(void)strlcat(dst, dst[0] != '\0' ? ", " : "", size);
		(void)strlcat(dst, one, size);
	}
	GENERAL_NAMES_free(all);
	utf8_trim(dst);
	utf8_clean(dst, false);
}

int
certificate_read(struct certificate *c, const char *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);

	memset(c, 0, sizeof(*c));
	if (bio != NULL)
		c->x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (c->x509 == NULL)
		return -1;
	name_show(X509_get_subject_name(c->x509), c->subject,
	    sizeof(c->subject));
	name_show(X509_get_issuer_name(c->x509), c->issuer, sizeof(c->issuer));
	digest_show(c->x509, c->sha256, sizeof(c->sha256));
	names_show(c->x509, c->names, sizeof(c->names));
	if (c->names[0] == '\0')	/* libcurl then takes the subject's */
		(void)strlcpy(c->names, c->subject, sizeof(c->names));
	c->begins = time_show(X509_get0_notBefore(c->x509), c->not_before,
	    sizeof(c->not_before));
	c->ends = time_show(X509_get0_notAfter(c->x509), c->not_after,
	    sizeof(c->not_after));
	c->self_signed = X509_NAME_cmp(X509_get_subject_name(c->x509),
	    X509_get_issuer_name(c->x509)) == 0;
	return 0;
}

void
certificate_free(struct certificate *c)
{
	X509_free(c->x509);
	c->x509 = NULL;
}

bool
certificate_is_for(const struct certificate *c, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char bare[256];

	(void)strlcpy(bare, host[0] == '[' ? host + 1 : host, sizeof(bare));
	if (host[0] == '[')
		bare[strcspn(bare, "]")] = '\0';
	if (inet_pton(AF_INET, bare, address) == 1 ||
	    inet_pton(AF_INET6, bare, address) == 1)
		return X509_check_ip_asc(c->x509, bare, 0) == 1;
	return X509_check_host(c->x509, bare, 0, 0, NULL) == 1;
}
