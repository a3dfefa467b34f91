/*
 * Sets up libcurl and OpenSSL, and finds the system's certificates.
 */
#include <dirent.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_tls.h"
#include "log.h"
#include "mem.h"

#define RESOLVER_OPTIONS "timeout:2 attempts:2"	/* 10 s with three servers */
#define HASHED_MIN	16	/* names in a system's CA directory; fewer may
				   be only an administrator's additions */

static const char *ca_dir;	/* hashed, NULL: none */
static const char *ca_bundle;	/* NULL: libcurl's own */
static CURLSH *sessions;	/* of TLS, for all transfers of the process */

/* A name such as c_rehash makes: eight hex digits, a dot, a number. */
static bool
is_hashed_name(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 8 && name[n] == '.' && name[n + 1] != '\0' &&
	    name[n + 1 + strspn(name + n + 1, "0123456789")] == '\0';
}

static bool
is_hashed_dir(const char *path)
{
	struct dirent *e;
	int found = 0;
	DIR *d;

	if (path == NULL || (d = opendir(path)) == NULL)
		return false;
	while (found < HASHED_MIN && (e = readdir(d)) != NULL)
		found += is_hashed_name(e->d_name);
	(void)closedir(d);
	return found == HASHED_MIN;
}

static void
find_system_cas(void)
{
	static const char *const dirs[] = { "/etc/ssl/certs",
		"/etc/pki/ca-trust/extracted/pem/directory-hash",
		"/etc/pki/tls/certs" };
	static const char *const bundles[] = {
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/certs/ca-certificates.crt" };
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	ca_dir = ca_bundle = NULL;
	/* other TLS libraries read the whole directory */
	if (v->ssl_version != NULL && strstr(v->ssl_version, "OpenSSL") != NULL)
		for (size_t i = 0; i < 3 && ca_dir == NULL; i++)
			if (is_hashed_dir(dirs[i]))
				ca_dir = dirs[i];
	if (ca_dir != NULL ||
	    (v->cainfo != NULL && access(v->cainfo, R_OK) == 0))
		return;
	for (size_t i = 0; i < 2 && ca_bundle == NULL; i++)
		if (access(bundles[i], R_OK) == 0)
			ca_bundle = bundles[i];
}

/* OpenSSL's buffers hold decrypted answers, so they are wiped when freed,
 * too. */
static void *
ssl_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return wipe_malloc(size);
}

static void *
ssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return wipe_realloc(old, size);
}

static void
ssl_free(void *old, const char *file, int line)
{
	(void)file, (void)line;
	wipe_free(old);
}

/* Before 7.87 libcurl cannot abandon a name look-up: ending a transfer waits
 * for it, so the resolver must give up as soon as a connection would. */
static void
bound_resolver(void)
{
#if LIBCURL_VERSION_NUM < 0x075700
	/* lint: allow setenv: there are no threads yet */
	(void)setenv("RES_OPTIONS", RESOLVER_OPTIONS, 0);
#endif
}

void
http_init(void)
{
	bound_resolver();
	/* Fails only if somebody used OpenSSL before. */
	(void)CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free,
	    wipe_realloc, wipe_strdup, wipe_calloc) != CURLE_OK)
		fatalx("libcurl cannot be used on this system");
	find_system_cas();
	/* A request on a connection of its own still resumes the TLS
	 * session. */
	sessions = curl_share_init();
	if (sessions != NULL)
		(void)curl_share_setopt(sessions, CURLSHOPT_SHARE,
		    CURL_LOCK_DATA_SSL_SESSION);
}

size_t
http_ca_places(const char *places[HTTP_CA_PLACES])
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *const known[HTTP_CA_PLACES] = { ca_dir, ca_bundle,
	    v->cainfo, v->capath };
	size_t n = 0;

	for (size_t i = 0; i < HTTP_CA_PLACES; i++)
		if (known[i] != NULL)
			places[n++] = known[i];
	return n;
}

void
http_set_tls(CURL *easy, const struct http_tls *tls)
{
	bool verify = tls == NULL || tls->verify;

	curl_easy_setopt(easy, CURLOPT_SHARE, sessions);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (!verify) {		/* nothing to read, then */
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	} else if (tls != NULL && tls->ca != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
#if HTTP_CA_BLOB
		struct curl_blob blob = { (void *)(uintptr_t)tls->ca,
		    strlen(tls->ca), CURL_BLOB_NOCOPY };

		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
#endif
	} else if (tls != NULL && tls->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	} else if (ca_dir != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, ca_dir);
	} else if (ca_bundle != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_bundle);
	}
}
