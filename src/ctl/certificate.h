/*
 * What a server's certificate says.
 */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are cleaned for showing. */
struct certificate {
	X509	*x509;
	char	 subject[256];
	char	 issuer[256];
	char	 sha256[96];		/* "AB:CD:..." as openssl prints it */
	char	 names[512];		/* that it is for: "a.example, ..." */
	char	 not_before[32];	/* "2026-11-28 22:10 UTC" */
	char	 not_after[32];
	int64_t	 begins, ends;		/* wall clock in seconds */
	bool	 self_signed;
};

/* Read the first certificate of a PEM text. -1 if there is none. */
int	certificate_read(struct certificate *, const char *pem, size_t len);
void	certificate_free(struct certificate *);

/* Whether it is for a host: a name or an address, IPv6 in brackets. */
bool	certificate_is_for(const struct certificate *, const char *host);

#endif
