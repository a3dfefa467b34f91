/*
 * The blocking client, which the supervisor does not link.
 */
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "http_tls.h"
#include "log.h"
#include "mem.h"
#include "sys.h"

#define POOL_MAX	4L	/* idle connections of a client */
#define WAIT_MS		1000	/* longest wait at once */
#define DEAF_MS		100	/* pause after a false interrupt */

struct http_client {
	CURLM			*multi;
	struct http_interrupt	 interrupt;
	bool			 interruptible;
	char			 unanswered[320];	/* "": it was
							   answered */
};

struct http_client *
http_client_new(const struct http_interrupt *interrupt)
{
	struct http_client *c = xcalloc(1, sizeof(*c));

	if ((c->multi = curl_multi_init()) == NULL)
		fatalx("libcurl cannot make a multi handle");
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

/* Wait for the transfer or an interrupt; true: give up the transfer. The
 * descriptor of a false interrupt may stay readable: *deaf_until prevents a
 * busy loop. */
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
drive(struct http_client *c, CURLcode *code, struct fail *fail)
{
	int64_t deaf_until = 0;
	int running, left;
	CURLMcode rc;
	CURLMsg *m;
	bool stop;

	/* send nothing if the interrupt came before */
	stop = c->interruptible && wait_for_more(c, 0, &deaf_until);
	while (!stop) {
		rc = curl_multi_perform(c->multi, &running);
		if (rc != CURLM_OK)
			return fail_set(fail, FAIL_UNSURE, "libcurl: %s",
			    curl_multi_strerror(rc));
		while ((m = curl_multi_info_read(c->multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE) {
				*code = m->data.result;
				return 0;
			}
		stop = wait_for_more(c, WAIT_MS, &deaf_until);
	}
	return fail_set(fail, FAIL_STOPPED, "stopped");
}

const char *
http_unanswered(const struct http_client *c)
{
	return c->unanswered[0] != '\0' ? c->unanswered : NULL;
}

#if !HTTP_CA_BLOB
#include <openssl/pem.h>
#include <openssl/ssl.h>

/* libcurl hands over OpenSSL's context before it connects. */
static CURLcode
add_ca(CURL *easy, void *ctx, void *text)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *bio = BIO_new_mem_buf(text, -1);
	STACK_OF(X509_INFO) *all = NULL;
	int taken = 0;

	(void)easy;
	if (bio != NULL)
		all = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
	for (int i = 0; i < sk_X509_INFO_num(all); i++)
		if (sk_X509_INFO_value(all, i)->x509 != NULL)
			taken += X509_STORE_add_cert(store,
			    sk_X509_INFO_value(all, i)->x509);
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	BIO_free(bio);
	return taken > 0 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

static void
set_ca(CURL *easy, const struct http_tls *tls)
{
	if (tls == NULL || !tls->verify || tls->ca == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, add_ca);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, tls->ca);
}
#endif

int
http_perform(struct http_client *c, const struct http_request *rq,
    struct http_answer *answer, struct fail *fail)
{
	struct http_call call;
	CURLcode code = CURLE_OK;
	int ret = -1;

	memset(&call, 0, sizeof(call));
	c->unanswered[0] = '\0';
	if (http_prepare(&call, rq, fail) != 0)
		goto out;
#if !HTTP_CA_BLOB
	set_ca(call.easy, rq->tls);
#endif
	if (curl_multi_add_handle(c->multi, call.easy) != CURLM_OK) {
		(void)fail_set(fail, FAIL_SYSTEM, "libcurl does not take the "
		    "transfer");
		goto out;
	}
	if (drive(c, &code, fail) == 0)
		ret = http_finish(&call, code, fail);
	else
		http_measure(&call);
	(void)curl_multi_remove_handle(c->multi, call.easy);
	if (ret != 0 && call.answer.sent && !call.answer.too_big)
		(void)http_url_peer(c->unanswered, sizeof(c->unanswered),
		    rq->url);
out:
	*answer = call.answer;
	memset(&call.answer, 0, sizeof(call.answer));
	http_release(&call);
	return ret;
}
