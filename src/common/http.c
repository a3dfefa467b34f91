/*
 * The only place that sets up a transfer of libcurl, and what its end means.
 */
#include <ctype.h>
#include <dirent.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "http.h"
#include "log.h"
#include "sys.h"

#define HASHED_MIN	16	/* names in a system's CA directory; fewer may
				   be an administrator's additions only */
#define EXPECT_MIN	(1024 * 1024)	/* bodies worth a 100-continue */
#define STALL_BYTES	1024L	/* per second ... */
#define STALL_S		60L	/* ... over so long */
#define POOL_MAX	4L	/* idle connections of a client */
#define NOTHING_PRIVATE	64	/* bytes of an answer that holds no secret
				   yet */
#define WAIT_MS		1000	/* longest wait at once */
#define DEAF_MS		100	/* pause after an interrupt that was none */

struct http_client {
	CURLM			*multi;
	struct http_interrupt	 interrupt;
	bool			 interruptible;
};

static const char *ca_dir;	/* hashed, NULL: none */
static const char *ca_bundle;	/* NULL: libcurl's own */

/* --- once per process --- */

/* A name as c_rehash gives: eight hex digits, a dot, a number. */
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

static CURLSH *sessions;	/* of TLS, for all transfers of the process */

/* OpenSSL's buffers hold what was received in clear: wiped when freed, too. */
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

void
http_init(void)
{
	/* Too late only if somebody used OpenSSL before: then without. */
	(void)CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free,
	    wipe_realloc, wipe_strdup, wipe_calloc) != CURLE_OK)
		fatalx("libcurl cannot be used on this system");
	find_system_cas();
	/* Requests on connections of their own still resume the TLS session. */
	sessions = curl_share_init();
	if (sessions != NULL)
		(void)curl_share_setopt(sessions, CURLSHOPT_SHARE,
		    CURL_LOCK_DATA_SSL_SESSION);
}

/* --- what may be shown of a URL --- */

/* Where host[:port] begins and how long it is. */
static const char *
url_authority(const char *url, size_t *len)
{
	const char *start = strstr(url, "://"), *at;

	start = start == NULL ? url : start + 3;
	*len = strcspn(start, "/?#");
	at = memrchr(start, '@', *len);
	if (at != NULL) {
		*len -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	return start;
}

char *
http_url_show(char *dst, size_t size, const char *url)
{
	size_t len;
	const char *start = url_authority(url, &len);

	len += strcspn(start + len, "?#");
	if (size == 0)
		return dst;
	if (len >= size)
		len = size - 1;
	memcpy(dst, start, len);
	dst[len] = '\0';
	utf8_trim(dst);
	utf8_clean(dst, false);
	return dst;
}

/* host:port, for texts. */
static char *
url_peer(char *dst, size_t size, const char *url)
{
	size_t len;
	const char *start = url_authority(url, &len);
	const char *colon = memrchr(start, ':', len);
	const char *port = strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";

	if (colon != NULL && memchr(colon, ']', len - (size_t)(colon - start))
	    == NULL)
		port = "";
	(void)snprintf(dst, size, "%.*s%s", (int)(len < 300 ? len : 300),
	    start, port);
	utf8_clean(dst, false);
	return dst;
}

/* --- one transfer --- */

static size_t
take_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	n *= size;
	if (n >= 5 && strncmp(data, "HTTP/", 5) == 0)
		buf_clear(&call->answer.headers);
	if (buf_add(&call->answer.headers, data, n) == -1) {
		call->too_big = true;
		call->limit = call->answer.headers.max;
		return 0;
	}
	return n;
}

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;

	n *= size;
	if (buf_add(&call->answer.body, data, n) == -1) {
		call->too_big = true;
		call->limit = call->answer.body.max;
		return 0;
	}
	if (call->private_answer && call->answer.body.len > NOTHING_PRIVATE)
		curl_easy_setopt(call->easy, CURLOPT_FORBID_REUSE, 1L);
	return n;
}

static bool
has_header(const struct http_request *rq, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *h = rq->headers; h != NULL && *h != NULL; h++)
		if (strncasecmp(*h, name, n) == 0 && (*h)[n] == ':')
			return true;
	return false;
}

static int
add_headers(struct http_call *call, const struct http_request *rq,
    bool has_body, struct fail *f)
{
	for (const char *const *h = rq->headers; h != NULL && *h != NULL; h++) {
		if (strpbrk(*h, "\r\n") != NULL)
			return fail_set(f, FAIL_SYSTEM,
			    "a request header contains a line end");
		call->headers = curl_slist_append(call->headers, *h);
	}
	/* what libcurl would add by itself */
	if (has_body && !has_header(rq, "Content-Type"))
		call->headers = curl_slist_append(call->headers,
		    "Content-Type:");
	if (has_body && rq->body_len < EXPECT_MIN && !has_header(rq, "Expect"))
		call->headers = curl_slist_append(call->headers, "Expect:");
	return 0;
}

