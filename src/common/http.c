/*
 * The only place that sets up a transfer of libcurl, and what its end means.
 * Which certificates are trusted is in http_tls.c.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "sys.h"
#include "utf8.h"

#define EXPECT_MIN	(1024 * 1024)	/* larger bodies await a 100-continue */
#define STALL_BYTES	1024L	/* per second ... */
#define STALL_S		60L	/* ... over so long */
#define NOTHING_PRIVATE	64	/* answers up to so many bytes hold no secret */

/* --- what may be shown of a URL --- */

/* Cuts, does not parse: libcurl refuses a malformed URL, which must not show
 * its password either. */
char *
http_url_show(char *dst, size_t size, const char *url)
{
	const char *start = strstr(url, "://"), *at;
	size_t len;

	start = start == NULL ? url : start + 3;
	at = memrchr(start, '@', strcspn(start, "/?#"));
	if (at != NULL)
		start = at + 1;
	len = strcspn(start, "?#");
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

char *
http_url_peer(char *dst, size_t size, const char *url)
{
	char *host = NULL, *port = NULL;
	CURLU *handle = curl_url();

	if (curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(handle, CURLUPART_PORT, &port,
	    CURLU_DEFAULT_PORT) == CURLUE_OK)
		(void)snprintf(dst, size, "%.300s:%s", host, port);
	else
		(void)strlcpy(dst, "", size);
	utf8_trim(dst);
	utf8_clean(dst, false);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(handle);
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
	if (buf_add(&call->answer.headers, data, n) != 0) {
		call->answer.too_big = true;
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
	if (buf_add(&call->answer.body, data, n) != 0) {
		call->answer.too_big = true;
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
    bool has_body, struct fail *fail)
{
	for (const char *const *h = rq->headers; h != NULL && *h != NULL; h++) {
		if (strpbrk(*h, "\r\n") != NULL)
			return fail_set(fail, FAIL_SYSTEM,
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
	if (has_body) {		/* not copied, and libcurl can send it from its
				   start */
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
#if LIBCURL_VERSION_NUM >= 0x075700
	/* otherwise ending a transfer waits for its name look-up */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/* decodes what comes compressed all the same */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	/* if a reused connection closes without an answer, libcurl sends the
	 * request again, even a POST */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, rq->once ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, rq->once ? 1L : 0L);
	if (rq->no_proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (rq->user_agent != NULL)
		curl_easy_setopt(easy, CURLOPT_USERAGENT, rq->user_agent);
}

int
http_prepare(struct http_call *call, const struct http_request *rq,
    struct fail *fail)
{
	bool has_body = rq->body != NULL || strcmp(rq->method, "POST") == 0 ||
	    strcmp(rq->method, "PUT") == 0;

	buf_init(&call->answer.body, rq->answer_max);
	buf_init(&call->answer.headers, HTTP_HEADERS_MAX);
	call->started_ms = sys_now_ms();
	call->private_answer = rq->private_answer;
	call->settings = rq->tls == NULL ? NULL : rq->tls->settings;
	if ((call->easy = curl_easy_init()) == NULL)
		return fail_set(fail, FAIL_SYSTEM, "libcurl cannot make a "
		    "handle");
	if (add_headers(call, rq, has_body, fail) != 0)
		return -1;
	if (curl_easy_setopt(call->easy, CURLOPT_URL, rq->url) != CURLE_OK)
		return fail_set(fail, FAIL_CONFIG, "the URL is too long");
	set_method(call->easy, rq, has_body);
	set_protocol(call->easy, rq);
	http_set_tls(call->easy, rq->tls);
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

/* What libcurl's code means if it is not success. */
static int
call_failed(const struct http_call *call, CURLcode code, const char *peer,
    const char *why, struct fail *fail)
{
	bool sent = call->answer.sent;
	enum fail_kind passing = sent ? FAIL_UNSURE : FAIL_AGAIN;
	/* whoever reads the pipeline's message cannot change the setting */
	const char *advice = call->settings == NULL ? "" : call->settings;
	const char *advised = advice[0] == '\0' ? "" :
	    "; the worker's operator must set ";

	if (call->answer.too_big)
		return fail_set(fail, FAIL_SYSTEM,
		    "%s: answer larger than %zu bytes", peer, call->limit);
	switch (code) {
	case CURLE_URL_MALFORMAT:
		return fail_set(fail, FAIL_CONFIG, "malformed URL: %s", why);
	case CURLE_UNSUPPORTED_PROTOCOL:
		if (sent)
			return fail_set(fail, FAIL_UNSURE,
			    "%s: the answer is not HTTP", peer);
		return fail_set(fail, FAIL_CONFIG,
		    "only http and https URLs are supported");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return fail_set(fail, FAIL_CONFIG, "the certificate of %s is "
		    "not trusted: %s%s%s", peer, why, advised, advice);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return fail_set(fail, FAIL_CONFIG, "cannot check the "
		    "certificate of %s: %s%s%s", peer, why, advised, advice);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return fail_set(fail, passing, "could not connect to %s: %s",
		    peer, why);
	case CURLE_SSL_CONNECT_ERROR:
		return fail_set(fail, passing, "no TLS connection to %s: %s",
		    peer, why);
	case CURLE_OPERATION_TIMEDOUT:
		return fail_set(fail, passing, sent ? "no complete answer from "
		    "%s in time: %s" : "could not connect to %s in time: %s",
		    peer, why);
	default:
		return fail_set(fail, passing, sent ? "no complete answer from "
		    "%s: %s" : "could not send to %s: %s", peer, why);
	}
}

/* The size includes what asks a proxy for a tunnel; libcurl sets the time when
 * the connection, with tunnel and TLS, is there and the request goes out. */
static bool
request_went_out(CURL *easy)
{
	curl_off_t began = 0;
	long size = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &size);
	(void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &began);
	return size > 0 && began > 0;
}

void
http_measure(struct http_call *call)
{
	call->answer.ms = sys_now_ms() - call->started_ms;
	call->answer.sent = request_went_out(call->easy);
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE,
	    &call->answer.status);
}

int
http_finish(struct http_call *call, CURLcode code, struct fail *fail)
{
	char peer[320], why[CURL_ERROR_SIZE];
	char *url = NULL;

	http_measure(call);
	if (code == CURLE_OK && call->answer.status != 0)
		return 0;
	(void)curl_easy_getinfo(call->easy, CURLINFO_EFFECTIVE_URL, &url);
	(void)strlcpy(why, call->error[0] != '\0' ? call->error :
	    curl_easy_strerror(code), sizeof(why));
	utf8_clean(why, false);
	(void)http_url_peer(peer, sizeof(peer), url != NULL ? url : "");
	return call_failed(call, code, peer, why, fail);
}

void
http_release(struct http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	http_answer_free(&call->answer);
	memset(call, 0, sizeof(*call));
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

int64_t
http_retry_after(const struct http_answer *a, int64_t now, int64_t max_ms)
{
	char text[64];
	const char *error;
	int64_t s;

	if (!http_header(a, "Retry-After", text, sizeof(text)))
		return 0;
	s = strtonum(text, 0, max_ms / 1000, &error);
	if (error == NULL)
		return s * 1000;
	if (strcmp(error, "too large") == 0)
		return max_ms;
	s = now == 0 ? -1 : (int64_t)curl_getdate(text, NULL);
	if (s == -1 || s <= now)
		return 0;
	return s - now < max_ms / 1000 ? (s - now) * 1000 : max_ms;
}

void
http_answer_free(struct http_answer *a)
{
	buf_free(&a->body);
	buf_free(&a->headers);
	memset(a, 0, sizeof(*a));
}
