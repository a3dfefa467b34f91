/*
 * http.c through a proxy that opens tunnels, and over TLS: whether the request
 * itself was sent. One thread plays the proxy and, in its tunnel, the server.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_client.h"
#include "json.h"
#include "sys.h"
#include "write.h"

#define SERVER_MS	10000	/* no test takes longer */
#define ROUNDS_MAX	3

enum end {
	REFUSED,	/* the proxy answers 503 */
	DROPPED,	/* the tunnel ends in the handshake of TLS */
	DEAF,		/* nobody answers the handshake */
	LOST,		/* the request is read and not answered */
	ANSWERED,	/* and the connection stays open for another round */
};

static struct {
	int		 listener;
	pthread_t	 thread;
	bool		 proxy;		/* else TLS at once */
	enum end	 rounds[ROUNDS_MAX];
	size_t		 nrounds;
	unsigned	 requests;	/* that were read */
	int		 fd;
	SSL		*ssl;
} server;

static SSL_CTX *ctx;
static struct http_client *client;
static char url[80];

static SSL_CTX *
make_ctx(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	assert_non_null(key);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(c, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return c;
}

static void
hang_up(void)
{
	SSL_free(server.ssl);
	server.ssl = NULL;
	if (server.fd != -1)
		(void)close(server.fd);
	server.fd = -1;
}

static bool
head_ends(const char *head, size_t len)
{
	return len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0;
}

/* Accept a new connection, up to where TLS begins. */
static bool
connected(enum end end)
{
	struct pollfd p = { server.listener, POLLIN, 0 };
	char head[4096];
	size_t len = 0;

	if (poll(&p, 1, SERVER_MS) < 1)
		return false;
	server.fd = accept(server.listener, NULL, NULL);
	while (server.proxy && len < sizeof(head) && !head_ends(head, len))
		if (read(server.fd, head + len++, 1) != 1)
			return false;
	if (end == REFUSED)
		(void)write_all(server.fd, "HTTP/1.1 503 Full\r\n"
		    "Content-Length: 0\r\nX-Who: proxy\r\n\r\n", 53);
	else if (server.proxy)
		(void)write_all(server.fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
	if (end == REFUSED || end == DROPPED)
		return false;
	if (end == DEAF) {
		while (read(server.fd, head, sizeof(head)) > 0)
			;
		return false;
	}
	server.ssl = SSL_new(ctx);
	(void)SSL_set_fd(server.ssl, server.fd);
	return SSL_accept(server.ssl) == 1;
}

static bool
one_round(enum end end)
{
	static const char text[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	char head[4096];
	size_t len = 0;

	if (server.ssl == NULL && !connected(end))
		return false;
	while (len < sizeof(head) && !head_ends(head, len))
		if (SSL_read(server.ssl, head + len++, 1) != 1)
			return false;
	server.requests++;
	return end == ANSWERED &&
	    SSL_write(server.ssl, text, sizeof(text) - 1) > 0;
}

static void *
serve(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < server.nrounds; i++)
		if (!one_round(server.rounds[i]))
			hang_up();
	hang_up();
	return NULL;
}

static void
server_start(bool proxy, const enum end *rounds, size_t n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	char where[64];

	memset(&server, 0, sizeof(server));
	memcpy(server.rounds, rounds, n * sizeof(*rounds));
	server.nrounds = n;
	server.proxy = proxy;
	server.fd = -1;
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.listener, (struct sockaddr *)&sin, len),
	    0);
	assert_int_equal(listen(server.listener, 4), 0);
	assert_int_equal(getsockname(server.listener, (struct sockaddr *)&sin,
	    &len), 0);
	(void)snprintf(where, sizeof(where), "127.0.0.1:%d",
	    ntohs(sin.sin_port));
	(void)snprintf(url, sizeof(url), "https://%s/", proxy ?
	    "server.test" : where);
	if (proxy)
		assert_int_equal(setenv("https_proxy", where, 1), 0);
	client = http_client_new(NULL);
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void
server_stop(unsigned requests)
{
	http_client_free(client);
	(void)pthread_join(server.thread, NULL);
	(void)close(server.listener);
	(void)unsetenv("https_proxy");
	assert_int_equal(server.requests, requests);
}

/* One POST; its kind of failure, FAIL_NONE if it was answered. */
static enum fail_kind
post(bool once, bool *sent)
{
	const struct http_tls tls = { .verify = false };
	const struct http_request rq = { .method = "POST", .url = url,
		.body = "{}", .body_len = 2, .answer_max = 1000,
		.timeout_ms = 1500, .once = once, .tls = &tls };
	struct fail fail = { FAIL_NONE, "" };
	struct http_answer a;

	if (http_perform(client, &rq, &a, &fail) == 0) {
		assert_int_equal(a.status, 200);
		assert_string_equal(buf_text(&a.body), "hi");
	} else
		assert_int_equal(a.status, 0);
	*sent = a.sent;
	http_answer_free(&a);
	return fail.kind;
}

static void
assert_sent(bool proxy, enum end end, enum fail_kind kind, bool expected)
{
	bool sent;

	server_start(proxy, &end, 1);
	assert_int_equal(post(true, &sent), kind);
	assert_int_equal(sent, expected);
	server_stop(expected);
}

/* Only what opens the tunnel went out, nothing of the request. */
static void
tunnel_that_fails(void **state)
{
	(void)state;
	assert_sent(true, REFUSED, FAIL_AGAIN, false);
	assert_sent(true, DROPPED, FAIL_AGAIN, false);
	assert_sent(true, DEAF, FAIL_AGAIN, false);
}

static void
tunnel_that_works(void **state)
{
	(void)state;
	assert_sent(true, ANSWERED, FAIL_NONE, true);
	assert_sent(true, LOST, FAIL_UNSURE, true);
}

static void
without_a_proxy(void **state)
{
	(void)state;
	assert_sent(false, ANSWERED, FAIL_NONE, true);
	assert_sent(false, LOST, FAIL_UNSURE, true);
	assert_sent(false, DROPPED, FAIL_AGAIN, false);
	assert_sent(false, DEAF, FAIL_AGAIN, false);
}

/* The text says whose settings trust a certificate. */
static void
certificate_that_is_not_trusted(void **state)
{
	struct http_tls tls = { .verify = true, .settings = "x in [y]" };
	struct http_request rq = { .method = "GET", .url = url,
		.timeout_ms = 1500, .tls = &tls };
	const enum end end = ANSWERED;
	struct http_answer a;
	struct fail fail;

	(void)state;
	for (int i = 0; i < 2; i++) {
		server_start(false, &end, 1);
		assert_int_equal(http_perform(client, &rq, &a, &fail), -1);
		assert_int_equal(fail.kind, FAIL_CONFIG);
		assert_false(a.sent);
		assert_non_null(strstr(fail.text, " is not trusted: "));
		assert_int_equal(i == 0, strstr(fail.text,
		    "; the worker's operator must set x in [y]") != NULL);
		http_answer_free(&a);
		server_stop(0);
		tls.settings = NULL;
	}
}

/* The request goes out on the pooled connection, that ends, and libcurl fails
 * to open another one. */
static void
reused(bool proxy, enum end last)
{
	const enum end rounds[] = { ANSWERED, LOST, last };
	bool sent;

	server_start(proxy, rounds, 3);
	assert_int_equal(post(false, &sent), FAIL_NONE);
	assert_true(sent);
	assert_int_equal(post(false, &sent), FAIL_UNSURE);
	assert_true(sent);
	server_stop(2);
}

static void
connection_that_is_reused(void **state)
{
	const enum end twice[] = { ANSWERED, ANSWERED };
	bool sent;

	(void)state;
	reused(true, REFUSED);
	reused(true, DROPPED);
	reused(false, DROPPED);
	server_start(true, twice, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post(false, &sent), FAIL_NONE);
		assert_true(sent);
	}
	server_stop(2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnel_that_fails),
		cmocka_unit_test(tunnel_that_works),
		cmocka_unit_test(without_a_proxy),
		cmocka_unit_test(certificate_that_is_not_trusted),
		cmocka_unit_test(connection_that_is_reused),
	};
	int failed;

	sys_reset_signals();
	json_init();
	http_init();
	ctx = make_ctx();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	SSL_CTX_free(ctx);
	return failed;
}