static void
set_method(CURL *easy, const struct http_request *rq, bool has_body)
{
	if (has_body) {		/* not copied, and can be sent from its start */
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)rq->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		    rq->body != NULL ? rq->body : "");
	} else if (strcmp(rq->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, rq->method);
}

static void
set_tls(CURL *easy, const struct http_tls *tls)
{
	bool verify = tls == NULL || tls->verify;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (!verify) {		/* nothing to read, then */
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
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

static void
set_limits(CURL *easy, const struct http_request *rq)
{
	int64_t connect_ms = HTTP_CONNECT_MS;

	if (rq->timeout_ms > 0) {
		if (rq->timeout_ms < connect_ms)
			connect_ms = rq->timeout_ms;
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		    (long)rq->timeout_ms);
	} else {
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
	}
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void
set_protocol(CURL *easy, const struct http_request *rq)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
	    (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SHARE, sessions);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	/* on a reused connection that closes without an answer libcurl sends
	 * the request again, a POST too */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, rq->once ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, rq->once ? 1L : 0L);
	if (rq->no_proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (rq->user_agent != NULL)
		curl_easy_setopt(easy, CURLOPT_USERAGENT, rq->user_agent);
}

int
http_prepare(struct http_call *call, const struct http_request *rq,
    struct fail *f)
{
	bool has_body = rq->body != NULL || strcmp(rq->method, "POST") == 0 ||
	    strcmp(rq->method, "PUT") == 0;

	buf_init(&call->answer.body, rq->answer_max);
	buf_init(&call->answer.headers, HTTP_HEADERS_MAX);
	call->started_ms = sys_now_ms();
	call->private_answer = rq->private_answer;
	if ((call->easy = curl_easy_init()) == NULL)
		return fail_set(f, FAIL_SYSTEM, "libcurl gives no handle");
	if (add_headers(call, rq, has_body, f) == -1)
		return -1;
	if (curl_easy_setopt(call->easy, CURLOPT_URL, rq->url) != CURLE_OK)
		return fail_set(f, FAIL_CONFIG, "the URL is too long");
	set_method(call->easy, rq, has_body);
	set_protocol(call->easy, rq);
	set_tls(call->easy, rq->tls);
	set_limits(call->easy, rq);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	return 0;
}

/* What libcurl's code means, when it is not success. */
static int
call_failed(const struct http_call *call, CURLcode code, const char *peer,
    const char *why, struct fail *f)
{
	bool sent = call->answer.sent;
	enum fail_kind passing = sent ? FAIL_UNSURE : FAIL_AGAIN;

	if (call->too_big)
		return fail_set(f, FAIL_SYSTEM,
		    "%s: answer larger than %zu bytes", peer, call->limit);
	switch (code) {
	case CURLE_URL_MALFORMAT:
		return fail_set(f, FAIL_CONFIG, "malformed URL: %s", why);
	case CURLE_UNSUPPORTED_PROTOCOL:
		if (sent)
			return fail_set(f, FAIL_UNSURE,
			    "%s: the answer is not HTTP", peer);
		return fail_set(f, FAIL_CONFIG,
		    "only http and https URLs are supported");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return fail_set(f, FAIL_CONFIG, "the certificate of %s is not "
		    "trusted: %s; set ca_file or verify = no", peer, why);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return fail_set(f, FAIL_CONFIG, "cannot check the certificate "
		    "of %s: %s; check ca_file", peer, why);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return fail_set(f, passing, "could not connect to %s: %s",
		    peer, why);
	case CURLE_SSL_CONNECT_ERROR:
		return fail_set(f, passing, "no TLS connection to %s: %s",
		    peer, why);
	case CURLE_OPERATION_TIMEDOUT:
		return fail_set(f, passing, sent ? "no complete answer from "
		    "%s in time: %s" : "could not connect to %s in time: %s",
		    peer, why);
	default:
		return fail_set(f, passing, sent ? "no complete answer from "
		    "%s: %s" : "could not send to %s: %s", peer, why);
	}
}

/* Note what is known of a transfer that ended or is given up. */
static void
call_measure(struct http_call *call)
{
	long sent = 0;

	call->answer.ms = sys_now_ms() - call->started_ms;
	if (curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent) ==
	    CURLE_OK)
		call->answer.sent = sent > 0;
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE,
	    &call->answer.status);
}

int
http_finish(struct http_call *call, CURLcode code, struct fail *f)
{
	char peer[320], why[CURL_ERROR_SIZE];
	char *url = NULL;

	call_measure(call);
	if (code == CURLE_OK && call->answer.status != 0)
		return 0;
	(void)curl_easy_getinfo(call->easy, CURLINFO_EFFECTIVE_URL, &url);
	(void)strlcpy(why, call->error[0] != '\0' ? call->error :
	    curl_easy_strerror(code), sizeof(why));
	utf8_clean(why, false);
	return call_failed(call, code,
	    url_peer(peer, sizeof(peer), url != NULL ? url : ""), why, f);
}

void
http_release(struct http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	http_answer_free(&call->answer);
	memset(call, 0, sizeof(*call));
}

/* --- the blocking client --- */

struct http_client *
http_client_new(const struct http_interrupt *interrupt)
{
	struct http_client *c = xcalloc(1, sizeof(*c));

	if ((c->multi = curl_multi_init()) == NULL)
		fatalx("libcurl gives no multi handle");
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, POOL_MAX);
	if (interrupt != NULL) {
		c->interrupt = *interrupt;
		c->interruptible = true;
	}
	return c;
}

void
http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	curl_multi_cleanup(c->multi);
	free(c);
}

/* Wait for the transfer or an interrupt; true if it is to be given up. An
 * interrupt that was none may stay readable: *deaf_until spares a busy loop. */
static bool
wait_for_more(struct http_client *c, int timeout_ms, int64_t *deaf_until)
{
	struct curl_waitfd extra[2];
	unsigned n = 0;
	bool heard = false;

	memset(extra, 0, sizeof(extra));
	if (c->interruptible && sys_now_ms() >= *deaf_until)
		for (int i = 0; i < 2; i++)
			if (c->interrupt.fds[i] != -1) {
				extra[n].fd = c->interrupt.fds[i];
				extra[n++].events = CURL_WAIT_POLLIN;
			}
	(void)curl_multi_poll(c->multi, extra, n,
	    c->interruptible && n == 0 ? DEAF_MS : timeout_ms, NULL);
	for (unsigned i = 0; i < n; i++)
		heard = heard || extra[i].revents != 0;
	if (!heard)
		return false;
	if (c->interrupt.asked(c->interrupt.arg))
		return true;
	*deaf_until = sys_now_ms() + DEAF_MS;
	return false;
}

/* Drive the one transfer to its end: 0 with its code, -1 if it was given up
 * or cannot go on. */
static int
drive(struct http_client *c, CURLcode *code, struct fail *f)
{
	int64_t deaf_until = 0;
	int running, left;
	CURLMcode rc;
	CURLMsg *m;
	bool stop;

	/* nothing is sent when the interrupt came before */
	stop = c->interruptible && wait_for_more(c, 0, &deaf_until);
	while (!stop) {
		rc = curl_multi_perform(c->multi, &running);
		if (rc != CURLM_OK)
			return fail_set(f, FAIL_UNSURE, "libcurl: %s",
			    curl_multi_strerror(rc));
		while ((m = curl_multi_info_read(c->multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE) {
				*code = m->data.result;
				return 0;
			}
		stop = wait_for_more(c, WAIT_MS, &deaf_until);
	}
	return fail_set(f, FAIL_STOPPED, "stopped");
}

int
http_perform(struct http_client *c, const struct http_request *rq,
    struct http_answer *answer, struct fail *f)
{
	struct http_call call;
	CURLcode code = CURLE_OK;
	int ret = -1;

	memset(&call, 0, sizeof(call));
	if (http_prepare(&call, rq, f) == -1)
		goto out;
	if (curl_multi_add_handle(c->multi, call.easy) != CURLM_OK) {
		(void)fail_set(f, FAIL_SYSTEM, "libcurl takes no transfer");
		goto out;
	}
	if (drive(c, &code, f) == 0)
		ret = http_finish(&call, code, f);
	else
		call_measure(&call);
	(void)curl_multi_remove_handle(c->multi, call.easy);
out:
	*answer = call.answer;
	memset(&call.answer, 0, sizeof(call.answer));
	http_release(&call);
	return ret;
}

/* --- answers --- */

bool
http_header(const struct http_answer *a, const char *name, char *dst,
    size_t size)
{
	size_t n = strlen(name);
	bool found = false;
	const char *end;

	for (const char *p = buf_text(&a->headers); *p != '\0'; p = end) {
		size_t len = strcspn(p, "\n");

		end = p + len + (p[len] == '\n');
		if (len <= n || strncasecmp(p, name, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		len -= n + 1;
		while (len > 0 && isspace((unsigned char)*p))
			p++, len--;
		while (len > 0 && isspace((unsigned char)p[len - 1]))
			len--;
		(void)snprintf(dst, size, "%.*s", (int)len, p);
		found = true;
	}
	return found;
}

void
http_answer_free(struct http_answer *a)
{
	buf_free(&a->body);
	buf_free(&a->headers);
	memset(a, 0, sizeof(*a));
}
